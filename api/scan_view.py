"""What the page of a scan shows, worked out from its state. Pure: the clock is passed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.looks import (
    ENDED_PHASES,
    PHASES,
    SERVICES,
    STATUSES,
    STOPPED,
    VERDICTS,
    Look,
    named,
    verdict_look,
)
from api.time_left import TimeLeft, is_shown
from contracts.scan import BatchLine, CheckLine, ScanState, ScanStatus
from contracts.verdict import Outcome


@dataclass(frozen=True)
class Facet:
    """How many rows carry a verdict."""

    value: str
    look: Look
    count: int


@dataclass(frozen=True)
class ServiceGroup:
    """One service of a scan: what its batch does, and how far its checks are."""

    service: str
    look: Look
    phase: str
    phase_look: Look
    batch: BatchLine
    total: int
    judged: int
    failed: int
    is_busy: bool
    can_skip: bool


@dataclass(frozen=True)
class ScanView:
    state: ScanState
    now: datetime
    temporal_url: str = ""
    estimate: TimeLeft | None = None
    of_attempt: str = ""  # the query of an earlier attempt's results

    @property
    def ended(self) -> bool:
        return self.state.status.is_terminal

    @property
    def can_cancel(self) -> bool:
        return not self.ended and self.state.status is not ScanStatus.CANCELLING

    @property
    def can_pause(self) -> bool:
        return self.state.status in (ScanStatus.PENDING, ScanStatus.RUNNING)

    @property
    def can_resume(self) -> bool:
        return self.state.status is ScanStatus.PAUSED

    @property
    def is_partial(self) -> bool:
        """Verdicts of a scan that did not come to its end are kept, and labelled."""
        return self.ended and self.state.status is not ScanStatus.COMPLETED

    @property
    def status_look(self) -> Look:
        return STATUSES[self.state.status]

    @property
    def elapsed(self) -> timedelta | None:
        return elapsed(self.state, self.now)

    @property
    def time_left(self) -> TimeLeft | None:
        return self.estimate if is_shown(self.state) else None

    @property
    def current(self) -> CheckLine | None:
        wanted = self.state.current_check
        return next((line for line in self.state.checks if line.check_id == wanted), None)

    @property
    def open_count(self) -> int:
        """Rows without a verdict; in a later attempt earlier verdicts stand until replaced."""
        return sum(line.verdict is None for line in self.state.checks)

    @property
    def facets(self) -> list[Facet]:
        return facets(self.state)

    @property
    def groups(self) -> list[ServiceGroup]:
        return groups(self.state)

    def look_of(self, line: CheckLine) -> Look:
        return verdict_look(line.verdict, ended=self.ended)


def elapsed(state: ScanState, now: datetime) -> timedelta | None:
    if state.started_at is None:
        return None
    end = state.finished_at if state.status.is_terminal and state.finished_at else now
    return max(end - state.started_at, timedelta())


def facets(state: ScanState) -> list[Facet]:
    counts = {
        Outcome.FAIL: state.failed,
        Outcome.ERROR: state.errors,
        Outcome.MANUAL: state.manual,
        Outcome.PASS: state.passed,
        Outcome.NOT_APPLICABLE: state.not_applicable,
    }
    return [Facet(str(outcome), VERDICTS[outcome], count) for outcome, count in counts.items()]


def groups(state: ScanState) -> list[ServiceGroup]:
    """Every service that has checks or a batch, in the order of SERVICES."""
    batches = {batch.service: batch for batch in state.batches}
    found = dict.fromkeys([*(line.service for line in state.checks), *batches])
    rank = {service: position for position, service in enumerate(SERVICES)}
    ordered = sorted(found, key=lambda service: (rank.get(service, len(rank)), service))
    absent = "skipped" if state.status.is_terminal else "waiting"
    return [
        _group(state, service, batches.get(service) or BatchLine(service=service, phase=absent))
        for service in ordered
    ]


def group_of(state: ScanState, service: str) -> ServiceGroup | None:
    return next((group for group in groups(state) if group.service == service), None)


def _group(state: ScanState, service: str, batch: BatchLine) -> ServiceGroup:
    lines = [line for line in state.checks if line.service == service]
    batch = _settled(batch) if state.status.is_terminal else batch
    return ServiceGroup(
        service=service,
        look=named(SERVICES, service),
        phase=batch.phase,
        phase_look=_phase_look(state.status, batch),
        batch=batch,
        total=len(lines),
        judged=sum(line.verdict is not None for line in lines),
        failed=sum(line.verdict is Outcome.FAIL for line in lines),
        is_busy=not state.status.is_terminal
        and batch.phase in ("connecting", "reading", "judging"),
        can_skip=_can_skip(state, batch),
    )


def _can_skip(state: ScanState, batch: BatchLine) -> bool:
    """A later attempt leaves most services alone: there only one that has begun is sure to be
    part of it."""
    is_part = state.attempt == 1 or batch in state.batches
    is_open = state.status in (ScanStatus.RUNNING, ScanStatus.PAUSED)
    return is_open and is_part and batch.phase not in ENDED_PHASES


def _phase_look(status: ScanStatus, batch: BatchLine) -> Look:
    """A batch that failed by itself has said why."""
    if status is ScanStatus.CANCELLED and batch.phase == "failed" and not batch.message:
        return STOPPED
    return named(PHASES, batch.phase)


def _settled(batch: BatchLine) -> BatchLine:
    """The store ends open batches with the scan and tells nobody; the page says the same."""
    phase = batch.phase if batch.phase in ENDED_PHASES else "failed"
    return batch.model_copy(update={"phase": phase, "dataset": None})
