"""The JSON socket of a scan under a real server."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import websockets
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api import scan_socket, sockets
from api.hub import LiveHub
from api.identity import digest
from api.services import Services
from contracts.scan import ScanStatus
from contracts.verdict import passed
from store import accounts
from tests.api.conftest import ORIGIN, House, Served, now, served
from tests.api.live_tools import Teller, until
from tests.api.scanning import add_scan, change, judge
from tests.servers import NatsServer


@pytest.fixture
async def watched(services: Services, nats_server: NatsServer) -> Services:
    """Its hub is started and stopped by the application."""
    return replace(services, live=LiveHub(nats_server.url))


@pytest.fixture
async def teller(nats_server: NatsServer) -> AsyncIterator[Teller]:
    found = await Teller.connect(nats_server.url)
    yield found
    await found.close()


@pytest.fixture
async def scan_id(services: Services, ours: House) -> str:
    return await add_scan(services.database, ours)


@pytest.fixture
async def site(watched: Services, ours: House) -> AsyncIterator[Served]:
    async with served(watched, ours.username) as found:
        await until(lambda: watched.live.connected)
        yield found


def address(scan_id: str, query: str = "") -> str:
    return f"/msp/cspm/scans/ws/{scan_id}{query}"


def connect(site: Served, path: str, **headers: Any) -> websockets.connect:
    return websockets.connect(
        site.socket(path), additional_headers=site.headers(**headers), proxy=None
    )


async def next_event(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        found: dict[str, Any] = json.loads(await socket.recv())
    return found


async def test_a_socket_tells_the_whole_scan_and_closes_with_1000(
    site: Served, services: Services, ours: House, scan_id: str, teller: Teller
) -> None:
    async with connect(site, address(scan_id)) as socket:
        first = await next_event(socket)
        await teller.tell(await change(services.database, ours, scan_id, ScanStatus.RUNNING))
        await teller.tell(await judge(services.database, ours, scan_id, "1.1.1", passed("good")))
        await teller.tell(await change(services.database, ours, scan_id, ScanStatus.COMPLETED))
        rest = [await next_event(socket) for _ in range(3)]
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(10):
                await socket.recv()

    assert first["event"] == "snapshot"
    assert len(first["data"]["checks"]) == first["data"]["total_checks"]
    assert [event["seq"] for event in rest] == [1, 2, 3]
    assert rest[1]["check"]["check_id"] == "CIS_1_1_1"
    assert rest[2]["progress_percentage"] == 100
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


async def test_a_socket_goes_on_after_a_number(
    site: Served, services: Services, ours: House, scan_id: str
) -> None:
    for status in (ScanStatus.RUNNING, ScanStatus.PAUSED, ScanStatus.CANCELLED):
        await change(services.database, ours, scan_id, status)
    async with connect(site, address(scan_id, "?after=1")) as socket:
        seqs = [(await next_event(socket))["seq"] for _ in range(2)]

    assert seqs == [2, 3]


async def refused(site: Served, path: str, **headers: Any) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(site, path, **headers):
            pass
    return refusal.value.response.status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": None},
        {"origin": "null"},
        {"origin": ORIGIN + ".evil.example"},
        {"cookie": False},
    ],
)
async def test_a_foreign_origin_or_no_sign_in_is_refused_before_accept(
    site: Served, watched: Services, scan_id: str, headers: dict[str, Any]
) -> None:
    assert await refused(site, address(scan_id), **headers) == 403
    assert watched.live.readers == 0


async def test_a_scan_of_somebody_else_is_refused_before_accept(
    site: Served, watched: Services, theirs: House
) -> None:
    foreign = await add_scan(watched.database, theirs)

    assert await refused(site, address(foreign)) == 403
    assert watched.live.readers == 0


@pytest.mark.parametrize("scan", ["*", ">", "not-an-id", "00000000-0000-4000-8000-000000000000"])
async def test_an_id_that_is_none_is_refused_before_accept(site: Served, scan: str) -> None:
    assert await refused(site, address(scan)) == 403


async def test_a_token_opens_a_socket_without_cookie_or_origin(
    site: Served, services: Services, ours: House, scan_id: str
) -> None:
    async with services.database.begin() as session:
        user = await accounts.find_user(session, username=ours.username)
        assert user is not None
        await accounts.add_token(
            session,
            user_id=user.id,
            name="cli",
            token_hash=digest("assay_secret"),
            at=now(),
            expires_at=now() + timedelta(days=1),
        )
    async with websockets.connect(
        site.socket(address(scan_id)),
        additional_headers={"Authorization": "Bearer assay_secret"},
        proxy=None,
    ) as socket:
        assert (await next_event(socket))["event"] == "snapshot"


async def test_signing_out_ends_the_socket(
    site: Served,
    services: Services,
    scan_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "CHECK_RIGHT_EVERY_S", 0.1)
    async with connect(site, address(scan_id)) as socket:
        await next_event(socket)
        async with services.database.begin() as session:
            await accounts.end_login(session, token_hash=digest(site.cookie.partition("=")[2]))
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(10):
                await socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_who_leaves_is_forgotten_and_who_talks_is_ignored(
    site: Served, watched: Services, scan_id: str
) -> None:
    async with connect(site, address(scan_id)) as socket:
        await next_event(socket)
        await socket.send("hello")
        await socket.send(b"\x00" * 100)
        assert watched.live.readers == 1
    await until(lambda: watched.live.readers == 0)


async def test_a_client_that_does_not_read_is_let_go(
    watched: Services, ours: House, scan_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    real_close = sockets._close

    async def note(socket: WebSocket, code: sockets.CloseCode) -> None:
        ended.append(code)
        await real_close(socket, code)

    async def endless(*_: object) -> AsyncIterator[str]:
        while True:
            yield "x" * 1_000_000

    monkeypatch.setattr(sockets, "SEND_WITHIN_S", 0.3)
    monkeypatch.setattr(sockets, "_close", note)
    monkeypatch.setattr(scan_socket, "_as_text", endless)
    async with served(watched, ours.username) as site:
        _, writer = await asyncio.open_connection("127.0.0.1", site.port, limit=1024)
        head = [
            f"GET {address(scan_id)} HTTP/1.1",
            f"Host: 127.0.0.1:{site.port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            *(f"{name}: {value}" for name, value in site.headers().items()),
        ]
        writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
        await until(lambda: bool(ended))
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    assert ended == [sockets.CloseCode.OVERLOADED]


async def test_the_server_stops_in_time_with_a_socket_open(
    watched: Services, ours: House, scan_id: str
) -> None:
    loop = asyncio.get_running_loop()
    async with served(watched, ours.username) as site:
        socket = await connect(site, address(scan_id))
        await next_event(socket)
        begun = loop.time()
    took = loop.time() - begun
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(5):
            await socket.recv()

    assert took < 10
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
