"""Makes the real things: database, Temporal client, NATS connection, collectors."""

import logging
import sys
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client as NatsClient
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig

from activities.batch import Limits
from activities.collectors import LocalCollectors
from assay.settings import Settings, child_environment
from store.database import Database

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent


def open_database(settings: Settings) -> Database:
    if settings.uses_sqlite:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Database(settings.database_url)


async def open_temporal(*, lazy: bool = True) -> Client:
    """Lazy: the service may come up later. Address, TLS and keys from Temporal's variables."""
    config: dict[str, Any] = {
        "target_host": "127.0.0.1:7233",
        **ClientConfig.load_client_connect_config(),
    }
    return await Client.connect(**config, lazy=lazy, data_converter=pydantic_data_converter)


async def open_nats(settings: Settings, name: str) -> NatsClient:
    """Waits until the server answers; from then on reconnects for ever by itself."""

    async def disconnected() -> None:
        logger.warning("NATS is away; live news wait, results do not")

    async def reconnected() -> None:
        logger.info("NATS is back")

    async def closed() -> None:
        logger.info("NATS connection closed")

    async def error(reason: Exception) -> None:
        level = logging.DEBUG if isinstance(reason, OSError) else logging.WARNING
        logger.log(level, "NATS error", extra={"why": str(reason)})

    return await nats.connect(
        settings.nats_url,
        name=name,
        allow_reconnect=True,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        ping_interval=5,
        max_outstanding_pings=2,
        disconnected_cb=disconnected,
        reconnected_cb=reconnected,
        closed_cb=closed,
        error_cb=error,
    )


def collectors() -> LocalCollectors:
    return LocalCollectors(sys.executable, ROOT, child_environment())


def limits(settings: Settings) -> Limits:
    return Limits(
        sign_in_s=settings.sign_in_limit_s,
        dataset_s=settings.dataset_limit_s,
        failures=settings.collector_failures,
    )
