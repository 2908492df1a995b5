"""The one JetStream consumer of this process: every event of every scan, for ever reconnecting.

What it misses is not lost: readers fill holes from the database.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import SlowConsumerError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, BadRequestError, NotFoundError

from contracts.subjects import (
    ALL_SCANS,
    DUPLICATE_WINDOW_S,
    MAX_AGE_S,
    MAX_BYTES,
    MAX_MSG_SIZE,
    STREAM,
)

logger = logging.getLogger(__name__)

_CHECK_EVERY_S = 5.0
_RETRY_AFTER_S = 1.0
_REQUEST_TIMEOUT_S = 3.0
_FAILURES = (NatsError, OSError, TimeoutError)


async def ensure_stream(jetstream: JetStreamContext) -> int:
    """Makes the stream or brings it to our limits; answers with its last sequence number."""
    config = StreamConfig(
        name=STREAM,
        subjects=[ALL_SCANS],
        storage=StorageType.FILE,
        max_age=MAX_AGE_S,
        max_bytes=MAX_BYTES,
        max_msg_size=MAX_MSG_SIZE,
        duplicate_window=DUPLICATE_WINDOW_S,
    )
    try:
        info = await jetstream.add_stream(config)
    except BadRequestError:  # it exists with other limits
        try:
            info = await jetstream.update_stream(config)
        except APIError as error:  # and does not let them be changed: better that than no news
            logger.warning("stream keeps its own limits", extra={"why": str(error)})
            info = await jetstream.stream_info(STREAM)
    return info.state.last_seq


class EventStream:
    """`on_message` gets subject and body; `on_change` is called when news begin or stop to flow."""

    def __init__(
        self,
        url: str,
        *,
        on_message: Callable[[str, bytes], None],
        on_change: Callable[[], None],
        pending_limit: int = 65_536,
    ) -> None:
        self._url = url
        self._on_message = on_message
        self._on_change = on_change
        self._pending_limit = pending_limit
        self._client: Client | None = None
        self._subscription: JetStreamContext.PushSubscription | None = None
        self._flows = False
        self._broken = False
        self._generation = 0
        self._last: int | None = None  # sequence in the stream, not in a scan
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def flows(self) -> bool:
        """False also while NATS is reachable but the consumer is not set up."""
        return self._flows

    async def start(self) -> None:
        """Returns at once, also when NATS is away. Started already, it goes on as it is."""
        if self._task is not None:
            return
        self._task = asyncio.create_task(self._supervise(), name="event stream")

    async def stop(self) -> None:
        task, self._task = self._task, None
        while task is not None and not task.done():
            task.cancel()  # again: while it connects the client may swallow one (asyncio.wait_for)
            await asyncio.wait([task], timeout=_RETRY_AFTER_S)
        await self._forget_subscription()
        if self._client is not None:
            with contextlib.suppress(*_FAILURES):
                await self._client.close()
        self._set_flows(False)

    async def publish(self, subject: str, body: bytes, message_id: str) -> None:
        """Raises when it is not known to be stored; nothing is sent while the link is down."""
        if self._client is None or not self._client.is_connected:
            raise ConnectionError("NATS is not connected")
        jetstream = self._client.jetstream(timeout=_REQUEST_TIMEOUT_S)
        await jetstream.publish(subject, body, headers={"Nats-Msg-Id": message_id})

    async def round_trip_ms(self) -> float:
        """Raises when NATS does not answer."""
        if self._client is None or not self._client.is_connected:
            raise ConnectionError("NATS is not connected")
        begun = asyncio.get_running_loop().time()
        await self._client.flush(timeout=2)
        return (asyncio.get_running_loop().time() - begun) * 1000

    async def _supervise(self) -> None:
        while True:
            self._wake.clear()
            pause = _RETRY_AFTER_S
            try:
                client = await self._connected_client()
                if client.is_connected:
                    await self._keep_subscribed(client)
                    pause = _CHECK_EVERY_S
            except _FAILURES as error:
                self._set_flows(False)
                logger.info("live news interrupted", extra={"why": str(error)})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _connected_client(self) -> Client:
        if self._client is None or self._client.is_closed:
            self._client = Client()
            self._subscription = None
            await self._client.connect(
                self._url,
                name="assay-api",
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.5,  # type: ignore[arg-type]  # seconds, floats work
                ping_interval=5,
                max_outstanding_pings=2,
                error_cb=self._on_error,
                disconnected_cb=self._on_disconnected,
                reconnected_cb=self._on_link_changed,
                closed_cb=self._on_link_changed,
            )
        return self._client

    async def _keep_subscribed(self, client: Client) -> None:
        if self._broken or not await self._consumer_stands():
            self._set_flows(False)  # whoever listens looks into the database once it flows again
            await self._subscribe(client)
        self._set_flows(True)

    async def _consumer_stands(self) -> bool:
        if self._subscription is None:
            return False
        try:
            await self._subscription.consumer_info()
        except NotFoundError:  # the server was restarted, or stream or consumer deleted
            return False
        return True

    async def _subscribe(self, client: Client) -> None:
        await self._forget_subscription()
        jetstream = client.jetstream(timeout=_REQUEST_TIMEOUT_S)
        newest = await ensure_stream(jetstream)
        if self._last is None:
            self._last = newest  # older events are in the database
        elif newest < self._last:
            self._last = 0  # a new stream under the old name
        self._broken = False
        self._generation += 1
        self._subscription = await jetstream.subscribe(
            ALL_SCANS,
            stream=STREAM,
            cb=partial(self._receive, self._generation),
            ordered_consumer=True,
            idle_heartbeat=1,
            pending_msgs_limit=self._pending_limit,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=self._last + 1
            ),
        )

    async def _forget_subscription(self) -> None:
        """Never drain: the consumer would come back for ever."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(*_FAILURES):
                await subscription.unsubscribe()

    async def _receive(self, generation: int, message: Msg) -> None:
        """A consumer that was set up again may repeat the whole stream: those are passed over.
        After the client threw some away, what lies beyond them comes again, in order."""
        sequence = message.metadata.sequence.stream
        last = self._last or 0
        is_beyond_a_hole = self._broken and sequence != last + 1
        if generation != self._generation or sequence <= last or is_beyond_a_hole:
            return
        self._last = sequence
        self._on_message(message.subject, message.data)

    async def _on_error(self, error: Exception) -> None:
        if isinstance(error, SlowConsumerError):  # the client has thrown messages away
            self._broken = True
            self._wake.set()
        logger.debug("NATS", extra={"why": str(error)})

    async def _on_disconnected(self) -> None:
        self._set_flows(False)
        self._wake.set()

    async def _on_link_changed(self) -> None:
        self._wake.set()

    def _set_flows(self, flows: bool) -> None:
        if flows is not self._flows:
            self._flows = flows
            logger.info("live news", extra={"flows": flows})
            self._on_change()
