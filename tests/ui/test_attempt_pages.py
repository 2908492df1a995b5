"""The pages of earlier attempts: all of them, one as it stood, two side by side."""

import httpx2
import pytest

from api.services import Services
from tests.api.conftest import House
from tests.ui import markup
from tests.ui.scene import Scene, add_retried, add_scene
from tests.ui.test_pages import HTMX


@pytest.fixture
async def scene(services: Services, ours: House) -> Scene:
    return await add_retried(services.database, ours)


async def test_the_page_of_a_retried_scan_leads_to_its_attempts(
    client: httpx2.AsyncClient, scene: Scene
) -> None:
    page = (await client.get(scene.page)).text
    (link,) = markup.find(page, "a", href=f"{scene.page}/attempts")
    listed = (await client.get(link.get("href"))).text

    assert link.text().startswith("Attempt 2")
    assert [row.text() for row in markup.find(listed, "a", **{"class": "row-link"})] == [
        "Attempt 2",
        "Attempt 1",
    ]
    chosen = [e for e in markup.find(listed, "option") if "selected" in e.attributes]
    assert [e.get("value") for e in chosen] == ["1", "2"]


async def test_a_single_attempt_is_compared_with_nothing(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    listed = (await client.get(f"{scene.page}/attempts")).text
    refused = await client.get(f"{scene.page}/attempts/comparison")

    assert not markup.find(listed, "form", action=f"{scene.page}/attempts/comparison")
    assert refused.status_code == 422
    assert "no attempt before the first" in refused.text


async def test_an_earlier_attempt_is_shown_as_it_stood(
    client: httpx2.AsyncClient, scene: Scene
) -> None:
    page = (await client.get(f"{scene.page}/attempts/1")).text
    (link,) = markup.find(page, "a", href=f"{scene.result}?attempt=1")
    shown = (await client.get(link.get("href"))).text
    drawer = (await client.get(link.get("href"), headers=HTMX)).text
    newest = (await client.get(scene.result)).text

    assert "Attempt 1 of 2" in page
    for text in (shown, drawer):
        assert "As it stood after attempt 1 of 2." in text
        assert markup.find(text, "section", **{"class": "verdict-box tone-fail"})
        assert "Check again" not in text
        files = [e.get("href") for e in markup.find(text, "a") if "download" in e.attributes]
        assert files
        assert all(file.endswith("/download?attempt=1") for file in files)
    assert markup.find(newest, "section", **{"class": "verdict-box tone-pass"})


async def test_the_filters_of_an_earlier_attempt_work_on_it(
    client: httpx2.AsyncClient, scene: Scene
) -> None:
    failed = (await client.get(f"{scene.page}/attempts/1?verdict=fail")).text
    (form,) = markup.find(failed, "form", id="filters")

    assert markup.by_id(failed, "shown").text().startswith("1 of ")
    assert form.get("action") == f"{scene.page}/attempts/1"


async def test_the_newest_attempt_is_the_page_of_the_scan(
    client: httpx2.AsyncClient, scene: Scene
) -> None:
    answer = await client.get(f"{scene.page}/attempts/2")
    assert (answer.status_code, answer.headers["location"]) == (303, scene.page)
    assert (await client.get(f"{scene.page}/attempts/3")).status_code == 404


async def test_what_differs_is_shown_and_one_kind_of_it_when_chosen(
    client: httpx2.AsyncClient, scene: Scene
) -> None:
    address = f"{scene.page}/attempts/comparison"
    whole = (await client.get(address)).text
    fixed = (await client.get(f"{address}?change=fixed")).text
    broken = (await client.get(f"{address}?change=broken")).text

    for page in (whole, fixed):
        assert markup.find(page, "a", href=f"{scene.result}?attempt=1")
        assert markup.find(page, "a", href=f"{scene.result}?attempt=2")
        assert "Attempt 2 has not ended: these are its verdicts until now." in page
    assert "No recommendation changed in this way." in broken
    (current,) = markup.find(fixed, "a", **{"aria-current": "true"})
    assert current.get("href").endswith("change=fixed")
    assert (await client.get(f"{address}?change=sideways")).status_code == 422


async def test_attempts_of_somebody_else_are_not_found(
    client: httpx2.AsyncClient, services: Services, theirs: House
) -> None:
    scene = await add_retried(services.database, theirs)
    for address in scene.earlier:
        assert (await client.get(address)).status_code == 404
