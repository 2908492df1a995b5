"""What nobody gets past: sign-in, origin, sizes, kinds of body; and what every answer carries."""

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount, WebSocketRoute

from api.app import create_app
from api.gate import OPEN, STATIC
from api.services import Services
from store.database import Database
from tests.api.conftest import ORIGIN, PASSWORD, House, browser

ANY_ID = "00000000-0000-4000-8000-000000000000"


def operations(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and a path that matches, of everything the application answers."""
    for found in iter_route_contexts(app.routes):
        route = found.original_route
        assert found.path is not None, f"do not know how to walk {route!r}"
        if isinstance(route, WebSocketRoute):
            yield "WEBSOCKET", _filled(found.path)
        elif isinstance(route, Mount):
            yield "GET", f"{found.path}/anything"
        else:
            assert found.methods, f"do not know how to walk {route!r}"
            for method in found.methods:
                yield method, _filled(found.path)


def _filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", ANY_ID, path)


def is_open(method: str, path: str) -> bool:
    return (method, path) in OPEN or (method in ("GET", "HEAD") and path.startswith(STATIC))


async def open_socket(app: FastAPI, path: str, headers: dict[str, str]) -> list[str]:
    """Kinds of messages the application sends for a handshake."""
    sent: list[str] = []
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "subprotocols": [],
        "scheme": "ws",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    await app(scope, receive, send)  # type: ignore[arg-type]
    return sent


async def test_every_route_and_socket_needs_a_sign_in_except_a_short_list(
    services: Services, ours: House
) -> None:
    app = create_app(services)
    walked = sorted(set(operations(app)))
    closed = [item for item in walked if not is_open(*item)]

    async with browser(app) as client:
        for method, path in closed:
            if method == "WEBSOCKET":
                assert await open_socket(app, path, {"Origin": ORIGIN}) == ["websocket.close"], path
            else:
                answer = await client.request(method, path)
                assert answer.status_code == 401, (method, path)
        assert len([path for method, path in closed if method == "WEBSOCKET"]) >= 1
        assert len(closed) > 20
        for method, path in [item for item in walked if is_open(*item)]:
            answer = await client.request(method, path)
            assert "Sign in first" not in answer.text, (method, path)


async def test_an_address_that_does_not_exist_says_nothing_without_a_sign_in(
    anonymous: httpx2.AsyncClient, client: httpx2.AsyncClient
) -> None:
    assert (await anonymous.get("/admin/debug")).status_code == 401
    assert (await client.get("/api/v1/admin/debug")).status_code == 404


async def test_a_page_leads_to_the_sign_in_page_and_back(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/msp/cspm/scans?tab=active", headers={"Accept": "text/html"})
    fragment = await anonymous.get("/msp/cspm/scans", headers={"HX-Request": "true"})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/msp/cspm/scans%3Ftab%3Dactive"
    assert fragment.status_code == 401
    assert fragment.headers["hx-redirect"] == "/login"


NEW_TENANT = {"microsoft_id": ANY_ID, "name": "Adatum", "domain": "adatum.example"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9999"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000.evil.example"}, 403),
    ],
)
async def test_a_cookie_changes_something_only_from_our_own_pages(
    client: httpx2.AsyncClient, headers: dict[str, str], status: int
) -> None:
    del client.headers["Origin"]

    answer = await client.post("/api/v1/tenants", json=NEW_TENANT, headers=headers)

    assert answer.status_code == status


async def test_a_sign_in_from_another_site_is_refused(
    anonymous: httpx2.AsyncClient, ours: House
) -> None:
    answer = await anonymous.post(
        "/api/v1/session",
        data={"username": "admin", "password": PASSWORD},
        headers={"Origin": "https://evil.example"},
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_json_body_has_to_call_itself_json(client: httpx2.AsyncClient, kind: str) -> None:
    answer = await client.post(
        "/api/v1/scans", content=b'{"tenant": "Contoso"}', headers={"Content-Type": kind}
    )

    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b'{"tenant": "Contoso", "status": "completed"}',
        b'{"tenant": "Contoso", "tenant": "Fabrikam"}',
        b'{"tenant": ["Contoso"]}',
        b'{"tenant": "Con\\u0000toso"}',
        b'{"tenant": "\\ud800"}',
        b'{"tenant": "Con\ntoso"}',
        b'{"tenant": NaN}',
        b'{"tenant": ""}',
        b'{"tenant": "\xff"}',
        b'{"tenant": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"",
        b"[]",
    ],
)
async def test_a_body_that_could_mean_two_things_is_refused(
    client: httpx2.AsyncClient, body: bytes
) -> None:
    answer = await client.post(
        "/api/v1/scans", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_a_parameter_that_is_given_twice_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/v1/scans?active=true&active=false")

    assert answer.status_code == 422


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_limit_is_refused(
    client: httpx2.AsyncClient, announced: bool
) -> None:
    async def in_pieces() -> object:
        for _ in range(20):
            yield b"x" * 100_000

    body = b"x" * 2_000_000 if announced else in_pieces()
    answer = await client.post(
        "/api/v1/scans",
        content=body,  # type: ignore[arg-type]
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 413
    assert answer.json()["title"] == "Request Entity Too Large"


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/me", "/api/v1/nothing", "/breaks"])
async def test_every_answer_carries_the_security_headers(
    services: Services, ours: House, path: str
) -> None:
    app = create_app(services)

    @app.get("/breaks")
    async def breaks() -> None:
        raise ZeroDivisionError("secret detail")

    async with browser(app, "admin") as client:
        answer = await client.get(path)

    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


async def test_an_unexpected_error_shows_a_reference_and_nothing_else(
    services: Services, ours: House, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(services)

    @app.get("/api/v1/breaks")
    async def breaks() -> None:
        raise ZeroDivisionError("secret detail")

    async with browser(app, "admin") as client:
        answer = await client.get("/api/v1/breaks")

    reference = answer.json()["instance"]
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert any(getattr(record, "reference", "") == reference for record in caplog.records)


@pytest.mark.parametrize("path", ["/api/v1/me", "/msp/cspm/scans", "/readyz"])
async def test_with_the_database_away_the_answer_is_503(services: Services, path: str) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    async with browser(create_app(replace(services, database=away))) as client:
        client.cookies.set("assay-session", "some session")
        answer = await client.get(path)
    await away.close()

    assert answer.status_code == 503
    assert "127.0.0.1:1" not in answer.text
    assert "frame-ancestors" in answer.headers["content-security-policy"]


async def test_a_wrong_method_names_the_right_ones(client: httpx2.AsyncClient) -> None:
    answer = await client.delete("/api/v1/tenants")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.headers["content-type"] == "application/problem+json"
