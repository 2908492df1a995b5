"""Tells the scan what a collector elsewhere has sent: a sign of life, or what it waits for."""

import logging

from temporalio.client import AsyncActivityCancelledError
from temporalio.service import RPCError

from api.remote_tokens import RemoteGrant
from api.services import Services
from api.temporal import ask
from contracts.errors import TemporalUnavailable
from store import remote

logger = logging.getLogger(__name__)


async def tell_who_waits(services: Services, grant: RemoteGrant, sequence: int) -> None:
    """After the lines are stored. A word that does not arrive costs time only: the activity looks
    at the database by itself."""
    who = {
        "organisation_id": grant.organisation_id,
        "scan_id": grant.scan_id,
        "service": grant.service,
    }
    async with services.database.read() as session:
        waiting = await remote.find_waiting(session, **who)
    if waiting is None:
        return
    handle = services.temporal.get_async_activity_handle(task_token=waiting.task_token)
    try:
        if not waiting.come:
            await ask(handle.heartbeat(sequence))
            return
        await ask(handle.complete())
    except (AsyncActivityCancelledError, RPCError):  # paused, skipped or over
        logger.info("nobody waits any more", extra=who)
    except TemporalUnavailable:
        return
    async with services.database.begin() as session:
        await remote.forget_waiting(session, **who, task_token=waiting.task_token)
