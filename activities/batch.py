"""Drive one batch: read what is missing, judge as evidence arrives, go on where it stopped."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any

from activities.collector import CollectorFailed
from activities.collectors import Collectors, Remote
from activities.inputs import inputs_for
from activities.judging import Judging, ScanContext
from activities.logbook import Logbook
from activities.measures import dataset_settled
from activities.progress import Progress, now
from activities.readers import Reader, start_reader
from activities.reading import ReadDataset, Reading
from activities.remote import RemotePatience
from checks.registry import datasets
from contracts.collector import (
    CollectorLine,
    CollectorRequest,
    DatasetRequest,
    DatasetStarted,
    DatasetStatus,
    Log,
    Rows,
)
from contracts.results import DatasetLine
from contracts.scan import BatchRequest
from evidence.evidence import Recorded
from store import batches, scans
from store import evidence as stored_evidence
from store.database import Database

_AFTER_BYE_S = 5.0
_SILENCE_STEP_S = 10


@dataclass(frozen=True)
class Limits:
    """Seconds. `dataset_s` caps what a dataset's own model allows; `failures` is how often a
    batch's collector may fail before its unread datasets become errors; `tries` is how often a
    read may end with its worker before it becomes one; `log_s` is how often its log is kept."""

    sign_in_s: float = 180.0
    dataset_s: float = 3600.0
    failures: int = 3
    tries: int = 5
    log_s: float = 3.0
    remote: RemotePatience = field(default_factory=RemotePatience)


class BatchRun:
    """One try at a batch. `tell_silence` is called by the beat, once a second."""

    def __init__(
        self,
        database: Database,
        progress: Progress,
        collectors: Collectors,
        request: BatchRequest,
        context: ScanContext,
        *,
        limits: Limits,
        attempt: int,
    ) -> None:
        self._database = database
        self._progress = progress
        self._collectors = collectors
        self._scan = request.scan
        self._batch = request.batch
        self._contact_lost = request.contact_lost
        self._service = request.batch.service
        self._context = context
        self._limits = limits
        self._attempt = attempt
        self._reading: Reading | None = None
        self._deadline = 0.0
        self._last_line = time.monotonic()
        self._silence_told = 0
        self._between_reads_s = limits.sign_in_s
        self._suspect: str | None = None
        self._logbook = Logbook(
            database, self._scan, self._service, attempt=attempt, every_s=limits.log_s
        )
        self.judging = Judging(progress, context, request.batch.checks)

    async def run(self) -> None:
        """Raises CollectorFailed, ContactLost, SignInFailed, WrongTenant, NoCollector."""
        async with self._database.read() as session:
            self._suspect = await batches.interrupted_read(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                service=self._service,
            )
        await self._pass_over_what_ends_workers()
        await self.judging.judge_ready()
        while wanted := self._wanted():
            await self._read(wanted)

    async def _pass_over_what_ends_workers(self) -> None:
        """A dataset that does not fit into a worker's memory takes the worker with it: without
        this it would do so for ever."""
        name = self._suspect
        if name is None or self.judging.has(name):
            return
        async with self._database.read() as session:
            tries = await batches.tries_at(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                service=self._service,
                dataset=name,
                attempt=self._scan.attempt,
            )
        if tries >= self._limits.tries:
            why = f"given up: {tries} tries ended with their worker; the dataset may be too large"
            await self._keep_unread(name, DatasetStatus.OTHER, why)

    async def give_up(self, status: DatasetStatus, message: str) -> None:
        """Whatever is unread becomes a failed read; a part that did arrive is kept."""
        part = self._reading.interrupt(status, message) if self._reading else None
        if part is not None:
            await self._keep(part)
        for name in self._wanted():
            await self._keep_unread(name, status, message)
        await self.judging.judge_ready()

    async def _keep_unread(self, name: str, status: DatasetStatus, message: str) -> None:
        line = DatasetLine(name=name, service=self._service, status=status, message=message[:2000])
        await self._keep(ReadDataset(line, Recorded(status, message=line.message)))

    async def tell_silence(self) -> None:
        """Nothing but life itself ends the message: a frozen bar is never left without a word."""
        silent_s = int(time.monotonic() - self._last_line)
        step = silent_s // _SILENCE_STEP_S
        if self._reading is None or step == self._silence_told:
            return
        self._silence_told = step
        await self._tell_reading(f"no sign of life for {silent_s} s" if step else "")

    @property
    def dataset(self) -> str | None:
        """What is being read, or was when the collector failed."""
        return self._reading.dataset if self._reading else None

    def _wanted(self) -> list[str]:
        """The read that an earlier try broke at comes last, with all that starts from its rows:
        it does not cost the others."""
        unread = [name for name in self._batch.datasets if not self.judging.has(name)]
        suspects = {self._suspect}
        for name in unread:
            if suspects & set(datasets()[name].depends_on):
                suspects.add(name)
        return sorted(unread, key=lambda name: name in suspects)

    async def _read(self, wanted: list[str]) -> None:
        """One collector process, until it said bye or a dataset ran into its time limit."""
        await self._progress.batch(self._service, "connecting", attempt=self._attempt)
        async with self._collector(wanted) as (process, reading):
            try:
                async with asyncio.timeout(self._between_reads_s) as clock:
                    self._allow(self._between_reads_s)
                    async for line in process.lines():
                        clock.reschedule(None)
                        await self._take(reading, line)
                        if reading.ended:
                            break
                        clock.reschedule(self._deadline)
            except TimeoutError:
                await self._time_is_up(reading)
                return
            await self._check_end(process, reading)

    async def _take(self, reading: Reading, line: CollectorLine) -> None:
        self._last_line = time.monotonic()
        done = reading.take(line)
        if done is not None:
            await self._keep(done)
            await self.judging.judge_ready()
        if isinstance(line, DatasetStarted) and reading.dataset:
            self._allow(min(datasets()[reading.dataset].time_limit_s, self._limits.dataset_s))
            await self._tell_reading()
        elif not isinstance(line, Rows | Log):
            self._allow(self._between_reads_s)  # what judging took is not the collector's time

    def _allow(self, seconds: float) -> None:
        self._deadline = asyncio.get_running_loop().time() + seconds

    async def _time_is_up(self, reading: Reading) -> None:
        """Costs the checks of this dataset; the next collector reads the others."""
        name = reading.dataset
        if name is None:
            raise CollectorFailed(
                f"no sign of life from the collector for {self._between_reads_s:.0f} s"
            )
        limit = min(datasets()[name].time_limit_s, self._limits.dataset_s)
        part = reading.interrupt(DatasetStatus.TIMEOUT, f"not finished within {limit:.0f} s")
        if part is not None:
            await self._keep(part)
            await self.judging.judge_ready()

    async def _check_end(self, process: Reader, reading: Reading) -> None:
        if not reading.ended:
            code = await process.wait(_AFTER_BYE_S)
            how = "" if code is None else f" (exit code {code})"
            raise CollectorFailed(f"the collector ended in the middle of its work{how}")
        code = await process.wait(_AFTER_BYE_S)
        if code:
            raise CollectorFailed(f"the collector ended with exit code {code}")
        if unanswered := self._wanted():
            raise CollectorFailed(f"the collector left out {', '.join(unanswered)[:200]}")

    @contextlib.asynccontextmanager
    async def _collector(self, wanted: list[str]) -> AsyncIterator[tuple[Reader, Reading]]:
        source = await self._collectors.source(
            organisation_id=self._scan.organisation_id,
            tenant_id=self._scan.tenant_id,
            connection=self._context.connection,
            settings=self._context.settings,
            domain=self._context.tenant.domain,
            service=self._service,
        )
        if isinstance(source.command, Remote):
            self._between_reads_s = self._limits.remote.first_s + self._limits.remote.silence_s
        request = CollectorRequest(
            scan_id=self._scan.scan_id,
            service=self._service,
            tenant=self._context.tenant,
            credential=source.credential,
            datasets=[await self._dataset_request(name) for name in wanted],
        )
        began = self._last_line = time.monotonic()
        async with start_reader(
            source,
            request,
            database=self._database,
            scan=self._scan,
            patience=self._limits.remote,
            contact_lost=self._contact_lost,
        ) as process:
            self._reading = Reading(request)
            self._logbook.follow(process)
            try:
                yield process, self._reading
            finally:
                await _to_the_end(self._end(process, began))

    async def _end(self, process: Reader, began: float) -> None:
        try:
            await process.stop()  # first: a slow database must not keep a collector alive
        finally:
            await self._logbook.rest()
        spent = round((time.monotonic() - began) * 1000)
        await self._logbook.keep(process)
        await self._progress.collector_ended(self._service, process.exit_code, spent)

    async def _dataset_request(self, name: str) -> DatasetRequest:
        dataset = datasets()[name]
        return DatasetRequest(
            name=name,
            select=dataset.select(),
            parameters=dict(await inputs_for(self._database, self._scan, name)),
            depends_on=list(dataset.depends_on),
        )

    async def _keep(self, done: ReadDataset) -> None:
        """Stored before it is judged: a verdict never rests on evidence that could be lost."""
        digest, packed, size = await asyncio.to_thread(
            stored_evidence.pack_rows, done.recorded.chunks
        )
        line = done.line.model_copy(update={"sha256": digest, "bytes": size})
        await self._stamp_capture()
        async with self._database.begin() as session:
            await stored_evidence.put_dataset(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                attempt=self._scan.attempt,
                line=line,
                packed=packed,
            )
        dataset_settled(line)
        self.judging.settle(line.name, done.recorded)

    async def _stamp_capture(self) -> None:
        if self.judging.is_stamped:
            return
        captured_at = self._reading.captured_at if self._reading else None
        async with self._database.begin() as session:
            stamped = await scans.stamp_capture(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                at=captured_at or now(),
            )
        self.judging.stamp(stamped)

    async def _tell_reading(self, message: str = "") -> None:
        await self._progress.batch(
            self._service,
            "reading" if self._reading and self._reading.dataset else "connecting",
            dataset=self._reading.dataset if self._reading else None,
            attempt=self._attempt,
            message=message,
        )


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """A second cancel does not leave it behind either: no try begins beside an old collector."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
