"""Two scans side by side: over HTTP and on a page."""

import httpx2
import pytest

from api.services import Services
from contracts.scan import ScanStatus
from contracts.verdict import failed, passed
from tests.api.conftest import House
from tests.api.scanning import add_scan, change, judge, two_affected
from tests.ui import markup

Scans = tuple[str, str]


@pytest.fixture
async def two(services: Services, ours: House) -> Scans:
    """The earlier completed; since then 1.1.1 broke, and 1.1.3 fails on one less. Level 2 has more
    checks."""
    database = services.database
    first = await add_scan(database, ours)
    await judge(database, ours, first, "1.1.1", passed("All are cloud-only"))
    await judge(database, ours, first, "1.1.3", two_affected())
    await change(database, ours, first, ScanStatus.COMPLETED)
    second = await add_scan(database, ours, profile="E5-L2")
    await judge(database, ours, second, "1.1.1", two_affected())
    await judge(database, ours, second, "1.1.3", failed("One is left"))
    return first, second


def address(scan_id: str) -> str:
    return f"/api/v1/scans/{scan_id}/comparison"


async def test_a_scan_is_compared_with_the_completed_one_before(
    client: httpx2.AsyncClient, two: Scans
) -> None:
    first, second = two
    found = (await client.get(address(second))).json()
    lines = {line["recommendation"]: line for line in found["items"]}

    assert (found["before"]["scan_id"], found["after"]["scan_id"]) == (first, second)
    assert found["before"]["checks"] == found["after"]["checks"] == []
    assert lines["1.1.1"]["change"] == "broken"
    assert (lines["1.1.1"]["appeared"], lines["1.1.1"]["disappeared"]) == (["ann", "bob"], [])
    assert (lines["1.1.3"]["change"], lines["1.1.3"]["finding_differs"]) == ("same", True)
    assert lines["1.1.3"]["disappeared"] == ["ann", "bob"]
    assert (
        found["counts"]["new"] == found["after"]["total_checks"] - found["before"]["total_checks"]
    )


async def test_turned_round_it_says_the_opposite(client: httpx2.AsyncClient, two: Scans) -> None:
    first, second = two
    found = (await client.get(address(first), params={"with": second})).json()
    assert (found["counts"]["fixed"], found["counts"]["new"]) == (1, 0)
    assert found["counts"]["gone"] > 0


async def test_what_is_the_same_is_there_when_asked_for(
    client: httpx2.AsyncClient, two: Scans
) -> None:
    found = (await client.get(address(two[1]), params={"unchanged": True})).json()
    assert len(found["items"]) == sum(found["counts"].values()) == found["after"]["total_checks"]


async def test_a_scan_that_was_cancelled_is_not_taken_for_the_one_before(
    client: httpx2.AsyncClient, services: Services, ours: House, two: Scans
) -> None:
    await change(services.database, ours, two[1], ScanStatus.CANCELLED)
    newest = await add_scan(services.database, ours)
    found = (await client.get(address(newest))).json()
    assert found["before"]["scan_id"] == two[0]


async def test_what_cannot_be_compared_is_refused_with_a_sentence(
    client: httpx2.AsyncClient, services: Services, theirs: House, two: Scans
) -> None:
    foreign = await add_scan(services.database, theirs)
    alone = await client.get(address(two[0]))
    itself = await client.get(address(two[0]), params={"with": two[0]})
    hidden = await client.get(address(two[0]), params={"with": foreign})
    wrong = await client.get(address(two[0]), params={"with": "the other"})

    assert [answer.status_code for answer in (alone, itself, hidden, wrong)] == [422, 422, 404, 422]
    assert "no completed scan before this one" in alone.json()["detail"]
    assert "choose another" in itself.json()["detail"]


async def test_the_page_of_an_ended_scan_leads_to_what_changed(
    client: httpx2.AsyncClient, services: Services, ours: House, two: Scans
) -> None:
    first, second = two
    pages = "/msp/cspm/scans"
    await change(services.database, ours, second, ScanStatus.CANCELLED)
    scan = (await client.get(f"{pages}/{second}")).text
    (link,) = markup.find(scan, "a", href=f"{pages}/{second}/comparison")
    compared = (await client.get(link.get("href"))).text
    broken = (await client.get(f"{link.get('href')}?with={first}&change=broken")).text

    assert "Cancelled: this scan, of " in compared
    for page in (compared, broken):
        assert markup.find(page, "a", href=f"{pages}/{first}/results/1.1.1")
        assert markup.find(page, "a", href=f"{pages}/{second}/results/1.1.1")
    assert "another finding" in compared
    assert "another finding" not in broken
    (other,) = markup.find(compared, "option")
    assert other.get("value") == first
    assert "selected" in other.attributes


async def test_a_first_scan_says_that_there_is_nothing_to_compare_it_with(
    client: httpx2.AsyncClient, two: Scans
) -> None:
    page = await client.get(f"/msp/cspm/scans/{two[0]}/comparison")
    assert page.status_code == 200
    assert "no completed scan before this one" in page.text
    assert markup.find(page.text, "option", value=two[1])
