"""Waiting for what happens elsewhere, never longer than it takes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime

from nats.aio.client import Client

from contracts.events import AnyEvent, encode
from contracts.subjects import STREAM, message_id, scan_events
from store import events
from store.database import Database

WITHIN_S = 15.0
Follow = Callable[..., "Reading"]


async def until(condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


class Teller:
    """Publishes as a worker does: stored first, then told, under the message id."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    async def connect(cls, url: str) -> "Teller":
        client = Client()
        await client.connect(
            url, max_reconnect_attempts=-1, reconnect_time_wait=1, error_cb=_ignore
        )
        return cls(client)

    async def tell(self, *told: AnyEvent | None, repeat: bool = False) -> None:
        for event in told:
            assert event is not None
            headers = {} if repeat else {"Nats-Msg-Id": message_id(event.scan_id, event.seq)}
            await self._client.jetstream().publish(
                scan_events(event.scan_id), encode(event), headers=headers
            )

    async def delete_stream(self) -> None:
        await self._client.jetstream().delete_stream(STREAM)

    async def close(self) -> None:
        await self._client.close()


async def _ignore(_error: Exception) -> None:
    """The server is killed on purpose."""


class Reading:
    """What one reader was given so far."""

    def __init__(self, events: AsyncGenerator[AnyEvent, None]) -> None:
        self.events: list[AnyEvent] = []
        self._source = events
        self._task = asyncio.create_task(self._read())

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.events]

    @property
    def ended(self) -> bool:
        return self._task.done()

    async def has(self, count: int, within_s: float = WITHIN_S) -> None:
        try:
            await until(lambda: len(self.events) >= count or self.ended, within_s)
        except TimeoutError:
            raise AssertionError(f"waited for {count} events, got {self.seqs}") from None
        if self.ended:
            self._task.result()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        async with aclosing(self._source) as source:
            async for event in source:
                self.events.append(event)


async def tick(database: Database, organisation_id: str, scan_id: str) -> AnyEvent:
    """One more event of a scan, stored and not told."""
    async with database.begin() as session:
        event = await events.record_results_inserted(
            session,
            organisation_id=organisation_id,
            scan_id=scan_id,
            count=1,
            at=datetime.now(UTC),
        )
    assert event is not None
    return event
