"""ScheduledScanWorkflow and CampaignWorkflow over activities and scans that a test controls."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import CancelledError
from temporalio.testing import WorkflowEnvironment

from contracts.fleet import CampaignStatus, Decision
from contracts.names import SCAN_ID_MEMO, SCANS, scan_workflow_id
from contracts.scan import ScanRequest
from tests.workflows.conftest import until
from tests.workflows.fleet_stage import (
    FleetFakes,
    StandIn,
    fleet_worker,
    start_campaign,
    start_scheduled,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("temporal")]


def tenants(count: int, kind: str = "quick") -> list[str]:
    return [f"{kind}-{uuid4()}" for _ in range(count)]


async def children(env: WorkflowEnvironment, handle: WorkflowHandle) -> AsyncIterator[str]:  # type: ignore[type-arg]
    async for event in handle.fetch_history_events():
        if event.HasField("child_workflow_execution_started_event_attributes"):
            started = event.child_workflow_execution_started_event_attributes
            yield started.workflow_execution.workflow_id


async def begun_scans(env: WorkflowEnvironment, handle: WorkflowHandle, count: int) -> list[str]:  # type: ignore[type-arg]
    async with asyncio.timeout(20):
        while len(begun := [child async for child in children(env, handle)]) < count:
            await asyncio.sleep(0.05)
    return begun


async def most_at_once(handle: WorkflowHandle) -> int:  # type: ignore[type-arg]
    """How many scans ran side by side, as the history tells it."""
    running = most = 0
    async for event in handle.fetch_history_events():
        kind = event.event_type
        if kind == EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
            running += 1
        if kind == EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
            running -= 1
        most = max(most, running)
    return most


async def lasted(env: WorkflowEnvironment, handle: WorkflowHandle) -> timedelta:  # type: ignore[type-arg]
    described = await handle.describe()
    assert described.close_time is not None
    return described.close_time - described.start_time


async def assert_no_task_failed(handle: WorkflowHandle) -> None:  # type: ignore[type-arg]
    history = await handle.fetch_history()
    assert not [e for e in history.events if e.HasField("workflow_task_failed_event_attributes")]


async def test_a_schedule_scans_its_tenant_under_the_id_that_allows_one_scan(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes()
    tenant_id = str(uuid4())
    async with fleet_worker(skipping, fakes):
        handle = await start_scheduled(skipping, tenant_id)
        assert await handle.result() == "completed"
        child = await skipping.client.get_workflow_handle(scan_workflow_id(tenant_id)).describe()

    assert [wish.key for wish in fakes.wishes] == [handle.id]
    assert child.workflow_type == "ScanWorkflow"
    assert await child.memo_value(SCAN_ID_MEMO)
    await assert_no_task_failed(handle)


async def test_a_schedule_waits_until_its_quiet_hours_are_over(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(decisions=[Decision(wait_s=900), Decision(wait_s=300)])
    async with fleet_worker(skipping, fakes):
        handle = await start_scheduled(skipping)
        assert await handle.result() == "completed"

    # Not longer than ten minutes without asking again: quiet hours can be changed meanwhile.
    assert timedelta(seconds=900) <= await lasted(skipping, handle) < timedelta(seconds=960)
    assert len(fakes.wishes) == 3


async def test_a_schedule_waits_for_a_place_ever_more_patiently(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(decisions=[Decision(full=True)] * 6)
    async with fleet_worker(skipping, fakes):
        handle = await start_scheduled(skipping)
        assert await handle.result() == "completed"

    waited = 30 + 60 + 120 + 240 + 300 + 300
    took = await lasted(skipping, handle)
    assert timedelta(seconds=waited) <= took < timedelta(seconds=waited + 60)


async def test_a_schedule_whose_tenant_is_being_scanned_says_so_and_ends(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(decisions=[Decision(refused="the tenant is being scanned already")])
    async with fleet_worker(skipping, fakes):
        handle = await start_scheduled(skipping)
        assert await handle.result() == "the tenant is being scanned already"

    assert [child async for child in children(skipping, handle)] == []


async def test_a_row_whose_scan_temporal_refuses_is_taken_back(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes()
    tenant_id = f"endless-{uuid4()}"
    async with fleet_worker(skipping, fakes):
        other = await start_alone(skipping, tenant_id)
        handle = await start_scheduled(skipping, tenant_id)
        assert await handle.result() == "the tenant is being scanned already"
        await other.cancel()

    (gone,) = fakes.gone
    assert gone.scan is not None
    assert gone.scan.tenant_id == tenant_id
    assert gone.why == "the tenant is being scanned already"


async def start_alone(env: WorkflowEnvironment, tenant_id: str) -> WorkflowHandle[StandIn, str]:
    request = ScanRequest(scan_id=str(uuid4()), organisation_id=str(uuid4()), tenant_id=tenant_id)
    return await env.client.start_workflow(
        StandIn.run, request, id=scan_workflow_id(tenant_id), task_queue=SCANS
    )


async def test_a_scan_that_fails_does_not_fail_its_schedule(
    skipping: WorkflowEnvironment,
) -> None:
    async with fleet_worker(skipping, FleetFakes()):
        handle = await start_scheduled(skipping, f"broken-{uuid4()}")
        assert await handle.result() == "ended early"


async def test_cancelling_a_schedules_run_while_it_waits_leaves_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(decide=lambda _wish: Decision(full=True))
    async with fleet_worker(skipping, fakes):
        handle = await start_scheduled(skipping)
        await until(lambda: len(fakes.wishes) >= 1)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()

    assert isinstance(failure.value.cause, CancelledError)
    assert [child async for child in children(skipping, handle)] == []


async def test_a_campaign_scans_every_tenant_and_not_more_at_once_than_its_width(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(tenants=tenants(12))
    async with fleet_worker(skipping, fakes):
        handle = await start_campaign(skipping, width=4)
        assert await handle.result() == "completed"
        most = await most_at_once(handle)
        begun = [child async for child in children(skipping, handle)]

    assert sorted(begun) == sorted(scan_workflow_id(tenant) for tenant in fakes.tenants)
    assert most == 4
    assert fakes.ends == [CampaignStatus.COMPLETED]


async def test_a_scan_that_fails_does_not_stop_its_campaign(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(tenants=[*tenants(2), *tenants(1, "broken"), *tenants(2)])
    async with fleet_worker(skipping, fakes):
        handle = await start_campaign(skipping)
        assert await handle.result() == "completed"
        begun = [child async for child in children(skipping, handle)]

    assert len(begun) == 5
    assert fakes.ends == [CampaignStatus.COMPLETED]
    await assert_no_task_failed(handle)


async def test_a_tenant_that_may_not_begin_is_passed_over(skipping: WorkflowEnvironment) -> None:
    fakes = FleetFakes(tenants=tenants(3))
    busy = fakes.tenants[1]
    fakes.decide = lambda wish: Decision(refused="busy") if wish.tenant_id == busy else None
    async with fleet_worker(skipping, fakes):
        handle = await start_campaign(skipping)
        assert await handle.result() == "completed"
        begun = {child async for child in children(skipping, handle)}

    assert begun == {scan_workflow_id(tenant) for tenant in fakes.tenants if tenant != busy}


async def test_a_campaign_that_waits_for_a_place_asks_for_one_tenant_alone(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(tenants=tenants(6), decisions=[Decision(full=True)] * 5)
    async with fleet_worker(skipping, fakes):
        handle = await start_campaign(skipping, width=6)
        assert await handle.result() == "completed"

    assert [wish.tenant_id for wish in fakes.wishes[:6]] == [fakes.tenants[0]] * 6
    assert len(fakes.wishes) == 5 + 6


async def test_cancelling_a_campaign_ends_its_scans_before_itself_and_begins_no_more(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(tenants=tenants(5, "endless"))
    async with fleet_worker(skipping, fakes):
        handle = await start_campaign(skipping, width=3)
        await begun_scans(skipping, handle, 3)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        closed = await handle.describe()
        begun = [child async for child in children(skipping, handle)]
        ends = await closing_times(skipping, begun)

    assert isinstance(failure.value.cause, CancelledError)
    assert len(begun) == 3
    assert {status for status, _ in ends} == {"CANCELED"}
    assert closed.close_time is not None
    assert max(at for _, at in ends) <= closed.close_time
    assert fakes.ends == [CampaignStatus.CANCELLED]


async def closing_times(env: WorkflowEnvironment, ids: list[str]) -> list[tuple[str, datetime]]:
    found = []
    for workflow_id in ids:
        described = await env.client.get_workflow_handle(workflow_id).describe()
        assert described.status is not None
        assert described.close_time is not None
        found.append((described.status.name, described.close_time))
    return found


async def test_a_scan_that_is_cancelled_by_itself_does_not_end_its_campaign(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(tenants=[*tenants(1, "endless"), *tenants(1)])
    async with fleet_worker(skipping, fakes):
        handle = await start_campaign(skipping, width=1)
        begun = await begun_scans(skipping, handle, 1)
        await skipping.client.get_workflow_handle(begun[0]).cancel()
        assert await handle.result() == "completed"
        ((first, _), (second, _)) = await closing_times(
            skipping, [child async for child in children(skipping, handle)]
        )

    assert (first, second) == ("CANCELED", "COMPLETED")
    assert fakes.ends == [CampaignStatus.COMPLETED]


async def test_a_campaign_over_250_tenants_cuts_its_history_and_forgets_none(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = FleetFakes(tenants=tenants(250), chunk=50)
    async with fleet_worker(skipping, fakes):
        handle = await start_campaign(skipping, width=25)
        assert await handle.result() == "completed"
        runs = [run async for run in skipping.client.list_workflows(f"WorkflowId = '{handle.id}'")]

    assert fakes.chunks == [50] * 5
    assert sorted(wish.tenant_id for wish in fakes.wishes) == sorted(fakes.tenants)
    assert len({wish.key for wish in fakes.wishes}) == 250
    assert fakes.ends == [CampaignStatus.COMPLETED]
    assert len(runs) == 5
    assert max(run.history_length for run in runs) < 2000
