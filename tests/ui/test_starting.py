"""The button: a real workflow service, nobody to take the work."""

import json

import httpx2

from api.app import create_app
from api.services import Services
from contracts.scan import ScanStatus
from tests.api.conftest import House, browser
from tests.ui import markup
from tests.ui.scene import add_scene

HTMX = {"HX-Request": "true"}


async def test_starting_answers_the_new_row_and_the_trigger(running: Services, ours: House) -> None:
    async with browser(create_app(running), ours.username) as client:
        answer = await client.post("/msp/cspm/scans", data=_form(ours), headers=HTMX)
    assert answer.status_code == 202
    trigger = json.loads(answer.headers["hx-trigger-after-settle"])
    scan_id = trigger["scanStarted"]["scan_id"]
    assert "Queued" in markup.by_id(answer.text, f"scan-{scan_id}").text()


async def test_a_second_start_of_the_same_tenant_links_to_the_first(
    running: Services, ours: House
) -> None:
    async with browser(create_app(running), ours.username) as client:
        first = await client.post("/msp/cspm/scans", data=_form(ours), headers=HTMX)
        second = await client.post("/msp/cspm/scans", data=_form(ours), headers=HTMX)
    started = json.loads(first.headers["hx-trigger-after-settle"])["scanStarted"]["scan_id"]
    assert second.status_code == 409
    assert "Contoso is already being scanned." in second.text
    assert markup.find(second.text, "a", href=f"/msp/cspm/scans/{started}")


async def test_without_script_the_form_leads_to_the_page_of_the_scan(
    running: Services, ours: House
) -> None:
    async with browser(create_app(running), ours.username) as client:
        answer = await client.post("/msp/cspm/scans", data=_form(ours))
        assert answer.status_code == 303
        assert (await client.get(answer.headers["location"])).status_code == 200


async def test_cancelling_says_that_it_was_asked_for(running: Services, ours: House) -> None:
    async with browser(create_app(running), ours.username) as client:
        page = await client.post("/msp/cspm/scans", data=_form(ours))
        answer = await client.post(f"{page.headers['location']}/cancel", headers=HTMX)
    assert answer.status_code == 202
    assert "scanCancelling" in answer.headers["hx-trigger-after-settle"]


async def test_the_page_of_a_scan_shows_how_the_workflow_service_sees_it(
    running: Services, ours: House
) -> None:
    async with browser(create_app(running), ours.username) as client:
        page = await client.post("/msp/cspm/scans", data=_form(ours))
        part = (await client.get(f"{page.headers['location']}/execution")).text
    assert "running" in markup.by_id(part, "execution").text()
    assert markup.by_id(part, "execution").get("hx-trigger") == "every 10s"


async def test_the_page_says_when_the_workflow_service_does_not_answer(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    part = (await client.get(f"{scene.page}/execution")).text
    assert "does not answer" in markup.by_id(part, "execution").text()


async def test_an_ended_scan_offers_one_more_attempt_with_numbers(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "Contoso", end=ScanStatus.CANCELLED)
    page = (await client.get(scene.page)).text
    assert markup.by_id(page, "retry-link").get("href") == f"{scene.page}/retry"
    part = (await client.get(f"{scene.page}/retry", headers=HTMX)).text
    assert markup.by_id(part, "retry-title").text() == "One more attempt for Contoso"
    assert "87 recommendations: keeps every dataset" in " ".join(part.split())
    assert (await client.get(f"{scene.page}/retry")).status_code == 200


async def test_a_retry_leads_to_the_page_that_is_live_again(running: Services, ours: House) -> None:
    scene = await add_scene(running.database, ours, end=ScanStatus.COMPLETED)
    form = {"scope": "errors", "after_attempt": "1"}
    async with browser(create_app(running), ours.username) as client:
        answer = await client.post(f"{scene.page}/retry", data=form, headers=HTMX)
        page = (await client.get(scene.page)).text
    assert answer.headers["hx-redirect"] == scene.page
    assert markup.by_id(page, "live").get("hx-ws:connect") == f"{scene.page}/live"
    assert "Attempt 2" in markup.by_id(page, "scan-head").text()


async def test_one_recommendation_can_be_checked_again(running: Services, ours: House) -> None:
    scene = await add_scene(running.database, ours, end=ScanStatus.COMPLETED)
    form = {"scope": "one", "recommendation": scene.proved, "after_attempt": "1"}
    async with browser(create_app(running), ours.username) as client:
        assert "Check again" in (await client.get(scene.result)).text
        answer = await client.post(f"{scene.page}/retry", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, scene.page)


async def test_a_running_scan_can_be_paused_and_a_refusal_is_said(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    page = (await client.get(scene.page)).text
    assert markup.by_id(page, "pause-button").text() == "Pause"
    refused = await client.post(f"{scene.page}/pause", headers=HTMX)
    assert refused.status_code == 503
    assert markup.find(refused.text, "p", role="alert")


async def test_without_the_workflow_service_the_refusal_is_said_and_nothing_is_left(
    client: httpx2.AsyncClient, ours: House
) -> None:
    answer = await client.post("/msp/cspm/scans", data=_form(ours), headers=HTMX)
    assert answer.status_code == 503
    assert "nothing was changed" in answer.text
    assert "No scan yet" in (await client.get("/msp/cspm/scans")).text


def _form(house: House) -> dict[str, str]:
    return {"tenant_id": house.tenant.id, "profile": "E5-L1"}
