"""ScanWorkflow over activities that a test controls."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import WorkflowEnvironment

from contracts.scan import BatchRequest, ScanStatus, SkipWish, Wish
from tests.workflows.conftest import (
    Fakes,
    beat_until_cancelled,
    start,
    until,
    workers,
)
from workflows import policies
from workflows.scan import ScanWorkflow

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("temporal")]
SERVICES = ("dns", "exchange", "teams")


async def test_a_scan_runs_its_batches_then_the_joint_stage_and_completes(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = Fakes()
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        assert await handle.result() == "completed"

    assert {"end dns", "end exchange", "end teams"} < set(fakes.calls)
    assert fakes.calls[-2:] == ["joint", "finish completed"]
    assert fakes.joint is not None
    assert len(fakes.joint.checks) == 4
    history = await handle.fetch_history()
    assert not [e for e in history.events if e.HasField("workflow_task_failed_event_attributes")]


async def test_a_batch_waits_for_the_service_whose_rows_it_starts_from(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = Fakes()
    async with workers(skipping, fakes, services=SERVICES):
        await (await start(skipping)).result()

    assert fakes.calls.index("end exchange") < fakes.calls.index("begin dns")


async def test_a_batch_that_never_ends_well_costs_only_its_own_checks(
    skipping: WorkflowEnvironment,
) -> None:
    async def broken(_request: BatchRequest) -> None:
        raise ApplicationError("broken", non_retryable=True)

    fakes = Fakes(bodies={"teams": broken})
    async with workers(skipping, fakes, services=SERVICES):
        assert await (await start(skipping)).result() == "completed"

    assert fakes.joint is not None
    assert list(fakes.joint.unread) == ["teams"]
    assert "end exchange" in fakes.calls


async def test_a_failing_batch_is_tried_again(skipping: WorkflowEnvironment) -> None:
    tries = 0

    async def flaky(_request: BatchRequest) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ApplicationError("again")

    fakes = Fakes(bodies={"teams": flaky})
    async with workers(skipping, fakes, services=SERVICES):
        await (await start(skipping)).result()

    assert tries == 3
    assert fakes.joint is not None
    assert fakes.joint.unread == {}


async def test_without_a_worker_for_a_service_its_checks_say_so(
    skipping: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The clock does not jump while an activity waits for a worker.
    monkeypatch.setitem(policies.BATCH, "schedule_to_start_timeout", timedelta(seconds=1))
    fakes = Fakes()
    async with workers(skipping, fakes, services=("dns", "exchange")):
        assert await (await start(skipping)).result() == "completed"

    assert fakes.joint is not None
    assert fakes.joint.unread == {"teams": "no worker serves teams (waited 10 minutes)"}


async def test_cancelling_stops_the_batches_and_writes_the_end_once(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = Fakes(bodies={"teams": beat_until_cancelled})
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        await until(lambda: "begin teams" in fakes.calls)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()

    assert isinstance(failure.value.cause, CancelledError)
    assert "end teams" not in fakes.calls
    assert [call for call in fakes.calls if call.startswith("finish")] == ["finish cancelled"]


async def test_a_cancel_while_the_end_is_written_comes_too_late(
    skipping: WorkflowEnvironment,
) -> None:
    writing, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        writing.set()
        await go_on.wait()

    fakes = Fakes(before_finish=hold)
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        await writing.wait()
        await handle.cancel()
        go_on.set()
        assert await handle.result() == "completed"

    assert [call for call in fakes.calls if call.startswith("finish")] == ["finish completed"]


async def test_a_paused_scan_holds_no_batch_and_resumes_with_what_is_left(
    skipping: WorkflowEnvironment,
) -> None:
    begun = 0

    async def first_time_long(request: BatchRequest) -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            await beat_until_cancelled(request)

    fakes = Fakes(bodies={"teams": first_time_long})
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        await until(lambda: begun == 1 and "end dns" in fakes.calls)
        await handle.execute_update(ScanWorkflow.pause, Wish(by="ann"), id="pause-1")
        await handle.execute_update(ScanWorkflow.pause, Wish(by="ann"), id="pause-1")
        await until(lambda: fakes.statuses == [ScanStatus.PAUSED])
        execution = await handle.query(ScanWorkflow.execution)
        assert execution.paused
        assert execution.running == []
        await handle.execute_update(ScanWorkflow.resume, Wish(by="ann"), id="resume-1")
        assert await handle.result() == "completed"

    assert fakes.statuses == [ScanStatus.PAUSED, ScanStatus.RUNNING]
    assert fakes.calls.count("begin exchange") == 1
    assert fakes.calls.count("begin teams") == 2


async def test_a_paused_scan_can_be_cancelled(skipping: WorkflowEnvironment) -> None:
    fakes = Fakes(bodies={"teams": beat_until_cancelled})
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        await until(lambda: "begin teams" in fakes.calls)
        await handle.execute_update(ScanWorkflow.pause, Wish(by="ann"), id="pause-1")
        await until(lambda: fakes.statuses == [ScanStatus.PAUSED])
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()

    assert fakes.calls[-1] == "finish cancelled"


async def test_a_scan_that_is_ending_refuses_to_pause(skipping: WorkflowEnvironment) -> None:
    writing, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        writing.set()
        await go_on.wait()

    fakes = Fakes(before_finish=hold)
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        await writing.wait()
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(ScanWorkflow.pause, Wish(by="ann"), id="pause-1")
        go_on.set()
        await handle.result()


async def test_a_plan_that_cannot_be_made_fails_the_scan(skipping: WorkflowEnvironment) -> None:
    fakes = Fakes(plan_fails=True)
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()

    assert isinstance(failure.value.cause, ApplicationError)
    assert fakes.finish is not None
    assert fakes.finish.status is ScanStatus.FAILED
    assert fakes.finish.error_message


async def test_a_scan_that_takes_a_day_is_ended(skipping: WorkflowEnvironment) -> None:
    fakes = Fakes()
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        await until(lambda: bool(fakes.calls))
        await handle.execute_update(ScanWorkflow.pause, Wish(by="ann"), id="pause-1")
        with pytest.raises(WorkflowFailureError):
            await handle.result()

    assert fakes.finish is not None
    assert fakes.finish.error_message == "The scan was not finished within 24 hours."


async def test_a_skipped_service_stops_and_its_checks_say_who_skipped_it(
    skipping: WorkflowEnvironment,
) -> None:
    fakes = Fakes(bodies={"teams": beat_until_cancelled})
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        await until(lambda: "begin teams" in fakes.calls)
        await handle.execute_update(
            ScanWorkflow.skip, SkipWish(by="ann", service="teams"), id="skip-1"
        )
        assert await handle.result() == "completed"

    assert fakes.joint is not None
    assert fakes.joint.unread == {"teams": "skipped by ann"}
    assert fakes.joint.skipped == ["teams"]
    assert "end teams" not in fakes.calls


async def test_a_service_that_is_done_cannot_be_skipped(skipping: WorkflowEnvironment) -> None:
    fakes = Fakes(bodies={"teams": beat_until_cancelled})
    async with workers(skipping, fakes, services=SERVICES):
        handle = await start(skipping)
        while "exchange" not in (await handle.query(ScanWorkflow.execution)).finished:
            await asyncio.sleep(0.05)
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(
                ScanWorkflow.skip, SkipWish(by="ann", service="exchange"), id="skip-1"
            )
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
