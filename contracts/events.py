"""The closed union of progress events. Each carries absolute state, never a delta."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts.scan import ScanState, ScanStatus
from contracts.verdict import Outcome

VERSION: Literal[1] = 1
Phase = Literal[
    "waiting", "connecting", "reading", "judging", "finished", "retrying", "failed", "skipped"
]


class Frame(BaseModel):
    """`seq` counts 1, 2, 3 … within a scan; a snapshot carries the seq it was taken at."""

    model_config = ConfigDict(extra="ignore")

    v: Literal[1] = VERSION
    scan_id: str
    seq: int = Field(ge=0)
    at: datetime


class JudgedCheck(BaseModel):
    check_id: str  # CIS_1_1_3
    verdict: Outcome
    title: str
    duration_ms: int
    reason: str = ""
    affected_total: int = 0


class SnapshotEvent(Frame):
    event: Literal["snapshot"] = "snapshot"
    data: ScanState


class StatusEvent(Frame):
    event: Literal["status"] = "status"
    status: ScanStatus
    progress_percentage: float = Field(ge=0, le=100)
    current_check: str | None
    total_checks: int
    completed: int
    passed: int
    failed: int
    manual: int
    not_applicable: int
    errors: int
    error_message: str | None = None
    attempt: int = 1
    check: JudgedCheck | None = None
    by: str | None = None  # the operator whose wish this change fulfils


class BatchEvent(Frame):
    event: Literal["batch"] = "batch"
    service: str
    phase: Phase
    dataset: str | None = None
    attempt: int = 1
    message: str = ""
    by: str | None = None  # the operator whose wish it fulfils


class ResultsInsertedEvent(Frame):
    event: Literal["results-inserted"] = "results-inserted"
    count: int


class PowershellFinishedEvent(Frame):
    event: Literal["powershell-finished"] = "powershell-finished"
    service: str
    exit_code: int | None
    duration_ms: int


class UnknownEvent(Frame):
    """An event of a newer version: shown, never dropped. Never emitted by us."""

    event: str
    raw: dict[str, Any] = Field(default_factory=dict)


Event = Annotated[
    SnapshotEvent | StatusEvent | BatchEvent | ResultsInsertedEvent | PowershellFinishedEvent,
    Field(discriminator="event"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
EVENT_NAMES = ("snapshot", "status", "batch", "results-inserted", "powershell-finished")
AnyEvent = (
    SnapshotEvent
    | StatusEvent
    | BatchEvent
    | ResultsInsertedEvent
    | PowershellFinishedEvent
    | UnknownEvent
)


def encode(event: BaseModel) -> bytes:
    return event.model_dump_json().encode()


def decode(text: bytes | str) -> AnyEvent:
    """What cannot be read as a known event comes back as UnknownEvent; only non-JSON raises."""
    raw = json.loads(text)
    if not isinstance(raw, dict):
        raise ValueError("an event is a JSON object")
    return from_body(raw)


def from_body(raw: dict[str, Any]) -> AnyEvent:
    try:
        return EVENT.validate_python(raw)
    except ValidationError:
        return UnknownEvent(
            scan_id=str(raw.get("scan_id", "")),
            seq=raw["seq"] if isinstance(raw.get("seq"), int) and raw["seq"] >= 0 else 0,
            at=datetime.now(UTC),
            event=str(raw.get("event", "?")),
            raw=raw,
        )
