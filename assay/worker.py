"""The worker process: which workflows and activities it serves, and how it stops."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.worker import Worker

from activities.connection import ConnectionActivities
from activities.credentials import Credentials
from activities.fleet import FleetActivities
from activities.measures import REGISTRY, CountingNews
from activities.news import NatsNews
from activities.progress import News
from activities.refusals import DatabaseErrors
from activities.scan import ScanActivities
from activities.scratch import sweep
from assay import wiring
from assay.metrics import Meter, figures
from assay.settings import Settings
from contracts.names import SCANS, collect_queue
from store import schema
from store.database import Database
from workflows.connection_test import ConnectionTestWorkflow
from workflows.fleet import CampaignWorkflow, ScheduledScanWorkflow
from workflows.scan import ScanWorkflow

logger = logging.getLogger(__name__)

BEAT_THROTTLE = timedelta(seconds=1)
GRACE = timedelta(seconds=20)
_OF_EVERY_WORKER: dict[str, Any] = {
    "max_heartbeat_throttle_interval": BEAT_THROTTLE,
    "default_heartbeat_throttle_interval": BEAT_THROTTLE,
    "graceful_shutdown_timeout": GRACE,
    "interceptors": [Meter(), DatabaseErrors()],
}
_OUT_OF_MEMORY = 70


def make_workers(
    client: Client,
    activities: ScanActivities,
    fleet: FleetActivities,
    settings: Settings,
    connection: ConnectionActivities | None = None,
) -> list[Worker]:
    """One for orchestration, and one for each service that this process can read."""
    orchestration = Worker(
        client,
        task_queue=SCANS,
        workflows=[ScanWorkflow, ScheduledScanWorkflow, CampaignWorkflow, ConnectionTestWorkflow],
        activities=[
            activities.plan_scan,
            activities.set_status,
            activities.judge_joint,
            activities.finish_scan,
            activities.await_remote,
            fleet.may_begin,
            fleet.let_go,
            fleet.next_tenants,
            fleet.end_campaign,
            *([connection.note_unserved] if connection else []),
        ],
        **_OF_EVERY_WORKER,
    )
    collecting = [
        Worker(
            client,
            task_queue=collect_queue(service),
            activities=[
                activities.run_batch,
                *([connection.test_connection] if connection else []),
            ],
            max_concurrent_activities=settings.max_batches,
            **_OF_EVERY_WORKER,
        )
        for service in settings.services
    ]
    return [orchestration, *collecting]


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Batches that are running are handed over, not lost."""
    stop = asyncio.Event()
    _on_signals(stop.set)
    asyncio.get_running_loop().set_exception_handler(_end_when_memory_is_used_up)
    wiring.check_modules(settings)
    wiring.install_custom_checks(settings)
    database = wiring.open_database(settings)
    news = NatsNews(lambda: wiring.open_nats(settings, "assay-worker"))
    news.start()
    try:
        async with figures(settings.host, settings.metrics_port, REGISTRY):
            await serve(settings, database, CountingNews(news), stop)
    finally:
        await news.stop()
        await database.close()
    # The core's threads may abort the interpreter while it shuts down: nothing is left to flush.
    logging.shutdown()
    os._exit(0)


def _end_when_memory_is_used_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A loop whose callbacks find no memory turns for ever without doing anything: another
    process goes on, and passes over a dataset that does this again and again."""
    if isinstance(context.get("exception"), MemoryError):
        os._exit(_OUT_OF_MEMORY)
    loop.default_exception_handler(context)


async def serve(settings: Settings, database: Database, news: News, stop: asyncio.Event) -> None:
    waiting = asyncio.create_task(stop.wait())
    await _wait_for_schema(database, stop)
    client = await _connect_to_temporal(stop)
    if client is None:
        return
    sweep()
    credentials = Credentials(database, wiring.key_file(settings))
    activities = ScanActivities(
        database, news, wiring.collectors(credentials), wiring.limits(settings)
    )
    fleet = FleetActivities(database, max_scans=settings.max_scans)
    connection = wiring.connection_activities(settings, database)
    workers = make_workers(client, activities, fleet, settings, connection)
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    logger.info("worker ready", extra={"services": ",".join(settings.services)})
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    logger.info("worker stops")
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done - {waiting}:
        task.result()


async def _wait_for_schema(database: Database, stop: asyncio.Event) -> None:
    """A worker of a newer version may be there before the database has been brought up to it."""
    while not stop.is_set():
        try:
            if await schema.is_current(database):
                return
            logger.warning("the database is not at this version's schema: run `assay db upgrade`")
        except SQLAlchemyError as error:
            logger.warning("the database does not answer", extra={"why": type(error).__name__})
        await _pause(stop)


async def _pause(stop: asyncio.Event, seconds: float = 1.0) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def _connect_to_temporal(stop: asyncio.Event) -> Client | None:
    """Waits for the service: a worker without it has nothing to do. None when told to stop."""
    while not stop.is_set():
        try:
            return await wiring.open_temporal(lazy=False)
        except RuntimeError as error:
            logger.warning("Temporal does not answer yet", extra={"why": str(error)[:200]})
            await _pause(stop)
    return None


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
