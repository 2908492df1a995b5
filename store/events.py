"""The journal of a scan: every change of state is one transaction that leaves one event.

All writers lock the scan's row first, so `seq` counts without holes, and none changes a scan
that has ended: the first terminal status wins.
"""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events import (
    AnyEvent,
    BatchEvent,
    JudgedCheck,
    Phase,
    PowershellFinishedEvent,
    ResultsInsertedEvent,
    StatusEvent,
    from_body,
)
from contracts.scan import ScanStatus
from contracts.verdict import Outcome, Verdict
from store.results import latest_attempt
from store.scans import get_scan
from store.tables import Attempt, BatchRow, EventRow, PlannedCheck, Scan, VerdictRow

_COUNTERS = {
    Outcome.PASS: "passed",
    Outcome.FAIL: "failed",
    Outcome.MANUAL: "manual",
    Outcome.NOT_APPLICABLE: "not_applicable",
    Outcome.ERROR: "errors",
}
_UNFINISHED = 99.9  # 100 is said exactly once, by `completed`


async def change_status(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    status: ScanStatus,
    at: datetime,
    only_from: tuple[ScanStatus, ...] | None = None,
    error_message: str | None = None,
    by: str | None = None,
) -> StatusEvent | None:
    """Compare and set. None when the scan has ended, or stands in no status of `only_from`."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    current = ScanStatus(scan.status)
    if current.is_terminal or current is status or (only_from and current not in only_from):
        return None
    scan.status = status
    if status.is_terminal:
        scan.finished_at = at
        scan.current_check = None
        scan.error_message = error_message
        await _end_batches(session, scan.id)
        await _end_attempt(session, scan, at)
        if status is ScanStatus.COMPLETED:
            scan.progress = 100
    elif status is ScanStatus.RUNNING and scan.started_at is None:
        scan.started_at = at
    if status is ScanStatus.RUNNING:
        scan.current_check = await _next_check(session, scan, "")
    return await status_event(session, scan, at, by=by)


async def record_verdict(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    attempt: int,
    recommendation: str,
    verdict: Verdict,
    duration_ms: int,
    at: datetime,
) -> StatusEvent | None:
    """None when the scan has ended or this attempt holds a verdict already: the first stands."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    if ScanStatus(scan.status).is_terminal or attempt != scan.attempt:
        return None
    key = {"scan_id": scan_id, "recommendation": recommendation, "attempt": attempt}
    if await session.get(VerdictRow, key) is not None:
        return None
    planned = await session.get_one(PlannedCheck, (scan_id, recommendation))
    session.add(_verdict_row(scan, planned, verdict, duration_ms, at))
    await session.flush()
    await recount(session, scan, planned.service)
    judged = JudgedCheck(
        check_id=planned.check_id,
        verdict=verdict.outcome,
        title=planned.title,
        duration_ms=duration_ms,
        reason=verdict.reason,
        affected_total=verdict.affected_total,
    )
    return await status_event(session, scan, at, judged)


def _verdict_row(
    scan: Scan, planned: PlannedCheck, verdict: Verdict, duration_ms: int, at: datetime
) -> VerdictRow:
    return VerdictRow(
        scan_id=scan.id,
        recommendation=planned.recommendation,
        attempt=scan.attempt,
        slug=planned.slug,
        outcome=verdict.outcome,
        code=verdict.code,
        reason=verdict.reason,
        affected=[item.model_dump() for item in verdict.affected],
        affected_total=verdict.affected_total,
        incomplete=verdict.incomplete,
        notes=verdict.notes,
        parameters=verdict.parameters,
        duration_ms=duration_ms,
        judged_at=at,
    )


