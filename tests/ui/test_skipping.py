"""Giving one service up from the page of a scan: asked once, then done, or refused."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from api.app import create_app
from api.scan_fragments import ScanFragments
from api.services import Services
from checks.catalogue import datasets_of, planned_checks
from contracts.scan import RetryScope, ScanStatus
from contracts.verdict import errored
from store import attempts
from tests.api.conftest import House, browser
from tests.api.scanning import change, judge
from tests.api.working import begin, end_everything, reached, recorded_tenant, working
from tests.ui import markup
from tests.ui.scene import PROFILE, Scene, add_scene
from tests.ui.test_event_kinds import NOW, snapshot, status
from tests.ui.test_event_kinds import events as every_kind

HTMX = {"HX-Request": "true"}


def skip_of(scene: Scene, service: str = "graph") -> str:
    return f"{scene.page}/services/{service}/skip"


@pytest.fixture
async def operator(running: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(create_app(running), ours.username) as client:
        yield client
    await end_everything(running.temporal)


async def test_each_open_service_of_a_running_scan_can_be_skipped(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    page = (await client.get(scene.page)).text
    link = markup.by_id(page, "skip-graph")
    assert link.get("href") == link.get("hx-get") == skip_of(scene)
    assert "Microsoft Graph" in link.text()  # to whoever hears buttons without their cards
    assert markup.by_id(page, "skip-sharepoint")  # it waits


@pytest.mark.parametrize("end", [ScanStatus.CANCELLING, ScanStatus.COMPLETED])
async def test_nothing_of_a_scan_that_ends_can_be_skipped(
    client: httpx2.AsyncClient, services: Services, ours: House, end: ScanStatus
) -> None:
    scene = await add_scene(services.database, ours, end=end)
    page = (await client.get(scene.page)).text
    assert "/skip" not in page
    part = await client.get(skip_of(scene), headers=HTMX)
    assert "has nothing left to skip" in part.text
    assert not markup.find(part.text, "button", type="submit")


def test_live_updates_take_the_button_away() -> None:
    page = ScanFragments()
    assert "skip-graph" in page.html(snapshot(), now=NOW)
    batch = every_kind()["batch"]
    reading = page.html(batch.model_copy(update={"seq": 1}), now=NOW)
    ended = page.html(batch.model_copy(update={"seq": 2, "phase": "finished"}), now=NOW)
    again = page.html(batch.model_copy(update={"seq": 3, "phase": "reading"}), now=NOW)
    cancelling = page.html(status(4, status=ScanStatus.CANCELLING), now=NOW)
    assert ["skip-graph" in html for html in (reading, ended, again)] == [True, False, True]
    assert 'id="service-graph"' in cancelling
    assert "skip-graph" not in cancelling


async def test_the_question_counts_what_would_end_as_errors(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "Contoso")
    reads = [line for line in planned_checks(PROFILE) if _reads_sharepoint(line.check)]
    await judge(services.database, ours, scene.scan_id, reads[0].recommendation, errored("No"))
    part = (await client.get(skip_of(scene, "sharepoint"), headers=HTMX)).text
    words = " ".join(markup.by_id(part, "skip-dialog").text().split())
    assert markup.by_id(part, "skip-title").text() == "Skip SharePoint for Contoso?"
    assert f"{len(reads) - 1} checks that read SharePoint have no verdict yet" in words
    assert f"skipped by {ours.username}" in words
    assert "The other services go on." in words


def _reads_sharepoint(check: str) -> bool:
    return any(name.startswith("sharepoint.") for name in datasets_of(check))


async def test_without_script_the_question_is_a_page(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, "Contoso")
    page = (await client.get(skip_of(scene))).text
    assert [h.text() for h in markup.find(page, "h1")] == ["Skip Microsoft Graph for Contoso?"]
    assert markup.find(page, "form", method="post", action=skip_of(scene))
    assert markup.find(page, "a", href=scene.page)
    assert (await client.get(skip_of(scene, "unheard-of"))).status_code == 422


async def test_a_later_attempt_offers_only_what_it_reads(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, end=ScanStatus.COMPLETED)
    async with services.database.begin() as session:
        await attempts.begin_attempt(
            session,
            organisation_id=ours.organisation_id,
            scan_id=scene.scan_id,
            scope=RetryScope.ONE,
            recommendation=scene.proved,
            requested_by="ann",
            at=datetime.now(UTC),
        )
    await change(services.database, ours, scene.scan_id, ScanStatus.RUNNING)
    assert "/skip" not in (await client.get(scene.page)).text
    part = (await client.get(skip_of(scene), headers=HTMX)).text
    assert "has nothing left to skip" in part


async def test_skipping_is_said_and_the_dialog_closes(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path, pace_ms=60_000)
    async with working(running):
        scan_id = await begin(running, ours, tenant)
        page = f"/msp/cspm/scans/{scan_id}"
        await reached(running, ours, scan_id, lambda s: len(s.batches) == 2)
        dialog = await operator.get(f"{page}/services/exchange/skip", headers=HTMX)
        done = await operator.post(f"{page}/services/exchange/skip", headers=HTMX)
        shown = (await operator.get(page)).text
        refused = await operator.post(f"{page}/services/teams/skip", headers=HTMX)
        plain = await operator.post(f"{page}/services/graph/skip")
        ended = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)
        late = await operator.post(f"{page}/services/graph/skip", headers=HTMX)

    assert "1 check that reads Exchange Online has no verdict yet" in dialog.text
    assert done.status_code == 202
    assert "serviceSkipped" in done.headers["hx-trigger-after-settle"]
    assert "Exchange Online is skipped; the other services go on." in done.text
    assert "Skipped" in markup.by_id(shown, "service-exchange").text()
    assert "skip-exchange" not in shown
    assert refused.status_code == 409
    (alert,) = markup.find(refused.text, "p", role="alert")
    assert "The service has nothing left to skip." in alert.text()
    assert (plain.status_code, plain.headers["location"]) == (303, page)
    assert {line.reason for line in ended.checks if line.service == "exchange"}
    assert all(f"skipped by {ours.username}" in line.reason for line in ended.checks)
    assert late.status_code == 409
