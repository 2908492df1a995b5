"""What is written about the project is true of it."""

import re
from typing import Any

import pytest

from assay.documents import ROOT, documents
from assay.settings import PREFIX, Settings
from checks.catalogue import benchmark
from checks.registry import datasets
from tests.conventions.tree import ROOMS, files, text_of

_MADE = documents()
_ROOM_HEADINGS = ("When to come here", "What lives here", "May import", "Its tests")
_CHANGELOG_HEADINGS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
_NOT_OURS = ("ui/static/vendor/",)


def _markdown() -> dict[str, str]:
    return {
        name: text
        for name in files()
        if name.endswith(".md")
        and not name.startswith(_NOT_OURS)
        and (text := text_of(name)) is not None
    }


PAGES = _markdown()


@pytest.mark.parametrize("path", sorted(_MADE), ids=lambda path: path.name)
def test_a_generated_document_is_up_to_date(path: Any) -> None:
    committed = path.read_text("utf-8") if path.exists() else ""

    assert _MADE[path] == committed, "run `make docs`"


def test_the_page_of_checks_has_every_recommendation_in_order() -> None:
    page = _MADE[ROOT / "docs" / "checks.md"]
    items = sorted(benchmark().recommendations, key=lambda item: item.sort_key)

    assert re.findall(r"^### ([\d.]+) \S", page, re.MULTILINE) == [item.id for item in items]
    assert re.findall(r"^`(\w+)` · level", page, re.MULTILINE) == [item.check for item in items]


def test_the_page_of_checks_has_every_dataset() -> None:
    page = _MADE[ROOT / "docs" / "checks.md"]

    assert re.findall(r"^\| `([a-z0-9_.]+)` \|", page, re.MULTILINE) == sorted(datasets())


def test_every_setting_is_described_and_no_other() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    described = set(re.findall(rf"\| `({PREFIX}[A-Z_]+)` \|", PAGES["docs/operating.md"]))
    mentioned = {
        name for text in PAGES.values() for name in re.findall(rf"\b{PREFIX}[A-Z_]+\b", text)
    }

    assert described == known
    assert mentioned - known == set()


def test_every_make_target_that_is_named_exists() -> None:
    makefile = text_of("Makefile") or ""
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {name for text in PAGES.values() for name in re.findall(r"\bmake ([a-z]+)`", text)}
    shown = {
        name for text in PAGES.values() for name in re.findall(r"^\s*make ([a-z]+)", text, re.M)
    }

    assert {"demo", "test"} <= shown
    assert (named | shown) - targets == set()


def test_every_file_that_a_page_links_to_is_there() -> None:
    missing = [
        f"{name}: {target}"
        for name, text in PAGES.items()
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
        if not (ROOT / name).parent.joinpath(target).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_on_one_screen_when_to_come_to_it(room: str) -> None:
    text = PAGES[f"{room}/README.md"]

    assert len(text.splitlines()) <= 20
    assert [heading for heading in _ROOM_HEADINGS if heading not in text] == []


def test_the_changelog_keeps_its_form() -> None:
    lines = PAGES["CHANGELOG.md"].splitlines()
    releases = [line for line in lines if line.startswith("## ")]
    groups = {line.removeprefix("### ") for line in lines if line.startswith("### ")}

    assert lines[0] == "# Changelog"
    assert releases[0] == "## [Unreleased]"
    dated = re.compile(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}")
    assert all(dated.fullmatch(release) for release in releases[1:])
    assert groups
    assert groups <= _CHANGELOG_HEADINGS


def test_decisions_are_numbered_without_gaps_and_say_what_they_cost() -> None:
    names = sorted(name for name in PAGES if name.startswith("docs/decisions/"))
    numbers = [int(name.removeprefix("docs/decisions/")[:4]) for name in names]
    headings = ("## Situation", "## Choice", "## What we gave up")

    assert numbers == list(range(1, len(names) + 1))
    assert [(n, h) for n in names for h in headings if h not in PAGES[n]] == []
