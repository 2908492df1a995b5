"""What is installed is pinned, hashed, and says nothing of where it came from."""

import re
import tomllib

import pytest

from tests.conventions.tree import ROOT, text_of

LOCKED = ("requirements/run.txt", "requirements/dev.txt")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==\S+", re.MULTILINE)


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;]", text.strip())[0]).lower()


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_is_pinned_with_a_hash(name: str) -> None:
    text = text_of(name) or ""
    entries = re.split(r"(?<!\\)\n", text.strip())

    assert len(entries) > 20
    assert [
        entry for entry in entries if not _PIN.match(entry) or "--hash=sha256:" not in entry
    ] == []


@pytest.mark.parametrize("name", [*LOCKED, "requirements/run.in", "requirements/dev.in"])
def test_no_list_names_a_host(name: str) -> None:
    text = text_of(name) or ""

    assert re.findall(r"^.*(?:://|--index|--extra|--find|@ ).*$", text, re.MULTILINE) == []


def test_everything_the_project_declares_is_in_the_lists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]["local"]
    locked = {_name(pin) for pin in _PIN.findall(text_of("requirements/run.txt") or "")}

    assert {_name(item) for item in (*project["dependencies"], *optional)} - locked == set()


def test_what_runs_has_the_same_version_where_it_is_developed() -> None:
    run, dev = (
        dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", text_of(name) or "", re.M))
        for name in LOCKED
    )

    assert {name: dev.get(name) for name in run if dev.get(name) != run[name]} == {}
