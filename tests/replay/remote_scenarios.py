"""The ways a scan can go whose collector runs elsewhere."""

import asyncio
from datetime import UTC, datetime

from activities.plan import make_plan
from contracts.scan import PlannedCheck, ScanRequest
from store import remote
from tests.onboarding.powershell import add_live_tenant, add_scan
from tests.onboarding.test_remote_scans import replayed
from tests.replay.recorder import Handle, Recorder, Scenario, ended

RECOMMENDATION, CHECK = "1.1.3", "global_admins_two_to_four"


async def read_elsewhere(recorder: Recorder) -> Handle:
    """Its lines are there before anybody waits for them."""
    request = await _scan(recorder)
    await _report(recorder, request)
    async with recorder.workers():
        return await ended(await recorder.start(request))


async def cancelled_while_nobody_reports(recorder: Recorder) -> Handle:
    async with recorder.workers():
        handle = await recorder.start(await _scan(recorder))
        await recorder.until_told(phase="waiting", service="graph")
        await handle.cancel()
        return await ended(handle)


async def _scan(recorder: Recorder) -> ScanRequest:
    tenant = await add_live_tenant(recorder.database, remote=True)
    return await add_scan(recorder.database, tenant, RECOMMENDATION)


async def _report(recorder: Recorder, request: ScanRequest) -> None:
    (batch,) = make_plan([PlannedCheck(recommendation=RECOMMENDATION, check=CHECK)]).batches
    lines = await asyncio.to_thread(replayed, batch.service, batch.datasets)
    who = {
        "organisation_id": request.organisation_id,
        "scan_id": request.scan_id,
        "service": batch.service,
    }
    async with recorder.database.begin() as session:
        generation = await remote.begin_run(session, **who)
        await remote.add_lines(
            session, **who, generation=generation, sequence=1, lines=lines, at=datetime.now(UTC)
        )


REMOTE_SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario for scenario in (read_elsewhere, cancelled_while_nobody_reports)
}
