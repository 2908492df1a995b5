"""Following a scan: nothing missing, nothing twice, whatever happens to NATS."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from api import live
from api.hub import LiveHub
from api.live import follow
from api.services import Services
from api.stream import EventStream
from contracts.events import ResultsInsertedEvent, SnapshotEvent, decode
from contracts.reducer import apply
from contracts.scan import RetryScope, ScanState, ScanStatus
from contracts.verdict import passed
from store import attempts, scans
from tests.api.conftest import House
from tests.api.live_tools import Follow, Teller, tick, until
from tests.api.scanning import add_scan, change, judge
from tests.servers import NatsServer


async def test_first_a_snapshot_then_every_event(
    watched: Services, ours: House, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    await teller.tell(await change(watched.database, ours, scan_id, ScanStatus.RUNNING))
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    for number in ("1.1.1", "1.1.3"):
        await teller.tell(await judge(watched.database, ours, scan_id, number, passed("good")))
    await reader.has(3)

    snapshot = reader.events[0]
    assert isinstance(snapshot, SnapshotEvent)
    assert snapshot.data.status is ScanStatus.RUNNING
    assert reader.seqs == [1, 2, 3]


async def test_snapshot_and_events_together_are_the_stored_state(
    watched: Services, ours: House, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    await teller.tell(await change(watched.database, ours, scan_id, ScanStatus.RUNNING))
    await teller.tell(await judge(watched.database, ours, scan_id, "1.1.1", passed("good")))
    await reader.has(3)

    state = ScanState(scan_id=scan_id, tenant_id="", tenant_name="", profile="")
    for event in reader.events:
        state = apply(state, event)
    async with watched.database.read() as session:
        stored = await scans.read_state(
            session, organisation_id=ours.organisation_id, scan_id=scan_id
        )
    assert state.model_copy(update={"started_at": None}) == stored.model_copy(
        update={"started_at": None}
    )


async def test_a_reader_goes_on_after_the_number_it_has(
    watched: Services, ours: House, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    for _ in range(5):
        await teller.tell(await tick(watched.database, ours.organisation_id, scan_id))
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id, after=2)
    await reader.has(3)
    await teller.tell(await tick(watched.database, ours.organisation_id, scan_id))
    await reader.has(4)

    assert reader.seqs == [3, 4, 5, 6]


@pytest.mark.parametrize("after", [99, 0])
async def test_a_number_from_nowhere_or_from_long_ago_gets_a_snapshot(
    watched: Services,
    ours: House,
    reading: Follow,
    after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "RESUME_AT_MOST", 3)
    scan_id = await add_scan(watched.database, ours)
    for _ in range(4):
        await tick(watched.database, ours.organisation_id, scan_id)

    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id, after=after)
    await reader.has(1)

    assert isinstance(reader.events[0], SnapshotEvent)
    assert reader.seqs == [4]


async def test_repeats_are_passed_over(
    watched: Services, ours: House, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    told = [await tick(watched.database, ours.organisation_id, scan_id) for _ in range(3)]
    for event in (*told, *told, told[0]):
        await teller.tell(event, repeat=True)
    await teller.tell(await tick(watched.database, ours.organisation_id, scan_id))
    await reader.has(5)

    assert reader.seqs == [0, 1, 2, 3, 4]


async def test_events_that_were_never_told_are_filled_in_from_the_database(
    watched: Services, ours: House, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    silent = [await tick(watched.database, ours.organisation_id, scan_id) for _ in range(3)]
    last = await tick(watched.database, ours.organisation_id, scan_id)
    await teller.tell(last)
    await teller.tell(*silent)
    await reader.has(5)

    assert reader.seqs == [0, 1, 2, 3, 4]


async def test_a_lost_last_event_is_found_without_any_further_news(
    watched: Services, ours: House, reading: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY_S", 0.2)
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    await tick(watched.database, ours.organisation_id, scan_id)
    await reader.has(2)

    assert reader.seqs == [0, 1]


async def test_nats_is_killed_and_comes_back_in_the_middle_of_a_scan(
    watched: Services, ours: House, nats_server: NatsServer, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    await teller.tell(
        *[await tick(watched.database, ours.organisation_id, scan_id) for _ in range(3)]
    )
    await reader.has(4)

    nats_server.kill()
    await until(lambda: not watched.live.connected)
    for _ in range(3):
        await tick(watched.database, ours.organisation_id, scan_id)
    await reader.has(7, within_s=4)

    nats_server.start()
    await until(lambda: watched.live.connected)
    await teller.tell(
        *[await tick(watched.database, ours.organisation_id, scan_id) for _ in range(3)]
    )
    await reader.has(10, within_s=3)

    assert reader.seqs == list(range(10))


async def test_a_stream_that_lost_everything_is_made_again(
    watched: Services, ours: House, nats_server: NatsServer, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await teller.tell(
        *[await tick(watched.database, ours.organisation_id, scan_id) for _ in range(5)]
    )
    await until(lambda: 5 in reader.seqs)
    nats_server.kill()
    await until(lambda: not watched.live.connected)
    nats_server.forget_everything()
    nats_server.start()
    await until(lambda: watched.live.connected)
    await teller.tell(await tick(watched.database, ours.organisation_id, scan_id))
    await until(lambda: 6 in reader.seqs, within_s=3)

    assert reader.seqs == sorted(set(reader.seqs))


async def test_a_deleted_stream_is_made_again(
    watched: Services, ours: House, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await teller.tell(await tick(watched.database, ours.organisation_id, scan_id))
    await until(lambda: 1 in reader.seqs)
    await teller.delete_stream()
    await tick(watched.database, ours.organisation_id, scan_id)
    await until(lambda: 2 in reader.seqs)
    await teller.tell(await tick(watched.database, ours.organisation_id, scan_id))
    await until(lambda: 3 in reader.seqs, within_s=3)

    assert reader.seqs == sorted(set(reader.seqs))


async def test_nats_may_come_later_than_the_api(
    services: Services, ours: House, nats_server: NatsServer, teller: Teller, reading: Follow
) -> None:
    nats_server.kill()
    hub = LiveHub(nats_server.url)
    await hub.start()
    without = replace(services, live=hub)
    scan_id = await add_scan(services.database, ours)
    reader = reading(without, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    await tick(services.database, ours.organisation_id, scan_id)
    await reader.has(2, within_s=4)
    assert not hub.connected
    nats_server.start()
    await until(lambda: hub.connected)
    await teller.tell(await tick(services.database, ours.organisation_id, scan_id))
    await reader.has(3, within_s=3)
    await reader.stop()
    await hub.stop()

    assert reader.seqs == [0, 1, 2]


async def test_a_slow_reader_gets_a_snapshot_and_slows_nobody(
    services: Services, ours: House, nats_server: NatsServer, teller: Teller, reading: Follow
) -> None:
    hub = LiveHub(nats_server.url, queue_length=16)
    await hub.start()
    await until(lambda: hub.connected)
    watched = replace(services, live=hub)
    scan_id = await add_scan(services.database, ours)
    slow = follow(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    first = await anext(slow)
    quick = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await quick.has(1)
    for _ in range(40):
        await teller.tell(await tick(services.database, ours.organisation_id, scan_id))
    await quick.has(41)
    after_a_while = await anext(slow)
    await teller.tell(await tick(services.database, ours.organisation_id, scan_id))
    then = await anext(slow)
    await slow.aclose()
    await quick.stop()
    await hub.stop()

    assert quick.seqs == list(range(41)) or quick.seqs == list(range(42))
    assert (first.seq, after_a_while.seq, then.seq) == (0, 40, 41)
    assert isinstance(after_a_while, SnapshotEvent)


async def test_a_burst_that_the_client_throws_away_is_asked_for_again(
    nats_server: NatsServer, teller: Teller
) -> None:
    arrived: list[int] = []
    stream = EventStream(
        nats_server.url,
        on_message=lambda _, body: arrived.append(decode(body).seq),
        on_change=lambda: None,
        pending_limit=8,
    )
    await stream.start()
    await until(lambda: stream.flows)
    scan_id = str(uuid4())
    told = [
        ResultsInsertedEvent(scan_id=scan_id, seq=seq, at=datetime.now(UTC), count=1)
        for seq in range(1, 201)
    ]
    await asyncio.gather(*(teller.tell(event) for event in told))
    try:
        await until(lambda: len(arrived) >= len(told))
    finally:
        await stream.stop()

    assert sorted(arrived) == list(range(1, 201))
    assert stream._generation > 1, "nothing was thrown away"


async def test_following_ends_with_the_scan(
    watched: Services, ours: House, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    await teller.tell(await change(watched.database, ours, scan_id, ScanStatus.FAILED))
    await until(lambda: reader.ended)
    late = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await until(lambda: late.ended)
    nothing_new = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id, after=1)
    await until(lambda: nothing_new.ended)

    assert reader.seqs == [0, 1]
    assert late.seqs == [1]
    assert nothing_new.seqs == []
    assert watched.live.readers == 0


async def test_a_retried_scan_is_followed_beyond_its_first_end(
    watched: Services, ours: House, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    await change(watched.database, ours, scan_id, ScanStatus.FAILED)
    async with watched.database.begin() as session:
        await attempts.begin_attempt(
            session,
            organisation_id=ours.organisation_id,
            scan_id=scan_id,
            scope=RetryScope.ALL,
            recommendation=None,
            requested_by=None,
            at=datetime.now(UTC),
        )
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id, after=0)
    await reader.has(2)

    assert reader.seqs == [1, 2]
    assert not reader.ended
