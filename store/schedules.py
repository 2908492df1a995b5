"""Schedules as operators asked for them. Temporal carries them out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import ScheduleNotFound
from contracts.fleet import ScheduleLine, ScheduleSpec
from contracts.scan import ScanStatus
from store.tables import Scan, Schedule, Tenant
from store.wishes import add_wish, wishes_of

CHANGEABLE = ("profile", "cron", "timezone", "jitter_s", "quiet_from", "quiet_to", "paused")


async def add_schedule(
    session: AsyncSession,
    *,
    organisation_id: str,
    tenant: Tenant,
    spec: ScheduleSpec,
    created_by: str,
    at: datetime,
) -> Schedule:
    schedule = Schedule(
        id=str(uuid4()),
        organisation_id=organisation_id,
        tenant_id=tenant.id,
        profile=spec.profile,
        cron=spec.cron,
        timezone=spec.timezone,
        jitter_s=spec.jitter_s,
        quiet_from=spec.quiet_from,
        quiet_to=spec.quiet_to,
        paused=False,
        note="",
        wishes=[],
        created_by=created_by,
        created_at=at,
    )
    add_wish(schedule, "add", by=created_by, at=at)
    session.add(schedule)
    await session.flush()
    return schedule


async def get_schedule(
    session: AsyncSession, *, organisation_id: str, schedule_id: str, lock: bool = False
) -> Schedule:
    """Raises ScheduleNotFound."""
    query = select(Schedule).where(
        Schedule.id == schedule_id, Schedule.organisation_id == organisation_id
    )
    schedule = await session.scalar(query.with_for_update() if lock else query)
    if schedule is None:
        raise ScheduleNotFound(schedule_id)
    return schedule


async def change_schedule(
    session: AsyncSession,
    *,
    organisation_id: str,
    schedule_id: str,
    changes: Mapping[str, Any],
    wish: str,
    by: str,
    at: datetime,
) -> tuple[Schedule, dict[str, Any]]:
    """The schedule, and what brings it back to how it was."""
    schedule = await get_schedule(
        session, organisation_id=organisation_id, schedule_id=schedule_id, lock=True
    )
    before = {name: getattr(schedule, name) for name in CHANGEABLE if name in changes}
    for name in before:
        setattr(schedule, name, changes[name])
    add_wish(schedule, wish, by=by, at=at)
    return schedule, before


async def note_wish(
    session: AsyncSession,
    *,
    organisation_id: str,
    schedule_id: str,
    wish: str,
    by: str,
    at: datetime,
) -> None:
    schedule = await get_schedule(
        session, organisation_id=organisation_id, schedule_id=schedule_id, lock=True
    )
    add_wish(schedule, wish, by=by, at=at)


async def remove_schedule(session: AsyncSession, *, organisation_id: str, schedule_id: str) -> None:
    await session.delete(
        await get_schedule(session, organisation_id=organisation_id, schedule_id=schedule_id)
    )


async def list_schedules(
    session: AsyncSession, *, organisation_id: str, tenant_id: str | None = None
) -> list[ScheduleLine]:
    """By tenant. What Temporal knows of them is the caller's to add."""
    query = _lines().where(Schedule.organisation_id == organisation_id)
    if tenant_id is not None:
        query = query.where(Schedule.tenant_id == tenant_id)
    rows = await session.execute(query.order_by(Tenant.name, Schedule.created_at))
    return [_line(*row) for row in rows]


async def read_schedule(
    session: AsyncSession, *, organisation_id: str, schedule_id: str
) -> ScheduleLine:
    """Raises ScheduleNotFound."""
    query = _lines().where(Schedule.id == schedule_id, Schedule.organisation_id == organisation_id)
    row = (await session.execute(query)).first()
    if row is None:
        raise ScheduleNotFound(schedule_id)
    return _line(*row)


async def every_schedule(session: AsyncSession) -> list[Schedule]:
    """Of every organisation, for the reconciler alone."""
    return list(await session.scalars(select(Schedule).order_by(Schedule.created_at)))


def _lines() -> Select[Schedule, str, str | None]:
    return (
        select(Schedule, Tenant.name, Scan.status)
        .join(Tenant, Tenant.id == Schedule.tenant_id)
        .outerjoin(Scan, Scan.id == Schedule.last_scan_id)
    )


def _line(schedule: Schedule, tenant_name: str, last_status: str | None) -> ScheduleLine:
    return ScheduleLine(
        schedule_id=schedule.id,
        tenant=schedule.tenant_id,
        tenant_name=tenant_name,
        profile=schedule.profile,
        cron=schedule.cron,
        timezone=schedule.timezone,
        jitter_s=schedule.jitter_s,
        quiet_from=schedule.quiet_from,
        quiet_to=schedule.quiet_to,
        paused=schedule.paused,
        note=schedule.note,
        noted_at=schedule.noted_at,
        last_scan_id=schedule.last_scan_id if last_status else None,
        last_scan_status=ScanStatus(last_status) if last_status else None,
        wishes=wishes_of(schedule),
        created_by=schedule.created_by,
        created_at=schedule.created_at,
    )
