"""The button: a real workflow service, nobody to take the work."""

import json

import httpx2

from api.app import create_app
from api.services import Services
from tests.api.conftest import House, browser
from tests.ui import markup

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


async def test_without_the_workflow_service_the_refusal_is_said_and_nothing_is_left(
    client: httpx2.AsyncClient, ours: House
) -> None:
    answer = await client.post("/msp/cspm/scans", data=_form(ours), headers=HTMX)
    assert answer.status_code == 503
    assert "nothing was changed" in answer.text
    assert "No scan yet" in (await client.get("/msp/cspm/scans")).text


def _form(house: House) -> dict[str, str]:
    return {"tenant_id": house.tenant.id, "profile": "E5-L1"}
