"""What each page shows, and to whom."""

import httpx2
import pytest

from api.app import create_app
from api.pages import own_path
from api.services import Services
from contracts.scan import ScanStatus
from tests.api.conftest import PASSWORD, House, browser
from tests.ui import markup
from tests.ui.scene import add_scene

HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}


async def test_every_page_answers_with_its_title_and_is_never_stored(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    for address in [*scene.pages, "/api/docs", "/login"]:
        answer = await client.get(address)
        assert answer.status_code == 200, address
        assert len(markup.find(answer.text, "h1")) == 1, address
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_the_front_door_leads_to_the_scans(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/msp/cspm/scans")


async def test_every_page_asks_a_stranger_to_sign_in_and_brings_them_back(
    services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    async with browser(create_app(services)) as stranger:
        for address in [*scene.pages, "/api/docs"]:
            answer = await stranger.get(address, headers=HTML)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login?next=/")


async def test_signing_in_through_the_form_leads_to_the_wanted_page(
    services: Services, ours: House
) -> None:
    async with browser(create_app(services)) as stranger:
        form = {"username": ours.username, "password": PASSWORD, "next": "/msp/tenants"}
        answer = await stranger.post("/login", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/msp/tenants")
        assert (await stranger.get("/msp/tenants")).status_code == 200


async def test_a_wrong_password_is_said_and_the_name_is_kept(
    services: Services, ours: House
) -> None:
    async with browser(create_app(services)) as stranger:
        form = {"username": ours.username, "password": "wrong"}
        answer = await stranger.post("/login", data=form)
    assert answer.status_code == 401
    (alert,) = markup.find(answer.text, "p", role="alert")
    assert "User name or password is wrong." in alert.text()
    assert markup.by_id(answer.text, "username").get("value") == ours.username
    assert "wrong" not in markup.by_id(answer.text, "password").attributes.values()


async def test_signing_out_ends_the_session(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/logout")).headers["location"] == "/login"
    assert (await client.get("/msp/cspm/scans", headers=HTML)).status_code == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/a\\b",
        "javascript:x",
        "",
        "/\n",
    ],
)
def test_signing_in_never_leads_to_another_host(wanted: str) -> None:
    assert own_path(wanted) == "/msp/cspm/scans"


def test_signing_in_leads_back_with_the_whole_address() -> None:
    assert own_path("/msp/cspm/scans?tab=active") == "/msp/cspm/scans?tab=active"


async def test_an_empty_house_says_what_to_do_first(
    services: Services, client: httpx2.AsyncClient, ours: House
) -> None:
    page = (await client.get("/msp/cspm/scans")).text
    assert "No scan yet" in page
    assert markup.find(page, "button", **{"data-open-dialog": "start-dialog"})


async def test_the_list_shows_progress_counts_and_who_started(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "Maria")
    row = markup.by_id((await client.get("/msp/cspm/scans")).text, f"scan-{scene.scan_id}")
    text = row.text()
    assert "5 of 91" in text
    assert "Running" in text
    assert [e.get("value") for e in row.walk() if e.tag == "progress"] == ["5.5"]
    assert any(e.get("href") == f"{scene.page}/cancel" for e in row.walk())


async def test_the_tabs_divide_the_scans(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    running = await add_scene(services.database, ours)
    ended = await add_scene(services.database, ours, "done", end=ScanStatus.COMPLETED)
    active = (await client.get("/msp/cspm/scans?tab=active")).text
    finished = (await client.get("/msp/cspm/scans?tab=finished")).text
    assert running.scan_id in active
    assert ended.scan_id not in active
    assert ended.scan_id in finished
    assert running.scan_id not in finished


async def test_a_running_scan_opens_a_socket_and_an_ended_one_needs_none(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    running = await add_scene(services.database, ours)
    ended = await add_scene(services.database, ours, "done", end=ScanStatus.CANCELLED)
    live = (await client.get(running.page)).text
    assert markup.by_id(live, "live").get("hx-ws:connect") == f"{running.page}/live"
    page = (await client.get(ended.page)).text
    assert "hx-ws:connect" not in page
    assert markup.by_id(page, "connection").text() == "Ended"
    assert "not evaluated" in markup.by_id(page, "scan-head").text()
    assert "Waiting" not in markup.by_id(page, "result-rows").text()


async def test_the_page_of_a_scan_lists_every_recommendation_and_service(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "Mailbox")
    page = (await client.get(scene.page)).text
    rows = [e for e in markup.by_id(page, "result-rows").walk() if e.tag == "tr"]
    assert len(rows) == 91
    graph = markup.by_id(page, "service-graph").text()
    assert "Reading" in graph
    assert "try 2" in graph
    assert "Mailbox" in graph
    assert "5 results were stored" in markup.by_id(page, "activity-lines").text()


async def test_a_filter_in_the_address_hides_the_other_rows(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    page = (await client.get(f"{scene.page}?verdict=error")).text
    rows = [e for e in markup.by_id(page, "result-rows").walk() if e.tag == "tr"]
    assert [row.get("data-verdict") for row in rows if "hidden" not in row.attributes] == ["error"]
    assert markup.by_id(page, "shown").text() == "1 of 91 shown"
    (chosen,) = [
        option
        for option in markup.by_id(page, "filter-verdict").walk()
        if "selected" in option.attributes
    ]
    assert chosen.get("value") == "error"


async def test_sorting_by_verdict_puts_failures_first_and_says_so(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    page = (await client.get(f"{scene.page}?sort=verdict")).text
    rows = [e for e in markup.by_id(page, "result-rows").walk() if e.tag == "tr"]
    verdicts = [row.get("data-verdict") for row in rows]
    assert verdicts[:5] == ["fail", "error", "manual", "pass", "not_applicable"]
    (sorted_column,) = markup.find(page, "th", **{"aria-sort": "ascending"})
    assert sorted_column.get("data-sort-column") == "verdict"


async def test_a_verdict_in_detail_shows_its_proof(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "Mailbox")
    page = (await client.get(scene.result)).text
    for words in ("What passes", "Remediation", "Why it matters", "Evidence", "Partial"):
        assert words in page
    assert "the list below may be longer" in page
    assert "Page 1 of 3" in page
    assert "(900 characters)" in page
    assert "emergency_access_accounts" in page
    assert "/datasets/" in page
    last = (await client.get(f"{scene.result}?page=99")).text
    assert "Page 3 of 3" in last


async def test_the_drawer_gets_the_same_detail_without_the_frame(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "Mailbox")
    part = (await client.get(scene.result, headers=HTMX)).text
    assert not markup.find(part, "html")
    assert markup.by_id(part, "detail-title").text() == "Mailbox"
    assert markup.find(part, "button", **{"aria-label": "Close"})


async def test_the_cancel_dialog_names_the_tenant_and_the_consequence(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "Contoso")
    part = (await client.get(f"{scene.page}/cancel", headers=HTMX)).text
    assert markup.by_id(part, "cancel-title").text() == "Cancel the scan of Contoso?"
    assert "the other 86 are not" in " ".join(part.split())


async def test_nobody_sees_the_pages_of_another_organisation(
    client: httpx2.AsyncClient, services: Services, theirs: House
) -> None:
    scene = await add_scene(services.database, theirs, "Secret")
    for address in scene.pages[3:7] + scene.pages[8:]:
        answer = await client.get(address)
        assert answer.status_code == 404, address
        assert "Secret" not in answer.text
    assert "Secret" not in (await client.get("/msp/cspm/scans")).text
    assert "Secret" not in (await client.get("/msp/tenants")).text


async def test_errors_come_in_the_design_of_the_pages(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/msp/nothing")
    assert answer.status_code == 404
    assert markup.by_id(answer.text, "error-title").text() == "There is nothing here"
    part = await client.get("/msp/nothing", headers=HTMX)
    assert markup.find(part.text, "p", role="alert")
    assert not markup.find(part.text, "html")


async def test_a_pack_that_is_refused_names_file_and_reason(client: httpx2.AsyncClient) -> None:
    files = {"pack": ("pack.zip", b"PK", "application/zip")}
    part = await client.post("/msp/tenants", files=files, headers=HTMX)
    assert part.status_code == 422
    (alert,) = markup.find(part.text, "div", role="alert")
    assert "pack.json" in alert.text()
    assert "is missing" in alert.text()


async def test_a_tenant_page_names_parameters_that_nobody_uses(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "misspelt_name")
    page = (await client.get(f"/msp/tenants/{scene.tenant_id}")).text
    assert "Not known to this version, and not used" in page
    assert "misspelt_name" in page


async def test_the_theme_that_was_chosen_is_drawn_by_the_server(
    client: httpx2.AsyncClient,
) -> None:
    for cookie, expected in [("dark", "dark"), ("system", ""), ('"><b>', "")]:
        client.cookies.set("assay_theme", cookie)
        (root,) = markup.find((await client.get("/msp/tenants")).text, "html")
        assert root.get("data-theme") == expected


async def test_the_reference_describes_every_operation(
    client: httpx2.AsyncClient, services: Services
) -> None:
    page = (await client.get("/api/docs")).text
    for methods in create_app(services).openapi()["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page


async def test_static_files_are_served_and_asked_for_again(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/static/live.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    assert (await client.get("/static/../__init__.py")).status_code == 404
