"""A scan that is read elsewhere ends in the same verdicts, or says what was lost."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import httpx2

from activities.batch import Limits
from activities.offline import judge_pack
from activities.remote import RemotePatience
from contracts.collector import MARKER, CollectorRequest, DatasetRequest, TenantRef
from contracts.scan import ScanRequest
from evidence.packs import Pack
from store.database import Database
from store.tables import RemoteLines
from tests.activities.stage import Stage
from tests.builders.scans import CONTOSO, ROOT
from tests.onboarding.elsewhere import post
from tests.onboarding.powershell import (
    MICROSOFT_ID,
    live_collectors,
)


def stage_of(sqlite: Database, scan: ScanRequest, **patience: float) -> Stage:
    limits = Limits(
        remote=RemotePatience(**{"first_s": 20, "silence_s": 20} | patience), failures=1
    )
    return Stage(sqlite, live_collectors("", None), scan, limits)


def replayed(service: str, names: list[str]) -> list[dict[str, Any]]:
    """Protocol objects of a run over the demo pack."""
    request = CollectorRequest(
        scan_id="s",
        service=service,
        tenant=TenantRef(tenant_id=MICROSOFT_ID),
        credential={"pack": str(CONTOSO)},
        datasets=[DatasetRequest(name=name) for name in names],
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "evidence.replay"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(request.model_dump_json().encode() + b"\n")
    process.stdin.flush()
    lines = [json.loads(raw[len(MARKER) :]) for raw in process.stdout if raw.startswith(MARKER)]
    process.stdin.close()
    process.wait()
    process.stdout.close()
    return lines


async def graph_lines(client: httpx2.AsyncClient, scan: ScanRequest) -> tuple[str, list[Any]]:
    answer = await client.post(f"/api/v1/scans/{scan.scan_id}/remote-token?service=graph")
    item = answer.json()["items"][0]
    return item["token"], await asyncio.to_thread(replayed, "graph", item["datasets"])


async def send_all(
    outside: httpx2.AsyncClient, scan: ScanRequest, token: str, lines: list[Any]
) -> None:
    for number, start in enumerate(range(0, len(lines), 4), 1):
        answer = await post(outside, scan, token, number, *lines[start : start + 4])
        assert answer.status_code == 200, answer.text


async def test_lines_from_elsewhere_end_in_the_same_verdicts(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, sqlite: Database, scan: ScanRequest
) -> None:
    stage = stage_of(sqlite, scan)
    token, lines = await graph_lines(client, scan)
    batch = asyncio.create_task(stage.batch("graph"))
    await send_all(outside, scan, token, lines)
    outcome = await batch
    await stage.joint()

    assert outcome.judged + outcome.deferred == 2
    offline = await asyncio.to_thread(judge_pack, Pack.open(CONTOSO))
    expected = {item["recommendation"]: item["verdict"] for item in offline}
    assert await stage.verdicts() == {name: expected[name] for name in ("1.1.1", "1.1.3")}
    datasets = await stage.datasets()
    assert datasets["graph.users"].status == "ok"
    assert datasets["graph.users"].collector == "replay"
    assert datasets["graph.users"].tenant_id == MICROSOFT_ID
    async with sqlite.read() as session:
        assert await session.get(RemoteLines, (scan.scan_id, "graph", 1, 1)) is None


async def test_a_worker_that_dies_goes_on_where_it_was(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, sqlite: Database, scan: ScanRequest
) -> None:
    stage = stage_of(sqlite, scan)
    token, lines = await graph_lines(client, scan)
    half = [line["type"] for line in lines].index("dataset-finished") + 1
    first = asyncio.create_task(stage.batch("graph"))
    await post(outside, scan, token, 1, *lines[:half])
    async with asyncio.timeout(10):
        while not await stage.datasets():
            await asyncio.sleep(0.05)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = asyncio.create_task(stage.batch("graph"))
    await post(outside, scan, token, 2, *lines[half:])
    await second
    await stage.joint()

    assert set(await stage.verdicts()) == {"1.1.1", "1.1.3"}
    assert "error" not in (await stage.verdicts()).values()


async def test_lost_contact_is_named_and_never_a_pass(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, sqlite: Database, scan: ScanRequest
) -> None:
    stage = stage_of(sqlite, scan, silence_s=0.3)
    token, lines = await graph_lines(client, scan)
    await post(outside, scan, token, 1, *lines[:3])
    await stage.batch("graph", contact_lost=True)
    await stage.joint()

    messages = {line.message for line in (await stage.datasets()).values()}
    assert any("lost contact with the remote collector" in text for text in messages)
    assert set((await stage.verdicts()).values()) == {"error"}


async def test_a_collector_that_never_reports_is_named(sqlite: Database, scan: ScanRequest) -> None:
    stage = stage_of(sqlite, scan, first_s=0.3)
    await stage.batch("graph", contact_lost=True)

    message = (await stage.datasets())["graph.users"].message
    assert "no remote collector has reported for graph" in message


async def test_a_run_that_was_replaced_ends_the_try_and_the_new_one_is_read(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, sqlite: Database, scan: ScanRequest
) -> None:
    stage = stage_of(sqlite, scan)
    stage.limits = replace(stage.limits, failures=3)
    token, lines = await graph_lines(client, scan)
    trying = asyncio.create_task(stage.until_settled("graph"))
    await post(outside, scan, token, 1, *lines[:3])
    await asyncio.sleep(0.8)
    token, lines = await graph_lines(client, scan)
    await asyncio.sleep(0.8)
    await send_all(outside, scan, token, lines)
    refused = await trying
    await stage.joint()

    assert len(refused) == 1
    assert "error" not in (await stage.verdicts()).values()


async def test_evidence_of_another_tenant_is_refused(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, sqlite: Database, scan: ScanRequest
) -> None:
    stage = stage_of(sqlite, scan)
    token, lines = await graph_lines(client, scan)
    for line in lines:
        if line["type"] == "connected":
            line["tenant_id"] = "bbbbbbbb-0000-4000-8000-000000000001"
    await send_all(outside, scan, token, lines)
    await stage.batch("graph")

    read = (await stage.datasets())["graph.users"]
    assert "another tenant" in read.message
    assert read.rows == 0


async def test_a_run_that_leaves_datasets_out_is_named(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, sqlite: Database, scan: ScanRequest
) -> None:
    stage = stage_of(sqlite, scan)
    token, _ = await graph_lines(client, scan)
    lines = await asyncio.to_thread(replayed, "graph", ["graph.users"])
    await send_all(outside, scan, token, lines)
    await stage.batch("graph")

    read = await stage.datasets()
    assert read["graph.users"].status == "ok"
    assert "left out" in read["graph.role_definitions"].message


async def test_what_nobody_asked_for_is_passed_over_and_unknown_lines_do_no_harm(
    client: httpx2.AsyncClient, outside: httpx2.AsyncClient, sqlite: Database, scan: ScanRequest
) -> None:
    stage = stage_of(sqlite, scan)
    answer = await client.post(f"/api/v1/scans/{scan.scan_id}/remote-token?service=graph")
    item = answer.json()["items"][0]
    names = [*item["datasets"], "graph.forms_settings"]
    lines = await asyncio.to_thread(replayed, "graph", names)
    lines.insert(1, {"type": "of-a-later-version", "x": 1})
    await send_all(outside, scan, item["token"], lines)
    await stage.batch("graph")
    await stage.joint()

    assert set(await stage.datasets()) == set(item["datasets"])
    assert "error" not in (await stage.verdicts()).values()
