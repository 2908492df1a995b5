"""An operator's hand on running scans: a real Temporal server, worker, collectors and a pack."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.services import Services
from contracts.scan import ScanState, ScanStatus
from store.tables import Tenant
from tests.api.conftest import House, browser
from tests.api.working import (
    begin,
    end_everything,
    reached,
    recorded_tenant,
    state_of,
    working,
    write_few,
)

pytestmark = pytest.mark.timeout(180)
SCANS_URL = "/api/v1/scans"
SLOW = {"pace_ms": 60_000}  # a read that would outlast the test


@pytest.fixture
async def operator(running: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(create_app(running), ours.username) as client:
        yield client
    await end_everything(running.temporal)


async def slow_scan(running: Services, house: House, folder: Path) -> tuple[str, Tenant]:
    """Both of its services are reading, and would go on for a minute."""
    tenant = await recorded_tenant(running, house, folder, **SLOW)
    scan_id = await begin(running, house, tenant)
    await reached(running, house, scan_id, _both_reading)
    return scan_id, tenant


def _both_reading(state: ScanState) -> bool:
    return [batch.phase for batch in state.batches] == ["reading", "reading"]


async def quicken(running: Services, tenant: Tenant) -> None:
    """From now on its reads take no time."""
    async with running.database.begin() as session:
        row = await session.get_one(Tenant, tenant.id)
        row.settings = {"pack": row.settings["pack"]}


async def journal(operator: httpx2.AsyncClient, scan_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await operator.get(f"{SCANS_URL}/{scan_id}/events")).json()[
        "items"
    ]
    return found


def statuses(events: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [
        (event["status"], event["by"])
        for event in events
        if event["event"] == "status" and event["check"] is None
    ]


async def test_a_paused_scan_goes_on_where_it_was_and_tells_who_asked(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    async with working(running):
        scan_id, tenant = await slow_scan(running, ours, tmp_path)
        paused = await operator.post(f"{SCANS_URL}/{scan_id}/pause")
        still = await reached(running, ours, scan_id, lambda s: s.status is ScanStatus.PAUSED)
        await quicken(running, tenant)
        resumed = await operator.post(f"{SCANS_URL}/{scan_id}/resume")
        ended = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)

    assert (paused.status_code, resumed.status_code) == (202, 202)
    assert still.completed == 0
    assert (ended.status, ended.passed) == (ScanStatus.COMPLETED, 2)
    assert statuses(await journal(operator, scan_id)) == [
        ("running", None),
        ("paused", "admin"),
        ("running", "admin"),
        ("completed", None),
    ]


async def test_the_same_wish_sent_often_is_one_wish(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    headers = {"Idempotency-Key": "pause-once"}
    async with working(running):
        scan_id, tenant = await slow_scan(running, ours, tmp_path)
        answers = [
            await operator.post(f"{SCANS_URL}/{scan_id}/pause", headers=headers) for _ in range(3)
        ]
        await reached(running, ours, scan_id, lambda s: s.status is ScanStatus.PAUSED)
        await quicken(running, tenant)
        await operator.post(f"{SCANS_URL}/{scan_id}/resume")
        late = await operator.post(f"{SCANS_URL}/{scan_id}/pause", headers=headers)
        ended = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)

    assert {answer.status_code for answer in answers} == {202}
    assert late.status_code in (202, 409)  # it may have ended by then
    assert ended.status is ScanStatus.COMPLETED
    assert [s for s, _ in statuses(await journal(operator, scan_id))].count("paused") == 1


async def test_a_skipped_service_ends_at_once_and_the_others_go_on(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    async with working(running):
        scan_id, _ = await slow_scan(running, ours, tmp_path)
        answer = await operator.post(f"{SCANS_URL}/{scan_id}/services/exchange/skip")
        again = await operator.post(f"{SCANS_URL}/{scan_id}/services/exchange/skip")
        unknown = await operator.post(f"{SCANS_URL}/{scan_id}/services/teams/skip")
        events = await journal(operator, scan_id)
        await operator.post(f"{SCANS_URL}/{scan_id}/services/graph/skip")
        ended = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)

    skips = [event for event in events if event.get("phase") == "skipped"]
    assert answer.status_code == 202
    assert again.status_code in (202, 409)  # its collector may have stopped by then
    assert unknown.status_code == 409
    assert unknown.json()["detail"] == "The service has nothing left to skip."
    assert [(event["service"], event["by"]) for event in skips] == [("exchange", "admin")]
    assert (ended.status, ended.errors) == (ScanStatus.COMPLETED, 2)
    assert all("skipped by admin" in line.reason for line in ended.checks)


async def test_a_failed_read_is_retried_as_a_new_attempt_in_the_name_of_who_asks(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path, readable=False)
    async with working(running):
        scan_id = await begin(running, ours, tenant)
        first = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)
        await read_from(running, tenant, write_few(tmp_path / "whole", tenant.microsoft_id))
        retries = await asyncio.gather(
            *(
                operator.post(
                    f"{SCANS_URL}/{scan_id}/retry",
                    json={"scope": "failed-reads", "after_attempt": 1},
                )
                for _ in range(3)
            )
        )
        second = await reached(
            running, ours, scan_id, lambda s: s.status.is_terminal and s.attempt == 2
        )
        attempts = (await operator.get(f"{SCANS_URL}/{scan_id}/attempts")).json()
        before = (await operator.get(f"{SCANS_URL}/{scan_id}/results?attempt=1")).json()

    assert (first.errors, first.passed) == (1, 1)
    assert {answer.status_code for answer in retries} <= {202, 409}
    assert 202 in {answer.status_code for answer in retries}
    assert (second.attempt, second.errors, second.passed) == (2, 0, 2)
    assert [(line["number"], line["recommendations"]) for line in attempts] == [(1, 2), (2, 1)]
    assert attempts[1]["requested_by"] == "admin"
    assert [line["verdict"] for line in before["items"]] == ["pass", "error"]
    assert ("pending", "admin") in statuses(await journal(operator, scan_id))


async def read_from(running: Services, tenant: Tenant, pack: Path) -> None:
    async with running.database.begin() as session:
        row = await session.get_one(Tenant, tenant.id)
        row.settings = {"pack": str(pack)}


async def test_one_recommendation_is_checked_again_alone(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path)
    async with working(running):
        scan_id = await begin(running, ours, tenant)
        await reached(running, ours, scan_id, lambda s: s.status.is_terminal)
        answer = await operator.post(
            f"{SCANS_URL}/{scan_id}/retry", json={"scope": "one", "recommendation": "3.1.1"}
        )
        ended = await reached(
            running, ours, scan_id, lambda s: s.status.is_terminal and s.attempt == 2
        )

    services = [
        event["service"]
        for event in await journal(operator, scan_id)
        if event["event"] == "powershell-finished"
    ]
    assert answer.status_code == 202
    assert (ended.status, ended.passed) == (ScanStatus.COMPLETED, 2)
    assert sorted(services) == ["exchange", "exchange", "graph"]


async def test_a_scan_without_errors_has_nothing_to_retry_and_an_unknown_number_is_refused(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path)
    async with working(running):
        scan_id = await begin(running, ours, tenant)
        await reached(running, ours, scan_id, lambda s: s.status.is_terminal)
    url = f"{SCANS_URL}/{scan_id}/retry"

    nothing = await operator.post(url, json={"scope": "errors"})
    unknown = await operator.post(url, json={"scope": "one", "recommendation": "9.9.9"})

    assert (nothing.status_code, unknown.status_code) == (409, 404)
    assert nothing.json()["type"] == "/api/docs#nothing-to-retry"
    assert (await state_of(running, ours, scan_id)).attempt == 1


async def test_what_cannot_be_steered_is_refused_and_stays_as_it_is(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path)
    async with working(running):
        scan_id = await begin(running, ours, tenant)
        before = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)
    url = f"{SCANS_URL}/{scan_id}"

    answers = [
        await operator.post(f"{url}/{wish}")
        for wish in ("pause", "resume", "services/graph/skip", "cancel")
    ]

    assert [answer.status_code for answer in answers] == [409] * 4
    assert await state_of(running, ours, scan_id) == before


async def test_a_running_scan_cannot_be_retried(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    async with working(running):
        scan_id, _ = await slow_scan(running, ours, tmp_path)
        answer = await operator.post(f"{SCANS_URL}/{scan_id}/retry", json={"scope": "all"})
        await operator.post(f"{SCANS_URL}/{scan_id}/cancel")
        ended = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)

    assert answer.status_code == 409
    assert answer.json()["type"] == "/api/docs#scan-still-running"
    assert ended.status is ScanStatus.CANCELLED
    assert statuses(await journal(operator, scan_id))[1:] == [
        ("cancelling", "admin"),
        ("cancelled", None),
    ]


async def test_without_a_worker_a_wish_says_so_and_a_cancel_is_taken(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path)
    scan_id = await begin(running, ours, tenant)

    paused = await operator.post(f"{SCANS_URL}/{scan_id}/pause")
    cancelled = await operator.post(f"{SCANS_URL}/{scan_id}/cancel")
    async with working(running):
        ended = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)

    assert paused.status_code == 503
    assert "No worker answers" in paused.json()["detail"]
    assert (cancelled.status_code, ended.status) == (202, ScanStatus.CANCELLED)


async def test_what_waits_for_a_worker_is_named_with_its_service(
    operator: httpx2.AsyncClient, running: Services, ours: House, tmp_path: Path
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path)
    async with working(running, serving=("graph",)):
        scan_id = await begin(running, ours, tenant)
        await reached(running, ours, scan_id, lambda s: s.completed == 1)
        state = (await operator.get(f"{SCANS_URL}/{scan_id}")).json()
        panel = (await operator.get(f"/msp/cspm/scans/{scan_id}/execution")).text
        await operator.post(f"{SCANS_URL}/{scan_id}/cancel")
        await reached(running, ours, scan_id, lambda s: s.status.is_terminal)

    (pending,) = state["execution"]["pending"]
    assert (pending["service"], pending["state"], pending["attempt"]) == (
        "exchange",
        "scheduled",
        1,
    )
    assert "(Exchange Online)" in panel
    assert "waits for a worker since " in panel


async def test_with_temporal_away_a_retry_leaves_the_scan_as_it_stood(
    operator: httpx2.AsyncClient,
    running: Services,
    services: Services,
    ours: House,
    tmp_path: Path,
) -> None:
    tenant = await recorded_tenant(running, ours, tmp_path)
    async with working(running):
        scan_id = await begin(running, ours, tenant)
        before = await reached(running, ours, scan_id, lambda s: s.status.is_terminal)
    away = replace(services, database=running.database)

    async with browser(create_app(away), ours.username) as client:
        answer = await client.post(f"{SCANS_URL}/{scan_id}/retry", json={"scope": "all"})
        attempts = (await client.get(f"{SCANS_URL}/{scan_id}/attempts")).json()

    after = await state_of(running, ours, scan_id)
    assert answer.status_code == 503
    assert len(attempts) == 1
    assert after.seq == before.seq + 2  # the attempt, and that it was taken back
    assert after == before.model_copy(update={"seq": after.seq, "batches": after.batches})
