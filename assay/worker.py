"""The worker process: which workflows and activities it serves, and how it stops."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from activities.news import NatsNews
from activities.progress import News
from activities.scan import ScanActivities
from assay import wiring
from assay.settings import Settings
from contracts.names import SCANS, collect_queue
from store.database import Database
from workflows.scan import ScanWorkflow

logger = logging.getLogger(__name__)

BEAT_THROTTLE = timedelta(seconds=1)
GRACE = timedelta(seconds=20)


def make_workers(client: Client, activities: ScanActivities, settings: Settings) -> list[Worker]:
    """One for orchestration, and one for each service that this process can read."""
    common: dict[str, Any] = {
        "max_heartbeat_throttle_interval": BEAT_THROTTLE,
        "default_heartbeat_throttle_interval": BEAT_THROTTLE,
        "graceful_shutdown_timeout": GRACE,
    }
    orchestration = Worker(
        client,
        task_queue=SCANS,
        workflows=[ScanWorkflow],
        activities=[
            activities.plan_scan,
            activities.set_status,
            activities.judge_joint,
            activities.finish_scan,
        ],
        **common,
    )
    collecting = [
        Worker(
            client,
            task_queue=collect_queue(service),
            activities=[activities.run_batch],
            max_concurrent_activities=settings.max_batches,
            **common,
        )
        for service in settings.services
    ]
    return [orchestration, *collecting]


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Batches that are running are handed over, not lost."""
    stop = asyncio.Event()
    _on_signals(stop.set)
    database = wiring.open_database(settings)
    news = NatsNews(lambda: wiring.open_nats(settings, "assay-worker"))
    news.start()
    try:
        await serve(settings, database, news, stop)
    finally:
        await news.stop()
        await database.close()
    # The core's threads may abort the interpreter while it shuts down: nothing is left to flush.
    logging.shutdown()
    os._exit(0)


async def serve(settings: Settings, database: Database, news: News, stop: asyncio.Event) -> None:
    client = await _connect_to_temporal()
    activities = ScanActivities(database, news, wiring.collectors(), wiring.limits(settings))
    workers = make_workers(client, activities, settings)
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    logger.info("worker ready", extra={"services": ",".join(settings.services)})
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    logger.info("worker stops")
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done - {waiting}:
        task.result()


async def _connect_to_temporal() -> Client:
    """Waits for the service: a worker without it has nothing to do."""
    while True:
        try:
            return await wiring.open_temporal(lazy=False)
        except RuntimeError as error:
            logger.warning("Temporal does not answer yet", extra={"why": str(error)[:200]})
            await asyncio.sleep(1)


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