async def record_batch(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    phase: Phase,
    at: datetime,
    dataset: str | None = None,
    attempt: int = 1,
    message: str = "",
    failed: bool = False,
    by: str | None = None,
) -> BatchEvent | None:
    """`failed` counts one more failure of this batch's collector."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    if ScanStatus(scan.status).is_terminal:
        return None
    row = await _batch_row(session, scan_id, service)
    row.phase, row.dataset, row.attempt, row.message = phase, dataset, attempt, message
    row.failures += int(failed)
    event = BatchEvent(
        scan_id=scan_id,
        seq=_next(scan),
        at=at,
        service=service,
        phase=phase,
        dataset=dataset,
        attempt=attempt,
        message=message,
        by=by,
    )
    _keep(session, event)
    return event


async def record_collector_end(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    exit_code: int | None,
    duration_ms: int,
    at: datetime,
) -> PowershellFinishedEvent | None:
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    if ScanStatus(scan.status).is_terminal:
        return None
    row = await _batch_row(session, scan_id, service)
    row.exit_code, row.duration_ms = exit_code, duration_ms
    event = PowershellFinishedEvent(
        scan_id=scan_id,
        seq=_next(scan),
        at=at,
        service=service,
        exit_code=exit_code,
        duration_ms=duration_ms,
    )
    _keep(session, event)
    return event


async def record_results_inserted(
    session: AsyncSession, *, organisation_id: str, scan_id: str, count: int, at: datetime
) -> ResultsInsertedEvent | None:
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    if ScanStatus(scan.status).is_terminal:
        return None
    event = ResultsInsertedEvent(scan_id=scan_id, seq=_next(scan), at=at, count=count)
    _keep(session, event)
    return event


async def list_events(
    session: AsyncSession, *, organisation_id: str, scan_id: str, after: int = 0, limit: int = 1000
) -> list[AnyEvent]:
    found = await session.scalars(
        select(EventRow.body)
        .join(Scan, Scan.id == EventRow.scan_id)
        .where(
            EventRow.scan_id == scan_id,
            EventRow.seq > after,
            Scan.organisation_id == organisation_id,
        )
        .order_by(EventRow.seq)
        .limit(limit)
    )
    return [from_body(body) for body in found]


async def recount(session: AsyncSession, scan: Scan, service: str) -> None:
    """Counters are counted, never added up: a repeat cannot make them drift."""
    rows = await session.execute(
        select(VerdictRow.outcome, func.count())
        .where(VerdictRow.scan_id == scan.id, VerdictRow.attempt == latest_attempt())
        .group_by(VerdictRow.outcome)
    )
    counts = {Outcome(outcome): count for outcome, count in rows}
    for outcome, column in _COUNTERS.items():
        setattr(scan, column, counts.get(outcome, 0))
    scan.completed = await _judged_in_attempt(session, scan)
    share = 100 * scan.completed / scan.total_checks if scan.total_checks else 0
    scan.progress = max(scan.progress, min(round(share, 1), _UNFINISHED))
    scan.current_check = await _next_check(session, scan, service)


async def _judged_in_attempt(session: AsyncSession, scan: Scan) -> int:
    """Verdicts of this attempt, and earlier ones of checks that it does not judge again."""
    attempt = await session.get_one(Attempt, (scan.id, scan.attempt))
    found = await session.scalar(
        select(func.count(func.distinct(VerdictRow.recommendation))).where(
            VerdictRow.scan_id == scan.id,
            or_(
                VerdictRow.attempt == scan.attempt,
                VerdictRow.recommendation.not_in(attempt.recommendations),
            ),
        )
    )
    return found or 0


async def _next_check(session: AsyncSession, scan: Scan, service: str) -> str | None:
    """The first planned check without a verdict, preferably of the service just heard from."""
    attempt = await session.get_one(Attempt, (scan.id, scan.attempt))
    judged = select(VerdictRow.recommendation).where(
        VerdictRow.scan_id == scan.id, VerdictRow.attempt == scan.attempt
    )
    return await session.scalar(
        select(PlannedCheck.check_id)
        .where(
            PlannedCheck.scan_id == scan.id,
            PlannedCheck.recommendation.in_(attempt.recommendations),
            PlannedCheck.recommendation.not_in(judged),
        )
        .order_by((PlannedCheck.service != service), PlannedCheck.position)
        .limit(1)
    )


async def status_event(
    session: AsyncSession,
    scan: Scan,
    at: datetime,
    judged: JudgedCheck | None = None,
    by: str | None = None,
) -> StatusEvent:
    event = StatusEvent(
        scan_id=scan.id,
        seq=_next(scan),
        at=at,
        status=ScanStatus(scan.status),
        progress_percentage=scan.progress,
        current_check=scan.current_check,
        total_checks=scan.total_checks,
        completed=scan.completed,
        passed=scan.passed,
        failed=scan.failed,
        manual=scan.manual,
        not_applicable=scan.not_applicable,
        errors=scan.errors,
        error_message=scan.error_message,
        attempt=scan.attempt,
        check=judged,
        by=by,
    )
    _keep(session, event)
    await session.flush()
    return event


def _next(scan: Scan) -> int:
    scan.seq += 1
    return scan.seq


def _keep(
    session: AsyncSession,
    event: StatusEvent | BatchEvent | ResultsInsertedEvent | PowershellFinishedEvent,
) -> None:
    session.add(
        EventRow(
            scan_id=event.scan_id,
            seq=event.seq,
            at=event.at,
            kind=event.event,
            body=event.model_dump(mode="json"),
        )
    )


async def _batch_row(session: AsyncSession, scan_id: str, service: str) -> BatchRow:
    row = await session.get(BatchRow, (scan_id, service))
    if row is None:
        row = BatchRow(
            scan_id=scan_id, service=service, phase="waiting", attempt=1, failures=0, message=""
        )
        session.add(row)
    return row


async def _end_attempt(session: AsyncSession, scan: Scan, at: datetime) -> None:
    attempt = await session.get_one(Attempt, (scan.id, scan.attempt))
    attempt.finished_at, attempt.status = at, scan.status


async def _end_batches(session: AsyncSession, scan_id: str) -> None:
    """No batch of a finished scan may look as if it were still reading."""
    rows = await session.scalars(select(BatchRow).where(BatchRow.scan_id == scan_id))
    for row in rows:
        row.dataset = None
        if row.phase not in ("finished", "failed", "skipped"):
            row.phase = "failed"
