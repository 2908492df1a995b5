"""Which parts this process misses right now, in sentences for whoever looks at a page."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TYPE_CHECKING, Final

from api.temporal import ask
from contracts.errors import TemporalUnavailable

if TYPE_CHECKING:
    from api.services import Services

LOOK_EVERY_S = 1.0
ASK_TEMPORAL_EVERY_S = 5.0
BLINK_S = 2.0

SENTENCES: Final = {
    "temporal": (
        "The workflow service does not answer. Stored results can be read; running scans go on "
        "when it is back, and until then none can be started, paused, cancelled or retried."
    ),
    "news": (
        "Live updates are delayed: the message service does not answer. Scans are not affected; "
        "this page asks the database every two seconds."
    ),
}


class Outages:
    """What is away, and since when. Away for less than `blink_s`: nobody need know."""

    def __init__(self, blink_s: float = BLINK_S) -> None:
        self._blink_s = blink_s
        self._since: dict[str, float] = {}

    def note(self, part: str, *, away: bool) -> None:
        if away:
            self._since.setdefault(part, time.monotonic())
        else:
            self._since.pop(part, None)

    def sentences(self) -> tuple[str, ...]:
        before = time.monotonic() - self._blink_s
        return tuple(
            sentence
            for part, sentence in SENTENCES.items()
            if self._since.get(part, before + 1) <= before
        )


async def keep_watch(services: "Services") -> None:
    """For ever."""
    await asyncio.gather(_watch_news(services), _watch_temporal(services))


async def _watch_news(services: "Services") -> None:
    while True:
        services.outages.note("news", away=not services.live.connected)
        await asyncio.sleep(LOOK_EVERY_S)


async def _watch_temporal(services: "Services") -> None:
    while True:
        try:
            healthy = await ask(services.temporal.service_client.check_health())
        except TemporalUnavailable:
            healthy = False
        services.outages.note("temporal", away=not healthy)
        await asyncio.sleep(ASK_TEMPORAL_EVERY_S)


async def beside(
    texts: AsyncIterator[str], said: Callable[[], tuple[str, ...]], tell: Callable[[], str]
) -> AsyncGenerator[str, None]:
    """`texts`, and `tell()` between them whenever what is `said` has changed."""
    told = said()
    coming = asyncio.ensure_future(anext(texts, None))
    try:
        while True:
            await asyncio.wait([coming], timeout=LOOK_EVERY_S)
            if said() != told:
                told = said()
                yield tell()
            if coming.done():
                text = coming.result()
                if text is None:
                    return
                yield text
                coming = asyncio.ensure_future(anext(texts, None))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
