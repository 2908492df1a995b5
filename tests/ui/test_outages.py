"""A page says what it misses, and takes it back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect

from api import outages
from api.app import create_app
from api.outages import SENTENCES, Outages, beside
from api.services import Services
from tests.api.conftest import House, browser, served
from tests.servers import NatsServer
from tests.ui.scene import add_scene

WORKFLOWS, NEWS = "The workflow service does not answer.", "Live updates are delayed"


@pytest.fixture
def quick(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Looks often, and says at once what it sees."""
    monkeypatch.setattr(outages, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(outages, "ASK_TEMPORAL_EVERY_S", 0.02)
    return replace(services, outages=Outages(blink_s=0))


async def test_every_page_says_what_is_away_and_sign_in_does_not(
    services: Services, ours: House
) -> None:
    known = Outages(blink_s=0)
    known.note("temporal", away=True)
    services = replace(services, outages=known)
    async with browser(create_app(services), ours.username) as client:
        pages = [(await client.get(f"/msp/{name}")).text for name in ("cspm/scans", "tenants")]
        known.note("temporal", away=False)
        after = (await client.get("/msp/cspm/scans")).text
    async with browser(create_app(services)) as stranger:
        login = (await stranger.get("/login")).text

    assert all(WORKFLOWS in page and NEWS not in page for page in pages)
    assert WORKFLOWS not in after
    assert WORKFLOWS not in login


async def test_an_open_page_is_told_when_news_stop_and_when_they_flow_again(
    quick: Services, watched: Services, nats_server: NatsServer, ours: House
) -> None:
    scene = await add_scene(quick.database, ours)
    services = replace(quick, live=watched.live)
    async with served(services, ours.username) as server:
        address = server.socket(f"{scene.page}/live")
        async with connect(address, additional_headers=server.headers()) as socket:
            messages = _contents(socket)
            await _until(messages, lambda content: NEWS not in content)
            nats_server.kill()
            await _until(messages, lambda content: NEWS in content)
            nats_server.start()
            await _until(messages, lambda content: NEWS not in content)


async def _contents(socket: AsyncIterator[str | bytes]) -> AsyncIterator[str]:
    async for text in socket:
        yield json.loads(text)["content"]


async def _until(messages: AsyncIterator[str], condition: Callable[[str], bool]) -> None:
    async with asyncio.timeout(20):
        async for content in messages:
            if "outages" in content and condition(content):
                return


def test_what_is_away_for_a_blink_is_not_worth_a_word() -> None:
    known = Outages(blink_s=3600)
    known.note("news", away=True)
    assert known.sentences() == ()

    known = Outages(blink_s=0)
    known.note("news", away=True)
    assert known.sentences() == (SENTENCES["news"],)


async def test_what_changed_is_told_between_the_texts_and_none_of_them_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outages, "LOOK_EVERY_S", 0.01)
    away: list[str] = []

    async def texts() -> AsyncIterator[str]:
        yield "one"
        away.append("news")
        await asyncio.sleep(0.1)
        away.clear()
        yield "two"

    found = [text async for text in beside(texts(), lambda: tuple(away), lambda: f"away: {away}")]

    assert found == ["one", "away: ['news']", "away: []", "two"]
