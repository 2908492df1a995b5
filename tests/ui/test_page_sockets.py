"""The sockets of the pages, over a real server."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.services import Services
from contracts.scan import ScanStatus
from contracts.verdict import passed
from tests.api.conftest import House, served
from tests.api.scanning import change, judge
from tests.ui.scene import add_scene


async def test_a_scan_is_shown_whole_then_piece_by_piece_then_ended(
    services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    async with served(services, ours.username) as server:
        address = server.socket(f"{scene.page}/live")
        async with connect(address, additional_headers=server.headers()) as socket:
            first = json.loads(await socket.recv())
            await judge(services.database, ours, scene.scan_id, "1.3.1", passed("All is well"))
            second = json.loads(await socket.recv())
            await change(services.database, ours, scene.scan_id, ScanStatus.COMPLETED)
            last = json.loads(await socket.recv())
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1000
    assert first["event"] == "snapshot"
    assert first["content"].count("<tr ") == 91
    assert "5 results were stored" in first["content"]
    assert second["event"] == "status"
    assert second["content"].count("<tr ") == 1
    assert "All is well" in second["content"]
    assert second["title"] == "6 %"
    assert last["title"] == ""
    assert "Completed" in last["content"]


async def test_an_ended_scan_is_shown_once_and_the_socket_closes(
    services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours, end=ScanStatus.FAILED)
    async with served(services, ours.username) as server:
        address = server.socket(f"{scene.page}/live")
        async with connect(address, additional_headers=server.headers()) as socket:
            assert json.loads(await socket.recv())["event"] == "snapshot"
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1000


async def test_the_list_changes_row_by_row_and_takes_new_scans_in(
    services: Services, ours: House
) -> None:
    scene = await add_scene(services.database, ours)
    async with served(services, ours.username) as server:
        address = server.socket("/msp/cspm/scans/live?tab=active")
        async with connect(address, additional_headers=server.headers()) as socket:
            first = json.loads(await socket.recv())
            await judge(services.database, ours, scene.scan_id, "1.3.1", passed("All is well"))
            row = json.loads(await socket.recv())
            other = await add_scene(services.database, ours, "Another")
            added = await _until(socket, other.scan_id)
            await change(services.database, ours, scene.scan_id, ScanStatus.CANCELLED)
            gone = await _until(socket, 'hx-target="#scans-region"', without=scene.scan_id)
    assert "5 of 91" in first["content"]
    assert f'hx-target="#scan-{scene.scan_id}"' in row["content"]
    assert "6 of 91" in row["content"]
    assert "Another" in added["content"]
    assert 'hx-target="#scans-region"' in gone["content"]
    assert scene.scan_id not in gone["content"]


@pytest.mark.parametrize("case", ["stranger", "elsewhere", "theirs"])
async def test_nobody_else_gets_a_socket(
    services: Services, ours: House, theirs: House, case: str
) -> None:
    scene = await add_scene(services.database, theirs if case == "theirs" else ours)
    async with served(services, ours.username) as server:
        headers = {
            "stranger": server.headers(cookie=False),
            "elsewhere": server.headers(origin="https://evil.example"),
            "theirs": server.headers(),
        }[case]
        address = server.socket(f"{scene.page}/live")
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, additional_headers=headers)
    assert refused.value.response.status_code == 403


async def test_the_list_of_one_organisation_says_nothing_of_another(
    services: Services, ours: House, theirs: House
) -> None:
    await add_scene(services.database, theirs, "Secret")
    async with served(services, ours.username) as server:
        address = server.socket("/msp/cspm/scans/live")
        async with connect(address, additional_headers=server.headers()) as socket:
            assert "Secret" not in await socket.recv()


async def _until(socket: Any, text: str, without: str | None = None) -> Any:
    """Of several changes at once each may be told by itself."""
    async with asyncio.timeout(20):
        while True:
            message = json.loads(await socket.recv())
            if text in message["content"] and (not without or without not in message["content"]):
                return message
