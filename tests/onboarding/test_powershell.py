"""How a live tenant is read: what the process gets, and where its secret never is."""

import base64
import json
import logging
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from activities.collector import CollectorCommand
from activities.collectors import NO_POWERSHELL, LocalCollectors, NoCollector, Remote
from activities.credentials import Credentials
from activities.scratch import scratch_folder, sweep
from api.certificates import KeyPair
from assay.key_file import KeyFile
from contracts.collector import DatasetStatus
from store.database import Database
from tests.activities.stage import Stage
from tests.builders.scans import ROOT
from tests.onboarding.ids import CLIENT_ID
from tests.onboarding.powershell import (
    FakePowerShell,
    add_live_tenant,
    add_scan,
    give_certificate,
    live_collectors,
    path_without_powershell,
)

SOURCE: dict[str, Any] = {
    "organisation_id": "o",
    "tenant_id": "t",
    "connection": "powershell",
    "settings": {"client_id": CLIENT_ID},
    "domain": "contoso.onmicrosoft.com",
    "service": "exchange",
}


@pytest.fixture
def pwsh(tmp_path: Path) -> FakePowerShell:
    return FakePowerShell.install(tmp_path / "bin")


@pytest.fixture
def own_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def stage_of(
    database: Database, key_file: KeyFile, pair: KeyPair, path: str, *recommendations: str
) -> Stage:
    tenant = await add_live_tenant(database)
    await give_certificate(database, tenant, key_file, pair)
    collectors = live_collectors(path, Credentials(database, key_file))
    return Stage(database, collectors, await add_scan(database, tenant, *recommendations))


async def test_a_live_tenant_is_read_and_judged(
    sqlite: Database, key_file: KeyFile, pair: KeyPair, pwsh: FakePowerShell
) -> None:
    stage = await stage_of(sqlite, key_file, pair, pwsh.path, "1.1.1", "1.1.3")
    await stage.until_settled("graph")
    await stage.joint()

    assert set(await stage.verdicts()) == {"1.1.1", "1.1.3"}
    assert (await stage.datasets())["graph.users"].status == "ok"


async def test_the_secret_goes_through_stdin_alone(
    sqlite: Database,
    key_file: KeyFile,
    pair: KeyPair,
    pwsh: FakePowerShell,
    tmp_path: Path,
    own_temp: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("aiosqlite").setLevel(logging.INFO)  # repeats every statement
    stage = await stage_of(sqlite, key_file, pair, pwsh.path, "1.1.1", "6.1.1")
    for service in ("graph", "exchange"):
        await stage.until_settled(service)
    await stage.joint()
    await sqlite.close()
    canary = base64.b64encode(pair.pfx).decode()
    piece = canary[40:200]

    seen = pwsh.seen()
    assert len(seen) == 2
    for record in seen:
        assert json.loads(record["stdin"])["credential"] == {
            "client_id": CLIENT_ID,
            "certificate": canary,
        }
        assert piece not in json.dumps([record["argv"], record["environment"]])
    files = [file.read_bytes() for file in tmp_path.glob("*.db*")]
    told = "".join(event.model_dump_json() for event in stage.heard.events)
    assert files
    for place in (*files, told.encode(), caplog.text.encode(), json.dumps(stage.beats).encode()):
        assert piece.encode() not in place
        assert pair.pfx[100:200] not in place
    assert os.listdir(own_temp) == []


async def test_what_the_collector_says_of_the_secret_is_redacted_in_its_log(
    sqlite: Database, key_file: KeyFile, pair: KeyPair, pwsh: FakePowerShell
) -> None:
    stage = await stage_of(sqlite, key_file, pair, pwsh.path, "1.1.1")
    await stage.until_settled("graph")

    log = await stage.log("graph")
    assert "connecting with [redacted]" in log
    assert "WARNING: [redacted]" in log
    assert base64.b64encode(pair.pfx).decode() not in log


async def test_the_process_is_told_never_to_ask_a_person(
    sqlite: Database, key_file: KeyFile, pair: KeyPair, pwsh: FakePowerShell
) -> None:
    tenant = await add_live_tenant(sqlite)
    await give_certificate(sqlite, tenant, key_file, pair)
    collectors = live_collectors(pwsh.path, Credentials(sqlite, key_file))
    source = await collectors.source(
        **SOURCE | {"organisation_id": tenant.organisation_id, "tenant_id": tenant.id}
    )

    assert isinstance(source.command, CollectorCommand)
    assert source.command.argv == (
        str(pwsh.folder / "pwsh"),
        "-NoLogo",
        "-NoProfile",
        "-NonInteractive",
        "-File",
        str(ROOT / "powershell" / "Invoke-Collector.ps1"),
    )
    assert (ROOT / "powershell" / "Invoke-Collector.ps1").is_file()
    assert set(source.command.environment) == {
        "PATH",
        "POWERSHELL_TELEMETRY_OPTOUT",
        "POWERSHELL_UPDATECHECK",
    }
    assert source.credential["certificate"] not in repr(source)


async def test_a_worker_without_powershell_says_so_and_never_passes(
    sqlite: Database, key_file: KeyFile, pair: KeyPair
) -> None:
    stage = await stage_of(sqlite, key_file, pair, path_without_powershell(), "1.1.1", "1.1.3")
    await stage.until_settled("graph")
    await stage.joint()

    read = (await stage.datasets())["graph.users"]
    assert (read.status, read.message) == (DatasetStatus.OTHER, NO_POWERSHELL)
    assert set((await stage.verdicts()).values()) == {"error"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"domain": ""}, "initial domain is not known"),
        ({"tenant_id": "nobody"}, "no credential"),
    ],
)
async def test_what_is_missing_is_named_before_anything_starts(
    sqlite: Database,
    key_file: KeyFile,
    pwsh: FakePowerShell,
    changes: dict[str, str],
    says: str,
) -> None:
    collectors = live_collectors(pwsh.path, Credentials(sqlite, key_file))

    with pytest.raises(NoCollector, match=says) as refusal:
        await collectors.source(**SOURCE | changes)
    assert refusal.value.error.kind == "other"
    assert pwsh.seen() == []


