"""Nothing of one organisation is seen or moved by another."""

from typing import Any

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute

from api.app import create_app
from api.remote_tokens import WEBHOOK
from api.services import Services
from contracts.scan import ScanStatus
from contracts.verdict import passed
from store import scans, tenants
from tests.api.conftest import ORIGIN, House, browser
from tests.api.scanning import DATASET, add_evidence, add_scan, judge
from tests.api.test_gate import open_socket


@pytest.fixture
async def scan_id(services: Services, theirs: House) -> str:
    """A scan of somebody else, with results and evidence."""
    found = await add_scan(services.database, theirs)
    await judge(services.database, theirs, found, "1.1.1", passed("theirs"))
    await add_evidence(services, theirs, found)
    return found


def operations(services: Services, values: dict[str, str]) -> list[tuple[str, str]]:
    """Every method and path that names a scan or a tenant, filled in."""
    found = []
    for route in iter_route_contexts(create_app(services).routes):
        path = route.path or ""
        if path.startswith(WEBHOOK):
            continue  # opened by tokens of its own: tests/onboarding/test_webhook.py
        if "{scan_id" in path or "{tenant" in path:
            for name, value in values.items():
                path = path.replace("{" + name + "}", value)
            assert "{" not in path, f"do not know how to fill {path}"
            methods = {"WEBSOCKET"} if _is_socket(route.original_route) else route.methods or set()
            found += [(method, path) for method in methods]
    return sorted(found)


def _is_socket(route: object) -> bool:
    return isinstance(route, WebSocketRoute)


async def test_whatever_names_a_foreign_scan_or_tenant_is_not_found(
    client: httpx2.AsyncClient, services: Services, theirs: House, scan_id: str
) -> None:
    values = {
        "scan_id": scan_id,
        "tenant": theirs.tenant.id,
        "tenant_id": theirs.tenant.id,
        "recommendation": "1.1.1",
        "name": DATASET,
        "dataset": DATASET,
        "service": "graph",
        "number": "1",
    }
    walked = operations(services, values)
    cookie = f"assay-session={client.cookies['assay-session']}"
    app = create_app(services)

    for method, path in walked:
        if method == "WEBSOCKET":
            sent = await open_socket(app, path, {"Origin": ORIGIN, "Cookie": cookie})
            assert sent == ["websocket.close"], path
        else:
            answer = await client.request(method, path, **_sent(method, path))
            assert answer.status_code == 404, (method, path, answer.text)
            assert "Fabrikam" not in answer.text, path
    assert len(walked) > 12


def _sent(method: str, path: str) -> dict[str, Any]:
    """A body that would do, were the scan or tenant ours."""
    if method == "POST" and path.startswith("/msp/"):
        return {"data": {"scope": "all", "after_attempt": "1"}}
    if method in ("POST", "PUT"):
        return {"json": {"tags": []} if path.endswith("/tags") else {}}
    return {}


async def test_the_owner_finds_what_the_stranger_does_not(
    services: Services, theirs: House, scan_id: str
) -> None:
    paths = [
        f"/api/v1/scans/{scan_id}",
        f"/api/v1/scans/{scan_id}/results/1.1.1",
        f"/api/v1/scans/{scan_id}/datasets/{DATASET}/download",
        f"/api/v1/tenants/{theirs.tenant.id}/parameters",
    ]
    async with browser(create_app(services), theirs.username) as owner:
        assert {(await owner.get(path)).status_code for path in paths} == {200}


async def test_lists_hold_only_what_is_ours(
    client: httpx2.AsyncClient, services: Services, ours: House, scan_id: str
) -> None:
    mine = await add_scan(services.database, ours)

    listed = (await client.get("/api/v1/scans")).json()["items"]
    tenant_names = [line["name"] for line in (await client.get("/api/v1/tenants")).json()["items"]]

    assert [state["scan_id"] for state in listed] == [mine]
    assert tenant_names == ["Contoso"]


async def test_a_stranger_changes_nothing(
    client: httpx2.AsyncClient, services: Services, theirs: House, scan_id: str
) -> None:
    await client.post(f"/api/v1/scans/{scan_id}/cancel")
    await client.put(
        f"/api/v1/tenants/{theirs.tenant.id}/parameters", json={"exclusion_allowance": 99}
    )

    async with services.database.read() as session:
        state = await scans.read_state(
            session, organisation_id=theirs.organisation_id, scan_id=scan_id
        )
        tenant = await tenants.read_tenant(
            session, organisation_id=theirs.organisation_id, tenant=theirs.tenant.id
        )
    assert state.status is ScanStatus.PENDING
    assert tenant.parameters.exclusion_allowance == 5


async def test_the_same_key_of_two_organisations_means_two_scans(
    services: Services, ours: House, theirs: House
) -> None:
    made = []
    for house in (ours, theirs):
        scan_id = await add_scan(services.database, house)
        async with services.database.begin() as session:
            scan = await scans.get_scan(
                session, organisation_id=house.organisation_id, scan_id=scan_id
            )
            scan.idempotency_key = "monday"
    for house in (ours, theirs):
        async with services.database.read() as session:
            found = await scans.by_idempotency_key(
                session, organisation_id=house.organisation_id, key="monday"
            )
        assert found is not None
        made.append(found.organisation_id)

    assert made == [ours.organisation_id, theirs.organisation_id]
