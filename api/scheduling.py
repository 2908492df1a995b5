"""Schedules: the row says what is wanted, Temporal carries it out, and is asked when that is."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import temporalio.client as temporal
from pydantic import ValidationError
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleState,
    ScheduleUpdate,
)
from temporalio.service import RPCError, RPCStatusCode

from api.errors import UnusableInput
from api.services import Services
from api.temporal import ANSWER_WITHIN_S, ask
from contracts.errors import ScanAlreadyRunning, ScheduleNotPossible, TemporalUnavailable
from contracts.fleet import ScheduledScan, ScheduleLine, ScheduleSpec
from contracts.names import SCANS, schedule_workflow_id
from store import scans, schedules, tables, tenants
from workflows.fleet import ScheduledScanWorkflow

ORGANISATION_MEMO = "organisation_id"  # so that nobody removes the schedules of another house
# After an outage a missed run is caught up with only if it was due lately: not all at once.
CATCH_UP = timedelta(minutes=10)
_SIDE_BY_SIDE = 20
_RUNS_SHOWN = 5
_FORGOTTEN = "The workflow service does not know it yet, and is told again within a minute."


async def add_schedule(
    services: Services, *, organisation_id: str, spec: ScheduleSpec, by: str
) -> ScheduleLine:
    """Raises TenantNotFound, ScheduleNotPossible, TemporalUnavailable; nothing is left then."""
    async with services.database.begin() as session:
        tenant = await tenants.get_tenant(
            session, organisation_id=organisation_id, tenant=spec.tenant
        )
        row = await schedules.add_schedule(
            session,
            organisation_id=organisation_id,
            tenant=tenant,
            spec=spec,
            created_by=by,
            at=datetime.now(UTC),
        )
    try:
        await carry_out(services.temporal, row)
    except (TemporalUnavailable, ScheduleNotPossible):
        async with services.database.begin() as session:  # the reconciler removes the other half
            await schedules.remove_schedule(
                session, organisation_id=organisation_id, schedule_id=row.id
            )
        raise
    return await read_schedule(services, organisation_id=organisation_id, schedule_id=row.id)


async def change_schedule(
    services: Services,
    *,
    organisation_id: str,
    schedule_id: str,
    changes: Mapping[str, Any],
    wish: str,
    by: str,
) -> ScheduleLine:
    """Raises UnusableInput, UnknownProfile, ScheduleNotPossible, TemporalUnavailable; it stands as
    before then."""
    row, before = await _change(services, organisation_id, schedule_id, changes, wish, by)
    try:
        await carry_out(services.temporal, row)
    except (TemporalUnavailable, ScheduleNotPossible):
        await _change(services, organisation_id, schedule_id, before, f"{wish} taken back", by)
        raise
    return await read_schedule(services, organisation_id=organisation_id, schedule_id=schedule_id)


async def remove_schedule(services: Services, *, organisation_id: str, schedule_id: str) -> None:
    """From Temporal first: a row without it is carried out again, it without a row is not."""
    async with services.database.read() as session:
        await schedules.get_schedule(
            session, organisation_id=organisation_id, schedule_id=schedule_id
        )
    await forget(services.temporal, schedule_id)
    async with services.database.begin() as session:
        await schedules.remove_schedule(
            session, organisation_id=organisation_id, schedule_id=schedule_id
        )


async def run_now(
    services: Services, *, organisation_id: str, schedule_id: str, by: str
) -> ScheduleLine:
    """One run out of turn, also of a paused schedule; its quiet hours hold all the same. Raises
    ScanAlreadyRunning, TemporalUnavailable."""
    async with services.database.read() as session:
        row = await schedules.get_schedule(
            session, organisation_id=organisation_id, schedule_id=schedule_id
        )
        tenant = await tenants.get_tenant(
            session, organisation_id=organisation_id, tenant=row.tenant_id
        )
        running = await scans.running_scan(
            session, organisation_id=organisation_id, tenant_id=row.tenant_id
        )
    if running is not None:
        raise ScanAlreadyRunning(tenant.name, running.id)
    await carry_out(services.temporal, row)
    await ask(handle_of(services.temporal, row.id).trigger(overlap=ScheduleOverlapPolicy.SKIP))
    async with services.database.begin() as session:
        await schedules.note_wish(
            session,
            organisation_id=organisation_id,
            schedule_id=schedule_id,
            wish="run now",
            by=by,
            at=datetime.now(UTC),
        )
    return await read_schedule(services, organisation_id=organisation_id, schedule_id=schedule_id)


async def read_schedule(
    services: Services, *, organisation_id: str, schedule_id: str
) -> ScheduleLine:
    async with services.database.read() as session:
        line = await schedules.read_schedule(
            session, organisation_id=organisation_id, schedule_id=schedule_id
        )
    (found,) = await with_runs(services.temporal, [line])
    return found


async def list_schedules(
    services: Services, *, organisation_id: str, tenant: str | None = None
) -> list[ScheduleLine]:
    async with services.database.read() as session:
        tenant_id = None
        if tenant is not None:
            row = await tenants.get_tenant(session, organisation_id=organisation_id, tenant=tenant)
            tenant_id = row.id
        lines = await schedules.list_schedules(
            session, organisation_id=organisation_id, tenant_id=tenant_id
        )
    return await with_runs(services.temporal, lines)


async def with_runs(client: Client, lines: Sequence[ScheduleLine]) -> list[ScheduleLine]:
    """What Temporal knows is added; a line it did not speak about in time says so."""
    places = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def asked(line: ScheduleLine) -> ScheduleLine:
        async with places:
            return _with_runs(line, await describe_schedule(client, line.schedule_id))

    tasks = [asyncio.create_task(asked(line)) for line in lines]
    if tasks:
        await asyncio.wait(tasks, timeout=ANSWER_WITHIN_S)
    for task in tasks:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    return [
        answer if isinstance(answer, ScheduleLine) else line.model_copy(update={"answered": False})
        for line, answer in zip(lines, answers, strict=True)
    ]


async def describe_schedule(client: Client, schedule_id: str) -> ScheduleDescription | None:
    """None when Temporal does not know it. Raises TemporalUnavailable."""
    try:
        return await ask(handle_of(client, schedule_id).describe())
    except RPCError:
        return None


async def carry_out(client: Client, row: tables.Schedule) -> None:
    """Temporal does what the row says, whether it knew the schedule or not. Raises
    ScheduleNotPossible, TemporalUnavailable."""
    wanted = _as_temporal(row)
    try:
        await ask(
            client.create_schedule(
                schedule_workflow_id(row.id),
                wanted,
                memo={ORGANISATION_MEMO: row.organisation_id},
            )
        )
    except ScheduleAlreadyRunningError:
        await ask(handle_of(client, row.id).update(lambda _known: ScheduleUpdate(schedule=wanted)))
    except TemporalUnavailable as refusal:
        cause = refusal.__cause__
        if isinstance(cause, RPCError) and cause.status is RPCStatusCode.INVALID_ARGUMENT:
            raise ScheduleNotPossible(cause.message) from None
        raise


async def forget(client: Client, schedule_id: str) -> None:
    try:
        await ask(handle_of(client, schedule_id).delete())
    except RPCError:
        return  # it was not known


def handle_of(client: Client, schedule_id: str) -> ScheduleHandle:
    return client.get_schedule_handle(schedule_workflow_id(schedule_id))


def note_of(row: tables.Schedule) -> str:
    """What Temporal was told, in words: seen in its pages, and compared by the reconciler."""
    return f"{row.cron} {row.timezone}, jitter {row.jitter_s} s"


def _as_temporal(row: tables.Schedule) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ScheduledScanWorkflow.run,
            ScheduledScan(
                organisation_id=row.organisation_id,
                tenant_id=row.tenant_id,
                schedule_id=row.id,
            ),
            id=schedule_workflow_id(row.id),
            task_queue=SCANS,
        ),
        spec=temporal.ScheduleSpec(
            cron_expressions=[row.cron],
            time_zone_name=row.timezone,
            jitter=timedelta(seconds=row.jitter_s),
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
        state=ScheduleState(note=note_of(row), paused=row.paused),
    )


def _with_runs(line: ScheduleLine, known: ScheduleDescription | None) -> ScheduleLine:
    if known is None:
        return line.model_copy(update={"note": _FORGOTTEN})
    info = known.info
    return line.model_copy(
        update={
            "next_runs": [] if line.paused else list(info.next_action_times[:_RUNS_SHOWN]),
            "missed": info.num_actions_missed_catchup_window,
            "skipped": info.num_actions_skipped_overlap,
        }
    )


async def _change(
    services: Services,
    organisation_id: str,
    schedule_id: str,
    changes: Mapping[str, Any],
    wish: str,
    by: str,
) -> tuple[tables.Schedule, dict[str, Any]]:
    async with services.database.begin() as session:
        row, before = await schedules.change_schedule(
            session,
            organisation_id=organisation_id,
            schedule_id=schedule_id,
            changes=changes,
            wish=wish,
            by=by,
            at=datetime.now(UTC),
        )
        _make_sense(row)
    return row, before


def _make_sense(row: tables.Schedule) -> None:
    """As one that is added; raises UnusableInput, UnknownProfile."""
    names = [name for name in schedules.CHANGEABLE if name != "paused"]
    try:
        spec = ScheduleSpec(tenant=row.tenant_id, **{name: getattr(row, name) for name in names})
    except ValidationError as error:
        raise UnusableInput(str(error.errors()[0]["msg"])) from None
    for name in names:
        setattr(row, name, getattr(spec, name))
