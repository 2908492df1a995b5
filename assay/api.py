"""The API process: one event loop, one stream consumer, one HTTP server."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from functools import partial
from importlib import metadata

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.app import SERVER_OPTIONS, create_app
from api.discovery import Discovery
from api.hub import LiveHub
from api.services import ApiSettings, Services
from assay import wiring
from assay.metrics import ApiFigures, figures
from assay.settings import Settings
from evidence.pack_upload import import_pack
from store import schema

logger = logging.getLogger(__name__)


class OldSchema(Exception):
    def __init__(self) -> None:
        super().__init__("The database is not at this version's schema: run `assay db upgrade`.")


@contextlib.asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Services]:
    """Raises OldSchema."""
    wiring.install_custom_checks(settings)
    database = wiring.open_database(settings)
    live = LiveHub(settings.nats_url)
    try:
        if not await schema.is_current(database):
            raise OldSchema
        yield Services(
            database=database,
            temporal=await wiring.open_temporal(),
            live=live,
            settings=api_settings(settings),
            import_pack=partial(import_pack, keep_in=settings.data_dir / "packs"),
            keys=wiring.key_file(settings),
            find_tenant_id=Discovery(),
        )
    finally:
        await database.close()


def api_settings(settings: Settings) -> ApiSettings:
    return ApiSettings(
        public_url=settings.public_url,
        allowed_origins=tuple(settings.allowed_origins),
        temporal_web_url=settings.temporal_web_url,
        max_upload_mb=settings.max_upload_mb,
        max_scans=settings.max_scans,
        version=metadata.version("assay"),
        effective=settings.masked(),
    )


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; open sockets are told to come again."""
    async with services(settings) as made:
        registry = CollectorRegistry()
        registry.register(ApiFigures(made, asyncio.get_running_loop()))
        async with figures(settings.host, settings.metrics_port, registry):
            await serve(create_app(made), settings)


async def serve(
    app: FastAPI, settings: Settings, sockets: list[socket.socket] | None = None
) -> None:
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        **SERVER_OPTIONS,
    )
    logger.info("API starts", extra={"url": settings.public_url})
    await uvicorn.Server(config).serve(sockets)
