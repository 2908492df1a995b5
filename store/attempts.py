"""A finished scan goes on with one more attempt; earlier ones stay readable."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import ScanStillRunning
from contracts.events import StatusEvent
from contracts.results import AttemptLine
from contracts.scan import RetryScope, ScanStatus
from contracts.verdict import Outcome
from store.events import recount, status_event
from store.results import list_results
from store.scans import get_scan
from store.tables import Attempt, BatchRow, Scan, VerdictRow


async def begin_attempt(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    scope: RetryScope,
    recommendation: str | None,
    requested_by: str | None,
    at: datetime,
) -> StatusEvent | None:
    """Opens a finished scan for one more attempt. None when it has nothing to do again. Raises
    ScanStillRunning: of two who ask at the same moment the second finds the first one's."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    if not ScanStatus(scan.status).is_terminal:
        raise ScanStillRunning(scan_id, scan.status)
    chosen = await _to_judge_again(session, scan, scope, recommendation)
    if not chosen:
        return None
    scan.attempt += 1
    session.add(
        Attempt(
            scan_id=scan.id,
            number=scan.attempt,
            scope=scope,
            recommendations=chosen,
            requested_by=requested_by,
            started_at=at,
        )
    )
    for row in await session.scalars(select(BatchRow).where(BatchRow.scan_id == scan_id)):
        await session.delete(row)
    await session.flush()
    scan.status, scan.finished_at, scan.error_message = ScanStatus.PENDING, None, None
    scan.progress, scan.captured_at = 0, None
    await recount(session, scan, "")
    return await status_event(session, scan, at, by=requested_by)


async def take_back_attempt(
    session: AsyncSession, *, organisation_id: str, scan_id: str, number: int, at: datetime
) -> StatusEvent | None:
    """Undoes `begin_attempt` where nothing could be started: the scan stands as it did before."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    if scan.attempt != number or number < 2 or scan.status != ScanStatus.PENDING:
        return None
    await session.delete(await session.get_one(Attempt, (scan_id, number)))
    before = await session.get_one(Attempt, (scan_id, number - 1))
    scan.attempt = number - 1
    await session.flush()
    await recount(session, scan, "")
    scan.status, scan.finished_at = before.status or ScanStatus.FAILED, before.finished_at
    scan.current_check = None
    if scan.status == ScanStatus.COMPLETED:
        scan.progress = 100
    return await status_event(session, scan, at)


async def list_attempts(
    session: AsyncSession, *, organisation_id: str, scan_id: str
) -> list[AttemptLine]:
    """First to newest, each with the verdicts as they stood after it."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    rows = await session.scalars(
        select(Attempt).where(Attempt.scan_id == scan_id).order_by(Attempt.number)
    )
    given = await session.execute(
        select(VerdictRow.attempt, VerdictRow.recommendation, VerdictRow.outcome).where(
            VerdictRow.scan_id == scan_id
        )
    )
    by_attempt: defaultdict[int, dict[str, Outcome]] = defaultdict(dict)
    for number, recommendation, outcome in given:
        by_attempt[number][recommendation] = Outcome(outcome)
    standing: dict[str, Outcome] = {}
    lines = []
    for row in rows:
        standing |= by_attempt[row.number]
        lines.append(_line(row, Counter(standing.values())))
    return lines


def _line(row: Attempt, verdicts: Mapping[Outcome, int]) -> AttemptLine:
    return AttemptLine(
        number=row.number,
        scope=row.scope,
        recommendations=len(row.recommendations),
        requested_by=row.requested_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        status=row.status,
        verdicts=dict(verdicts),
    )


async def _to_judge_again(
    session: AsyncSession, scan: Scan, scope: RetryScope, recommendation: str | None
) -> list[str]:
    lines = await list_results(session, organisation_id=scan.organisation_id, scan_id=scan.id)
    if scope is RetryScope.ONE:
        return [line.recommendation for line in lines if line.recommendation == recommendation]
    if scope is RetryScope.ALL:
        return [line.recommendation for line in lines]
    return [line.recommendation for line in lines if line.verdict in (None, Outcome.ERROR)]
