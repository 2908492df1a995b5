"""The ways a scan can go. A scenario's name is that of its history."""

import asyncio
from datetime import timedelta
from unittest import mock

from contracts.scan import RetryScope, SkipWish, Wish
from store import attempts
from tests.replay.recorder import (
    HANG,
    SERVICES,
    Broken,
    Handle,
    Recorder,
    Scenario,
    broken_joint,
    ended,
)
from tests.store.journal import now
from tests.worker.house import House
from workflows import policies
from workflows.scan import ScanWorkflow


async def done(recorder: Recorder) -> Handle:
    async with recorder.workers():
        return await ended(await recorder.start(await recorder.scan()))


async def done_without_a_worker_for_one_service(recorder: Recorder) -> Handle:
    """The wait of ten minutes is cut to one second."""
    short = {"schedule_to_start_timeout": timedelta(seconds=1)}
    others = [service for service in SERVICES if service != "teams"]
    with mock.patch.dict(policies.BATCH, short):
        async with recorder.workers(services=others):
            return await ended(await recorder.start(await recorder.scan()))


async def cancelled_while_pending(recorder: Recorder) -> Handle:
    handle = await recorder.start(await recorder.scan())
    await handle.cancel()
    async with recorder.workers():
        return await ended(handle)


async def cancelled_while_planning(recorder: Recorder) -> Handle:
    handle = await recorder.start(await recorder.scan())
    async with recorder.workers(without=["plan_scan", "finish_scan"]):
        await recorder.until_scheduled(handle, "plan_scan")
        await handle.cancel()
        await recorder.until_scheduled(handle, "finish_scan")
    async with recorder.workers():
        return await ended(handle)


async def cancelled_while_reading(recorder: Recorder) -> Handle:
    async with recorder.workers():
        handle = await recorder.start(await recorder.scan(HANG))
        await recorder.until_told(phase="reading")
        await handle.cancel()
        return await ended(handle)


async def cancelled_while_paused(recorder: Recorder) -> Handle:
    async with recorder.workers():
        handle = await recorder.start(await recorder.scan(HANG))
        await recorder.until_told(phase="reading")
        await handle.execute_update(ScanWorkflow.pause, Wish(by="ann"), id="pause-1")
        await recorder.until_status("paused")
        await handle.cancel()
        return await ended(handle)


async def cancelled_too_late(recorder: Recorder) -> Handle:
    handle = await recorder.start(await recorder.scan())
    async with recorder.workers(without=["finish_scan"]):
        await recorder.until_scheduled(handle, "finish_scan")
        await handle.cancel()
        await recorder.until_scheduled(handle, "EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED")
    async with recorder.workers():
        return await ended(handle)


async def paused_and_resumed(recorder: Recorder) -> Handle:
    async with recorder.workers():
        handle = await recorder.start(await recorder.scan(HANG | {"times": 1}))
        await recorder.until_told(phase="reading")
        await handle.execute_update(ScanWorkflow.pause, Wish(by="ann"), id="pause-1")
        await recorder.until_status("paused")
        await handle.execute_update(ScanWorkflow.resume, Wish(by="ann"), id="resume-1")
        return await ended(handle)


async def service_skipped(recorder: Recorder) -> Handle:
    async with recorder.workers():
        handle = await recorder.start(await recorder.scan(HANG))
        await recorder.until_told(phase="reading")
        wish = SkipWish(by="ann", service="teams")
        await handle.execute_update(ScanWorkflow.skip, wish, id="skip-1")
        return await ended(handle)


async def batch_failed(recorder: Recorder) -> Handle:
    async with recorder.workers(collectors=Broken()):
        return await ended(await recorder.start(await recorder.scan()))


async def collector_failed_thrice(recorder: Recorder) -> Handle:
    async with recorder.workers():
        exits = {"kind": "exit", "service": "fabric", "at": "start"}
        return await ended(await recorder.start(await recorder.scan(exits)))


async def sign_in_throttled(recorder: Recorder) -> Handle:
    throttled = {"kind": "connect_failed", "error": "throttled", "retry_after_s": 1, "times": 1}
    async with recorder.workers():
        return await ended(await recorder.start(await recorder.scan(throttled)))


async def plan_failed(recorder: Recorder) -> Handle:
    request = await recorder.scan()
    unknown = request.model_copy(update={"scan_id": "00000000-0000-4000-8000-000000000000"})
    async with recorder.workers():
        # Nor can its end be written: the run fails all the same, and does not try for ever.
        return await ended(await recorder.start(unknown))


async def step_failed(recorder: Recorder) -> Handle:
    async with recorder.workers(without=["judge_joint"], instead=[broken_joint]):
        return await ended(await recorder.start(await recorder.scan()))


async def second_attempt(recorder: Recorder) -> Handle:
    failed = HANG | {"kind": "failed", "times": 1}
    request = await recorder.scan(failed)
    async with recorder.workers():
        await ended(await recorder.start(request))
        async with recorder.database.begin() as session:
            await attempts.begin_attempt(
                session,
                organisation_id=request.organisation_id,
                scan_id=request.scan_id,
                scope=RetryScope.ERRORS,
                recommendation=None,
                requested_by="ann",
                at=now(),
            )
        return await ended(await recorder.start(request.model_copy(update={"attempt": 2})))


async def worker_lost_and_gone_on(recorder: Recorder) -> Handle:
    """A process that is killed: only then nobody says that the batch will not be gone on with."""
    house = House(recorder.database, recorder.client, "nats://127.0.0.1:1", recorder.folder)
    request = await recorder.scan(HANG | {"times": 1})
    handle = await recorder.start(request)
    worker = house.start_worker(services=SERVICES)
    try:
        async with asyncio.timeout(60):
            while not await house.judged_at_least(request, 1):
                await asyncio.sleep(0.1)
        worker.kill()
        async with recorder.workers():
            return await ended(handle)
    finally:
        house.kill_all()


async def time_limit(recorder: Recorder) -> Handle:
    """On a server whose clock jumps over waiting."""
    async with recorder.workers():
        handle = await recorder.start(await recorder.scan(HANG))
        await recorder.until_told(phase="reading")
        await handle.execute_update(ScanWorkflow.pause, Wish(by="ann"), id="pause-1")
        return await ended(handle)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        done,
        done_without_a_worker_for_one_service,
        cancelled_while_pending,
        cancelled_while_planning,
        cancelled_while_reading,
        cancelled_while_paused,
        cancelled_too_late,
        paused_and_resumed,
        service_skipped,
        batch_failed,
        collector_failed_thrice,
        sign_in_throttled,
        plan_failed,
        step_failed,
        second_attempt,
        worker_lost_and_gone_on,
        time_limit,
    )
}
SKIPS_TIME = {"time_limit"}
