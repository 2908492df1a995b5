"""The log of a batch's collector, kept in steps while it is read."""

import asyncio
import logging
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from activities.progress import now
from contracts.scan import ScanRequest
from store import batches
from store.database import Database

logger = logging.getLogger(__name__)


class HasLog(Protocol):
    def take_log(self) -> list[str]: ...


class Logbook:
    """Of one try at a batch. A piece that the database did not take, or of which nobody knows, is
    offered again before the next one: no line is lost, none is there twice."""

    def __init__(
        self, database: Database, scan: ScanRequest, service: str, *, attempt: int, every_s: float
    ) -> None:
        self._database = database
        self._scan = scan
        self._service = service
        self._every_s = every_s
        self._head = [f"--- attempt {scan.attempt}, try {attempt}, {now():%Y-%m-%d %H:%M:%S} UTC"]
        self._piece = ""
        self._end = 0
        self._steps: asyncio.Task[None] | None = None

    def follow(self, reader: HasLog) -> None:
        """Until `rest`. Beside reading and judging: a slow database holds up neither."""
        self._steps = asyncio.create_task(self._keep_in_steps(reader))

    async def rest(self) -> None:
        if self._steps is not None:
            self._steps.cancel()
            await asyncio.gather(self._steps, return_exceptions=True)
            self._steps = None

    async def keep(self, reader: HasLog) -> None:
        """What is new. Raises what the database raises, and loses nothing by it."""
        if self._piece:
            await self._store()
        if lines := reader.take_log():
            self._piece = "\n".join([*self._head, *lines])
            self._head = []
            await self._store()

    async def _keep_in_steps(self, reader: HasLog) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.keep(reader)
            except SQLAlchemyError as error:
                logger.warning("log not kept yet", extra={"why": type(error).__name__})

    async def _store(self) -> None:
        async with self._database.begin() as session:
            end = await batches.add_log(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                service=self._service,
                attempt=self._scan.attempt,
                text=self._piece,
                known_end=self._end,
            )
        self._end, self._piece = end, ""
