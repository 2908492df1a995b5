"""What the doctor sees, with everything there and with parts away."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from api import queues
from api.app import create_app
from api.diagnosis import diagnose
from api.doctor import REPAIR_PATIENCE
from api.hub import LiveHub
from api.scheduling import forget
from api.services import Services
from api.start import start_run
from assay.api import api_settings
from assay.settings import Settings
from contracts.names import SERVICES, collect_queue
from contracts.scan import ScanRequest, ScanStatus
from store.database import Database
from store.tables import EventRow, Scan
from tests.api.conftest import House, browser
from tests.api.live_tools import until
from tests.api.scanning import add_scan, change
from tests.api.working import end_everything, state_of, working

URL = "/api/v1/doctor"
LONG_AGO = timedelta(minutes=5)


@pytest.fixture
async def operator(running: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(create_app(running), ours.username) as client:
        yield client
        for line in (await client.get("/api/v1/schedules")).json()["items"]:
            await client.delete(f"/api/v1/schedules/{line['schedule_id']}")
    await end_everything(running.temporal)


def notes(diagnosis: dict[str, Any], part: str) -> list[tuple[str, str]]:
    return [(f["condition"], f["note"]) for f in diagnosis["findings"] if f["part"] == part]


async def age(services: Services, scan_id: str) -> None:
    """As if nothing had been heard of it for minutes."""
    async with services.database.begin() as session:
        scan = await session.get_one(Scan, scan_id)
        scan.created_at = datetime.now(UTC) - LONG_AGO
        for seq in range(1, scan.seq + 1):
            (await session.get_one(EventRow, (scan_id, seq))).at = scan.created_at


async def test_with_everything_there_all_is_well(
    running: Services, ours: House, nats_url: str
) -> None:
    live = LiveHub(nats_url)
    await live.start()
    await until(lambda: live.connected)
    async with (
        working(running, serving=SERVICES),
        browser(create_app(replace(running, live=live)), ours.username) as client,
    ):
        found = (await client.get(URL)).json()
        async with asyncio.timeout(20):  # pollers are listed a moment after they begin
            while found["condition"] != "well":
                await asyncio.sleep(0.5)
                found = (await client.get(URL)).json()
    await live.stop()

    assert found["condition"] == "well", found["findings"]
    assert {finding["part"] for finding in found["findings"]} == {
        "database",
        "news",
        "workflow service",
        "workers",
        "scans",
        "schedules",
        "campaigns",
    }
    assert [line["service"] for line in found["queues"]] == ["", *SERVICES]
    assert all(line["workers"] and line["last_seen_at"] for line in found["queues"])
    assert ".db, " in notes(found, "database")[0][1]


async def test_a_service_that_no_worker_serves_is_named(
    operator: httpx2.AsyncClient, running: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Temporal lists a worker for minutes: queues that none has ever served, but for one.
    unserved = f"nobody-{uuid4()}"
    monkeypatch.setattr(
        queues,
        "collect_queue",
        lambda service: collect_queue(service) if service == "graph" else unserved,
    )
    async with working(running, serving=("graph",)):
        found = (await operator.get(URL)).json()

    assert ("worrying", "no worker serves sharepoint") in notes(found, "workers")
    assert ("worrying", "no worker serves graph") not in notes(found, "workers")
    assert found["condition"] == "worrying"


async def test_with_temporal_away_it_still_answers_and_says_so(
    client: httpx2.AsyncClient, services: Services
) -> None:
    found = (await client.get(URL)).json()

    assert (found["condition"], found["answered"]) == ("broken", False)
    assert notes(found, "workflow service") == [("broken", "does not answer")]
    assert notes(found, "database")[0][0] == "well"
    assert notes(found, "news")[0][0] == "worrying"
    assert (found["queues"], found["silent_scans"]) == ([], [])
    assert (await client.post(f"{URL}/repair")).status_code == 503


async def test_a_database_of_an_older_version_is_told_from_one_that_is_away(
    running: Services, ours: House, tmp_path: Any
) -> None:
    old = Database(f"sqlite+aiosqlite:///{tmp_path}/old.db")
    async with old.engine.connect():
        pass  # makes the file
    gone = Database(f"sqlite+aiosqlite:///{tmp_path}/nowhere/assay.db")
    found = [
        await diagnose(replace(running, database=database), organisation_id=None)
        for database in (old, gone)
    ]
    await old.close()
    await gone.close()

    hints = [diagnosis.findings[0].hint for diagnosis in found]
    assert [diagnosis.condition for diagnosis in found] == ["broken", "broken"]
    assert hints[0] == "Run `assay db upgrade`."
    assert hints[1].startswith("`assay up` makes it")


async def test_a_silent_scan_is_found_with_its_reason_and_ended_on_demand(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    lost = await add_scan(running.database, ours)
    await change(running.database, ours, lost, ScanStatus.RUNNING)
    await age(running, lost)

    before = (await operator.get(URL)).json()
    repairs = (await operator.post(f"{URL}/repair")).json()["items"]
    after = (await operator.get(URL)).json()

    (silent,) = before["silent_scans"]
    assert (silent["scan_id"], silent["why"]) == (lost, "nothing works on it")
    assert notes(before, "scans") == [("worrying", "1 without a sign of life")]
    assert [(repair["kind"], repair["id"]) for repair in repairs] == [("scan", lost)]
    assert after["silent_scans"] == []
    assert (await state_of(running, ours, lost)).status is ScanStatus.FAILED


async def test_a_scan_that_waits_for_a_worker_is_silent_but_not_ended(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    scan_id = await add_scan(running.database, ours)
    request = ScanRequest(
        scan_id=scan_id, organisation_id=ours.organisation_id, tenant_id=ours.tenant.id
    )
    await start_run(running, request, "Contoso")
    await age(running, scan_id)

    found = (await operator.get(URL)).json()
    repairs = (await operator.post(f"{URL}/repair")).json()["items"]

    assert found["silent_scans"][0]["why"] == "its workflow waits for a worker"
    assert repairs == []


async def test_a_paused_scan_is_not_silent(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    scan_id = await add_scan(running.database, ours)
    for status in (ScanStatus.RUNNING, ScanStatus.PAUSED):
        await change(running.database, ours, scan_id, status)
    await age(running, scan_id)

    assert (await operator.get(URL)).json()["silent_scans"] == []


async def test_a_start_of_this_moment_survives_a_repair(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    scan_id = await add_scan(running.database, ours)

    repairs = (await operator.post(f"{URL}/repair")).json()["items"]

    assert repairs == []
    assert (await state_of(running, ours, scan_id)).status is ScanStatus.PENDING
    assert timedelta(seconds=4) < REPAIR_PATIENCE  # longer than a start waits for Temporal


async def test_a_schedule_out_of_step_is_found_and_put_right(
    operator: httpx2.AsyncClient, running: Services
) -> None:
    body = {"tenant": "Contoso", "cron": "0 3 * * *"}
    schedule_id = (await operator.post("/api/v1/schedules", json=body)).json()["schedule_id"]
    await forget(running.temporal, schedule_id)

    before = (await operator.get(URL)).json()
    repairs = (await operator.post(f"{URL}/repair")).json()["items"]
    after = (await operator.get(URL)).json()

    (line,) = before["out_of_step"]
    assert (line["schedule_id"], line["tenant_name"]) == (schedule_id, "Contoso")
    assert [repair["kind"] for repair in repairs] == ["schedule"]
    assert after["out_of_step"] == []


async def test_nothing_of_another_organisation_is_shown_or_put_right(
    operator: httpx2.AsyncClient, running: Services, theirs: House
) -> None:
    foreign = await add_scan(running.database, theirs)
    await age(running, foreign)

    found = (await operator.get(URL)).json()
    repairs = (await operator.post(f"{URL}/repair")).json()["items"]

    assert (found["silent_scans"], repairs) == ([], [])
    assert "Fabrikam" not in str(found)


async def test_settings_are_shown_without_what_they_sign_in_with(
    running: Services, ours: House
) -> None:
    settings = Settings(
        nats_url="nats://api:s3cret@127.0.0.1:4222",
        database_url="postgresql+psycopg://assay:pa/ss@db/assay",
        admin_password="correct horse",
    )
    shown = replace(running, settings=api_settings(settings))
    async with browser(create_app(shown), ours.username) as client:
        found = (await client.get(URL)).json()["settings"]

    assert found["nats_url"] == "nats://***@127.0.0.1:4222"
    assert found["database_url"] == "postgresql+psycopg://***@db/assay"
    assert found["admin_password"] == "***"
    assert found["max_scans"] == "20"
    assert set(found) == set(Settings.model_fields)
