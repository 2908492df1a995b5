"""What a reader hears of the hub."""

import asyncio
from datetime import UTC, datetime

import pytest

from api.hub import Listener
from contracts.events import UnknownEvent

EVENT = UnknownEvent(event="brand-new", scan_id="one", seq=1, at=datetime(2026, 11, 26, tzinfo=UTC))


async def test_a_reader_that_is_ended_in_the_moment_of_an_event_ends() -> None:
    listener = Listener(length=8)

    async def read_for_ever() -> None:
        while True:
            await listener.news(within_s=60)

    reader = asyncio.create_task(read_for_ever())
    await asyncio.sleep(0.01)
    listener.offer(EVENT)
    await asyncio.sleep(0)  # what the reader waits for is done; the reader has not gone on yet
    reader.cancel()
    done, _ = await asyncio.wait([reader], timeout=10)

    assert done
    with pytest.raises(asyncio.CancelledError):
        reader.result()


async def test_a_reader_that_lags_hears_nothing_stale_and_is_told_once() -> None:
    listener = Listener(length=2)
    for _ in range(3):
        listener.offer(EVENT)

    assert await listener.news(within_s=0) == [EVENT]
    assert listener.took_fright()
    assert not listener.took_fright()
