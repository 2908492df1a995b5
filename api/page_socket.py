"""The sockets of the pages: the same events as the JSON socket, as fragments of HTML.

A message is one JSON object: `event` names its kind for ui/static/live.js, `content` is what the
page swaps in. The first message says all; whoever comes back gets all again.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, WebSocket

from api.activity import SHOWN, ActivityLine
from api.dependencies import Operator, Wired
from api.identity import Who, still_signed_in
from api.live import follow, follow_organisation
from api.outages import beside
from api.pages_scans import PAGE_LENGTH, temporal_link
from api.rendering import render, utc_now
from api.scan_fragments import ScanFragments, history_lines
from api.scan_socket import may_watch
from api.scans_fragments import ScansFragments, Tab
from api.services import Services
from api.sockets import serve
from api.time_left import moves_the_end, time_left_of
from contracts.errors import ScanNotFound
from contracts.events import AnyEvent, SnapshotEvent
from contracts.scan import ScanState
from store.events import list_events
from store.scans import list_scans, read_state

router = APIRouter()


@router.websocket("/msp/cspm/scans/{scan_id}/live")
async def scan_live(socket: WebSocket, scan_id: UUID, who: Operator, services: Wired) -> None:
    """Origin and login are the gate's; the right to this scan is checked here, before accept."""
    if not await may_watch(services, who, str(scan_id)):
        await socket.close(1008)
        return
    events = follow(services, organisation_id=who.organisation_id, scan_id=str(scan_id))
    pieces = _scan_messages(services, who, events)
    async with aclosing(events), aclosing(pieces), aclosing(_with(services, pieces)) as texts:
        await serve(socket, texts, still_allowed=lambda: may_watch(services, who, str(scan_id)))


@router.websocket("/msp/cspm/scans/live")
async def scans_live(
    socket: WebSocket, who: Operator, services: Wired, tab: Annotated[Tab, Query()] = "all"
) -> None:
    events = follow_organisation(services, organisation_id=who.organisation_id)
    pieces = _list_messages(services, who, events, tab)
    async with aclosing(events), aclosing(pieces), aclosing(_with(services, pieces)) as texts:
        await serve(socket, texts, still_allowed=lambda: still_signed_in(services, who))


async def _scan_messages(
    services: Services, who: Who, events: AsyncIterator[AnyEvent]
) -> AsyncGenerator[str, None]:
    page = ScanFragments()
    async for event in events:
        history: list[ActivityLine] = []
        if isinstance(event, SnapshotEvent):
            page.temporal_url = temporal_link(services, event.data)
            history = await _history(services, who, event.data.scan_id, event.data.seq)
        now = utc_now()
        if moves_the_end(event):
            page.estimate = await time_left_of(
                services, organisation_id=who.organisation_id, scan_id=event.scan_id, now=now
            )
        content = page.html(event, now=now, history=history)
        if isinstance(event, SnapshotEvent):
            content += _outages(services)
        if content:
            yield message(event, content, title=page.title)


async def _history(services: Services, who: Who, scan_id: str, seq: int) -> list[ActivityLine]:
    async with services.database.read() as session:
        events = await list_events(
            session,
            organisation_id=who.organisation_id,
            scan_id=scan_id,
            after=max(0, seq - SHOWN),
            limit=SHOWN,
        )
    return history_lines(event for event in events if event.seq <= seq)


async def _list_messages(
    services: Services, who: Who, events: AsyncIterator[AnyEvent], tab: Tab
) -> AsyncGenerator[str, None]:
    """The list as it is now, then what changes in it."""
    page = ScansFragments(tab, PAGE_LENGTH)
    async with services.database.read() as session:
        for active in (True, False):
            page.put(
                await list_scans(
                    session,
                    organisation_id=who.organisation_id,
                    active=active,
                    limit=PAGE_LENGTH,
                )
            )
    content = page.region(utc_now()) + _outages(services)
    yield json.dumps({"event": "snapshot", "content": content})
    async for event in events:
        if page.knows(event.scan_id):
            content = page.html(event, now=utc_now())
        else:
            page.put(await _one_more(services, who, event.scan_id))
            content = page.region(utc_now())
        if content:
            yield message(event, content)


async def _one_more(services: Services, who: Who, scan_id: str) -> list[ScanState]:
    """Empty when the scan was taken back in the meantime."""
    async with services.database.read() as session:
        try:
            state = await read_state(session, organisation_id=who.organisation_id, scan_id=scan_id)
        except ScanNotFound:
            return []
    return [state]


def _with(services: Services, pieces: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """The pieces, and what is away whenever that changes."""

    def told() -> str:
        return json.dumps({"event": "outages", "content": _outages(services)})

    return beside(pieces, services.outages.sentences, told)


def _outages(services: Services) -> str:
    return render("parts/outages_partial.html", outages=services.outages.sentences())


def message(event: AnyEvent, content: str, *, title: str = "") -> str:
    return json.dumps({"event": event.event, "seq": event.seq, "title": title, "content": content})
