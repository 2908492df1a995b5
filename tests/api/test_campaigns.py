"""Campaigns over recorded tenants: a real Temporal server, a real worker, real collectors."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from activities import fleet
from api.app import create_app
from api.services import Services
from contracts.scan import ScanStatus
from store import campaign_lists, tenants
from store.tables import Tenant
from tests.api.conftest import House, browser
from tests.api.scanning import add_scan, change
from tests.api.working import (
    end_everything,
    eventually,
    few_checks,
    recorded_tenant,
    state_of,
    working,
)

pytestmark = pytest.mark.timeout(180)
URL = "/api/v1/campaigns"
SLOW = {"pace_ms": 60_000}


@pytest.fixture
async def operator(
    running: Services, ours: House, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx2.AsyncClient]:
    monkeypatch.setattr(fleet, "planned_checks", few_checks)
    async with browser(create_app(running), ours.username) as client:
        yield client
    await end_everything(running.temporal)


async def three(services: Services, house: House, folder: Path, **settings: Any) -> list[Tenant]:
    """Tagged `gold`; the house's own tenant is not."""
    made = [
        await recorded_tenant(services, house, folder, name=name, **settings)
        for name in ("Adatum", "BlueYonder", "Coho")
    ]
    async with services.database.begin() as session:
        for tenant in made:
            await tenants.put_tags(
                session,
                organisation_id=house.organisation_id,
                tenant=tenant.id,
                tags=["gold"],
            )
    return made


