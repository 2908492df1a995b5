"""Whatever a tenant calls things is text: in every page and every live fragment."""

from datetime import UTC, datetime

import httpx2
import pytest

from api.scan_fragments import ScanFragments, history_lines
from api.scans_fragments import ScansFragments
from api.services import Services
from contracts.events import AnyEvent, SnapshotEvent, UnknownEvent
from contracts.scan import ScanState, ScanStatus
from store.events import list_events
from store.scans import list_scans, read_state
from tests.api.conftest import House
from tests.ui import markup
from tests.ui.scene import Scene, add_retried, add_scene

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' hx-get='/evil' hx-trigger='load",
    '" hx-on:click="alert(1)" style="x',
    "{{7*7}}{% raw %}${7*7}",
    "</textarea></template></tr></table><hx-partial hx-target='body'>gone</hx-partial>",
    "javascript:alert(1)",
    "<!--<svg/onload=alert(1)>",
    "\u202eevil\u200b&lt;b&gt;",
]


@pytest.mark.parametrize("end", [None, ScanStatus.FAILED])
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_changes_no_page(
    client: httpx2.AsyncClient, services: Services, ours: House, name: str, end: ScanStatus | None
) -> None:
    plain = await add_scene(services.database, ours, "plain", end=end)
    hostile = await add_scene(services.database, ours, name, end=end)
    for one, other in zip(plain.pages[3:7], hostile.pages[3:7], strict=True):
        expected, found = await client.get(one), await client.get(other)
        assert found.status_code == 200
        if "text=" not in one:
            assert markup.shapes(found.text) == markup.shapes(expected.text)
        assert name in "".join(_texts(found.text))


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_stays_text_in_the_lists(
    client: httpx2.AsyncClient, services: Services, ours: House, name: str
) -> None:
    scene = await add_scene(services.database, ours, name)
    for address in [*scene.pages[:2], *scene.pages[7:]]:
        page = (await client.get(address)).text
        assert name in "".join(_texts(page))
        _only_our_elements(page)


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_changes_no_page_of_an_earlier_attempt(
    client: httpx2.AsyncClient, services: Services, ours: House, name: str
) -> None:
    plain = await add_retried(services.database, ours)
    hostile = await add_retried(services.database, ours, name)
    for one, other in zip(plain.earlier, hostile.earlier, strict=True):
        expected, found = await client.get(one), await client.get(other)
        assert found.status_code == 200
        assert markup.shapes(found.text) == markup.shapes(expected.text)
        assert name in "".join(_texts(found.text))


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_changes_no_fragment(
    services: Services, ours: House, name: str
) -> None:
    expected = await _fragments(services, ours, await add_scene(services.database, ours))
    found = await _fragments(services, ours, await add_scene(services.database, ours, name))
    assert len(found) == len(expected)
    for one, other in zip(expected, found, strict=True):
        assert markup.shapes(other) == markup.shapes(one)


@pytest.mark.parametrize("name", HOSTILE)
async def test_an_event_of_a_hostile_kind_is_shown_as_text(
    services: Services, ours: House, name: str
) -> None:
    scene = await add_scene(services.database, ours)
    state = await _state(services, ours, scene)
    page = ScanFragments()
    page.html(_snapshot(state), now=NOW)
    event = UnknownEvent(scan_id=scene.scan_id, seq=state.seq + 1, at=NOW, event=name)
    html = page.html(event, now=NOW)
    assert name in "".join(_texts(html))
    _only_our_elements(html)


async def test_a_refused_pack_is_named_without_becoming_markup(client: httpx2.AsyncClient) -> None:
    files = {"pack": ("<img src=x>.zip", b"PK", "application/zip")}
    page = (await client.post("/msp/tenants", files=files)).text
    assert "pack.json" in page
    _only_our_elements(page)


async def _state(services: Services, house: House, scene: Scene) -> ScanState:
    async with services.database.read() as session:
        return await read_state(
            session, organisation_id=house.organisation_id, scan_id=scene.scan_id
        )


async def _fragments(services: Services, house: House, scene: Scene) -> list[str]:
    """What the sockets of the scan and of the list send for every stored event."""
    state = await _state(services, house, scene)
    async with services.database.read() as session:
        events = await list_events(
            session, organisation_id=house.organisation_id, scan_id=scene.scan_id
        )
        listed = await list_scans(session, organisation_id=house.organisation_id)
    page, rows = ScanFragments(), ScansFragments("all", 50)
    page.html(_snapshot(state), now=NOW, history=history_lines(events))
    rows.put(state for state in listed if state.scan_id == scene.scan_id)
    return [
        *[page.html(_later(event, state.seq), now=NOW) for event in events],
        rows.region(NOW),
        *[rows.html(_later(event, state.seq), now=NOW) for event in events],
    ]


def _snapshot(state: ScanState) -> SnapshotEvent:
    return SnapshotEvent(scan_id=state.scan_id, seq=state.seq, at=NOW, data=state)


def _later(event: AnyEvent, seq: int) -> AnyEvent:
    return event.model_copy(update={"seq": event.seq + seq})


def _texts(html: str) -> list[str]:
    return [
        text
        for element in markup.read(html)
        for text in [*element.texts, *[value or "" for value in element.attributes.values()]]
    ]


def _only_our_elements(html: str) -> None:
    for element in markup.read(html):
        assert not any(name.startswith(("on", "hx-on")) for name in element.attributes)
        assert "style" not in element.attributes
        assert element.tag != "script" or element.get("src").startswith("/static/")
        assert element.tag != "img" or element.get("src") == "/static/mark.svg"
        assert not element.get("href").startswith("javascript:")
        if "hx-get" in element.attributes:
            assert element.get("hx-get").startswith("/msp/cspm/scans/")
