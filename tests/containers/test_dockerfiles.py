"""The images are built from pinned parts, hold no secret, and run as nobody in particular."""

import fnmatch
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay.modules import PINS, pins
from assay.settings import PREFIX, Settings
from tests.containers.compose import example, ours
from tests.conventions.tree import ROOT, files
from tests.powershell.syntax import errors, parse

_FILES = ("docker/api.Dockerfile", "docker/worker.Dockerfile")
each = pytest.mark.parametrize("file", _FILES)


@dataclass(frozen=True)
class Line:
    word: str
    rest: str
    stage: int


def _lines(file: str) -> list[Line]:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / file).read_text("utf-8"), flags=re.MULTILINE)
    found: list[Line] = []
    stage = -1
    for raw in filter(None, text.replace("\\\n", " ").splitlines()):
        word, _, rest = raw.partition(" ")
        stage += word == "FROM"
        found.append(Line(word, re.sub(r"\s+", " ", rest).strip(), stage))
    return found


def _last_stage(file: str) -> list[Line]:
    lines = _lines(file)
    return [line for line in lines if line.stage == lines[-1].stage]


@each
def test_every_base_is_the_one_pinned_image(file: str) -> None:
    lines = _lines(file)
    version = example()["PYTHON_VERSION"]

    assert lines[0] == Line("ARG", f"PYTHON_IMAGE=python:{version}-slim-bookworm", -1)
    bases = [line.rest for line in lines if line.word == "FROM"]
    assert {base.split(" ")[0] for base in bases} == {"${PYTHON_IMAGE}"}


def test_the_pinned_powershell_is_the_same_in_both_places() -> None:
    arguments = dict(
        line.rest.split("=", 1) for line in _lines("docker/worker.Dockerfile") if line.word == "ARG"
    )

    for name in ("POWERSHELL_VERSION", "POWERSHELL_SHA256"):
        assert arguments[name] == example()[name]
    assert example()["POWERSHELL_VERSION"].startswith("7.6.")
    assert re.fullmatch(r"[0-9a-f]{64}", arguments["POWERSHELL_SHA256"])


@each
def test_it_runs_as_a_numbered_user_under_an_init(file: str) -> None:
    last = _last_stage(file)
    users = [line.rest for line in last if line.word == "USER"]
    after = last[[line.word for line in last].index("USER") :]

    assert users == ["10001:10001"]
    assert [line.rest for line in last if line.word == "ENTRYPOINT"] == ['["tini", "--"]']
    assert [line.rest for line in after if re.search(r"apt-get|pip |chown|chmod", line.rest)] == []


@each
def test_nothing_that_is_fetched_is_run_unseen(file: str) -> None:
    lines = _lines(file)
    runs = [line.rest for line in lines if line.word == "RUN"]

    assert [run for run in runs if re.search(r"\b(?:curl|wget)\b", run)] == []
    assert [run for run in runs if re.search(r"\|\s*(?:ba)?sh\b", run)] == []
    fetched = [line for line in lines if line.word == "ADD"]
    for line in fetched:
        own = [other.rest for other in lines if other.stage == line.stage]
        assert any("sha256sum --check --strict" in rest for rest in own)
    assert {line.rest.split("/")[2] for line in fetched} <= {"github.com"}


@each
def test_python_packages_are_the_locked_ones(file: str) -> None:
    runs = " && ".join(line.rest for line in _lines(file) if line.word == "RUN")
    installs = re.findall(r"pip install ([^&]+)", runs)

    assert installs
    assert [it for it in installs if not re.match(r"--(?:require-hashes|no-deps) ", it)] == []
    assert [
        it for it in re.findall(r"apt-get install ([^&]+)", runs) if "--no-inst" not in it
    ] == []


@each
def test_a_variable_of_ours_in_an_image_is_a_setting(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    known = {PREFIX + field.upper() for field in Settings.model_fields}

    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", text)) <= known
    assert re.findall(r"(?i)passw|token", text) == []


def test_powershell_tells_nobody_and_is_checked_at_every_start() -> None:
    environment = " ".join(
        line.rest for line in _last_stage("docker/worker.Dockerfile") if line.word == "ENV"
    )

    assert "POWERSHELL_TELEMETRY_OPTOUT=1" in environment
    assert "ASSAY_MODULES_MUST_MATCH=true" in environment


def test_both_images_hold_the_same_assay() -> None:
    built = [
        [(line.word, line.rest) for line in _lines(file) if line.stage == 0] for file in _FILES
    ]

    assert built[0] == built[1]


def test_the_compose_file_builds_these_files_with_arguments_they_have() -> None:
    for service in ours().values():
        arguments = {
            line.rest.split("=")[0]
            for line in _lines(service["build"]["dockerfile"])
            if line.word == "ARG"
        }
        assert set(service["build"]["args"]) <= arguments


def _context() -> list[str]:
    """The files that a build can see, by .dockerignore: all but the listed are left out."""
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert rules[0] == "*"
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    dropped = [rule for rule in rules[1:] if not rule.startswith("!")]
    return [
        name
        for name in files()
        if any(name == item or name.startswith(f"{item}/") for item in kept)
        and not any(
            fnmatch.fnmatch(name, rule.replace("**/", "*")) or name.startswith(f"{rule}/")
            for rule in dropped
        )
    ]


def test_what_is_copied_is_there_and_nothing_else_can_be() -> None:
    context = _context()
    wanted = {
        source
        for file in _FILES
        for line in _lines(file)
        if line.word == "COPY" and not line.rest.startswith("--from")
        for source in line.rest.split(" ")[:-1]
        if source != "."
    }

    assert wanted - set(context) == set()
    assert {name.split("/")[0] for name in context} & {"tests", ".git", "secrets", "var"} == set()
    assert [name for name in context if name.startswith("powershell/tests/")] == []


def test_what_a_build_sees_makes_a_whole_installation(tmp_path: Path) -> None:
    for name in _context():
        (tmp_path / "context" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / "context" / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=tmp_path / "context",
        check=True,
        capture_output=True,
        timeout=60,
    )

    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    rooms = tuple(f"{room}/" for room in ("assay", "powershell", "ui", "store", "checks", "demo"))
    assert {name for name in _context() if name.startswith(rooms)} <= names
    assert {PINS, "powershell/Invoke-Collector.ps1", "store/migrations/env.py"} <= names


def test_the_pins_name_the_modules_that_collectors_load() -> None:
    script = (ROOT / "powershell" / "Connect.psm1").read_text("utf-8")
    table = script[script.index("$script:Modules = @{") :]
    loaded = dict(re.findall(r"^    (\w+)\s+= '([\w.]+)'", table[: table.index("\n}")], re.M))

    assert {service: pin.name for pin in pins(ROOT) for service in pin.services} == loaded
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", pin.version) for pin in pins(ROOT))


def test_the_script_that_saves_the_modules_reads_as_powershell() -> None:
    source = (ROOT / "docker" / "Save-Modules.ps1").read_text("utf-8")

    assert errors(parse(source)) == []
    assert "Set-StrictMode -Version Latest" in source
    assert re.findall(r"PSGallery|https?:|Invoke-Expression|Install-", source) == []
