"""The page of a collector's log: what is there, what comes, and when it stops asking."""

import httpx2
import pytest

from api.services import Services
from contracts.scan import ScanStatus
from tests.api.conftest import House
from tests.api.scanning import say
from tests.ui import markup
from tests.ui.scene import add_scene
from tests.ui.test_pages import HTMX


async def test_each_service_of_a_scan_leads_to_its_log_and_back(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    (link,) = markup.find(
        (await client.get(scene.page)).text, "a", href=f"{scene.page}/log/exchange"
    )
    log = (await client.get(link.get("href"))).text

    assert link.text().endswith("of Exchange Online")
    assert markup.find(log, "a", href=scene.page)
    assert "Nothing written yet." in markup.by_id(log, "log-state").text()
    assert markup.by_id(log, "log-text").text() == markup.by_id(log, "log-file").text() == ""


async def test_the_log_is_in_the_page_and_can_be_reached_by_keyboard_and_downloaded(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "the last line")
    page = (await client.get(scene.log)).text
    (region,) = markup.find(page, "div", role="region", tabindex="0")
    (button,) = [e for e in markup.find(page, "a") if e.text() == "Download"]

    assert markup.by_id(page, "log-text").text() == "[info] connected\nthe last line"
    assert region.get("aria-label").startswith("Log of ")
    file = await client.get(button.get("href"))
    assert file.headers["content-disposition"].endswith('.log"')


async def test_what_comes_is_added_at_the_end_and_asked_for_from_there(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    page = (await client.get(scene.log)).text
    await say(services.database, ours, scene.scan_id, "<b>new</b>")
    more = await client.get(markup.by_id(page, "log-state").get("hx-get"), headers=HTMX)
    again = markup.by_id(more.text, "log-state").get("hx-get")
    nothing = await client.get(again, headers=HTMX)

    (added,) = markup.find(more.text, "hx-partial", **{"hx-target": "#log-text"})
    assert (added.get("hx-swap"), added.text()) == ("beforeend", "<b>new</b>")
    assert any(e.get("href").endswith("download=true") for e in markup.find(more.text, "a"))
    assert not markup.find(nothing.text, "hx-partial", **{"hx-target": "#log-text"})
    assert markup.by_id(nothing.text, "log-state").get("hx-get") == again
    assert markup.by_id(nothing.text, "log-state").get("hx-trigger") == "every 2s"


@pytest.mark.parametrize(
    ("service", "words"), [("graph", ""), ("exchange", "The collector wrote nothing.")]
)
async def test_the_log_of_an_ended_scan_is_asked_for_no_more(
    client: httpx2.AsyncClient, services: Services, ours: House, service: str, words: str
) -> None:
    scene = await add_scene(services.database, ours, end=ScanStatus.COMPLETED)
    page = (await client.get(f"{scene.page}/log/{service}")).text
    state = markup.by_id(page, "log-state")

    assert state.get("hx-get") == state.get("hx-trigger") == ""
    assert words in state.text()
    assert not markup.find(page, "noscript")


@pytest.mark.parametrize(("service", "status"), [("nothing", 404), ("No!", 422)])
async def test_a_service_that_the_scan_does_not_have_has_no_page(
    client: httpx2.AsyncClient, services: Services, ours: House, service: str, status: int
) -> None:
    scene = await add_scene(services.database, ours)
    assert (await client.get(f"{scene.page}/log/{service}")).status_code == status
