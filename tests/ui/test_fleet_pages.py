"""Pages of schedules, campaigns and the doctor: what they show, and that names stay text."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from api.app import create_app
from api.services import Services
from contracts.fleet import ScheduleSpec
from contracts.scan import ScanStatus
from store import campaigns, schedules
from store.tables import Tenant
from tests.api.conftest import House, browser, now
from tests.api.working import end_everything
from tests.ui import markup
from tests.ui.scene import add_scene
from tests.ui.test_accessible import (  # noqa: F401  (the same promises, of these pages)
    test_every_verdict_has_words_and_an_icon_besides_its_colour,
    test_everything_that_can_be_operated_has_a_name,
    test_ids_are_unique_and_references_lead_somewhere,
    test_pictures_are_silent_and_the_page_says_its_language,
    test_tables_have_captions_and_their_headings_a_scope,
)
from tests.ui.test_hostile_names import HOSTILE

HTMX = {"HX-Request": "true"}
PAGES = ["/msp/schedules", "/msp/campaigns", "/msp/doctor"]
FORM = {"tenant": "Contoso", "cron": "0 3 * * mon-fri", "timezone": "Europe/Berlin"}


@pytest.fixture
async def operator(running: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(create_app(running), ours.username) as client:
        yield client
        for line in (await client.get("/api/v1/schedules")).json()["items"]:
            await client.delete(f"/api/v1/schedules/{line['schedule_id']}")
    await end_everything(running.temporal)


async def add_fleet(services: Services, house: House, text: str = "plain") -> list[str]:
    """A schedule and a campaign of a tenant called `text`; the addresses of their pages."""
    scene = await add_scene(services.database, house, text, end=ScanStatus.FAILED)
    async with services.database.begin() as session:
        tenant = await session.get_one(Tenant, scene.tenant_id)
        schedule = await schedules.add_schedule(
            session,
            organisation_id=house.organisation_id,
            tenant=tenant,
            spec=ScheduleSpec(
                tenant=tenant.id, cron="0 3 * * *", quiet_from="07:00", quiet_to="19:00"
            ),
            created_by=text,
            at=now(),
        )
        schedule.note, schedule.last_scan_id = text, scene.scan_id
        campaign = await campaigns.add_campaign(
            session,
            organisation_id=house.organisation_id,
            name=text,
            profile="E5-L1",
            tenant_ids=[tenant.id, house.tenant.id],
            created_by=text,
            at=now(),
        )
        named = {"organisation_id": house.organisation_id, "campaign_id": campaign.id}
        await campaigns.note_member(
            session, **named, tenant_id=tenant.id, scan_id=scene.scan_id, message=""
        )
        await campaigns.note_member(
            session, **named, tenant_id=house.tenant.id, scan_id=None, message=text
        )
    return [*PAGES, f"/msp/campaigns/{campaign.id}"]


@pytest.fixture
async def pages(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> dict[str, list[markup.Element]]:
    """What the accessibility promises are held against."""
    addresses = await add_fleet(services, ours)
    return {address: markup.read((await client.get(address)).text) for address in addresses}


async def test_every_page_answers_with_one_title_and_is_never_stored(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    empty = [await client.get(address) for address in PAGES]
    full = [await client.get(address) for address in await add_fleet(services, ours)]

    for answer in [*empty, *full]:
        assert answer.status_code == 200, answer.url
        assert len(markup.find(answer.text, "h1")) == 1, answer.url
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_the_pages_are_in_the_navigation(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/msp/schedules")).text

    links = {element.get("href") for element in markup.find(page, "a")}
    assert set(PAGES) <= links


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_changes_no_page(
    client: httpx2.AsyncClient, services: Services, ours: House, name: str
) -> None:
    plain = await add_fleet(services, ours)
    plain_page = (await client.get(plain[-1])).text
    hostile = await add_fleet(services, ours, name)
    found = (await client.get(hostile[-1])).text

    assert markup.shapes(found) == markup.shapes(plain_page)
    for address in hostile[:2]:
        page = (await client.get(address)).text
        assert any(name in element.text() for element in markup.read(page)), address
        assert not [e for e in markup.read(page) if e.tag == "img" and e.get("src") == "x"]


async def test_with_temporal_away_schedules_are_shown_and_say_so(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    await add_fleet(services, ours)

    page = (await client.get("/msp/schedules")).text
    lines = (await client.get("/msp/schedules/lines", headers=HTMX)).text

    assert "Being asked for" in page
    assert 'hx-get="/msp/schedules/lines"' in page
    assert "The workflow service does not answer" in lines
    assert "hx-trigger" not in lines.partition(">")[0]


async def test_the_doctors_page_shows_what_is_away(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/msp/doctor")).text
    diagnosis = (await client.get("/msp/doctor/diagnosis", headers=HTMX)).text
    repair = await client.post("/msp/doctor/repair", headers=HTMX)

    assert 'hx-get="/msp/doctor/diagnosis"' in page
    assert "does not answer" in diagnosis
    assert "Broken" in diagnosis
    assert repair.status_code == 503


async def test_a_schedule_is_added_steered_and_removed_with_forms(
    operator: httpx2.AsyncClient,
) -> None:
    added = await operator.post("/msp/schedules", data=FORM)
    (line,) = (await operator.get("/api/v1/schedules")).json()["items"]
    url = f"/msp/schedules/{line['schedule_id']}"
    lines = (await operator.get("/msp/schedules/lines", headers=HTMX)).text
    paused = await operator.post(f"{url}/pause", headers=HTMX)
    shown = (await operator.get("/msp/schedules/lines", headers=HTMX)).text
    resumed = await operator.post(f"{url}/resume")
    run = await operator.post(f"{url}/run-now", headers=HTMX)
    removed = await operator.post(f"{url}/remove")

    assert (added.status_code, added.headers["location"]) == (303, "/msp/schedules")
    assert "UTC</time>" in lines
    assert (paused.status_code, paused.headers["hx-redirect"]) == (202, "/msp/schedules")
    assert "Paused" in shown
    assert (resumed.status_code, run.status_code, removed.status_code) == (303, 202, 303)
    assert (await operator.get("/api/v1/schedules")).json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cron": "nonsense"}, "cron: five fields"),
        ({"timezone": "Mars"}, "timezone: not the name of a time zone"),
        ({"quiet_from": "22:00"}, "quiet hours need a beginning and an end"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_said_in_the_dialog(
    client: httpx2.AsyncClient, ours: House, changes: dict[str, str], sentence: str
) -> None:
    answer = await client.post("/msp/schedules", data=FORM | changes, headers=HTMX)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<html" not in answer.text


async def test_a_campaign_is_started_followed_and_cancelled_with_forms(
    operator: httpx2.AsyncClient, ours: House
) -> None:
    started = await operator.post("/msp/campaigns", data={"name": "Review", "choice": "all"})
    address = started.headers["location"]
    whole = (await operator.get(address)).text
    region = (await operator.get(address, headers=HTMX)).text
    cancelled = await operator.post(f"{address}/cancel", headers=HTMX)
    after = (await operator.get(address)).text
    wrong = await operator.post("/msp/campaigns", data={"name": "x", "choice": "tag:a b"})

    assert started.status_code == 303
    assert "Waits for its turn" in whole
    assert 'hx-trigger="every 3s"' in region
    assert "<html" not in region
    assert cancelled.headers["hx-redirect"] == address
    assert "Cancelling" in after
    assert wrong.status_code == 422


async def test_a_finished_campaign_offers_to_retry_and_no_longer_asks(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    address = (await add_fleet(services, ours))[-1]
    async with services.database.begin() as session:
        await campaigns.end_campaign(
            session,
            organisation_id=ours.organisation_id,
            campaign_id=address.rpartition("/")[2],
            status=campaigns.CampaignStatus.COMPLETED,
            at=now(),
        )

    page = (await client.get(address)).text

    assert "Retry the failed ones (2)" in page
    assert "hx-trigger" not in page
    assert "Cancel campaign" not in page


async def test_a_stranger_sees_and_moves_nothing(
    client: httpx2.AsyncClient, services: Services, ours: House, theirs: House
) -> None:
    address = (await add_fleet(services, theirs, "foreign"))[-1]
    schedule = (await _schedule_ids(services, theirs))[0]

    answers = [
        await client.get(address),
        await client.post(f"{address}/cancel"),
        await client.post(f"{address}/retry"),
        await client.post(f"/msp/schedules/{schedule}/pause"),
        await client.post(f"/msp/schedules/{schedule}/remove"),
    ]
    lists = [(await client.get(page)).text for page in PAGES]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert not any("foreign" in text for text in lists)


async def _schedule_ids(services: Services, house: House) -> list[str]:
    async with services.database.read() as session:
        found = await schedules.list_schedules(session, organisation_id=house.organisation_id)
    return [line.schedule_id for line in found]
