"""NATS as the compose file runs it: who may do what, asked of a real server."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import StreamInfo
from typer.testing import CliRunner

from api.stream import ensure_stream
from assay.__main__ import app
from contracts.subjects import STREAM, scan_events
from tests.containers.compose import services
from tests.containers.nats import Server, started
from tests.conventions.tree import ROOT
from tests.servers import binary

pytestmark = pytest.mark.xdist_group("containers")
PASSWORDS = {"worker": "20260504", "api": "1e9-of_letters.and~digits"}  # both look like numbers
_CONFIG = ROOT / "docker" / "nats.conf"


@dataclass
class Role:
    client: Client
    refusals: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(tmp_path_factory.mktemp("nats"), PASSWORDS) as found:
        yield found


async def _connect(server: Server, role: str) -> Role:
    made = Role(Client())

    async def note(error: Exception) -> None:
        made.refusals.append(str(error).lower())

    await made.client.connect(
        server.url(role), error_cb=note, allow_reconnect=False, connect_timeout=5
    )
    return made


async def _refused(role: Role) -> str:
    """The first refusal, which comes in its own time."""
    async with asyncio.timeout(10):
        while not role.refusals:
            await asyncio.sleep(0.01)
    return role.refusals[0]


def test_the_file_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(app, ["nats-config"])

    assert printed.exit_code == 0
    assert printed.stdout == _CONFIG.read_text("utf-8")


def test_the_server_accepts_the_file_as_it_stands() -> None:
    said = subprocess.run(
        [binary("nats-server"), "-t", "--config", str(_CONFIG)],
        env={"NATS_WORKER_PASSWORD": '"a"', "NATS_API_PASSWORD": '"b"'},
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert (said.returncode, "is valid" in said.stdout + said.stderr) == (0, True)


def test_without_its_passwords_the_server_does_not_start() -> None:
    said = subprocess.run(
        [binary("nats-server"), "-t", "--config", str(_CONFIG)],
        env={},
        capture_output=True,
        timeout=20,
    )

    assert said.returncode != 0


async def test_the_worker_publishes_events_and_the_api_reads_them(server: Server) -> None:
    scan_id = str(uuid4())
    api, worker = await _connect(server, "api"), await _connect(server, "worker")
    stream = api.client.jetstream()
    await ensure_stream(stream)

    told = await worker.client.jetstream().publish(scan_events(scan_id), b"{}")
    read: Msg = await (
        await stream.subscribe(scan_events(scan_id), stream=STREAM, ordered_consumer=True)
    ).next_msg(timeout=5)
    info: StreamInfo = await stream.stream_info(STREAM)

    assert (told.stream, read.data) == (STREAM, b"{}")
    assert info.state.messages >= 1
    assert (api.refusals, worker.refusals) == ([], [])
    await api.client.close()
    await worker.client.close()


@pytest.mark.parametrize(
    "subject",
    [
        "assay.v1.scan.events",
        "assay.v2.scan.x.events",
        f"$JS.API.STREAM.DELETE.{STREAM}",
        f"$JS.API.STREAM.PURGE.{STREAM}",
        f"$JS.API.STREAM.INFO.{STREAM}",
        "$SYS.REQ.SERVER.PING",
        "_INBOX.of.somebody.else",
    ],
)
async def test_the_worker_publishes_nothing_but_events(server: Server, subject: str) -> None:
    worker = await _connect(server, "worker")

    await worker.client.publish(subject, b"")

    assert "permissions violation" in await _refused(worker)
    await worker.client.close()


@pytest.mark.parametrize("subject", ["assay.v1.scan.*.events", ">", "$JS.>"])
async def test_the_worker_reads_nothing(server: Server, subject: str) -> None:
    worker = await _connect(server, "worker")

    await worker.client.subscribe(subject)

    assert "permissions violation" in await _refused(worker)
    await worker.client.close()


@pytest.mark.parametrize("verb", ["DELETE", "PURGE"])
async def test_the_api_cannot_throw_the_stream_away(server: Server, verb: str) -> None:
    api = await _connect(server, "api")

    await api.client.publish(f"$JS.API.STREAM.{verb}.{STREAM}", b"")

    assert "permissions violation" in await _refused(api)
    await api.client.close()


@pytest.mark.parametrize(
    "sign_in",
    [
        {},
        {"user": "worker", "pass": "wrong"},
        {"user": "api", "pass": PASSWORDS["worker"]},
        {"user": "somebody", "pass": PASSWORDS["api"]},
    ],
)
async def test_nobody_else_gets_in(server: Server, sign_in: dict[str, str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await reader.readline()  # the server's INFO

    options = json.dumps({"verbose": False, "pedantic": False} | sign_in)
    writer.write(f"CONNECT {options}\r\nPING\r\n".encode())
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert answer == b"-ERR 'Authorization Violation'\r\n"


def test_its_health_is_answered_where_the_compose_file_asks(server: Server) -> None:
    asked = services()["nats"]["healthcheck"]["test"][-1]
    address = asked.replace("127.0.0.1:8222", f"127.0.0.1:{server.monitor}")

    deadline = time.monotonic() + 10
    answer = httpx2.get(address, trust_env=False)
    while answer.status_code != 200 and time.monotonic() < deadline:
        answer = httpx2.get(address, trust_env=False)

    assert (asked != address, answer.status_code) == (True, 200)