async def start(operator: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await operator.post(URL, json={"name": "Review", **body})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{URL}/{found['campaign_id']}"
    return found


async def ended(operator: httpx2.AsyncClient, campaign_id: str, run: int = 1) -> dict[str, Any]:
    async with asyncio.timeout(90):
        while True:
            found: dict[str, Any] = (await operator.get(f"{URL}/{campaign_id}")).json()
            if found["run"] == run and found["status"] in ("completed", "cancelled"):
                return found
            await asyncio.sleep(0.1)


async def test_a_campaign_scans_every_tenant_with_a_tag(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    made = await three(running, ours, tmp_path)
    async with working(running):
        begun = await start(operator, tag="Gold")
        detail = await ended(operator, begun["campaign_id"])
    (line,) = (await operator.get(URL)).json()["items"]

    assert (detail["status"], detail["tenants"], detail["completed"]) == ("completed", 3, 3)
    assert [member["tenant_id"] for member in detail["members"]] == [t.id for t in made]
    assert {(m["status"], m["passed"]) for m in detail["members"]} == {("completed", 2)}
    assert line["completed"] == 3
    for member in detail["members"]:
        state = await state_of(running, ours, member["scan_id"])
        assert (state.trigger, state.requested_by) == ("campaign", "admin")


async def test_only_those_without_a_completed_scan_are_scanned_again(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    good, busy, _ = await three(running, ours, tmp_path)
    held = await add_scan(running.database, _house_of(ours, busy))
    await change(running.database, ours, held, ScanStatus.RUNNING)
    async with working(running):
        begun = await start(operator, tenants=["Adatum", busy.id, "adatum.example"])
        first = await ended(operator, begun["campaign_id"])
        await change(running.database, ours, held, ScanStatus.FAILED)
        url = f"{URL}/{begun['campaign_id']}"
        retried = await operator.post(f"{url}/retry")
        second = await ended(operator, begun["campaign_id"], run=2)
        nothing = await operator.post(f"{url}/retry")

    before, after = by_tenant(first), by_tenant(second)
    assert (first["tenants"], first["completed"], first["failed"]) == (2, 1, 1)
    assert before[busy.id]["message"] == "the tenant is being scanned already"
    assert (retried.status_code, retried.json()["run"]) == (202, 2)
    assert after[good.id]["scan_id"] == before[good.id]["scan_id"]
    assert (second["completed"], second["failed"]) == (2, 0)
    assert [wish["wish"] for wish in second["wishes"]] == ["start", "retry"]
    assert nothing.status_code == 409


def by_tenant(detail: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {member["tenant_id"]: member for member in detail["members"]}


def _house_of(house: House, tenant: Tenant) -> House:
    return House(house.organisation_id, house.username, tenant)


async def test_cancelling_ends_its_scans_in_the_name_of_who_asks_and_begins_no_more(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    await three(running, ours, tmp_path, **SLOW)
    async with working(running, max_scans=2):
        begun = await start(operator, tag="gold")
        url = f"{URL}/{begun['campaign_id']}"

        async def two_read() -> bool:
            members = (await operator.get(url)).json()["members"]
            return [m["status"] for m in members] == ["running", "running", None]

        await eventually(two_read)
        answers = [await operator.post(f"{url}/cancel") for _ in range(2)]
        detail = await ended(operator, begun["campaign_id"])
        late = await operator.post(f"{url}/cancel")

    first, second, third = detail["members"]
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert answers[0].json()["status"] == "cancelling"
    assert (detail["status"], detail["failed"], detail["unfinished"]) == ("cancelled", 3, 0)
    assert (first["status"], second["status"]) == ("cancelled", "cancelled")
    assert third["message"] == "not begun: the campaign was cancelled first"
    assert [wish["wish"] for wish in detail["wishes"]] == ["start", "cancel"]
    for member in (first, second):
        journal = (await operator.get(f"/api/v1/scans/{member['scan_id']}/events")).json()["items"]
        wishes = [event for event in journal if event.get("by")]
        assert [(event["status"], event["by"]) for event in wishes] == [("cancelling", "admin")]
    assert late.status_code == 409


async def test_the_same_key_is_the_same_campaign_also_at_once(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    headers = {"Idempotency-Key": "monday"}
    body = {"name": "Review", "all": True}
    answers = await asyncio.gather(
        *(operator.post(URL, json=body, headers=headers) for _ in range(5))
    )
    other = await operator.post(URL, json=body | {"name": "Another"}, headers=headers)

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["campaign_id"] for answer in answers}) == 1
    assert other.status_code == 422
    assert len(await stored(running, ours)) == 1


async def stored(services: Services, house: House) -> list[str]:
    async with services.database.read() as session:
        found = await campaign_lists.list_campaigns(session, organisation_id=house.organisation_id)
    return [line.campaign_id for line in found]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tenants": ["Nobody"]}, 404),
        ({"tenants": ["Fabrikam"]}, 404),
        ({"tenants": []}, 422),
        ({"tag": "silver"}, 422),
        ({"tag": "no spaces"}, 422),
        ({}, 422),
        ({"all": True, "tag": "gold"}, 422),
        ({"all": True, "profile": "E9"}, 422),
        ({"all": True, "width": 1000}, 422),
    ],
)
async def test_a_campaign_that_makes_no_sense_leaves_nothing(
    operator: httpx2.AsyncClient,
    running: Services,
    ours: House,
    theirs: House,
    body: dict[str, Any],
    status: int,
) -> None:
    answer = await operator.post(URL, json={"name": "Review", **body})

    assert answer.status_code == status, answer.text
    assert await stored(running, ours) == []


async def test_with_temporal_away_a_campaign_leaves_nothing_and_an_old_one_stays(
    operator: httpx2.AsyncClient, running: Services, services: Services, ours: House
) -> None:
    held = await add_scan(running.database, ours)
    await change(running.database, ours, held, ScanStatus.RUNNING)
    async with working(running):
        old = (await start(operator, all=True))["campaign_id"]
        before = await ended(operator, old)

    async with browser(create_app(services), ours.username) as client:
        new = await client.post(URL, json={"name": "Review", "all": True})
        retry = await client.post(f"{URL}/{old}/retry")
        cancel = await client.post(f"{URL}/{old}/cancel")
        after = (await client.get(f"{URL}/{old}")).json()

    assert (new.status_code, retry.status_code, cancel.status_code) == (503, 503, 503)
    assert after == before
    assert await stored(running, ours) == [old]


async def test_a_foreign_campaign_is_not_found(
    operator: httpx2.AsyncClient, running: Services, ours: House, theirs: House
) -> None:
    url = f"{URL}/{(await start(operator, all=True))['campaign_id']}"

    async with browser(create_app(running), theirs.username) as stranger:
        answers = [
            await stranger.get(url),
            await stranger.post(f"{url}/cancel"),
            await stranger.post(f"{url}/retry"),
        ]
        listed = (await stranger.get(URL)).json()["items"]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert listed == []
    assert (await operator.get(url)).json()["status"] == "running"


async def test_tags_are_put_and_filter_tenants_and_scans(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    await add_scan(services.database, ours)
    tags_url = f"/api/v1/tenants/{ours.tenant.id}/tags"

    put = await client.put(tags_url, json={"tags": ["Gold", "eu", "gold"]})
    wrong = await client.put(tags_url, json={"tags": ['"; drop']})

    async def counts(tag: str) -> tuple[int, int]:
        found = [
            (await client.get(f"/api/v1/{noun}?tag={tag}")).json()["items"]
            for noun in ("tenants", "scans")
        ]
        return len(found[0]), len(found[1])

    assert (put.status_code, put.json()) == (200, {"tags": ["eu", "gold"]})
    assert wrong.status_code == 422
    assert await counts("GOLD") == (1, 1)
    assert await counts("gol") == (0, 0)
    detail = (await client.get(f"/api/v1/tenants/{ours.tenant.id}")).json()
    assert detail["tags"] == ["eu", "gold"]
