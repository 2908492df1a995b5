"""The events of a scan, without gap and without repeat: from the database, then as they happen."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime

from api.hub import Listener, LiveHub
from api.services import Services
from contracts.events import AnyEvent, SnapshotEvent, StatusEvent
from contracts.scan import ScanState, ScanStatus
from store.events import list_events
from store.scans import get_scan, list_scans, owns_scan, read_state

__all__ = ["LiveHub", "follow", "follow_organisation"]

RESUME_AT_MOST = 500
LOOK_EVERY_S = 30.0
LOOK_EVERY_WITHOUT_NEWS_S = 2.0
_NEWEST_SCANS = 50
_ALL = 100_000  # a scan leaves some hundred events


async def follow(
    services: Services, *, organisation_id: str, scan_id: str, after: int | None = None
) -> AsyncGenerator[AnyEvent, None]:
    """A snapshot, or with `after` what followed that seq; then everything until the scan's end.

    Raises ScanNotFound before the first event, also for a scan of somebody else.
    """
    reader = _Reader(services, organisation_id, scan_id)
    with services.live.listen(scan_id) as listener:
        for event in await reader.opening(after):
            yield event
        while not reader.at_the_end:
            for event in await reader.next_events(listener):
                yield event


class _Reader:
    """Where one reader of a scan stands."""

    def __init__(self, services: Services, organisation_id: str, scan_id: str) -> None:
        self._services = services
        self._organisation_id = organisation_id
        self._scan_id = scan_id
        self._seq = 0
        self._looked_at = 0.0
        self.at_the_end = False

    async def opening(self, after: int | None) -> list[AnyEvent]:
        async with self._services.database.read() as session:
            scan = await get_scan(
                session, organisation_id=self._organisation_id, scan_id=self._scan_id
            )
        if after is None or after > scan.seq or scan.seq - after > RESUME_AT_MOST:
            return [await self._snapshot()]
        self._seq = after
        events = await self._stored()
        self.at_the_end = await self._is_over()
        return events

    async def next_events(self, listener: Listener) -> list[AnyEvent]:
        waited = _now() - self._looked_at
        arrived = await listener.news(patience(self._services.live) - waited)
        if listener.took_fright():
            return [await self._snapshot()]
        if not arrived:
            return await self._stored()
        fresh = _in_order(arrived, self._seq)
        if fresh is None:
            return await self._stored()
        if fresh:
            await self._advance(fresh)
        return fresh

    async def _snapshot(self) -> AnyEvent:
        async with self._services.database.read() as session:
            state = await read_state(
                session, organisation_id=self._organisation_id, scan_id=self._scan_id
            )
        self._seq, self._looked_at = state.seq, _now()
        self.at_the_end = state.status.is_terminal
        return SnapshotEvent(scan_id=self._scan_id, seq=state.seq, at=datetime.now(UTC), data=state)

    async def _stored(self) -> list[AnyEvent]:
        """Every later event that the database holds."""
        async with self._services.database.read() as session:
            events = await list_events(
                session,
                organisation_id=self._organisation_id,
                scan_id=self._scan_id,
                after=self._seq,
                limit=_ALL,
            )
        self._looked_at = _now()
        if events:
            await self._advance(events)
        return events

    async def _advance(self, events: list[AnyEvent]) -> None:
        last = events[-1]
        self._seq, self._looked_at = last.seq, _now()
        if isinstance(last, StatusEvent) and last.status.is_terminal:
            self.at_the_end = await self._is_over()

    async def _is_over(self) -> bool:
        """Not when the scan was opened again in the meantime."""
        async with self._services.database.read() as session:
            scan = await get_scan(
                session, organisation_id=self._organisation_id, scan_id=self._scan_id
            )
        return ScanStatus(scan.status).is_terminal and scan.seq <= self._seq


async def follow_organisation(
    services: Services, *, organisation_id: str
) -> AsyncGenerator[AnyEvent, None]:
    """Where every recent scan stands, then each status event of the organisation's scans."""
    reader = _OrganisationReader(services, organisation_id)
    with services.live.listen_to_all() as listener:
        for event in await reader.stored():
            yield event
        while True:
            for event in await reader.next_events(listener):
                yield event


class _OrganisationReader:
    def __init__(self, services: Services, organisation_id: str) -> None:
        self._services = services
        self._organisation_id = organisation_id
        self._seqs: dict[str, int] = {}
        self._ours: dict[str, bool] = {}
        self._looked_at = 0.0

    async def next_events(self, listener: Listener) -> list[AnyEvent]:
        """Holes do not matter here: a status is the whole truth about a scan's progress."""
        waited = _now() - self._looked_at
        arrived = await listener.news(patience(self._services.live) - waited)
        if listener.took_fright() or not arrived:
            return await self.stored()
        return [
            event
            for event in arrived
            if isinstance(event, StatusEvent) and await self._is_ours(event) and self._is_new(event)
        ]

    async def stored(self) -> list[AnyEvent]:
        async with self._services.database.read() as session:
            states = await list_scans(
                session, organisation_id=self._organisation_id, limit=_NEWEST_SCANS
            )
        self._looked_at = _now()
        return [event for event in map(_as_status, states) if self._is_new(event)]

    def _is_new(self, event: StatusEvent) -> bool:
        if event.seq <= self._seqs.get(event.scan_id, -1):
            return False
        self._seqs[event.scan_id] = event.seq
        return True

    async def _is_ours(self, event: StatusEvent) -> bool:
        if event.scan_id not in self._ours:
            async with self._services.database.read() as session:
                self._ours[event.scan_id] = await owns_scan(
                    session, organisation_id=self._organisation_id, scan_id=event.scan_id
                )
        return self._ours[event.scan_id]


def patience(live: LiveHub) -> float:
    """How long silence is believed before the database is asked."""
    return LOOK_EVERY_S if live.connected else LOOK_EVERY_WITHOUT_NEWS_S


def _in_order(arrived: Iterable[AnyEvent], seq: int) -> list[AnyEvent] | None:
    """What follows `seq` without repeats; None when something is missing in between."""
    fresh = {event.seq: event for event in arrived if event.seq > seq}
    ordered = [fresh[number] for number in sorted(fresh)]
    if ordered and ordered[-1].seq - seq != len(ordered):
        return None
    return ordered


def _as_status(state: ScanState) -> StatusEvent:
    shared = state.model_dump(include=set(StatusEvent.model_fields))
    return StatusEvent(**shared, at=datetime.now(UTC))


def _now() -> float:
    return asyncio.get_running_loop().time()