async def test_a_worker_without_a_key_ring_opens_nothing(pwsh: FakePowerShell) -> None:
    with pytest.raises(NoCollector, match="key ring"):
        await live_collectors(pwsh.path, None).source(**SOURCE)


async def test_an_expired_certificate_is_named_and_not_tried(
    sqlite: Database, key_file: KeyFile, pair: KeyPair, pwsh: FakePowerShell
) -> None:
    from datetime import UTC, datetime

    from sqlalchemy import update

    from store.tables import Credential

    stage = await stage_of(sqlite, key_file, pair, pwsh.path, "1.1.1")
    async with sqlite.begin() as session:
        await session.execute(
            update(Credential).values(expires_at=datetime(2026, 5, 3, tzinfo=UTC))
        )
    await stage.until_settled("graph")

    read = (await stage.datasets())["graph.users"]
    assert read.status == DatasetStatus.DENIED
    assert "expired on 3 May 2026" in read.message
    assert pwsh.seen() == []


async def test_a_collector_of_another_tenant_is_refused(
    sqlite: Database, key_file: KeyFile, pair: KeyPair, pwsh: FakePowerShell
) -> None:
    tenant = await add_live_tenant(sqlite, microsoft_id="aaaaaaaa-0000-4000-8000-00000000000b")
    await give_certificate(sqlite, tenant, key_file, pair)
    collectors = live_collectors(pwsh.path, Credentials(sqlite, key_file))
    stage = Stage(sqlite, collectors, await add_scan(sqlite, tenant, "1.1.1"))
    await stage.until_settled("graph")

    read = (await stage.datasets())["graph.users"]
    assert "another tenant" in read.message
    assert read.rows == 0


async def test_recorded_tenants_and_dns_need_no_powershell(collectors: LocalCollectors) -> None:
    replay = await collectors.source(
        **SOURCE | {"connection": "recorded", "settings": {"pack": "p", "client_id": "c"}}
    )
    dns = await collectors.source(**SOURCE | {"service": "dns", "settings": {"remote": True}})
    remote = await collectors.source(**SOURCE | {"settings": {"remote": True}})

    assert replay.credential == {"pack": "p"}
    assert isinstance(dns.command, CollectorCommand)
    assert dns.command.argv[-1] == "activities.dns_collector"
    assert isinstance(remote.command, Remote)


@pytest.fixture
def collectors() -> LocalCollectors:
    return live_collectors(path_without_powershell(), None)


async def test_a_scratch_folder_is_its_owners_alone_and_goes_with_its_body(own_temp: Path) -> None:
    async with scratch_folder() as folder:
        (folder / "file").write_text("x")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.parent == own_temp

    assert os.listdir(own_temp) == []


async def test_a_scratch_folder_goes_when_its_body_fails(own_temp: Path) -> None:
    async def fail() -> None:
        async with scratch_folder() as folder:
            (folder / "file").write_text("x")
            raise ValueError

    with pytest.raises(ValueError):
        await fail()
    assert os.listdir(own_temp) == []


def test_what_a_dead_worker_left_is_swept_and_the_living_keep_theirs(own_temp: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = own_temp / f"assay-collector-{ended.pid}-abc"
    alive = own_temp / f"assay-collector-{os.getpid()}-abc"
    other = own_temp / "something-else"
    for folder in (dead, alive, other):
        folder.mkdir()

    sweep()

    assert sorted(os.listdir(own_temp)) == sorted([alive.name, other.name])
