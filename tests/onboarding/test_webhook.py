"""The posts of a collector elsewhere: who may send them, in which order, of which form."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.remote_tokens import WEBHOOK, RemoteGrant, issue
from api.services import Services
from assay.key_file import KeyFile
from contracts.scan import ScanRequest, ScanStatus
from store import remote
from store.database import Database
from store.tables import RemoteLines, Tenant
from tests.api.conftest import ORIGIN, House, browser
from tests.api.scanning import change
from tests.onboarding.elsewhere import CONNECTED, HELLO, post, token_of
from tests.onboarding.powershell import (
    add_live_tenant,
    add_scan,
)


async def test_posts_are_taken_in_order(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, scan: ScanRequest
) -> None:
    token = await token_of(client, scan)

    first = await post(outside, scan, token, 1, HELLO)
    second = await post(outside, scan, token, 2, CONNECTED)
    assert first.json() == {"taken": True, "next": 2}
    assert second.json() == {"taken": True, "next": 3}


async def test_a_repeat_of_the_last_post_changes_nothing(
    client: httpx2.AsyncClient,
    outside: httpx2.AsyncClient,
    scan: ScanRequest,
    services: Services,
) -> None:
    token = await token_of(client, scan)
    await post(outside, scan, token, 1, HELLO)
    again = await post(outside, scan, token, 1, HELLO)

    assert (again.status_code, again.json()) == (200, {"taken": False, "next": 2})
    async with services.database.read() as session:
        assert await session.get(RemoteLines, (scan.scan_id, "graph", 1, 1)) is not None
        assert await session.get(RemoteLines, (scan.scan_id, "graph", 1, 2)) is None


@pytest.mark.parametrize("sequence", [1, 4, 9])
async def test_a_gap_or_an_old_post_is_refused_with_what_is_expected(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, scan: ScanRequest, sequence: int
) -> None:
    token = await token_of(client, scan)
    await post(outside, scan, token, 1, HELLO)
    await post(outside, scan, token, 2, CONNECTED)
    answer = await post(outside, scan, token, sequence, HELLO)

    assert answer.status_code == 409
    assert answer.json()["expected"] == 3
    assert answer.headers["content-type"] == "application/problem+json"


async def test_other_lines_under_the_last_number_are_refused(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, scan: ScanRequest
) -> None:
    token = await token_of(client, scan)
    await post(outside, scan, token, 1, HELLO)
    answer = await post(outside, scan, token, 1, CONNECTED)

    assert answer.status_code == 409
    assert "other lines" in answer.text


async def test_a_new_token_ends_the_run_of_the_old_one(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, scan: ScanRequest
) -> None:
    old = await token_of(client, scan)
    await post(outside, scan, old, 1, HELLO)
    new = await token_of(client, scan)

    assert (await post(outside, scan, old, 2, CONNECTED)).status_code == 409
    assert (await post(outside, scan, new, 1, HELLO)).status_code == 200


async def test_services_have_runs_of_their_own(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, sqlite: Database, remote_tenant: Tenant
) -> None:
    scan = await add_scan(sqlite, remote_tenant, "1.1.1", "6.1.1")
    graph, exchange = await token_of(client, scan), await token_of(client, scan, "exchange")

    assert (await post(outside, scan, graph, 1)).status_code == 200
    assert (await post(outside, scan, exchange, 1)).status_code == 200
    assert (await post(outside, scan, graph, 2)).status_code == 200


async def test_without_a_good_token_nobody_gets_in(
    client: httpx2.AsyncClient,
    outside: httpx2.AsyncClient,
    scan: ScanRequest,
    services: Services,
    remote_tenant: Tenant,
) -> None:
    good = await token_of(client, scan)
    other = await add_scan(services.database, remote_tenant, "1.1.1")
    ring = services.keys()
    expired = issue(
        ring,
        RemoteGrant(scan.organisation_id, scan.scan_id, "graph", 1, datetime.now(UTC)),
    )
    address = f"/msp/cspm/webhook/progress/{scan.scan_id}"
    body = {"sequence": 1, "lines": [HELLO]}

    for token in ("", "nonsense", good + "x", good[:-2], expired, await token_of(client, other)):
        assert (await post(outside, scan, token, 1)).status_code == 401, token
    assert (await outside.post(address, json=body)).status_code == 401
    assert (await client.post(address, json=body)).status_code == 401  # a session is no token
    basic = {"Authorization": f"Basic {good}"}
    assert (await outside.post(address, json=body, headers=basic)).status_code == 401
    assert (await outside.get(address)).status_code == 401
    assert (await post(outside, scan, good, 1)).status_code == 200


async def test_a_remote_token_opens_nothing_else(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, scan: ScanRequest
) -> None:
    headers = {"Authorization": f"Bearer {await token_of(client, scan)}"}

    for path in ("/api/v1/scans", f"/api/v1/scans/{scan.scan_id}", "/api/v1/tenants"):
        assert (await outside.get(path, headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sequence": 1},
        {"sequence": 0, "lines": [HELLO]},
        {"sequence": "1", "lines": [HELLO]},
        {"sequence": 1, "lines": []},
        {"sequence": 1, "lines": [HELLO], "more": 1},
        {"sequence": 1, "lines": [{"no": "type"}]},
        {"sequence": 1, "lines": [{"type": "hello"}]},
        {"sequence": 1, "lines": [{"type": "rows", "name": "x", "rows": [{}] * 501}]},
        {"sequence": 1, "lines": [{"type": "rows", "name": "x", "rows": [{"a": "b" * 270_000}]}]},
        {"sequence": 1, "lines": [{"type": "bye", "datasets": 0}] * 1001},
    ],
)
async def test_what_is_not_the_protocol_is_refused(
    client: httpx2.AsyncClient,
    outside: httpx2.AsyncClient,
    scan: ScanRequest,
    body: dict[str, Any],
) -> None:
    headers = {"Authorization": f"Bearer {await token_of(client, scan)}"}
    address = f"/msp/cspm/webhook/progress/{scan.scan_id}"
    answer = await outside.post(address, json=body, headers=headers)

    assert answer.status_code == 422, answer.text
    assert (
        await outside.post(address, json={"sequence": 1, "lines": [HELLO]}, headers=headers)
    ).is_success


@pytest.mark.parametrize(
    "text",
    [
        b'{"sequence":1,"sequence":2,"lines":[{"type":"log"}]}',
        b'{"sequence":1,"lines":[{"type":"rows","name":"x","rows":[{"a":NaN}]}]}',
        b'{"sequence":1,"lines":[{"type":"log","message":"\\u0000"}]}',
        b'{"sequence":1,"lines":[{"type":"rows","name":"x","rows":['
        + b"[" * 80
        + b"]" * 80
        + b"]}]}",
        b"not json",
    ],
)
async def test_json_with_two_meanings_is_refused(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, scan: ScanRequest, text: bytes
) -> None:
    answer = await outside.post(
        f"/msp/cspm/webhook/progress/{scan.scan_id}",
        content=text,
        headers={
            "Authorization": f"Bearer {await token_of(client, scan)}",
            "Content-Type": "application/json",
        },
    )

    assert answer.status_code == 422


async def test_a_body_that_is_too_large_is_refused(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, scan: ScanRequest
) -> None:
    row = {"type": "rows", "name": "x", "rows": [{"a": "b" * 200_000}]}
    answer = await post(outside, scan, await token_of(client, scan), 1, *[row] * 8)

    assert answer.status_code == 413


async def test_a_full_queue_is_refused_and_named(
    client: httpx2.AsyncClient,
    outside: httpx2.AsyncClient,
    scan: ScanRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = await token_of(client, scan)
    monkeypatch.setattr(remote, "MAX_WAITING_BYTES", 10)
    answer = await post(outside, scan, token, 1)

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("#remote-queue-full")


async def test_lines_after_the_end_of_the_scan_are_refused(
    client: httpx2.AsyncClient,
    outside: httpx2.AsyncClient,
    scan: ScanRequest,
    services: Services,
    ours: House,
) -> None:
    token = await token_of(client, scan)
    await change(services.database, ours, scan.scan_id, ScanStatus.CANCELLED)

    assert (await post(outside, scan, token, 1)).status_code == 409
    again = await client.post(f"/api/v1/scans/{scan.scan_id}/remote-token")
    assert again.status_code == 409


async def test_a_token_is_made_for_each_service_that_is_read_elsewhere(
    client: httpx2.AsyncClient, sqlite: Database, remote_tenant: Tenant
) -> None:
    scan = await add_scan(sqlite, remote_tenant, "1.1.1", "2.1.8", "8.1.1")
    answer = await client.post(f"/api/v1/scans/{scan.scan_id}/remote-token")

    items = {item["service"]: item for item in answer.json()["items"]}
    assert set(items) == {"graph", "exchange", "teams"}  # DNS is read here
    assert "graph.users" in items["graph"]["datasets"]
    assert items["teams"]["url"] == f"{ORIGIN}/msp/cspm/webhook/progress/{scan.scan_id}"
    unread = await client.post(
        f"/api/v1/scans/{scan.scan_id}/remote-token", params={"service": "fabric"}
    )
    assert unread.status_code == 422


async def test_a_tenant_that_is_read_here_has_no_remote_tokens(
    client: httpx2.AsyncClient, sqlite: Database, ours: House
) -> None:
    local = await add_live_tenant(sqlite, microsoft_id="aaaaaaaa-0000-4000-8000-00000000000a")
    async with sqlite.begin() as session:
        row = await session.get_one(Tenant, local.id)
        row.organisation_id = ours.organisation_id
    scan = await add_scan(sqlite, row, "1.1.1")
    answer = await client.post(f"/api/v1/scans/{scan.scan_id}/remote-token")

    assert answer.status_code == 409
    assert "not read remotely" in answer.text


async def test_a_stranger_gets_no_token(
    services: Services, theirs: House, scan: ScanRequest
) -> None:
    async with browser(create_app(services), theirs.username) as stranger:
        answer = await stranger.post(f"/api/v1/scans/{scan.scan_id}/remote-token")

    assert answer.status_code == 404


async def test_without_a_key_ring_there_is_no_token(
    services: Services, ours: House, scan: ScanRequest, key_file: KeyFile
) -> None:
    key_file.path.unlink()
    away = replace(services, keys=KeyFile(key_file.path))
    async with browser(create_app(away), ours.username) as client:
        made = await client.post(f"/api/v1/scans/{scan.scan_id}/remote-token")
        sent = await client.post(
            f"/msp/cspm/webhook/progress/{scan.scan_id}", headers={"Authorization": "Bearer x.y.z"}
        )

    assert (made.status_code, sent.status_code) == (503, 503)


def test_the_address_is_the_one_that_must_stay() -> None:
    assert WEBHOOK == "/msp/cspm/webhook/progress/"
