"""The whole product as real processes in a folder of its own: Temporal, NATS, workers, API."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx2
import sqlalchemy
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from assay import first_run
from assay.nats_config import nats_config
from assay.settings import Settings
from store.database import Database
from tests.faults.harness.link import Link, Loop
from tests.faults.harness.parts import Part
from tests.faults.harness.sampler import Sampler
from tests.faults.harness.tenant import PACK, Tenant, add_tenant, copy_pack
from tests.servers import binary, free_port

_T = TypeVar("_T")
LOOPBACK = "127.0.0.1"
ROOT = "may-do-anything"  # to NATS, which the product's own roles may not
OPEN = ("pending", "running", "paused", "cancelling")
ALLOWED = {"ASSAY_FAILPOINTS_ALLOWED": "yes-this-is-a-test"}
POLL_S = 0.1
END_S = 120.0
_INHERITED = ("PATH", "LANG", "LC_ALL", "HOME")


class World:
    """Every part talks to Temporal and NATS through links of its own, which tests may disturb."""

    def __init__(
        self,
        folder: Path,
        *,
        postgres: str = "",
        **settings: str,
    ) -> None:
        """`settings`: environment of API and workers; `postgres`: address of an empty database."""
        self.folder = folder
        self.loop = Loop()
        self._settings = settings
        self._stopped = False
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        self.mark = f"TMPDIR={folder / 'tmp'}"
        self.sampler = Sampler(self.mark)
        self.ports = {name: free_port() for name in ("temporal", "web", "nats")}
        self.passwords = {role: f"canary-{role}-{uuid4().hex}" for role in ("worker", "api")}
        self.canaries = dict(self.passwords)
        self.links: dict[str, Link] = {}
        self.tenants: list[Tenant] = []
        self.watching: list[Callable[[], None]] = []  # how to make them leave
        self.database_url = postgres or f"sqlite+aiosqlite:///{folder / 'assay.db'}"
        self.temporal = self._temporal()
        self.nats = self._nats()
        self.worker = self.make_worker("worker")
        self.api = self.make_api("api")
        self.parts = [self.temporal, self.nats, self.worker, self.api]

    def start(self) -> "World":
        began = time.monotonic()
        self.temporal.launch()
        self.nats.launch()
        settings = Settings(data_dir=self.folder, database_url=self.database_url)
        found = asyncio.run(first_run.prepare(settings, demo=False))
        self.password = found.password
        self.token = (self.folder / "token").read_text("utf-8").strip()
        self.canaries |= {"password": self.password, "token": self.token}
        self.temporal.wait_ready()
        self.nats.wait_ready()
        self.worker.launch()
        self.api.launch()
        self.worker.wait_ready()
        self.api.wait_ready()
        self.record("G16 cold start of everything", time.monotonic() - began)
        return self

    def stop(self) -> None:
        """May be called twice."""
        if self._stopped:
            return
        self._stopped = True
        for part in reversed(self.parts):
            part.stop()
        for link in self.links.values():
            link.stop()
        self.sampler.stop()
        self.loop.close()

    def heal(self) -> None:
        """Before each test: every part up, every link clear, nobody left who watches."""
        while self.watching:
            self.watching.pop()()
        for link in self.links.values():
            link.clear()
        for part in self.parts:
            part.thaw()
        for part in (self.temporal, self.nats, self.worker, self.api):
            if not part.alive:
                part.start()
        for part in list(self.parts[4:]):
            part.stop()
            self.parts.remove(part)

    def make_worker(self, name: str, **environment: str) -> Part:
        return self._assay(name, "worker", "worker", lambda: False, environment)

    def make_api(self, name: str, **environment: str) -> Part:
        port = free_port()
        self.ports[name] = port
        environment = {"ASSAY_PORT": str(port), **environment}
        return self._assay(name, "api", "api", lambda: self.answers(name), environment)

    def add(self, part: Part) -> Part:
        """One more part, stopped before the next test."""
        self.parts.append(part)
        return part

    def client(self, api: str = "api", *, timeout: float = 20) -> httpx2.Client:
        return httpx2.Client(
            base_url=self.url(api),
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=timeout,
            trust_env=False,
        )

    def url(self, api: str = "api") -> str:
        return f"http://{LOOPBACK}:{self.ports[api]}"

    def answers(self, api: str = "api") -> bool:
        with suppress(httpx2.HTTPError):
            answer = httpx2.get(f"{self.url(api)}/healthz", timeout=3, trust_env=False)
            return answer.status_code == 200
        return False

    def add_tenant(
        self, *faults: Mapping[str, Any], pace_ms: int = 0, name: str = "", **more: Any
    ) -> Tenant:
        """A recorded tenant of its own, with the demo pack and a fault script."""
        microsoft_id = str(uuid4())
        name = name or f"Tenant {len(self.tenants) + 1}"
        tenant = Tenant("", microsoft_id, name, self.folder / "tenants" / microsoft_id)
        for part in ("roll", "counters"):
            (tenant.folder / part).mkdir(parents=True)
        copy_pack(tenant)
        settings = {"pack": str(tenant.folder / "pack"), "pace_ms": pace_ms, **more}
        settings["faults"] = self.script(tenant, *faults)
        added = self.stored(lambda database: add_tenant(database, tenant, settings))
        tenant = Tenant(added, microsoft_id, name, tenant.folder)
        self.tenants.append(tenant)
        return tenant

    def give_faults(self, tenant: Tenant, *faults: Mapping[str, Any]) -> None:
        """Another script from the next collector on."""
        script = json.dumps(self.script(tenant, *faults))
        with self.sql() as connection:
            row = connection.execute(
                sqlalchemy.text("select settings from tenant where id = :id"), {"id": tenant.id}
            ).scalar_one()
            settings = json.loads(row) if isinstance(row, str) else row
            settings["faults"] = json.loads(script)
            connection.execute(
                sqlalchemy.text("update tenant set settings = :settings where id = :id"),
                {"settings": json.dumps(settings), "id": tenant.id},
            )

    def stored(self, work: Callable[[Database], Awaitable[_T]]) -> _T:
        """With the store's own functions, beside the running processes."""

        async def run() -> _T:
            database = Database(self.database_url)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    @contextmanager
    def sql(self, timeout_s: float = 20) -> Iterator[sqlalchemy.Connection]:
        own = {"connect_args": {"timeout": timeout_s}} if "sqlite" in self.database_url else {}
        engine = sqlalchemy.create_engine(
            self.database_url.replace("+aiosqlite", ""), poolclass=sqlalchemy.NullPool, **own
        )
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        with self.sql() as connection:
            found = connection.execute(sqlalchemy.text(query), values)
            return [dict(row) for row in found.mappings()]

    def asked(self, question: Callable[[Client], Awaitable[_T]]) -> _T:
        """Something of Temporal, directly, without a link between."""

        async def run() -> _T:
            client = await Client.connect(
                f"{LOOPBACK}:{self.ports['temporal']}", data_converter=pydantic_data_converter
            )
            async with asyncio.timeout(30):
                return await question(client)

        return asyncio.run(run())

    def record(self, what: str, figure: float) -> None:
        """A figure for docs/faults.md (seconds where `what` names no other unit), kept where
        FAULTS_FIGURES says."""
        file = os.environ.get("FAULTS_FIGURES")
        if file:
            with Path(file).open("a", encoding="utf-8") as out:
                out.write(json.dumps({"what": what, "figure": round(figure, 2)}) + "\n")

    def api_link(self) -> Link:
        """Between viewers and the API."""
        return self.links.get("viewers") or self._link("viewers", self.ports["api"])

    def whole_logs(self) -> str:
        found = [*self.folder.glob("worker*.log"), *self.folder.glob("api*.log")]
        return "\n".join(file.read_text("utf-8", "replace") for file in found)

    def logs(self) -> str:
        found = [*self.folder.glob("worker*.log"), *self.folder.glob("api*.log")]
        return "\n".join(
            f"{file.name}: {line[:300]}"
            for file in found
            for line in file.read_text("utf-8", "replace").splitlines()[-12:]
        )

    @property
    def temporal_file(self) -> Path:
        return self.folder / "temporal.db"

    def script(self, tenant: Tenant, *faults: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "faults": [dict(fault) for fault in faults],
            "counters": str(tenant.folder / "counters"),
            "roll": str(tenant.roll),
        }

    def _temporal(self) -> Part:
        flags = {
            "--ip": LOOPBACK,
            "--port": str(self.ports["temporal"]),
            "--ui-port": str(self.ports["web"]),
            "--db-filename": str(self.temporal_file),
            "--log-level": "error",
        }
        dynamic = ("system.enableCancelActivityWorkerCommand", "frontend.WorkerCommandsEnabled")
        return Part(
            "temporal",
            [
                binary("temporal"),
                *("server", "start-dev", "--ui-disable-news-fetch"),
                *(part for flag in flags.items() for part in flag),
                *(part for name in dynamic for part in ("--dynamic-config-value", f"{name}=true")),
            ],
            self._plain_environment() | {"TEMPORAL_VERSION_CHECK_DISABLED": "1"},
            self.folder / "temporal.log",
            self._temporal_answers,
        )

    def _temporal_answers(self) -> bool:
        async def check() -> bool:
            client = await Client.connect(f"{LOOPBACK}:{self.ports['temporal']}", lazy=True)
            async with asyncio.timeout(2):
                return await client.service_client.check_health()

        try:
            return asyncio.run(check())
        except (RuntimeError, TimeoutError):
            return False

    def _nats(self) -> Part:
        file = self.folder / "nats.conf"
        text = nats_config(
            host=LOOPBACK,
            port=self.ports["nats"],
            store=self.folder / "nats",
            passwords=self.passwords,
        )
        somebody = f'  users: [\n    {{ user: root, password: "{ROOT}" }}'
        file.write_text(text.replace("  users: [", somebody), "utf-8")
        return Part(
            "nats",
            [binary("nats-server"), "--config", str(file)],
            self._plain_environment(),
            self.folder / "nats.log",
            lambda: _listens(self.ports["nats"]),
        )

    def _assay(
        self,
        name: str,
        role: str,
        command: str,
        ready: Callable[[], bool],
        environment: Mapping[str, str],
    ) -> Part:
        temporal = self._link(f"{name}-temporal", self.ports["temporal"])
        nats = self._link(f"{name}-nats", self.ports["nats"])
        log = self.folder / f"{name}.log"
        log.touch()
        part = Part(
            name,
            [sys.executable, "-m", "tests.faults.harness.scaled", command],
            self._plain_environment()
            | {
                "ASSAY_DATA_DIR": str(self.folder),
                "ASSAY_DATABASE_URL": self.database_url,
                "ASSAY_NATS_URL": (f"nats://{role}:{self.passwords[role]}@{LOOPBACK}:{nats.port}"),
                "TEMPORAL_ADDRESS": f"{LOOPBACK}:{temporal.port}",
                "PYTHONPATH": str(PACK.parents[1]),
                "PYTHONUNBUFFERED": "1",
                "ASSAY_LOG_FORMAT": "json",
                **self._settings,
                **environment,
            },
            log,
            ready,
        )
        if command == "worker":
            part.ready = lambda: _said_since(part, "worker ready")
        return part

    def _link(self, name: str, target: int) -> Link:
        link = Link(self.loop, free_port(), target)
        link.start()
        self.links[name] = link
        return link

    def _plain_environment(self) -> dict[str, str]:
        found = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return found | {"TMPDIR": str(self.folder / "tmp")}


def _said_since(part: Part, word: str) -> bool:
    """In this start of the process: the log keeps those before."""
    marker = f'"pid": {part.pid}'
    text = part.log.read_text("utf-8", "replace")
    began = text.rfind(marker)
    return began >= 0 and word in text[began:]


def _listens(port: int) -> bool:
    import socket

    with suppress(OSError), socket.create_connection((LOOPBACK, port), 0.5):
        return True
    return False


def until(condition: Callable[[], _T], within_s: float, what: str = "") -> _T:
    """The first true answer. Raises AssertionError."""
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:.0f} s: {what or condition}")
        time.sleep(POLL_S)
