"""The plan of a scan: what it reads, needs and takes, and what is known to be missing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from temporalio.client import Client

from api.app import create_app
from api.services import Services
from checks.catalogue import benchmark
from checks.permissions import permission_plan, reads_of, required_of
from contracts.collector import DatasetStatus
from contracts.onboarding import ConnectionLine, ServiceTest
from contracts.results import DatasetLine
from contracts.scan import Profile
from store import connection_tests, evidence
from store.database import Database
from store.tables import Tenant
from tests.api.conftest import NOWHERE, House, browser
from tests.api.scanning import add_scan
from tests.onboarding.conftest import live_body

PLAN = "/api/v1/scans/plan"
AT = datetime(2026, 5, 1, tzinfo=UTC)
GRAPH = [
    item.name for item in permission_plan(Profile(level=1)).permissions if item.resource == "graph"
]


async def plan(client: httpx2.AsyncClient, tenant: str, profile: str = "E5-L1") -> dict[str, Any]:
    answer = await client.post(PLAN, json={"tenant": tenant, "profile": profile})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def live(client: httpx2.AsyncClient) -> str:
    answer = await client.post("/api/v1/tenants/live", json=live_body())
    found: str = answer.json()["tenant_id"]
    return found


async def record(
    services: Services,
    house: House,
    tenant: str,
    service: str,
    granted: list[str] | None,
    *lines: ConnectionLine,
) -> None:
    async with services.database.begin() as session:
        await connection_tests.put_service_test(
            session,
            organisation_id=house.organisation_id,
            tenant_id=tenant,
            test=ServiceTest(
                service=service, tested_at=AT, passed=False, lines=list(lines), granted=granted
            ),
        )


async def read(
    database: Database, house: House, durations: dict[str, int], status: DatasetStatus
) -> None:
    scan_id = await add_scan(database, house)
    digest, packed, size = evidence.pack_rows([b"[]"])
    async with database.begin() as session:
        for name, duration_ms in durations.items():
            await evidence.put_dataset(
                session,
                organisation_id=house.organisation_id,
                scan_id=scan_id,
                attempt=1,
                line=DatasetLine(
                    name=name,
                    service=name.partition(".")[0],
                    status=status,
                    duration_ms=duration_ms,
                    sha256=digest,
                    bytes=size,
                ),
                packed=packed,
            )


async def test_it_names_every_check_and_every_dataset_with_its_read(
    client: httpx2.AsyncClient,
) -> None:
    found = await plan(client, await live(client))

    chosen = benchmark().select(Profile(level=1))
    names = {name for item in chosen for name in reads_of(item.check)}
    assert [check["recommendation"] for check in found["checks"]] == [item.id for item in chosen]
    assert {item["name"] for item in found["datasets"]} == names
    assert all(item["read"] for item in found["datasets"])
    users = next(item for item in found["datasets"] if item["name"] == "graph.users")
    assert users["permissions"] == ["User.Read.All"]
    assert users["read"].startswith("GET /v1.0/users")
    assert {item["name"] for item in found["permissions"]} >= {"User.Read.All", "Global Reader"}


async def test_nothing_is_contacted(services: Services, ours: House) -> None:
    """Neither Temporal nor a worker answers here, and there is no network."""
    away = await Client.connect(NOWHERE, lazy=True)
    async with browser(create_app(replace(services, temporal=away)), ours.username) as client:
        found = await plan(client, await live(client))

    assert found["checks"]
    assert found["last_connection_test"] is None
    assert "never tested" in found["notes"][0]


async def test_a_tenant_that_was_never_read_has_no_expected_time(
    client: httpx2.AsyncClient,
) -> None:
    found = await plan(client, await live(client))

    assert found["expected_ms"] is None
    assert found["never_read"] == len(found["datasets"])


async def test_the_expected_time_is_the_median_of_complete_reads(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    names = {item["name"] for item in (await plan(client, ours.tenant.id))["datasets"]}
    for spent in (100, 300, 5000):
        await read(services.database, ours, dict.fromkeys(names, spent), DatasetStatus.OK)
    failed = dict.fromkeys(names, 90_000)
    await read(services.database, ours, failed, DatasetStatus.TIMEOUT)

    found = await plan(client, ours.tenant.id)

    assert {item["expected_ms"] for item in found["datasets"]} == {300}
    exchange = sum(name.startswith("exchange.") for name in names)
    graph = sum(name.startswith("graph.") for name in names)
    assert found["expected_ms"] == 300 * max(exchange, graph)
    assert found["never_read"] == 0


async def test_one_dataset_without_a_time_leaves_the_whole_unknown(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    await read(services.database, ours, {"graph.users": 700}, DatasetStatus.OK)
    found = await plan(client, ours.tenant.id)

    known = [item for item in found["datasets"] if item["expected_ms"] is not None]
    assert [item["name"] for item in known] == ["graph.users"]
    assert found["expected_ms"] is None


async def test_another_tenants_times_do_not_count(
    client: httpx2.AsyncClient, services: Services, theirs: House, ours: House
) -> None:
    await read(services.database, theirs, {"graph.users": 700}, DatasetStatus.OK)
    found = await plan(client, ours.tenant.id)

    assert found["never_read"] == len(found["datasets"])


async def test_a_missing_permission_blocks_only_the_checks_that_need_it_with_the_reason(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    tenant = await live(client)
    granted = [name for name in GRAPH if name != "User.Read.All"]
    await record(services, ours, tenant, "graph", granted)

    found = await plan(client, tenant)

    blocked = {check["check"]: check["blocked"] for check in found["checks"] if check["blocked"]}
    lacking = {"graph.users", "graph.emergency_account_groups"}
    needing = {
        item.check
        for item in benchmark().select(Profile(level=1))
        if required_of(item.check) & lacking
    }
    assert set(blocked) == needing
    assert found["blocked_checks"] == len(needing) > 0
    reasons = [reason for texts in blocked.values() for reason in texts]
    assert all("User.Read.All, which is not granted" in reason for reason in reasons)
    assert found["last_connection_test"] == "2026-05-01T00:00:00Z"


async def test_a_broader_permission_blocks_nothing(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    tenant = await live(client)
    granted = [name for name in GRAPH if name != "User.Read.All"] + ["Directory.Read.All"]
    await record(services, ours, tenant, "graph", granted)

    assert (await plan(client, tenant))["blocked_checks"] == 0


async def test_a_sign_in_that_failed_blocks_the_checks_of_its_service_alone(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    tenant = await live(client)
    line = ConnectionLine(
        subject="sign-in", name="token", outcome="fail", message="The certificate is not registered"
    )
    await record(services, ours, tenant, "teams", None, line)

    found = await plan(client, tenant)

    for check in found["checks"]:
        reads_teams = any(name.startswith("teams.") for name in required_of(check["check"]))
        assert bool(check["blocked"]) == reads_teams, check
        assert check["blocked"] in ([], ["teams: The certificate is not registered"])


async def test_what_the_last_test_could_not_see_blocks_nothing(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    tenant = await live(client)
    line = ConnectionLine(subject="permission", name="Global Reader", outcome="unknown")
    await record(services, ours, tenant, "exchange", None, line)

    assert (await plan(client, tenant))["blocked_checks"] == 0


async def test_a_recorded_tenant_needs_no_permission(
    client: httpx2.AsyncClient, ours: House
) -> None:
    found = await plan(client, ours.tenant.id)

    assert found["permissions"] == []
    assert found["blocked_checks"] == 0
    assert "recorded" in found["notes"][0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tenant": "nobody", "profile": "E5-L1"}, 404),
        ({"tenant": "Contoso", "profile": "E9"}, 422),
        ({}, 422),
    ],
)
async def test_what_cannot_be_planned_is_refused(
    client: httpx2.AsyncClient, ours: House, body: dict[str, str], status: int
) -> None:
    assert (await client.post(PLAN, json=body)).status_code == status


async def test_a_plan_leaves_no_scan_behind(client: httpx2.AsyncClient, ours: House) -> None:
    await plan(client, ours.tenant.id)

    assert (await client.get("/api/v1/scans")).json()["items"] == []


async def test_a_strangers_tenant_is_not_planned(client: httpx2.AsyncClient, theirs: House) -> None:
    body = {"tenant": theirs.tenant.id, "profile": "E5-L1"}

    assert (await client.post(PLAN, json=body)).status_code == 404
    assert isinstance(theirs.tenant, Tenant)
