"""The connection test from the button to its lines, by way of Temporal."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.connection import ConnectionActivities
from api.app import create_app
from api.certificates import KeyPair
from api.services import Services
from assay.key_file import KeyFile
from contracts.names import SCANS, collect_queue, connection_test_workflow_id
from store.tables import Tenant
from tests.api.conftest import House, browser
from tests.builders.scans import CONTOSO
from tests.onboarding.authority import Authority
from tests.onboarding.bench import GRAPH, bench
from tests.onboarding.powershell import (
    FakePowerShell,
)
from workflows.connection_test import ConnectionTestWorkflow

pytestmark = pytest.mark.xdist_group("temporal")


@pytest.fixture
def pwsh(tmp_path: Path) -> FakePowerShell:
    return FakePowerShell.install(tmp_path / "bin")


@asynccontextmanager
async def workers(
    client: Client, activities: ConnectionActivities, served: list[str]
) -> AsyncIterator[None]:
    made = [
        Worker(
            client,
            task_queue=SCANS,
            workflows=[ConnectionTestWorkflow],
            activities=[activities.note_unserved],
        ),
        *(
            Worker(client, task_queue=collect_queue(name), activities=[activities.test_connection])
            for name in served
        ),
    ]
    tasks = [asyncio.create_task(worker.run()) for worker in made]
    try:
        yield
    finally:
        await asyncio.gather(*(worker.shutdown() for worker in made))
        await asyncio.gather(*tasks)


async def test_from_button_to_lines_and_no_secret_in_temporal(
    services: Services,
    temporal: Client,
    ours: House,
    key_file: KeyFile,
    pair: KeyPair,
    pwsh: FakePowerShell,
) -> None:
    body = {
        "tenant": json.loads((CONTOSO / "pack.json").read_text())["tenant"]["tenant_id"],
        "domain": "contoso.onmicrosoft.com",
        "name": "Contoso live",
        "client_id": "11111111-2222-4333-8444-555555555555",
        "certificate": {"pfx": base64.b64encode(pair.pfx).decode()},
    }
    with_temporal = replace(services, temporal=temporal)
    async with browser(create_app(with_temporal), ours.username) as client:
        added = await client.post("/api/v1/tenants/live", json=body)
        tenant_id = added.json()["tenant_id"]
        async with services.database.read() as session:
            row = await session.get_one(Tenant, tenant_id)
        authority = Authority({"roles": [*GRAPH, "Exchange.ManageAsApp"]})
        where = bench(services.database, row, key_file, pwsh.path, authority)
        async with workers(temporal, where.activities, ["graph", "exchange"]):
            for service in ("graph", "exchange"):
                address = f"/api/v1/tenants/{tenant_id}/connection-test"
                started = await client.post(address, params={"service": service})
                assert started.status_code == 202, started.text
                state = await _until_done(client, address)
        page = (await client.get(f"/msp/onboarding/{tenant_id}")).text
        lines_only = (await client.get(f"/msp/onboarding/{tenant_id}/lines")).text

    handle = temporal.get_workflow_handle(connection_test_workflow_id(tenant_id))
    history = (await handle.fetch_history()).to_json()
    assert {item["service"] for item in state["services"]} == {"graph", "exchange"}
    assert state["running"] is False
    assert "graph.subscribed_skus" in page
    assert "graph.subscribed_skus" in lines_only
    assert "WorkflowTaskFailed" not in history
    for text in (history, page, json.dumps(state)):
        assert base64.b64encode(pair.pfx).decode()[40:120] not in text
    decoded = base64.b64decode(_payloads(history))
    assert pair.pfx[100:140] not in decoded


async def test_without_temporal_the_rows_are_shown_and_a_start_is_refused(
    client: httpx2.AsyncClient, ours: House
) -> None:
    address = f"/api/v1/tenants/{ours.tenant.id}/connection-test"
    shown = await client.get(address)
    started = await client.post(address)

    assert shown.json()["running"] is None
    assert shown.json()["passed"] is None
    assert started.status_code == 503


@pytest.mark.parametrize("query", [{"profile": "E9"}, {"service": "mars"}])
async def test_what_cannot_be_tested_is_refused(
    client: httpx2.AsyncClient, ours: House, query: dict[str, str]
) -> None:
    address = f"/api/v1/tenants/{ours.tenant.id}/connection-test"

    assert (await client.post(address, params=query)).status_code == 422


async def _until_done(client: httpx2.AsyncClient, address: str) -> dict[str, Any]:
    async with asyncio.timeout(40):
        while True:
            state: dict[str, Any] = (await client.get(address)).json()
            if state["running"] is False:
                return state
            await asyncio.sleep(0.1)


def _payloads(history: str) -> bytes:
    """All payload data of a history, one after the other."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("data"), str):
                found.append(value["data"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(json.loads(history))
    return base64.b64encode(b"".join(base64.b64decode(data) for data in found))
