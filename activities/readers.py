"""Starts whatever a source names: a process with a folder of its own, or the wait for lines."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from activities.collector import CollectorProcess
from activities.collectors import Remote, Source
from activities.remote import RemoteCollector, RemotePatience
from activities.scratch import scratch_folder, with_scratch
from contracts.collector import CollectorRequest
from contracts.scan import ScanRequest
from store.database import Database

Reader = CollectorProcess | RemoteCollector


@contextlib.asynccontextmanager
async def start_reader(
    source: Source,
    request: CollectorRequest,
    *,
    database: Database,
    scan: ScanRequest,
    patience: RemotePatience,
    contact_lost: bool,
) -> AsyncIterator[Reader]:
    """The caller stops it before it leaves the body."""
    command = source.command
    if isinstance(command, Remote):
        yield RemoteCollector(
            database,
            scan,
            request.service,
            [dataset.name for dataset in request.datasets],
            patience=patience,
            contact_lost=contact_lost,
        )
        return
    async with scratch_folder() as folder:
        own = replace(command, environment=with_scratch(command.environment, folder))
        yield await CollectorProcess.start(own, request)
