"""What can be said of accessibility without a browser; axe and the keyboard come with one."""

import re
from importlib.resources import files
from itertools import product

import httpx2
import pytest

from api.services import Services
from tests.api.conftest import House
from tests.ui import markup
from tests.ui.scene import add_retried, add_scene

_LABELLED = ("input", "select", "textarea")
_AA = 4.5


@pytest.fixture
async def pages(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> dict[str, list[markup.Element]]:
    scene = await add_scene(services.database, ours)
    retried = await add_retried(services.database, ours)
    addresses = [*scene.pages, *retried.earlier, "/login", "/api/docs", "/msp/nothing"]
    return {address: markup.read((await client.get(address)).text) for address in addresses}


Pages = dict[str, list[markup.Element]]


async def test_everything_that_can_be_operated_has_a_name(pages: Pages) -> None:
    for address, elements in pages.items():
        labels = {e.get("for") for e in elements if e.tag == "label" and e.text()}
        for element in elements:
            if element.tag in ("a", "button", "summary"):
                assert element.text() or element.get("aria-label"), (address, element.attributes)
            if element.tag in _LABELLED and element.get("type") != "hidden":
                assert element.get("id") in labels, (address, element.attributes)
            if element.tag in ("progress", "nav", "dialog"):
                assert element.get("aria-label") or element.get("aria-labelledby"), address


async def test_ids_are_unique_and_references_lead_somewhere(pages: Pages) -> None:
    for address, elements in pages.items():
        ids = [e.get("id") for e in elements if e.get("id")]
        assert len(ids) == len(set(ids)), address
        for element in elements:
            for name in ("aria-labelledby", "aria-describedby", "data-copy", "data-open-dialog"):
                assert set(element.get(name).split()) <= set(ids), (address, name)


async def test_tables_have_captions_and_their_headings_a_scope(pages: Pages) -> None:
    for address, elements in pages.items():
        for table in (e for e in elements if e.tag == "table"):
            inside = table.walk()
            assert any(e.tag == "caption" and e.text() for e in inside), address
            assert all(e.get("scope") in ("col", "row") for e in inside if e.tag == "th"), address


async def test_pictures_are_silent_and_the_page_says_its_language(pages: Pages) -> None:
    for elements in pages.values():
        assert [e.get("lang") for e in elements if e.tag == "html"] == ["en"]
        assert all(e.get("aria-hidden") == "true" for e in elements if e.tag == "svg")
        assert all("alt" in e.attributes for e in elements if e.tag == "img")


async def test_every_verdict_has_words_and_an_icon_besides_its_colour(pages: Pages) -> None:
    for elements in pages.values():
        for badge in (e for e in elements if "tag" in e.get("class").split()):
            assert badge.text()
            assert any(e.tag == "svg" for e in badge.walk())


def test_the_colours_of_words_stand_out_in_both_themes() -> None:
    tokens = _tokens()
    pairs = [
        *product(["ink", "ink-2", "ink-3", "accent"], ["page", "surface", "surface-subtle"]),
        *[
            (tone, background)
            for tone in ("pass", "fail", "manual", "error", "neutral", "running")
            for background in (f"{tone}-soft", "surface")
        ],
    ]
    for (text, background), theme in product(pairs, (0, 1)):
        ratio = _contrast(tokens[text][theme], tokens[background][theme])
        assert ratio >= _AA, (text, background, theme, round(ratio, 2))


def test_white_words_stand_out_on_the_buttons() -> None:
    tokens = _tokens()
    for name in ("accent-solid", "accent-solid-hover", "danger-solid"):
        for theme in (0, 1):
            assert _contrast("#ffffff", tokens[name][theme]) >= _AA - 0.3, (name, theme)


def _tokens() -> dict[str, tuple[str, str]]:
    text = files("ui").joinpath("static", "tokens.css").read_text("utf-8")
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: (light, dark) for name, light, dark in found}


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
