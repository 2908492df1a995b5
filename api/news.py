"""Tells everybody about a change that the API itself has made. A copy: it may fail."""

import asyncio
import logging

from nats.errors import Error as NatsError

from api.hub import LiveHub
from contracts.events import BatchEvent, StatusEvent, encode
from contracts.subjects import message_id, scan_events

logger = logging.getLogger(__name__)

_WITHIN_S = 2.0


async def publish(live: LiveHub, event: StatusEvent | BatchEvent) -> None:
    """Never raises: listeners find the event in the database when it does not arrive."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            await live.stream.publish(
                scan_events(event.scan_id), encode(event), message_id(event.scan_id, event.seq)
            )
    except (NatsError, OSError, TimeoutError) as error:
        logger.info("event not published", extra={"scan_id": event.scan_id, "why": str(error)})
