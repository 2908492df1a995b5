"""ScanWorkflow: plan, batches side by side, what they left open, and exactly one end."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    TimeoutType,
    is_cancelled_exception,
)
from temporalio.exceptions import (
    TimeoutError as ActivityTimeout,
)

with workflow.unsafe.imports_passed_through():
    from activities.scan import ScanActivities
    from contracts.names import collect_queue
    from contracts.scan import (
        Batch,
        BatchRequest,
        FinishRequest,
        JointRequest,
        RemoteMoment,
        RemoteWait,
        ScanExecution,
        ScanPlan,
        ScanRequest,
        ScanStatus,
        SkipWish,
        StatusRequest,
        Wish,
    )
    from workflows.policies import (
        BATCH,
        JOINT,
        PARALLEL_BATCHES,
        PLAN,
        QUICK,
        REMOTE,
        SCAN_LIMIT,
        WORKER_WAIT,
    )


@workflow.defn
class ScanWorkflow:
    """Small state only: which batches are done. What they found stands in the database, so a
    batch that is stopped and started again goes on where it was."""

    def __init__(self) -> None:
        self._paused = False
        self._asked_by: str | None = None
        self._ending = False
        self._skipped: dict[str, str] = {}
        self._plan = ScanPlan(total_checks=0)
        self._done: set[str] = set()
        self._unread: dict[str, str] = {}
        self._running: set[str] = set()

    @workflow.run
    async def run(self, request: ScanRequest) -> str:
        """The terminal status. Fails, or is cancelled, after that status was written."""
        try:
            async with asyncio.timeout(SCAN_LIMIT.total_seconds()):
                await self._scan(request)
        except TimeoutError:
            hours = SCAN_LIMIT // timedelta(hours=1)
            await self._fail(request, f"The scan was not finished within {hours} hours.")
        except (asyncio.CancelledError, ActivityError) as error:
            if not is_cancelled_exception(error):
                await self._fail(request, "A step of the scan failed; its worker's log says why.")
            await self._finish(request, ScanStatus.CANCELLED)
            raise
        await self._finish(request, ScanStatus.COMPLETED)
        return ScanStatus.COMPLETED

    @workflow.update
    async def pause(self, wish: Wish) -> None:
        """Stops the collectors; what is judged stays. Twice is once."""
        self._paused, self._asked_by = True, wish.by

    @workflow.update
    async def resume(self, wish: Wish) -> None:
        self._paused, self._asked_by = False, wish.by

    @workflow.update
    async def skip(self, wish: SkipWish) -> None:
        """Gives a service up: its unread checks end as errors that say who skipped it."""
        self._skipped[wish.service] = f"skipped by {wish.by}"

    @pause.validator
    def _refuse_pause(self, wish: Wish) -> None:
        self._refuse_when_ending()

    @resume.validator
    def _refuse_resume(self, wish: Wish) -> None:
        self._refuse_when_ending()

    @skip.validator
    def _refuse_skip(self, wish: SkipWish) -> None:
        self._refuse_when_ending()
        if wish.service not in {batch.service for batch in self._plan.batches} - self._done:
            raise ApplicationError("The service has nothing left to skip.", type="NothingToSkip")

    def _refuse_when_ending(self) -> None:
        if self._ending:
            raise ApplicationError("The scan is ending.", type="ScanEnding")

    @workflow.query
    def execution(self) -> ScanExecution:
        return ScanExecution(
            paused=self._paused,
            running=sorted(self._running),
            finished=sorted(self._done),
            unread=self._unread | self._skipped,
        )

    async def _scan(self, request: ScanRequest) -> None:
        workflow.set_current_details("planning")
        self._plan = await workflow.execute_activity_method(
            ScanActivities.plan_scan, request, **PLAN
        )
        while not await self._run_batches(request):
            await self._stand_still(request)
        workflow.set_current_details("judging what needs several services")
        self._ending = True
        await workflow.execute_activity_method(
            ScanActivities.judge_joint,
            JointRequest(
                scan=request,
                checks=[item for batch in self._plan.batches for item in batch.checks]
                + self._plan.joint,
                unread=self._unread | self._skipped,
                skipped=sorted(self._skipped),
            ),
            **JOINT,
        )

    async def _run_batches(self, request: ScanRequest) -> bool:
        """False when a pause stopped them before all were done."""
        places = asyncio.Semaphore(PARALLEL_BATCHES)
        tasks = {
            batch.service: asyncio.create_task(self._run_batch(request, batch, places))
            for batch in self._plan.batches
            if batch.service not in self._done
        }
        workflow.set_current_details("reading " + ", ".join(sorted(tasks)))
        try:
            await workflow.wait_condition(
                lambda: self._paused or all(task.done() for task in tasks.values())
            )
        finally:
            for task in tasks.values():
                task.cancel()
            ended = await asyncio.gather(*tasks.values(), return_exceptions=True)
        for failure in ended:
            if isinstance(failure, BaseException) and not is_cancelled_exception(failure):
                raise failure
        return len(self._done) == len(self._plan.batches)

    async def _run_batch(
        self, request: ScanRequest, batch: Batch, places: asyncio.Semaphore
    ) -> None:
        planned = {other.service for other in self._plan.batches}
        lost = batch.remote and not await self._has_reported(request, batch)
        await workflow.wait_condition(
            lambda: (set(batch.after) & planned) <= self._done or batch.service in self._skipped
        )
        async with places:
            if batch.service not in self._skipped:
                self._running.add(batch.service)
                try:
                    if lost or not await self._read(request, batch):
                        await self._activity_or_skip(request, batch, contact_lost=True)
                finally:
                    self._running.discard(batch.service)
        self._done.add(batch.service)

    async def _has_reported(self, request: ScanRequest, batch: Batch) -> bool:
        """False when no collector elsewhere has in time, or when the service was skipped."""
        contact = self._contact(request, batch, RemoteMoment.REPORTED)
        try:
            await workflow.wait_condition(lambda: contact.done() or batch.service in self._skipped)
        finally:
            contact.cancel()
            ended = await asyncio.gather(contact, return_exceptions=True)
        return not isinstance(ended[0], BaseException)

    async def _read(self, request: ScanRequest, batch: Batch) -> bool:
        """False when a collector elsewhere fell silent before it was read to its end."""
        if not batch.remote:
            await self._activity_or_skip(request, batch)
            return True
        contact = self._contact(request, batch, RemoteMoment.ENDED)
        reading = asyncio.create_task(self._activity_or_skip(request, batch))
        try:
            await workflow.wait_condition(lambda: reading.done() or _is_lost(contact))
        finally:
            reading.cancel()
            contact.cancel()
            await asyncio.gather(reading, contact, return_exceptions=True)
        if reading.cancelled():
            return False
        await reading
        return True

    def _contact(
        self, request: ScanRequest, batch: Batch, until: RemoteMoment
    ) -> workflow.ActivityHandle[None]:
        return workflow.start_activity_method(
            ScanActivities.await_remote,
            RemoteWait(scan=request, service=batch.service, until=until),
            summary=f"{batch.service}: until its collector elsewhere has {until}",
            **REMOTE[until],
        )

    async def _activity_or_skip(
        self, request: ScanRequest, batch: Batch, *, contact_lost: bool = False
    ) -> None:
        service = batch.service
        activity = workflow.start_activity_method(
            ScanActivities.run_batch,
            BatchRequest(scan=request, batch=batch, contact_lost=contact_lost),
            task_queue=collect_queue(service),
            summary=f"{service}: {len(batch.checks)} checks",
            **BATCH,
        )
        try:
            await workflow.wait_condition(lambda: activity.done() or service in self._skipped)
        finally:
            activity.cancel()
            ended = await asyncio.gather(activity, return_exceptions=True)
        if isinstance(ended[0], ActivityError) and service not in self._skipped:
            if is_cancelled_exception(ended[0]):
                raise ended[0]
            self._unread[service] = _why(ended[0], service)

    async def _stand_still(self, request: ScanRequest) -> None:
        """No collector is alive here. Whether the row says so too is decided by its status."""
        await self._set_status(request, ScanStatus.PAUSED, [ScanStatus.RUNNING])
        workflow.set_current_details("paused")
        await workflow.wait_condition(lambda: not self._paused)
        await self._set_status(request, ScanStatus.RUNNING, [ScanStatus.PAUSED])

    async def _set_status(
        self, request: ScanRequest, status: ScanStatus, only_from: list[ScanStatus]
    ) -> None:
        await workflow.execute_activity_method(
            ScanActivities.set_status,
            StatusRequest(scan=request, status=status, only_from=only_from, by=self._asked_by),
            **QUICK,
        )

    async def _fail(self, request: ScanRequest, message: str) -> None:
        await self._finish(request, ScanStatus.FAILED, message)
        raise ApplicationError(message, type="ScanFailed", non_retryable=True)

    async def _finish(
        self, request: ScanRequest, status: ScanStatus, message: str | None = None
    ) -> None:
        """A cancel that comes now is too late: the end that is being written stands."""
        self._ending = True
        workflow.set_current_details(f"ending as {status}")
        writing = workflow.start_activity_method(
            ScanActivities.finish_scan,
            FinishRequest(scan=request, status=status, error_message=message),
            **QUICK,
        )
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing


def _is_lost(contact: workflow.ActivityHandle[None]) -> bool:
    return contact.done() and contact.exception() is not None


def _why(error: ActivityError, service: str) -> str:
    cause = error.cause
    if isinstance(cause, ActivityTimeout) and cause.type is TimeoutType.SCHEDULE_TO_START:
        minutes = WORKER_WAIT // timedelta(minutes=1)
        return f"no worker serves {service} (waited {minutes} minutes)"
    return f"the batch of {service} did not come to an end"
