"""One line of words for each event: what the page lists under Activity."""

from dataclasses import dataclass
from datetime import datetime

from api.looks import PHASES, SERVICES, STATUSES, VERDICTS, Look, named
from api.rendering import duration
from contracts.events import (
    AnyEvent,
    BatchEvent,
    PowershellFinishedEvent,
    ResultsInsertedEvent,
    SnapshotEvent,
    StatusEvent,
    UnknownEvent,
)

SHOWN = 60  # lines; older ones stay in the journal


@dataclass(frozen=True)
class ActivityLine:
    seq: int
    at: datetime
    look: Look
    text: str


def activity_line(event: AnyEvent) -> ActivityLine:
    match event:
        case SnapshotEvent():
            look, text = Look("", "refresh", "quiet"), "The page was brought up to date"
        case StatusEvent():
            look, text = _status(event)
        case BatchEvent():
            look, text = _batch(event)
        case ResultsInsertedEvent():
            look, text = Look("", "database", "neutral"), f"{event.count} results were stored"
        case PowershellFinishedEvent():
            look, text = _collector(event)
        case UnknownEvent():
            look = Look("", "help-circle", "neutral")
            text = f"An event of a newer version: {event.event}"
    return ActivityLine(event.seq, event.at, look, text)


def _status(event: StatusEvent) -> tuple[Look, str]:
    if event.check is None:
        look = STATUSES[event.status]
        return look, f"The scan is {look.text.lower()}"
    look = VERDICTS[event.check.verdict]
    number = event.check.check_id.partition("_")[2].replace("_", ".")
    return look, f"{number} {look.text.lower()}: {event.check.title}"


def _batch(event: BatchEvent) -> tuple[Look, str]:
    look = named(PHASES, event.phase)
    parts = [f"{named(SERVICES, event.service).text}: {look.text.lower()}"]
    if event.dataset:
        parts.append(event.dataset)
    if event.attempt > 1:
        parts.append(f"(try {event.attempt})")
    text = " ".join(parts)
    return look, f"{text}. {event.message}" if event.message else text


def _collector(event: PowershellFinishedEvent) -> tuple[Look, str]:
    service = named(SERVICES, event.service).text
    took = duration(event.duration_ms)
    if event.exit_code == 0:
        return Look("", "circle-check", "neutral"), f"{service}: the collector ended after {took}"
    how = "was stopped" if event.exit_code is None else f"ended with exit code {event.exit_code}"
    return Look("", "alert-triangle", "error"), f"{service}: the collector {how} after {took}"
