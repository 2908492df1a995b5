"""`apply(state, event)`: the one way in which a scan's state follows from its events."""

from contracts.events import (
    AnyEvent,
    BatchEvent,
    JudgedCheck,
    PowershellFinishedEvent,
    ResultsInsertedEvent,
    SnapshotEvent,
    StatusEvent,
    UnknownEvent,
)
from contracts.scan import BatchLine, CheckLine, ScanState

_SHARED = (
    "status",
    "progress_percentage",
    "current_check",
    "total_checks",
    "completed",
    "passed",
    "failed",
    "manual",
    "not_applicable",
    "errors",
    "error_message",
    "attempt",
)


def apply(state: ScanState, event: AnyEvent) -> ScanState:
    """Events already seen change nothing, so repeats are harmless. Order is the caller's duty."""
    if isinstance(event, SnapshotEvent):
        return event.data if event.data.seq >= state.seq else state
    if event.scan_id != state.scan_id or event.seq <= state.seq:
        return state
    match event:
        case StatusEvent():
            state = _with_status(state, event)
        case BatchEvent():
            line = _batch_of(state, event.service).model_copy(
                update={
                    "phase": event.phase,
                    "dataset": event.dataset,
                    "attempt": event.attempt,
                    "message": event.message,
                }
            )
            state = _with_batch(state, line)
        case PowershellFinishedEvent():
            line = _batch_of(state, event.service).model_copy(
                update={"exit_code": event.exit_code, "duration_ms": event.duration_ms}
            )
            state = _with_batch(state, line)
        case ResultsInsertedEvent():
            pass  # counts travel with every status; this one tells listeners to look again
        case UnknownEvent():
            state = state.model_copy(
                update={"unknown_events": [*state.unknown_events, event.event][-20:]}
            )
    return state.model_copy(update={"seq": event.seq})


def _with_status(state: ScanState, event: StatusEvent) -> ScanState:
    changes = {name: getattr(event, name) for name in _SHARED}
    if event.status.is_terminal:
        changes["finished_at"] = event.at
    elif state.started_at is None and event.status != "pending":
        changes["started_at"] = event.at
    if event.check:
        judged = event.check
        changes["checks"] = [
            _judged(line, judged) if line.check_id == judged.check_id else line
            for line in state.checks
        ]
    return state.model_copy(update=changes)


def _judged(line: CheckLine, judged: JudgedCheck) -> CheckLine:
    return line.model_copy(
        update={
            "verdict": judged.verdict,
            "reason": judged.reason,
            "affected_total": judged.affected_total,
            "duration_ms": judged.duration_ms,
        }
    )


def _batch_of(state: ScanState, service: str) -> BatchLine:
    known = (batch for batch in state.batches if batch.service == service)
    return next(known, BatchLine(service=service))


def _with_batch(state: ScanState, line: BatchLine) -> ScanState:
    others = [batch for batch in state.batches if batch.service != line.service]
    batches = sorted([*others, line], key=lambda batch: batch.service)
    return state.model_copy(update={"batches": batches})
