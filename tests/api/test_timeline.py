"""The story of a scan: its journal, and what Temporal adds to it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.services import Services
from contracts.scan import ScanStatus
from tests.api.conftest import House, browser
from tests.api.scanning import add_scan, change
from tests.api.working import begin, end_everything, reached, recorded_tenant, working

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def operator(running: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(create_app(running), ours.username) as client:
        yield client
    await end_everything(running.temporal)


async def timeline(operator: httpx2.AsyncClient, scan_id: str, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = (await operator.get(f"/api/v1/scans/{scan_id}/timeline{query}")).json()
    return found


async def test_attempts_retries_and_wishes_are_told_in_order_with_who_had_them(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path, readable=False)
    async with working(running):
        scan_id = await begin(running, ours, tenant)
        await reached(running, ours, scan_id, lambda s: s.status.is_terminal)
        await operator.post(f"/api/v1/scans/{scan_id}/retry", json={"scope": "all"})
        await reached(running, ours, scan_id, lambda s: s.status.is_terminal and s.attempt == 2)
        found = await timeline(operator, scan_id)
        whole = await timeline(operator, scan_id, "?verdicts=true")

    items = found["items"]
    told = [item["text"] for item in items if item["source"] == "temporal"]
    assert (found["answered"], found["cut"]) == (True, False)
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    assert told == [
        "attempt 1 began",
        "the execution completed",
        "attempt 2 began",
        "the execution completed",
    ]
    assert [(i["attempt"], i["by"]) for i in items if i["by"]] == [(2, "admin")]
    assert "verdict" not in {item["kind"] for item in items}
    assert [item["kind"] for item in whole["items"]].count("verdict") == 4


async def test_a_steered_scan_tells_every_wish_and_what_was_stopped(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path, pace_ms=60_000)
    async with working(running):
        scan_id = await begin(running, ours, tenant)
        await reached(
            running, ours, scan_id, lambda s: [b.phase for b in s.batches] == ["reading"] * 2
        )
        url = f"/api/v1/scans/{scan_id}"
        await operator.post(f"{url}/services/graph/skip")
        await operator.post(f"{url}/pause")
        await reached(running, ours, scan_id, lambda s: s.status is ScanStatus.PAUSED)
        await operator.post(f"{url}/cancel")
        await reached(running, ours, scan_id, lambda s: s.status.is_terminal)
        items = (await timeline(operator, scan_id))["items"]

    of_temporal = [(i["kind"], i["text"], i["by"]) for i in items if i["source"] == "temporal"]
    wishes = [line for line in of_temporal if line[0] == "wish"]
    assert wishes == [
        ("wish", "skip graph", "admin"),
        ("wish", "pause", "admin"),
        ("wish", "cancel", None),
    ]
    assert ("stopped", "exchange: 1 checks was stopped", None) in of_temporal
    assert of_temporal[-1][1] == "the execution was cancelled"
    journal = [i["by"] for i in items if i["source"] == "journal" and i["by"]]
    assert journal == ["admin"] * 3  # skipped, paused, cancelling


async def test_with_temporal_away_the_journal_is_whole_and_it_says_so(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scan_id = await add_scan(services.database, ours)
    for status in (ScanStatus.RUNNING, ScanStatus.FAILED):
        await change(services.database, ours, scan_id, status)

    found = await timeline(client, scan_id)

    assert found["answered"] is False
    assert [item["text"] for item in found["items"]] == [
        "The scan is running",
        "The scan is failed",
    ]


async def test_a_scan_that_temporal_has_forgotten_has_its_journal(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    scan_id = await add_scan(running.database, ours)
    await change(running.database, ours, scan_id, ScanStatus.RUNNING)

    found = await timeline(operator, scan_id)

    assert found["answered"] is True
    assert [item["source"] for item in found["items"]] == ["journal"]
