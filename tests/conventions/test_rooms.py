"""What keeps rooms apart and functions readable, where import-linter and ruff do not look."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from checks.registry import CHECKS
from tests.conventions.tree import (
    ROOMS,
    ROOT,
    dotted,
    files,
    functions,
    module_of,
    python_files,
    tree_of,
)

MAX_MODULE = 400
MAX_FUNCTION = 40
_LONG_ON_PURPOSE = {
    "store/migrations/versions": "a released migration is a list of tables and never edited",
}
_NOT_IMPORTED = {
    "store/migrations/env.py": "run by Alembic, inside a migration",
}
_CATCH_ALL = {
    "checks/evaluate.py": "a bug of a check becomes its own error verdict",
    "checks/custom.py": "whatever an organisation's own file raises is its refusal",
}
_CLOCK_ROOMS = ("activities", "api", "assay")
_CLOCK = {
    "contracts/events.py": "an unknown event's own time may be unreadable",
}
_CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
}

# Anything that reaches outside the interpreter while a module is imported.
_IMPORT_ALL = """
import importlib, sys
touched = []
def look(event, arguments):
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.fork",
                 "os.mkdir", "os.remove", "os.rename"):
        touched.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        touched.append(f"open {arguments[0]}")
sys.addaudithook(look)
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert not touched, (name, touched)
"""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_in_a_bare_environment_and_touches_nothing(
    room: str, tmp_path: Path
) -> None:
    modules = [module_of(name) for name in python_files(room) if name not in _NOT_IMPORTED]

    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL, *modules],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr[-1000:]
    assert os.listdir(tmp_path) == []


def test_only_the_checks_name_their_modules_in_init() -> None:
    filled = [
        name
        for name in files()
        if name.endswith("__init__.py") and (ROOT / name).read_text("utf-8").strip()
    ]

    assert filled == ["checks/__init__.py"]


def test_no_check_module_is_forgotten() -> None:
    named = {
        alias.name
        for node in ast.walk(tree_of("checks/__init__.py"))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for name in python_files("checks"):
        importlib.import_module(module_of(name))
    with_checks = {check.judge.__module__ for check in CHECKS.values()}

    assert named == with_checks


def test_the_environment_is_read_in_the_settings_alone() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name in python_files(*ROOMS, "demo", "bench")
        for node in ast.walk(tree_of(name))
        if _reads_environment(node)
    ]

    assert {place.partition(":")[0] for place in found} == {"assay/settings.py"}, found


def test_nobody_catches_everything() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name in python_files(*ROOMS, "demo", "bench")
        if name not in _CATCH_ALL
        for node in ast.walk(tree_of(name))
        if _catches_everything(node)
    ]

    assert not found, f"only in {_CATCH_ALL} and where a process begins: {found}"


def test_the_clock_is_read_at_the_edges_alone() -> None:
    inner = [room for room in ROOMS if room not in _CLOCK_ROOMS]
    found = [
        f"{name}:{node.lineno}"
        for name in python_files(*inner)
        if name not in _CLOCK
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Attribute) and _ends_like(dotted(node), _CLOCKS)
    ]

    assert not found, f"pass the time in: {found}"


def test_every_exception_to_a_rule_is_still_needed() -> None:
    files_named = {*_NOT_IMPORTED, *_CATCH_ALL, *_CLOCK}

    assert files_named <= set(files())
    assert all(any(_catches_everything(n) for n in ast.walk(tree_of(f))) for f in _CATCH_ALL)
    assert all(any(_ends_like(dotted(n), _CLOCKS) for n in _attributes(f)) for f in _CLOCK)


def test_modules_stay_small() -> None:
    long = [
        f"{name} has {lines} lines"
        for name in python_files(*ROOMS, "demo", "bench", "tests")
        if (lines := len((ROOT / name).read_text("utf-8").splitlines())) > MAX_MODULE
    ]

    assert not long, "\n".join(long)


def test_functions_stay_small() -> None:
    """Outside tests, whose lists of cases are data."""
    long = [
        f"{name}:{function.name} has {lines} lines"
        for name in python_files(*ROOMS, "demo", "bench")
        if os.path.dirname(name) not in _LONG_ON_PURPOSE
        for function in functions(name)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION
    ]

    assert not long, "\n".join(long)


def _reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any("env" in alias.name for alias in node.names)
    if isinstance(node, ast.Attribute):
        return dotted(node) in ("os.environ", "os.environb", "os.getenv", "os.putenv")
    return False


def _catches_everything(node: ast.AST) -> bool:
    """`except BaseException` that ends in `raise` tidies up and lets everything through."""
    if isinstance(node, ast.Call) and dotted(node.func).endswith("suppress"):
        return any(dotted(kind) in ("Exception", "BaseException") for kind in node.args)
    if not isinstance(node, ast.ExceptHandler):
        return False
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    names = {"" if kind is None else dotted(kind) for kind in kinds}
    last = node.body[-1]
    passes_on = isinstance(last, ast.Raise) and last.exc is None
    return bool(names & {"", "Exception", "BaseException"}) and not passes_on


def _attributes(name: str) -> list[ast.Attribute]:
    return [node for node in ast.walk(tree_of(name)) if isinstance(node, ast.Attribute)]


def _ends_like(name: str, wanted: set[str]) -> bool:
    return any(name == item or name.endswith(f".{item}") for item in wanted)
