"""Rules for every file of ui/, read as text."""

import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest

from api import looks
from api.result_query import ResultQuery

UI = Path(str(files("ui")))
STATIC = UI / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = sorted((UI / "templates").rglob("*.html"))
SCRIPTS = sorted(STATIC.glob("*.js"))
SPRITE = (VENDOR / "tabler-icons-3.52.0.svg").read_text("utf-8")
FORBIDDEN = {
    "an inline style": r"\sstyle\s*=|<style",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "an event handler": r"\son[a-z]+\s*=",
    "code for htmx": r"hx-on|js:|javascript:",
    "text marked as safe": r"\|\s*safe\b|Markup|autoescape",
    "another host": r"https?://(?!www\.w3\.org/)",
    "an attribute without quotes": r"\s[a-z-]+={{",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what: str, path: Path) -> None:
    assert not re.search(FORBIDDEN[what], path.read_text("utf-8"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_text_and_never_markup(path: Path) -> None:
    forbidden = r"\beval\(|new Function|\.(inner|outer)HTML|insertAdjacentHTML|document\.write"
    text = path.read_text("utf-8")
    assert not re.search(forbidden, text)
    assert not re.search(r"https?://|\.style\b", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_only_one_module_spells_the_event_names_of_htmx(path: Path) -> None:
    spelt = re.findall(r"""["']htmx:""", path.read_text("utf-8"))
    assert bool(spelt) == (path.name == "htmx-events.js")


def test_every_module_is_reached_from_the_first() -> None:
    reached, waiting = set(), ["app.js"]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        found = re.findall(r'(?:from|import) "\./([\w-]+\.js)"', (STATIC / name).read_text("utf-8"))
        waiting += [other for other in found if other not in reached]
    assert reached == {path.name for path in SCRIPTS}


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    symbols = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
    text = "".join(path.read_text("utf-8") for path in TEMPLATES)
    tables = [value for value in vars(looks).values() if isinstance(value, dict)]
    named = {look.icon for table in tables for look in table.values() if hasattr(look, "icon")}
    named |= {looks.WAITING.icon, looks.NOT_EVALUATED.icon, looks.STOPPED.icon}
    named |= set(re.findall(r'icon\("([\w-]+)"', text))
    assert named <= symbols


def test_every_static_file_that_a_template_names_is_there() -> None:
    text = "".join(path.read_text("utf-8") for path in TEMPLATES)
    for name in re.findall(r'(?:href|src)="/static/([^"#{]+)', text):
        assert (STATIC / name).is_file(), name


def test_vendored_files_are_the_ones_that_were_recorded() -> None:
    recorded = dict(re.findall(r"\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|", _vendor_readme()))
    shipped = {
        path.name for path in VENDOR.iterdir() if path.suffix in {".js", ".css", ".svg", ".woff2"}
    }
    assert set(recorded) == shipped
    for name, digest in recorded.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_the_filters_of_the_browser_are_those_of_the_server() -> None:
    text = (STATIC / "filters.js").read_text("utf-8")
    (keys,) = re.findall(r"ROW_KEYS = \[([^\]]*)\]", text)
    names = set(re.findall(r'"(\w+)"', keys))
    assert names | {"text", "sort"} == set(ResultQuery.model_fields)


def _vendor_readme() -> str:
    return (VENDOR / "README.md").read_text("utf-8")
