"""Following all scans of an organisation, and nobody else's."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from api import live
from api.hub import LiveHub
from api.live import follow, follow_organisation
from api.news import publish
from api.services import Services
from contracts.errors import ScanNotFound
from contracts.events import ResultsInsertedEvent, StatusEvent
from contracts.scan import ScanStatus
from store.database import Database
from tests.api.conftest import House, add_house
from tests.api.live_tools import Follow, Reading, Teller, tick, until
from tests.api.scanning import add_scan, change
from tests.servers import NatsServer


async def test_nobody_follows_the_scan_of_somebody_else(
    watched: Services, ours: House, theirs: House
) -> None:
    scan_id = await add_scan(watched.database, theirs)

    with pytest.raises(ScanNotFound):
        await anext(follow(watched, organisation_id=ours.organisation_id, scan_id=scan_id))


async def test_a_list_is_told_of_its_own_scans_only(
    watched: Services, ours: House, theirs: House, teller: Teller
) -> None:
    mine = await add_scan(watched.database, ours)
    foreign = await add_scan(watched.database, theirs)
    reader = Reading(follow_organisation(watched, organisation_id=ours.organisation_id))
    await reader.has(1)
    await teller.tell(await change(watched.database, theirs, foreign, ScanStatus.RUNNING))
    await teller.tell(await tick(watched.database, ours.organisation_id, mine))
    new = await add_scan(watched.database, ours)
    await teller.tell(await change(watched.database, ours, new, ScanStatus.RUNNING))
    await teller.tell(await change(watched.database, ours, mine, ScanStatus.RUNNING))
    await reader.has(3)
    await reader.stop()

    assert all(isinstance(event, StatusEvent) for event in reader.events)
    assert [(event.scan_id, event.seq) for event in reader.events] == [
        (mine, 0),
        (new, 1),
        (mine, 2),
    ]


async def test_a_list_finds_what_nobody_told_it(
    services: Services, ours: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY_WITHOUT_NEWS_S", 0.1)
    scan_id = await add_scan(services.database, ours)
    reader = Reading(follow_organisation(services, organisation_id=ours.organisation_id))
    await reader.has(1)
    await change(services.database, ours, scan_id, ScanStatus.CANCELLED)
    await reader.has(2)
    await reader.stop()

    last = reader.events[-1]
    assert isinstance(last, StatusEvent)
    assert last.status is ScanStatus.CANCELLED


async def test_an_event_on_the_subject_of_another_scan_reaches_nobody(
    watched: Services, ours: House, teller: Teller, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    forged = ResultsInsertedEvent(scan_id=scan_id, seq=1, at=datetime.now(UTC), count=9)
    jetstream = teller._client.jetstream()
    await jetstream.publish(f"assay.v1.scan.{uuid4()}.events", forged.model_dump_json().encode())
    await jetstream.publish(f"assay.v1.scan.{scan_id}.events", b"not json")
    await teller.tell(await tick(watched.database, ours.organisation_id, scan_id))
    await reader.has(2)

    told = reader.events[1]
    assert isinstance(told, ResultsInsertedEvent)
    assert told.count == 1


async def test_what_the_api_changes_itself_is_told(
    watched: Services, ours: House, reading: Follow
) -> None:
    scan_id = await add_scan(watched.database, ours)
    reader = reading(watched, organisation_id=ours.organisation_id, scan_id=scan_id)
    await reader.has(1)
    event = await change(watched.database, ours, scan_id, ScanStatus.CANCELLING)
    assert event is not None
    await publish(watched.live, event)
    await reader.has(2, within_s=3)

    assert reader.seqs == [0, 1]


async def test_following_works_on_both_databases(
    database: Database,
    services: Services,
    nats_server: NatsServer,
    teller: Teller,
    reading: Follow,
    password_hash: str,
) -> None:
    hub = LiveHub(nats_server.url)
    await hub.start()
    await until(lambda: hub.connected)
    stored = replace(services, database=database, live=hub)
    house = await add_house(database, "someone", "Tailspin", password_hash)
    scan_id = await add_scan(database, house)
    reader = reading(stored, organisation_id=house.organisation_id, scan_id=scan_id)
    await reader.has(1)
    await tick(database, house.organisation_id, scan_id)
    await teller.tell(await change(database, house, scan_id, ScanStatus.COMPLETED))
    await until(lambda: reader.ended)
    await hub.stop()

    assert reader.seqs == [0, 1, 2]
