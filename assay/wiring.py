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
from activities.connection import ConnectionActivities
from activities.credentials import Credentials
from activities.remote import RemotePatience
from activities.tokens import MsalTokens
from assay import modules
from assay.key_file import KeyFile
from assay.settings import Settings, child_environment
from checks.custom import install
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


def install_custom_checks(settings: Settings) -> None:
    """Before the first plan is made. What is refused is named in the log and not used."""
    if settings.checks_dir is None:
        return
    if not settings.checks_dir.is_dir():
        logger.error("no folder of custom checks", extra={"folder": str(settings.checks_dir)})
        return
    for refusal in install(settings.checks_dir):
        logger.error("custom check refused", extra={"why": refusal})


def check_modules(settings: Settings) -> None:
    """Raises ModulesConflict where other PowerShell modules than the pinned ones must not be."""
    folders = modules.module_folders(child_environment())
    if not folders and not settings.modules_must_match:
        return  # nothing is read by PowerShell here
    found = modules.conflicts(modules.pins(ROOT), folders, settings.services)
    if found and settings.modules_must_match:
        raise modules.ModulesConflict(found)
    for sentence in found:
        logger.warning("not the pinned PowerShell module", extra={"why": sentence})


def key_file(settings: Settings) -> KeyFile:
    assert settings.secret_keys_file is not None  # noqa: S101  (filled in by the settings)
    return KeyFile(settings.secret_keys_file)


def collectors(credentials: Credentials) -> LocalCollectors:
    return LocalCollectors(sys.executable, ROOT, child_environment(), credentials)


def connection_activities(settings: Settings, database: Database) -> ConnectionActivities:
    credentials = Credentials(database, key_file(settings))
    return ConnectionActivities(database, collectors(credentials), MsalTokens(), credentials)


def limits(settings: Settings) -> Limits:
    return Limits(
        sign_in_s=settings.sign_in_limit_s,
        dataset_s=settings.dataset_limit_s,
        failures=settings.collector_failures,
        remote=RemotePatience(settings.remote_first_s, settings.remote_silence_s),
    )
