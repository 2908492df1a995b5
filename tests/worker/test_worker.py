"""A real worker process runs scans of recorded tenants, is killed, and another goes on."""

import asyncio
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import ConsumerConfig, DeliverPolicy
from temporalio.client import WorkflowFailureError

from activities.offline import judge_pack
from api.stream import ensure_stream
from contracts.events import AnyEvent, BatchEvent, PowershellFinishedEvent, decode
from contracts.scan import Profile, ScanRequest
from contracts.subjects import scan_events
from evidence.packs import Pack
from tests.builders.scans import CONTOSO, ROOT, new_scan
from tests.worker.house import House, end, ends_told, until, verdicts_told, workflow_task_failures

pytestmark = [pytest.mark.xdist_group("temporal"), pytest.mark.timeout(180)]

SCUBA = ROOT.parent / "shared" / "packs" / "scuba-sample"
PACKS = [pack for pack in (CONTOSO, SCUBA) if pack.exists()]
SCAN_WITHIN_S = 90
GONE_WITHIN_S = 10
WORKER_STOPS_WITHIN_S = 25


def offline(pack: Path) -> dict[str, str]:
    judged = judge_pack(Pack.open(pack), Profile(level=1))
    return {entry["recommendation"]: entry["verdict"] for entry in judged}


async def whole(house: House, request: ScanRequest) -> list[str]:
    """What a scan must look like, whatever happened on the way; its verdicts as they were told."""
    found = await house.events(request)
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    assert ends_told(found) == ["completed"]
    assert found[-1].event == "status"
    told = verdicts_told(found)
    assert max(Counter(told).values()) == 1
    assert house.collectors_alive() == []
    return told


async def test_scans_side_by_side_say_what_judging_their_packs_says(house: House) -> None:
    connection = await nats.connect(house.nats_url)
    await ensure_stream(connection.jetstream())
    worker = house.start_worker()
    requests = {pack: await new_scan(house.database, pack=pack) for pack in PACKS}
    handles = {pack: await house.start_scan(request) for pack, request in requests.items()}
    async with asyncio.timeout(SCAN_WITHIN_S):
        ends = [await handle.result() for handle in handles.values()]

    assert set(ends) == {"completed"}
    for pack, request in requests.items():
        told = await whole(house, request)
        assert len(told) == 91
        assert await house.verdicts(request) == offline(pack)
        assert await workflow_task_failures(handles[pack]) == []
        assert await _published(connection, request) == await house.events(request)
    await connection.close()
    assert await asyncio.to_thread(end, worker, signal.SIGTERM, WORKER_STOPS_WITHIN_S) < 5
    assert worker.returncode == 0


async def test_after_a_killed_worker_another_one_goes_on(house: House) -> None:
    first = house.start_worker()
    request = await new_scan(house.database, settings={"pace_ms": 40})
    handle = await house.start_scan(request)
    await until(lambda: house.judged_at_least(request, 20), within_s=SCAN_WITHIN_S)
    first.kill()
    first.wait(5)
    await until(lambda: _nobody_reads(house), within_s=2)
    judged_before = verdicts_told(await house.events(request))
    house.start_worker()
    async with asyncio.timeout(SCAN_WITHIN_S):
        assert await handle.result() == "completed"

    told = await whole(house, request)
    assert 20 <= len(judged_before) < len(told) == 91
    assert told[: len(judged_before)] == judged_before
    assert await house.verdicts(request) == offline(CONTOSO)
    assert await workflow_task_failures(handle) == []
    reads = _reads(await house.events(request))
    again = [name for name, count in reads.items() if count > 1]
    assert max(reads.values()) <= 2
    assert len(again) <= 4  # one a service that was being read


async def test_a_worker_that_is_told_to_stop_hands_over(house: House) -> None:
    first = house.start_worker()
    stubborn = {"kind": "stubborn", "service": "teams", "seconds": 60}
    request = await new_scan(
        house.database,
        recommendations={"8.1.2", "8.2.4", "8.5.2", "9.1.1", "7.2.1"},
        settings={"pace_ms": 400, "faults": {"faults": [stubborn]}},
    )
    handle = await house.start_scan(request)
    await until(lambda: house.judged_at_least(request, 1), within_s=SCAN_WITHIN_S)
    house.start_worker()
    spent = await asyncio.to_thread(end, first, signal.SIGTERM, WORKER_STOPS_WITHIN_S)
    async with asyncio.timeout(SCAN_WITHIN_S):
        assert await handle.result() == "completed"

    assert first.returncode == 0
    assert spent < WORKER_STOPS_WITHIN_S
    await whole(house, request)
    assert set((await house.verdicts(request)).values()) == {"pass"}
    assert await workflow_task_failures(handle) == []


async def test_without_temporal_a_worker_waits_and_can_be_stopped(house: House) -> None:
    process = house.start_worker(TEMPORAL_ADDRESS="127.0.0.1:1")
    await until(lambda: _logged(house, "Temporal does not answer yet"), within_s=30)
    spent = await asyncio.to_thread(end, process, signal.SIGTERM, WORKER_STOPS_WITHIN_S)

    assert process.returncode == 0
    assert spent < 15


async def test_a_cancelled_scan_leaves_no_collector_and_keeps_what_was_judged(
    house: House,
) -> None:
    house.nats_url = "nats://127.0.0.1:1"  # nothing of a scan waits for it
    house.start_worker()
    hang = {"kind": "hang", "dataset": "teams.tenant"}
    stubborn = {"kind": "stubborn", "service": "teams", "seconds": 60}
    request = await new_scan(
        house.database,
        recommendations={"8.1.2", "8.5.2"},
        settings={"faults": {"faults": [hang, stubborn]}},
    )
    handle = await house.start_scan(request)
    await until(lambda: house.judged_at_least(request, 1), within_s=SCAN_WITHIN_S)
    assert house.collectors_alive()
    await handle.cancel()
    async with asyncio.timeout(GONE_WITHIN_S):
        with pytest.raises(WorkflowFailureError):
            await handle.result()

    found = await house.events(request)
    assert house.collectors_alive() == []
    assert ends_told(found) == ["cancelled"]
    assert isinstance(found[-2], PowershellFinishedEvent)
    assert await house.verdicts(request) == {"8.1.2": None, "8.5.2": "pass"}


async def _published(connection: Client, request: ScanRequest) -> list[AnyEvent]:
    """All that JetStream holds of a scan, in its order."""
    consumer = await connection.jetstream().subscribe(
        scan_events(request.scan_id),
        ordered_consumer=True,
        config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL),
    )
    first = await consumer.next_msg(10)
    rest = [await consumer.next_msg(10) for _ in range(first.metadata.num_pending)]
    await consumer.unsubscribe()
    return [decode(message.data) for message in (first, *rest)]


async def _nobody_reads(house: House) -> bool:
    return not house.collectors_alive()


async def _logged(house: House, text: str) -> bool:
    log = house.folder / "worker.log"
    return log.exists() and text in log.read_text()


def _reads(found: Sequence[object]) -> Counter[str]:
    return Counter(
        event.dataset
        for event in found
        if isinstance(event, BatchEvent) and event.phase == "reading" and event.dataset
    )
