"""Health, benchmarks, and what the API says of itself."""

from dataclasses import replace

import httpx2

from api.app import create_app
from api.hub import LiveHub
from api.services import Services
from checks.catalogue import benchmark
from store.database import Database
from tests.api.conftest import House, browser
from tests.api.live_tools import until


async def test_alive_needs_nothing(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/healthz")

    assert answer.json() == {"status": "alive"}


async def test_not_ready_without_temporal(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/readyz")

    parts = answer.json()["parts"]
    assert answer.status_code == 503
    assert parts["database"]["condition"] == "ready"
    assert parts["database"]["latency_ms"] >= 0
    assert parts["temporal"]["condition"] == "not-ready"
    assert parts["nats"]["condition"] == "degraded"


async def test_without_nats_it_is_degraded_but_ready(running: Services) -> None:
    async with browser(create_app(running)) as client:
        answer = await client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["condition"] == "degraded"


async def test_with_everything_it_is_ready(running: Services, nats_url: str) -> None:
    live = LiveHub(nats_url)
    await live.start()
    await until(lambda: live.connected)
    async with browser(create_app(replace(running, live=live))) as client:
        answer = await client.get("/readyz")
    await live.stop()

    assert answer.status_code == 200
    assert answer.json()["condition"] == "ready"


async def test_a_database_of_an_older_version_is_not_ready(
    running: Services, tmp_path: object
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    async with browser(create_app(replace(running, database=database))) as client:
        answer = await client.get("/readyz")
    await database.close()

    assert answer.status_code == 503
    assert answer.json()["parts"]["database"]["note"] == "the schema is not at the newest revision"


async def test_the_benchmark_is_told_whole(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/api/v1/benchmarks")).json()["items"]
    detail = (await client.get(f"/api/v1/benchmarks/{listed[0]['id']}")).json()

    assert listed[0]["recommendations"] == len(benchmark().recommendations)
    assert [profile["name"] for profile in listed[0]["profiles"]] == [
        "E5-L1",
        "E5-L2",
        "E3-L1",
        "E3-L2",
    ]
    assert len(detail["items"]) == listed[0]["recommendations"]
    assert all(item["title"] and item["service"] for item in detail["items"])
    assert (await client.get("/api/v1/benchmarks/nist")).status_code == 404


async def test_the_description_names_every_operation_and_its_problems(
    client: httpx2.AsyncClient,
) -> None:
    document = (await client.get("/api/v1/openapi.json")).json()

    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    ids = [operation["operationId"] for _, _, operation in operations]
    assert document["openapi"].startswith("3.1")
    assert len(ids) == len(set(ids))
    assert set(ids) >= {
        "start_scan",
        "list_scans",
        "get_scan",
        "cancel_scan",
        "list_results",
        "get_result",
        "list_datasets",
        "get_dataset",
        "download_dataset",
        "get_batch_log",
        "list_events",
        "list_tenants",
        "add_tenant",
        "get_tenant",
        "get_parameters",
        "put_parameters",
        "add_recorded_tenant",
        "list_benchmarks",
        "get_benchmark",
        "sign_in",
        "sign_out",
        "who_am_i",
        "create_token",
        "healthz",
        "readyz",
    }
    assert all(
        path.startswith(("/api/v1/", "/healthz", "/readyz", "/msp/cspm/webhook/"))
        for path, _, _ in operations
    )
    for path, method, operation in operations:
        assert operation["tags"], path
        refusals = {code: r for code, r in operation["responses"].items() if code >= "4"}
        if path.startswith("/api/"):
            assert "401" in refusals, (method, path)
            for response in refusals.values():
                assert list(response["content"]) == ["application/problem+json"], (method, path)


async def test_the_description_needs_a_sign_in(anonymous: httpx2.AsyncClient, ours: House) -> None:
    assert (await anonymous.get("/api/v1/openapi.json")).status_code == 401
