"""Whether this process lives, and whether it can do its work. Open: probes do not sign in."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter, Response
from nats.errors import Error as NatsError
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import Wired
from api.services import Services
from api.temporal import ask
from contracts.errors import TemporalUnavailable
from store import schema

router = APIRouter(tags=["Health"])
logger = logging.getLogger(__name__)

_WITHIN_S = 4.0
Condition = Literal["ready", "degraded", "not-ready"]


class Part(BaseModel):
    condition: Condition
    latency_ms: float | None = None
    note: str = ""


class Readiness(BaseModel):
    condition: Condition
    version: str
    parts: dict[str, Part]


@router.get("/healthz", operation_id="healthz", summary="The process lives")
async def healthz() -> dict[str, str]:
    return {"status": "alive"}


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Everything it needs answers",
    responses={503: {"model": Readiness, "description": "Database or Temporal is not ready."}},
)
async def readyz(response: Response, services: Wired) -> Readiness:
    """Without NATS it is degraded but ready: live views follow the database then."""
    database, temporal, nats = await asyncio.gather(
        _part(_database(services)), _part(_temporal(services)), _part(_nats(services))
    )
    if nats.condition == "not-ready":
        nats.condition = "degraded"
    parts = {"database": database, "temporal": temporal, "nats": nats}
    condition = _worst(parts)
    response.status_code = 503 if condition == "not-ready" else 200
    return Readiness(condition=condition, version=services.settings.version, parts=parts)


def _worst(parts: dict[str, Part]) -> Condition:
    conditions = {part.condition for part in parts.values()}
    if "not-ready" in conditions:
        return "not-ready"
    return "degraded" if "degraded" in conditions else "ready"


async def _part(question: Awaitable[str]) -> Part:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        async with asyncio.timeout(_WITHIN_S):
            fault = await question
    except (SQLAlchemyError, TemporalUnavailable, NatsError, OSError, TimeoutError) as error:
        logger.warning("not ready", extra={"why": str(error)[:300]})
        return Part(condition="not-ready", note="does not answer")
    latency = round((loop.time() - begun) * 1000, 1)
    return Part(condition="not-ready" if fault else "ready", latency_ms=latency, note=fault)


async def _database(services: Services) -> str:
    current = await schema.is_current(services.database)
    return "" if current else "the schema is not at the newest revision"


async def _temporal(services: Services) -> str:
    healthy = await ask(services.temporal.service_client.check_health())
    return "" if healthy else "not serving"


async def _nats(services: Services) -> str:
    await services.live.stream.round_trip_ms()
    return "" if services.live.connected else "news do not flow yet"
