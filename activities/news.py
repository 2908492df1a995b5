"""Publishes events to JetStream. A copy of what the database holds: never waited for."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from activities.progress import Told
from contracts.events import encode
from contracts.subjects import message_id, scan_events

logger = logging.getLogger(__name__)

_QUEUE = 10_000
_ACK_WITHIN_S = 5.0


class NatsNews:
    """Events leave in order, one at a time, under their message id: a repeat is dropped by the
    stream. What cannot be sent is let go, and listeners fill the hole from the database."""

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        """`connect` may take as long as the server is away."""
        self._connect = connect
        self._client: Client | None = None
        self._queue: asyncio.Queue[Told] = asyncio.Queue(_QUEUE)
        self._sender: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._sender = asyncio.create_task(self._send_all())

    def publish(self, event: Told) -> None:
        if self._queue.full():
            self._queue.get_nowait()
            self._queue.task_done()
        self._queue.put_nowait(event)

    async def stop(self, within_s: float = 2.0) -> None:
        """Lets what is queued leave, for a moment."""
        if self._sender is None:
            return
        if self._client is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._queue.join()
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)
        if self._client is not None:
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                await self._client.close()

    async def _send_all(self) -> None:
        self._client = await self._connect()
        jetstream = self._client.jetstream()
        while True:
            event = await self._queue.get()
            await self._send(jetstream, event)
            self._queue.task_done()

    async def _send(self, jetstream: JetStreamContext, event: Told) -> None:
        try:
            await jetstream.publish(
                scan_events(event.scan_id),
                encode(event),
                timeout=_ACK_WITHIN_S,
                headers={"Nats-Msg-Id": message_id(event.scan_id, event.seq)},
            )
        except (NatsError, OSError, TimeoutError) as error:
            logger.warning(
                "event not published",
                extra={"scan_id": event.scan_id, "seq": event.seq, "why": str(error)},
            )
