"""Fan-out in memory: one consumer per process, a bounded queue per reader."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterator

from api.stream import EventStream
from contracts.events import AnyEvent, decode
from contracts.subjects import scan_events

logger = logging.getLogger(__name__)

QUEUE_LENGTH = 256


class Listener:
    """What has arrived for one reader. When it lags behind, its backlog is thrown away."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._events: deque[AnyEvent] = deque()
        self._wake = asyncio.Event()
        self._lagged = False
        self._told_to_look = False

    def offer(self, event: AnyEvent) -> None:
        if len(self._events) >= self._length:
            self._events.clear()
            self._lagged = True
        self._events.append(event)
        self._wake.set()

    def look_again(self) -> None:
        self._told_to_look = True
        self._wake.set()

    def took_fright(self) -> bool:
        """True once after the backlog was thrown away."""
        lagged, self._lagged = self._lagged, False
        return lagged

    async def news(self, within_s: float) -> list[AnyEvent]:
        """What arrived; empty when nothing did in time, or when the database should be asked."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(within_s, 0)):
                await self._wake.wait()
        self._wake.clear()
        look, self._told_to_look = self._told_to_look, False
        arrived = [] if look else list(self._events)
        self._events.clear()
        return arrived


class LiveHub:
    """Works without NATS too: `connected` is False then, and readers ask the database."""

    def __init__(
        self, nats_url: str, *, queue_length: int = QUEUE_LENGTH, pending_limit: int = 65_536
    ) -> None:
        self._queue_length = queue_length
        self._by_scan: dict[str, set[Listener]] = {}
        self._of_all: set[Listener] = set()
        self.stream = EventStream(
            nats_url,
            on_message=self._fan_out,
            on_change=self._look_again,
            pending_limit=pending_limit,
        )

    @property
    def connected(self) -> bool:
        return self.stream.flows

    @property
    def readers(self) -> int:
        return len(self._of_all) + sum(len(group) for group in self._by_scan.values())

    async def start(self) -> None:
        await self.stream.start()

    async def stop(self) -> None:
        await self.stream.stop()

    @contextlib.contextmanager
    def listen(self, scan_id: str) -> Iterator[Listener]:
        listener = Listener(self._queue_length)
        group = self._by_scan.setdefault(scan_id, set())
        group.add(listener)
        try:
            yield listener
        finally:
            group.discard(listener)
            if not group and self._by_scan.get(scan_id) is group:
                del self._by_scan[scan_id]

    @contextlib.contextmanager
    def listen_to_all(self) -> Iterator[Listener]:
        listener = Listener(self._queue_length)
        self._of_all.add(listener)
        try:
            yield listener
        finally:
            self._of_all.discard(listener)

    def _fan_out(self, subject: str, body: bytes) -> None:
        try:
            event = decode(body)
            stray = subject != scan_events(event.scan_id)
        except ValueError as error:
            logger.warning("unreadable event", extra={"subject": subject, "why": str(error)})
            return
        if stray:
            logger.warning("event on the subject of another scan", extra={"subject": subject})
            return
        for listener in (*self._by_scan.get(event.scan_id, ()), *self._of_all):
            listener.offer(event)

    def _look_again(self) -> None:
        for group in (*self._by_scan.values(), self._of_all):
            for listener in group:
                listener.look_again()
