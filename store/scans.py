"""Scans: create, list, read their whole state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import AttemptNotFound, ScanNotFound
from contracts.names import wishing_workflow_id
from contracts.scan import CheckLine, Profile, RetryScope, ScanState, ScanStatus
from store.batches import list_batches
from store.results import list_results
from store.tables import Attempt, EventRow, PlannedCheck, Scan, Tenant, UtcDateTime
from store.tenants import has_tag

TERMINAL = (ScanStatus.COMPLETED, ScanStatus.FAILED, ScanStatus.CANCELLED)


async def add_scan(
    session: AsyncSession,
    *,
    organisation_id: str,
    tenant: Tenant,
    benchmark: str,
    profile: Profile,
    checks: Sequence[CheckLine],
    at: datetime,
    requested_by: str | None = None,
    trigger: str = "manual",
    idempotency_key: str | None = None,
    scan_id: str | None = None,
) -> Scan:
    """A `pending` scan with every planned recommendation, in the order of the benchmark."""
    scan = Scan(
        id=scan_id or str(uuid4()),
        organisation_id=organisation_id,
        tenant_id=tenant.id,
        benchmark=benchmark,
        profile=profile.name,
        trigger=trigger,
        requested_by=requested_by,
        idempotency_key=idempotency_key,
        parameters=tenant.parameters,
        status=ScanStatus.PENDING,
        attempt=1,
        seq=0,
        total_checks=len(checks),
        created_at=at,
    )
    session.add(scan)
    await session.flush()
    session.add_all(_planned(scan, checks))
    session.add(_first_attempt(scan, checks))
    await session.flush()
    return scan


def _first_attempt(scan: Scan, checks: Sequence[CheckLine]) -> Attempt:
    return Attempt(
        scan_id=scan.id,
        number=1,
        scope=RetryScope.ALL,
        recommendations=[line.recommendation for line in checks],
        requested_by=scan.requested_by,
        started_at=scan.created_at,
    )


def _planned(scan: Scan, checks: Sequence[CheckLine]) -> Iterator[PlannedCheck]:
    for position, line in enumerate(checks):
        yield PlannedCheck(
            scan_id=scan.id,
            recommendation=line.recommendation,
            position=position,
            check_id=line.check_id,
            slug=line.check,
            title=line.title,
            section=line.section,
            level=line.level,
            severity=line.severity,
            service=line.service,
        )


async def get_scan(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    lock: bool = False,
    attempt: int | None = None,
) -> Scan:
    """Raises ScanNotFound, also for a scan of somebody else; AttemptNotFound where it has no such
    `attempt`."""
    query = select(Scan).where(Scan.id == scan_id, Scan.organisation_id == organisation_id)
    scan = await session.scalar(query.with_for_update() if lock else query)
    if scan is None:
        raise ScanNotFound(scan_id)
    if attempt is not None and attempt > scan.attempt:
        raise AttemptNotFound(attempt)
    return scan


async def owns_scan(session: AsyncSession, *, organisation_id: str, scan_id: str) -> bool:
    query = select(Scan.id).where(Scan.id == scan_id, Scan.organisation_id == organisation_id)
    return await session.scalar(query) is not None


async def remove_unstarted(session: AsyncSession, *, organisation_id: str, scan_id: str) -> bool:
    """Takes back a scan that no workflow has touched yet; False when there is no such."""
    query = select(Scan).where(
        Scan.id == scan_id,
        Scan.organisation_id == organisation_id,
        Scan.status == ScanStatus.PENDING,
        Scan.seq == 0,
    )
    scan = await session.scalar(query.with_for_update())
    if scan is None:
        return False
    await session.delete(scan)
    return True


async def stamp_capture(
    session: AsyncSession, *, organisation_id: str, scan_id: str, at: datetime
) -> datetime:
    """The first stamp of an attempt stands; answers with it."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    if scan.captured_at is None:
        scan.captured_at = at
    return scan.captured_at


async def get_attempt(
    session: AsyncSession, *, organisation_id: str, scan_id: str, number: int
) -> Attempt:
    """Raises ScanNotFound, AttemptNotFound."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    attempt = await session.get(Attempt, (scan_id, number))
    if attempt is None:
        raise AttemptNotFound(number)
    return attempt


async def by_idempotency_key(
    session: AsyncSession, *, organisation_id: str, key: str
) -> Scan | None:
    return await session.scalar(
        select(Scan).where(Scan.organisation_id == organisation_id, Scan.idempotency_key == key)
    )


async def scan_before(session: AsyncSession, *, organisation_id: str, scan_id: str) -> Scan | None:
    """The newest completed scan of the same tenant that was begun before this one. Raises
    ScanNotFound."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    return await session.scalar(
        select(Scan)
        .where(
            Scan.organisation_id == organisation_id,
            Scan.tenant_id == scan.tenant_id,
            Scan.status == ScanStatus.COMPLETED,
            Scan.created_at < scan.created_at,
        )
        .order_by(Scan.created_at.desc(), Scan.id)
        .limit(1)
    )


