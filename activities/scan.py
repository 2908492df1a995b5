"""The activities of a scan: plan, batches, the joint stage, changes of status, the end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.batch import BatchRun, Limits
from activities.collector import CollectorFailed
from activities.collectors import Collectors, NoCollector
from activities.judging import Judging, load_context, needs_of
from activities.plan import make_plan
from activities.progress import News, Progress, now
from activities.reading import SignInFailed, WrongTenant
from activities.remote import ContactLost
from contracts.collector import DatasetStatus, ReadError
from contracts.events import Phase
from contracts.failpoints import reached
from contracts.scan import (
    BatchOutcome,
    BatchRequest,
    FinishRequest,
    JointRequest,
    PlannedCheck,
    RemoteMoment,
    RemoteWait,
    ScanPlan,
    ScanRequest,
    ScanStatus,
    StatusRequest,
)
from evidence.evidence import Recorded
from store import batches, remote, results, scans, tenants
from store.database import Database

logger = logging.getLogger(__name__)

_BEAT_S = 1.0
_STEPS_OF_A_RETRY_S = (2, 5, 15)


class ScanActivities:
    def __init__(
        self,
        database: Database,
        news: News,
        collectors: Collectors,
        limits: Limits | None = None,
    ) -> None:
        self._database = database
        self._news = news
        self._collectors = collectors
        self._limits = limits or Limits()
        self._turns: dict[tuple[str, str], asyncio.Task[Any]] = {}

    @activity.defn
    async def plan_scan(self, request: ScanRequest) -> ScanPlan:
        """What this attempt judges, from the rows the scan was created with."""
        async with self._database.read() as session:
            scan = await scans.get_scan(
                session, organisation_id=request.organisation_id, scan_id=request.scan_id
            )
            if ScanStatus(scan.status).is_terminal:  # cancelled before its workflow came to be
                raise ApplicationError(
                    "The scan has ended already.", type="ScanEnded", non_retryable=True
                )
            attempt = await scans.get_attempt(
                session,
                organisation_id=request.organisation_id,
                scan_id=request.scan_id,
                number=request.attempt,
            )
            lines = await results.list_results(
                session, organisation_id=request.organisation_id, scan_id=request.scan_id
            )
            tenant = await tenants.get_tenant(
                session, organisation_id=request.organisation_id, tenant=scan.tenant_id
            )
        chosen = set(attempt.recommendations)
        planned = [
            PlannedCheck(recommendation=line.recommendation, check=line.check)
            for line in lines
            if line.recommendation in chosen
        ]
        plan = make_plan(planned, remote=tenants.is_read_elsewhere(tenant))
        await self._progress(request).status(ScanStatus.RUNNING, only_from=(ScanStatus.PENDING,))
        return plan

    @activity.defn
    async def set_status(self, request: StatusRequest) -> bool:
        """False when the scan has moved on: to pause what has ended changes nothing."""
        return await self._progress(request.scan).status(
            request.status, only_from=tuple(request.only_from), by=request.by
        )

    @activity.defn
    async def run_batch(self, request: BatchRequest) -> BatchOutcome:
        """Never fails for what a tenant or a collector does: that ends in verdicts. Raises only
        to be tried again, with the reason in its message."""
        async with self._alone(request):
            return await self._run_batch(request)

    @activity.defn
    async def await_remote(self, request: RemoteWait) -> None:
        """Completed from outside, by whoever takes the lines in. Raises ContactLost."""
        info = activity.info()
        async with self._database.begin() as session:
            run, come = await remote.wait_for(
                session,
                organisation_id=request.scan.organisation_id,
                scan_id=request.scan.scan_id,
                service=request.service,
                attempt=request.scan.attempt,
                until=request.until,
                task_token=info.task_token,
            )
        if come:
            return
        patience = self._limits.remote
        if patience.is_over(run, since=info.scheduled_time, now=now()):
            raise ApplicationError(
                patience.loss(run, request.service), type="ContactLost", non_retryable=True
            )
        if request.until is RemoteMoment.REPORTED and info.attempt == 1:
            await self._progress(request.scan).batch(
                request.service, "waiting", message="for a collector elsewhere to report"
            )
        activity.raise_complete_async()

    async def _run_batch(self, request: BatchRequest) -> BatchOutcome:
        progress = self._progress(request.scan)
        context = await load_context(self._database, request.scan, request.batch.datasets)
        run = BatchRun(
            self._database,
            progress,
            self._collectors,
            request,
            context,
            limits=self._limits,
            attempt=activity.info().attempt,
        )
        async with _beating(progress, run.tell_silence):
            reached("block_loop")
            phase, message = await self._until_settled(request, progress, run)
            await progress.results_inserted(run.judging.judged)
            await progress.batch(
                request.batch.service, phase, attempt=activity.info().attempt, message=message
            )
        reached("after_commit")
        return BatchOutcome(
            service=request.batch.service,
            judged=run.judging.judged,
            deferred=len(run.judging.deferred),
        )

    @activity.defn
    async def judge_joint(self, request: JointRequest) -> BatchOutcome:
        """Judges every check that is still open, from stored evidence, without a collector."""
        progress = self._progress(request.scan)
        still_open = await self._still_open(request)
        names = needs_of(still_open)
        absent = "not read"
        try:
            context = await load_context(self._database, request.scan, names)
        except MemoryError:  # it would be the same for ever
            context = await load_context(self._database, request.scan, ())
            absent = "the evidence does not fit into the worker's memory"
        judging = Judging(progress, context, still_open)
        for name in sorted(names - set(context.recorded)):
            reason = request.unread.get(name.partition(".")[0], absent)
            judging.settle(name, Recorded(DatasetStatus.OTHER, message=reason))
        for service in request.skipped:
            await progress.batch(service, "skipped", message=request.unread.get(service, ""))
        async with _beating(progress):
            await judging.judge_ready(whatever_is_there=True)
            if judging.judged:
                await progress.results_inserted(judging.judged)
        return BatchOutcome(service="joint", judged=judging.judged)

    @activity.defn
    async def finish_scan(self, request: FinishRequest) -> bool:
        """Writes the terminal status unless one is there: the first one stands."""
        return await self._progress(request.scan).status(
            request.status, error_message=request.error_message
        )

    @contextlib.asynccontextmanager
    async def _alone(self, request: BatchRequest) -> AsyncIterator[None]:
        """A worker that was cut off may be given a batch anew while it still runs it: the older
        try ends first, so that no collector begins beside another."""
        key = (request.scan.scan_id, request.batch.service)
        older, mine = self._turns.get(key), asyncio.current_task()
        assert mine is not None  # noqa: S101  (an activity is a task)
        self._turns[key] = mine
        try:
            if older is not None:
                older.cancel()
                await asyncio.wait([older])
            yield
        finally:
            if self._turns.get(key) is mine:
                del self._turns[key]

    async def _still_open(self, request: JointRequest) -> list[PlannedCheck]:
        """Most are judged: their evidence is not loaded once more."""
        async with self._database.read() as session:
            judged = await results.judged_in(
                session,
                organisation_id=request.scan.organisation_id,
                scan_id=request.scan.scan_id,
                attempt=request.scan.attempt,
            )
        return [item for item in request.checks if item.recommendation not in judged]

    async def _until_settled(
        self, request: BatchRequest, progress: Progress, run: BatchRun
    ) -> tuple[Phase, str]:
        """Phase and message that the batch ends with."""
        try:
            await run.run()
        except CollectorFailed as failure:
            await self._retry_or_go_on(request, progress, str(failure), dataset=run.dataset)
            return await _give_up(run, DatasetStatus.OTHER, str(failure))
        except ContactLost as loss:
            return await _give_up(run, DatasetStatus.OTHER, str(loss))
        except SignInFailed as failure:
            error = failure.error
            if error.kind in ("throttled", "timeout", "other"):
                reason = f"could not sign in: {error.message or error.kind}"
                await self._retry_or_go_on(request, progress, reason, error)
            return await _give_up(run, DatasetStatus(error.kind), f"sign-in: {error.message}")
        except WrongTenant:
            return await _give_up(
                run, DatasetStatus.OTHER, "the collector signed in to another tenant"
            )
        except NoCollector as refusal:
            return await _give_up(run, DatasetStatus(refusal.error.kind), refusal.error.message)
        return "finished", ""

    async def _retry_or_go_on(
        self,
        request: BatchRequest,
        progress: Progress,
        reason: str,
        error: ReadError | None = None,
        dataset: str | None = None,
    ) -> None:
        """Raises for another try, as long as this attempt of the scan allows one."""
        service = request.batch.service
        async with self._database.read() as session:
            before = await batches.count_failures(
                session,
                organisation_id=request.scan.organisation_id,
                scan_id=request.scan.scan_id,
                service=service,
            )
        last = before + 1 >= self._limits.failures
        await progress.batch(
            service,
            "failed" if last else "retrying",
            dataset=dataset,
            attempt=activity.info().attempt,
            message=reason,
            failed=True,
        )
        if not last:
            wait_s = (error and error.retry_after_s) or _STEPS_OF_A_RETRY_S[min(before, 2)]
            raise ApplicationError(
                f"The collector of {service} failed and is tried again.",
                type="CollectorFailed",
                next_retry_delay=timedelta(seconds=wait_s),
            )

    def _progress(self, scan: ScanRequest) -> Progress:
        return Progress(self._database, self._news, scan)


async def _give_up(run: BatchRun, status: DatasetStatus, message: str) -> tuple[Phase, str]:
    await run.give_up(status, message)
    return "failed", message


@contextlib.asynccontextmanager
async def _beating(
    progress: Progress, every_beat: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    """Beats once a second while the body runs. A worker that is told to stop ends the body at
    once, to be gone on with elsewhere, instead of using up its grace."""
    body = asyncio.current_task()
    stopping = False

    async def beat() -> None:
        nonlocal stopping
        while True:
            activity.heartbeat(progress.done)
            if activity.is_worker_shutdown() and not stopping and body is not None:
                stopping = True
                body.cancel()
            await asyncio.sleep(_BEAT_S)

    tasks = [asyncio.create_task(beat())]
    if every_beat is not None:
        tasks.append(asyncio.create_task(_every_second(every_beat)))
    try:
        yield
    except asyncio.CancelledError:
        if not stopping or activity.is_cancelled():
            raise
        raise ApplicationError("This worker stops; another goes on.", type="WorkerStops") from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _every_second(tell: Callable[[], Awaitable[None]]) -> None:
    """Beside the beat, never in it: a database that is away must not look like a dead worker."""
    while True:
        try:
            await tell()
        except SQLAlchemyError as error:
            logger.warning("silence not told", extra={"why": type(error).__name__})
        await asyncio.sleep(_BEAT_S)
