"""The commands of this room, against a service that is served."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.certificates import KeyPair
from api.services import Services
from assay.__main__ import app
from assay.key_file import KeyFile
from tests.api.conftest import House, browser, served
from tests.builders.scans import ROOT
from tests.onboarding.ids import CLIENT_ID, FOUND_ID


@pytest.fixture
async def command(
    services: Services, ours: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    from api.app import create_app

    async with browser(create_app(services), ours.username) as client:
        made = await client.post("/api/v1/tokens", json={"name": "test"})
    token = tmp_path / "token"
    token.write_text(made.json()["token"])
    async with served(services, ours.username) as server:
        monkeypatch.setenv("ASSAY_URL", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("ASSAY_TOKEN_FILE", str(token))

        async def run(*arguments: str, typed: str = "") -> Ended:
            return await asyncio.to_thread(_run, arguments, typed)

        yield run


@dataclass(frozen=True)
class Ended:
    exit_code: int
    stdout: str
    output: str


def _run(arguments: tuple[str, ...], typed: str) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "assay", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "300"},
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stdout + done.stderr)


def live(*more: str) -> tuple[str, ...]:
    return ("tenant", "add", "--live", "--tenant", FOUND_ID, "--client-id", CLIENT_ID, *more)


async def test_a_live_tenant_is_added_and_its_certificate_is_written(
    command: Any, tmp_path: Path
) -> None:
    added = await command(*live("--name", "Contoso live", "--domain", "contoso.onmicrosoft.com"))
    file = tmp_path / "assay.cer"
    shown = await command("tenant", "certificate", "Contoso live", "-o", str(file))

    assert added.exit_code == 0, added.output
    assert "Contoso live is registered" in added.output
    assert "CN=Assay for contoso.onmicrosoft.com" in shown.output
    assert file.read_bytes().startswith(b"\x30")


async def test_a_certificate_of_ones_own_takes_its_password_from_the_prompt_unseen(
    command: Any, tmp_path: Path, pair: KeyPair
) -> None:
    file = tmp_path / "mine.pfx"
    file.write_bytes(pair.pfx)
    added = await command(*live("--certificate", str(file), "--json"), typed="\n")

    found = json.loads(added.stdout[added.stdout.index("{") :])
    assert found["live"]["credential"]["thumbprint"] == pair.facts.thumbprint


async def test_a_certificate_is_replaced_from_a_file_with_its_password(
    command: Any, tmp_path: Path, pair: KeyPair
) -> None:
    await command(*live("--name", "Contoso live"))
    file, password = tmp_path / "mine.pfx", tmp_path / "password"
    file.write_bytes(pair.pfx)
    password.write_text("\n")
    shown = await command(
        *("tenant", "certificate", "Contoso live", "--replace", str(file)),
        *("--password-file", str(password)),
    )

    assert pair.facts.thumbprint in shown.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("tenant", "add"),
        ("tenant", "add", "--live", "--pack", "somewhere"),
        ("tenant", "add", "--live", "--tenant", FOUND_ID),
        (*live("--certificate", "not-there.pfx"),),
        ("tenant", "certificate", "x", "--new", "--replace", "y"),
        ("permissions", "--application", "file.json"),
        ("permissions", "--manifest", "file.json"),
    ],
)
async def test_a_call_that_makes_no_sense_is_a_usage_error(
    command: Any, arguments: tuple[str, ...]
) -> None:
    assert (await command(*arguments)).exit_code == 2


async def test_no_command_takes_a_secret_as_an_argument() -> None:
    for arguments in (("tenant", "add"), ("tenant", "certificate"), ("keys", "rotate")):
        shown = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "200"}).output
        options = {word for word in shown.split() if word.startswith("--")}
        assert not {"--password", "--secret", "--key", "--pfx", "--pem"} & options


async def test_permissions_are_listed_and_the_administrators_file_is_written(
    command: Any, tmp_path: Path
) -> None:
    await command(*live("--name", "Contoso live"))
    file = tmp_path / "application.json"
    manifest = tmp_path / "manifest.json"
    shown = await command(
        *("permissions", "--tenant", "Contoso live", "--profile", "E3-L1"),
        *("--application", str(file), "--manifest", str(manifest), "--json"),
    )

    found = json.loads(shown.stdout)
    assert found["profile"] == "E3-L1"
    assert json.loads(manifest.read_text()) == found["manifest"]
    assert json.loads(file.read_text())["tenant_id"] == FOUND_ID
    assert "Global Reader" in (await command("permissions")).output


async def test_the_plan_of_a_scan_is_shown(command: Any) -> None:
    shown = await command("scan", "plan", "--tenant", "Contoso", "--profile", "E5-L1", "--json")

    assert json.loads(shown.stdout)["profile"] == "E5-L1"
    assert "datasets" in (await command("scan", "plan", "--tenant", "Contoso")).output


async def test_a_connection_test_without_temporal_says_so(command: Any) -> None:
    shown = await command("tenant", "test", "Contoso")

    assert shown.exit_code == 1
    assert "does not answer" in shown.output


async def test_keys_are_made_once_and_rotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    file = KeyFile(tmp_path / "own" / "ring.json")
    monkeypatch.setenv("ASSAY_SECRET_KEYS_FILE", str(file.path))
    monkeypatch.setenv("ASSAY_DATABASE_URL", services.database.url)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["keys", *arguments], catch_exceptions=False)

    missing = await asyncio.to_thread(run, "rotate")
    made = await asyncio.to_thread(run, "init")
    first = file().current
    again = await asyncio.to_thread(run, "init")
    rotated = await asyncio.to_thread(run, "rotate", "--drop-old")

    assert (missing.exit_code, made.exit_code, again.exit_code) == (1, 0, 1)
    assert "0 secrets" in rotated.output
    assert set(file().keys) == {file().current} != {first}
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