async def running_scan(
    session: AsyncSession, *, organisation_id: str, tenant_id: str
) -> Scan | None:
    """The newest scan of a tenant that has not ended."""
    return await session.scalar(
        select(Scan)
        .where(
            Scan.organisation_id == organisation_id,
            Scan.tenant_id == tenant_id,
            Scan.status.not_in(TERMINAL),
        )
        .order_by(Scan.created_at.desc())
        .limit(1)
    )


async def list_open(session: AsyncSession, *, organisation_id: str) -> list[Scan]:
    found = await session.scalars(
        select(Scan).where(Scan.organisation_id == organisation_id, Scan.status.not_in(TERMINAL))
    )
    return list(found)


async def list_scans(
    session: AsyncSession,
    *,
    organisation_id: str,
    tenant_id: str | None = None,
    active: bool | None = None,
    tag: str | None = None,
    before: datetime | None = None,
    before_id: str | None = None,
    limit: int = 50,
) -> list[ScanState]:
    """Newest first, without their checks; `before` continues a list at a `created_at`, and
    `before_id` names the last scan of that very moment that was listed."""
    query: Select[Scan, str] = (
        select(Scan, Tenant.name)
        .join(Tenant, Tenant.id == Scan.tenant_id)
        .where(Scan.organisation_id == organisation_id)
        .order_by(Scan.created_at.desc(), Scan.id)
        .limit(limit)
    )
    if tenant_id is not None:
        query = query.where(Scan.tenant_id == tenant_id)
    if tag is not None:
        query = query.where(has_tag(tag))
    if active is not None:
        chosen = Scan.status.not_in(TERMINAL) if active else Scan.status.in_(TERMINAL)
        query = query.where(chosen)
    if before is not None and before_id is not None:
        same = and_(Scan.created_at == before, Scan.id > before_id)
        query = query.where(or_(Scan.created_at < before, same))
    elif before is not None:
        query = query.where(Scan.created_at < before)
    return [_state(scan, name) for scan, name in await session.execute(query)]


async def read_bare_state(
    session: AsyncSession, *, organisation_id: str, scan_id: str
) -> ScanState:
    """Without its checks and batches. Raises ScanNotFound."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    tenant = await session.get_one(Tenant, scan.tenant_id)
    return _state(scan, tenant.name)


async def read_state(session: AsyncSession, *, organisation_id: str, scan_id: str) -> ScanState:
    state = await read_bare_state(session, organisation_id=organisation_id, scan_id=scan_id)
    return state.model_copy(
        update={
            "checks": await list_results(session, organisation_id=organisation_id, scan_id=scan_id),
            "batches": await list_batches(
                session, organisation_id=organisation_id, scan_id=scan_id
            ),
        }
    )


def _state(scan: Scan, tenant_name: str) -> ScanState:
    return ScanState(
        scan_id=scan.id,
        tenant_id=scan.tenant_id,
        tenant_name=tenant_name,
        profile=scan.profile,
        trigger=scan.trigger,
        requested_by=scan.requested_by,
        status=ScanStatus(scan.status),
        attempt=scan.attempt,
        seq=scan.seq,
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
        created_at=scan.created_at,
        started_at=scan.started_at,
        finished_at=scan.finished_at,
    )


@dataclass(frozen=True)
class OpenScan:
    scan_id: str
    organisation_id: str
    tenant_id: str
    tenant_name: str
    status: ScanStatus
    begun_at: datetime  # of its newest attempt
    touched_at: datetime  # its newest event
    wished_by: str | None = None  # the workflow that made the row and is to run it


async def list_unfinished(session: AsyncSession, *, touched_before: datetime) -> list[OpenScan]:
    """Of every organisation, for the reconciler alone: open scans without a recent event."""
    newest = (
        select(func.max(EventRow.at))
        .where(EventRow.scan_id == Scan.id)
        .correlate(Scan)
        .scalar_subquery()
    )
    touched = func.coalesce(newest, Scan.created_at, type_=UtcDateTime())
    rows = await session.execute(
        select(Scan, Tenant.name, Attempt.started_at, touched)
        .join(Tenant, Tenant.id == Scan.tenant_id)
        .join(Attempt, and_(Attempt.scan_id == Scan.id, Attempt.number == Scan.attempt))
        .where(Scan.status.not_in(TERMINAL), touched < touched_before)
        .order_by(Scan.created_at)
    )
    return [
        OpenScan(
            scan_id=scan.id,
            organisation_id=scan.organisation_id,
            tenant_id=scan.tenant_id,
            tenant_name=name,
            status=ScanStatus(scan.status),
            begun_at=begun_at,
            touched_at=touched_at,
            wished_by=_wished_by(scan),
        )
        for scan, name, begun_at, touched_at in rows
    ]


def _wished_by(scan: Scan) -> str | None:
    """Schedules and campaigns wish with a key of their own, operators with any."""
    by_workflow = scan.trigger in ("schedule", "campaign") and scan.attempt == 1
    return (
        wishing_workflow_id(scan.idempotency_key) if by_workflow and scan.idempotency_key else None
    )
