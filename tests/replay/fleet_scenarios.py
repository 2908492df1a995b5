"""The ways a schedule's run and a campaign can go; their scans are stand-ins, as nothing of a scan
stands in the history of who began it. A scenario's name is that of its history."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from contracts.fleet import Decision, WishedScan
from contracts.names import SCANS, scan_workflow_id
from tests.workflows.fleet_stage import (
    FleetFakes,
    StandIn,
    fleet_worker,
    request_of,
    start_campaign,
    start_scheduled,
)

Handle = WorkflowHandle[Any, Any]
FleetScenario = Callable[[WorkflowEnvironment], Awaitable[Handle]]
_WITHIN_S = 60


async def schedule_run(env: WorkflowEnvironment) -> Handle:
    return await _scheduled(env, FleetFakes())


async def schedule_in_quiet_hours(env: WorkflowEnvironment) -> Handle:
    return await _scheduled(env, FleetFakes(decisions=[Decision(wait_s=900), Decision(wait_s=300)]))


async def schedule_without_a_place(env: WorkflowEnvironment) -> Handle:
    return await _scheduled(env, FleetFakes(decisions=[Decision(full=True)] * 6))


async def schedule_refused(env: WorkflowEnvironment) -> Handle:
    return await _scheduled(env, FleetFakes(decisions=[Decision(refused="not wanted")]))


async def schedule_whose_scan_fails(env: WorkflowEnvironment) -> Handle:
    return await _scheduled(env, FleetFakes(), f"broken-{uuid4()}")


async def schedule_beside_another_scan(env: WorkflowEnvironment) -> Handle:
    tenant_id = f"endless-{uuid4()}"
    wish = WishedScan(organisation_id=str(uuid4()), tenant_id=tenant_id, key=str(uuid4()))
    async with fleet_worker(env, FleetFakes()):
        other = await env.client.start_workflow(
            StandIn.run, request_of(wish), id=scan_workflow_id(tenant_id), task_queue=SCANS
        )
        handle = await _ended(await start_scheduled(env, tenant_id))
        await other.cancel()
        return handle


async def cancelled_schedule_while_waiting(env: WorkflowEnvironment) -> Handle:
    fakes = FleetFakes(decide=lambda _wish: Decision(full=True))
    async with fleet_worker(env, fakes):
        handle = await start_scheduled(env)
        async with asyncio.timeout(_WITHIN_S):
            while not fakes.wishes:
                await asyncio.sleep(0.05)
        await handle.cancel()
        return await _ended(handle)


async def campaign_over_all(env: WorkflowEnvironment) -> Handle:
    """A scan that fails, a tenant that is passed over, a wait for a place."""
    names = [f"quick-{uuid4()}" for _ in range(6)] + [f"broken-{uuid4()}"]
    fakes = FleetFakes(tenants=names, decisions=[Decision(full=True)] * 2)
    fakes.decide = lambda wish: Decision(refused="busy") if wish.tenant_id == names[1] else None
    async with fleet_worker(env, fakes):
        return await _ended(await start_campaign(env, width=3))


async def campaign_cut(env: WorkflowEnvironment) -> Handle:
    """Its first run, which goes on as another when its tenants are done."""
    fakes = FleetFakes(tenants=[f"quick-{uuid4()}" for _ in range(7)], chunk=5)
    async with fleet_worker(env, fakes):
        handle = await start_campaign(env, width=5)
        first = handle.first_execution_run_id
        await handle.result()
        return env.client.get_workflow_handle(handle.id, run_id=first)


async def cancelled_campaign(env: WorkflowEnvironment) -> Handle:
    fakes = FleetFakes(tenants=[f"endless-{uuid4()}" for _ in range(5)])
    async with fleet_worker(env, fakes):
        handle = await start_campaign(env, width=3)
        async with asyncio.timeout(_WITHIN_S):
            while await _begun(handle) < 3:
                await asyncio.sleep(0.05)
        await handle.cancel()
        return await _ended(handle)


async def _scheduled(env: WorkflowEnvironment, fakes: FleetFakes, tenant_id: str = "") -> Handle:
    async with fleet_worker(env, fakes):
        return await _ended(await start_scheduled(env, tenant_id))


async def _ended(handle: Handle) -> Handle:
    """However it ended."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            await handle.result()
    except WorkflowFailureError:
        return handle
    return handle


async def _begun(handle: Handle) -> int:
    kind = "child_workflow_execution_started_event_attributes"
    return sum(event.HasField(kind) for event in (await handle.fetch_history()).events)


FLEET_SCENARIOS: dict[str, FleetScenario] = {
    scenario.__name__: scenario
    for scenario in (
        schedule_run,
        schedule_in_quiet_hours,
        schedule_without_a_place,
        schedule_refused,
        schedule_whose_scan_fails,
        schedule_beside_another_scan,
        cancelled_schedule_while_waiting,
        campaign_over_all,
        campaign_cut,
        cancelled_campaign,
    )
}
