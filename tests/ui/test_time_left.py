"""The time left on the page of a scan: learnt, counted down by the browser, gone at the end."""

import json
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from api.scan_fragments import ScanFragments
from api.services import Services
from api.time_left import TimeLeft, moves_the_end, remaining
from contracts.events import AnyEvent
from contracts.scan import ScanStatus
from contracts.verdict import passed
from store import events
from tests.api.conftest import House, served
from tests.api.scanning import add_scan, change, judge
from tests.ui import markup
from tests.ui.test_event_kinds import NOW, snapshot, status
from tests.ui.test_event_kinds import events as every_kind

SCANS = "/msp/cspm/scans"


async def an_earlier_scan(services: Services, house: House, *, took: timedelta) -> None:
    """Graph alone, reading all the time; it ends now."""
    begun = datetime.now(UTC) - took
    scan_id = await add_scan(services.database, house)
    told: dict[str, Any] = {"organisation_id": house.organisation_id, "scan_id": scan_id}
    async with services.database.begin() as session:
        await events.change_status(session, **told, status=ScanStatus.RUNNING, at=begun)
        await events.record_batch(session, **told, service="graph", phase="reading", at=begun)
        end = begun + took
        await events.record_batch(session, **told, service="graph", phase="finished", at=end)
        await events.change_status(session, **told, status=ScanStatus.COMPLETED, at=end)


async def a_running_scan(services: Services, house: House) -> str:
    scan_id = await add_scan(services.database, house)
    await change(services.database, house, scan_id, ScanStatus.RUNNING)
    return scan_id


async def test_a_running_scan_says_how_long_it_still_takes_and_where_that_is_known_from(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    await an_earlier_scan(services, ours, took=timedelta(minutes=3))
    scan_id = await a_running_scan(services, ours)

    page = (await client.get(f"{SCANS}/{scan_id}")).text

    line = markup.by_id(page, "time-left")
    (clock,) = [e for e in line.walk() if "data-until" in e.attributes]
    left = datetime.fromisoformat(clock.get("datetime")) - datetime.now(UTC)
    assert clock.text() == "about 3 min left"
    assert "(learnt from 1 earlier scan)" in line.text()
    assert timedelta(minutes=2) < left < timedelta(minutes=3)


async def test_a_paused_scan_says_it_without_counting_down(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    await an_earlier_scan(services, ours, took=timedelta(minutes=3))
    scan_id = await a_running_scan(services, ours)
    await change(services.database, ours, scan_id, ScanStatus.PAUSED)

    page = (await client.get(f"{SCANS}/{scan_id}")).text

    assert "about 3 min left" in markup.by_id(page, "time-left").text()
    assert "data-until" not in page


@pytest.mark.parametrize("end", [ScanStatus.CANCELLING, ScanStatus.COMPLETED])
async def test_it_is_gone_when_the_scan_ends(
    client: httpx2.AsyncClient, services: Services, ours: House, end: ScanStatus
) -> None:
    await an_earlier_scan(services, ours, took=timedelta(minutes=3))
    scan_id = await a_running_scan(services, ours)
    await change(services.database, ours, scan_id, end)

    assert "time-left" not in (await client.get(f"{SCANS}/{scan_id}")).text


async def test_a_first_scan_says_nothing(
    client: httpx2.AsyncClient, services: Services, ours: House, theirs: House
) -> None:
    await an_earlier_scan(services, theirs, took=timedelta(minutes=3))
    scan_id = await a_running_scan(services, ours)

    assert "time-left" not in (await client.get(f"{SCANS}/{scan_id}")).text


async def test_live_updates_keep_it_until_the_end(services: Services, ours: House) -> None:
    await an_earlier_scan(services, ours, took=timedelta(minutes=3))
    scan_id = await a_running_scan(services, ours)
    async with served(services, ours.username) as server:
        address = server.socket(f"{SCANS}/{scan_id}/live")
        async with connect(address, additional_headers=server.headers()) as socket:
            first = json.loads(await socket.recv())["content"]
            await judge(services.database, ours, scan_id, "1.3.1", passed("All is well"))
            second = json.loads(await socket.recv())["content"]
            await change(services.database, ours, scan_id, ScanStatus.COMPLETED)
            last = json.loads(await socket.recv())["content"]

    assert _end_of(first) == _end_of(second)
    assert "time-left" not in last


def _end_of(html: str) -> str:
    (clock,) = [e for e in markup.read(html) if "data-until" in e.attributes]
    return clock.get("datetime")


def test_a_scan_that_is_overdue_says_so() -> None:
    page = ScanFragments(estimate=TimeLeft(at=NOW, left=timedelta(), learnt_from=4))

    html = page.html(snapshot(), now=NOW)

    assert markup.by_id(html, "time-left").text().startswith("longer than usual")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (snapshot(), True),
        (status(5), True),
        (status(5, judged=1), False),
        (every_kind()["batch"], False),  # reading
        (every_kind()["batch"].model_copy(update={"phase": "finished"}), True),
        (every_kind()["results-inserted"], False),
    ],
)
def test_it_is_worked_out_anew_only_when_it_may_differ(event: AnyEvent, expected: bool) -> None:
    assert moves_the_end(event) is expected


WORDS = {
    -5: "longer than usual",
    0: "longer than usual",
    59: "less than a minute left",
    60: "about 1 min left",
    61: "about 2 min left",
    3_600: "about 1 h 00 min left",
    7_500: "about 2 h 05 min left",
}


@pytest.mark.parametrize(("seconds", "words"), WORDS.items())
def test_the_time_left_in_words(seconds: int, words: str) -> None:
    assert remaining(timedelta(seconds=seconds)) == words


def test_the_browser_uses_the_same_words() -> None:
    text = files("ui").joinpath("static", "times.js").read_text("utf-8")
    for words in {re.sub(r"\d+ (?=h|min)", "#", words) for words in WORDS.values()}:
        written = [re.sub(r"\$\{[^`]*?\} (?=h|min)", "#", part) for part in text.split("\n")]
        assert any(words in line for line in written), words
