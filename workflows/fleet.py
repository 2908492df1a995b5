"""Schedules and campaigns: they decide when a scan begins; ScanWorkflow does the rest."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.fleet import FleetActivities
    from contracts.fleet import (
        CampaignChunk,
        CampaignEnd,
        CampaignRun,
        CampaignStatus,
        Decision,
        LetGo,
        ScheduledScan,
        WishedScan,
    )
    from contracts.names import SCAN_ID_MEMO, campaign_scan_key, scan_workflow_id
    from contracts.scan import ScanRequest
    from workflows.policies import QUICK
    from workflows.scan import ScanWorkflow

# Quiet hours and schedules may be changed while somebody waits: not longer without asking again.
LONGEST_WAIT_S = 600.0
FIRST_WAIT_S = 30.0  # for a place; every further wait is twice as long, up to
LONGEST_WAIT_FOR_A_PLACE_S = 300.0

# A run whose end is written closes a moment later.
CLOSING_S = 2.0
TRIES = 3

_RUNS_ALREADY = "the tenant is being scanned already"


async def begin_scan(wish: WishedScan) -> ScanRequest | str:
    """The scan that may begin now, after waiting as long as it takes; or why it will not."""
    for_a_place_s = FIRST_WAIT_S
    while True:
        decision: Decision = await workflow.execute_activity_method(
            FleetActivities.may_begin, wish, **QUICK
        )
        if decision.scan is not None:
            return decision.scan
        if decision.wait_s is not None:
            await _wait(min(decision.wait_s, LONGEST_WAIT_S), "quiet hours")
        elif decision.full:
            await _wait(for_a_place_s, "a place")
            for_a_place_s = min(2 * for_a_place_s, LONGEST_WAIT_FOR_A_PLACE_S)
        else:
            return decision.refused or "refused"


async def run_scan(wish: WishedScan, request: ScanRequest) -> str:
    """How the scan ended, in a word. A cancel of the caller cancels the scan, and is raised when
    the scan has ended."""
    for _ in range(TRIES):
        try:
            return await workflow.execute_child_workflow(
                ScanWorkflow.run,
                request,
                id=scan_workflow_id(request.tenant_id),
                memo={SCAN_ID_MEMO: request.scan_id},
                static_summary=f"scan {request.scan_id}",
                # Terminated from outside, a schedule or campaign must not leave collectors behind.
                parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
            )
        except WorkflowAlreadyStartedError:
            await workflow.sleep(CLOSING_S)
        except ChildWorkflowError as error:
            if is_cancelled_exception(error) and workflow.cancellation_reason() is not None:
                raise
            return "ended early"
    await let_go(wish, _RUNS_ALREADY, request)
    return _RUNS_ALREADY


async def let_go(wish: WishedScan, why: str, request: ScanRequest | None = None) -> None:
    await workflow.execute_activity_method(
        FleetActivities.let_go, LetGo(wish=wish, why=why, scan=request), **QUICK
    )


async def _wait(seconds: float, what: str) -> None:
    workflow.set_current_details(f"waiting for {what}")
    await workflow.sleep(seconds)


@workflow.defn
class ScheduledScanWorkflow:
    """One run of a schedule."""

    @workflow.run
    async def run(self, scheduled: ScheduledScan) -> str:
        wish = WishedScan(
            organisation_id=scheduled.organisation_id,
            tenant_id=scheduled.tenant_id,
            key=workflow.info().workflow_id,
            schedule_id=scheduled.schedule_id,
        )
        begun = await begin_scan(wish)
        return begun if isinstance(begun, str) else await run_scan(wish, begun)


@workflow.defn
class CampaignWorkflow:
    """Scans its tenants, some side by side, each as a child of its own."""

    def __init__(self) -> None:
        self._asking = asyncio.Lock()  # places are the organisation's: one waits for all

    @workflow.run
    async def run(self, campaign: CampaignRun) -> str:
        try:
            chunk: CampaignChunk = await workflow.execute_activity_method(
                FleetActivities.next_tenants, campaign, **QUICK
            )
            await self._scan_all(campaign, chunk.tenant_ids)
        except (asyncio.CancelledError, ActivityError, ChildWorkflowError) as error:
            if is_cancelled_exception(error):
                await self._end(campaign, CampaignStatus.CANCELLED)
            raise
        if not chunk.is_last:
            workflow.continue_as_new(campaign)
        await self._end(campaign, CampaignStatus.COMPLETED)
        return CampaignStatus.COMPLETED

    async def _scan_all(self, campaign: CampaignRun, tenant_ids: list[str]) -> None:
        """Returns, or raises, when the last scan has ended: none outlives its campaign."""
        places = asyncio.Semaphore(campaign.width)
        ended = await asyncio.gather(
            *(self._scan(campaign, tenant_id, places) for tenant_id in tenant_ids),
            return_exceptions=True,
        )
        for failure in ended:
            if isinstance(failure, BaseException):
                raise failure

    async def _scan(self, campaign: CampaignRun, tenant_id: str, places: asyncio.Semaphore) -> None:
        wish = WishedScan(
            organisation_id=campaign.organisation_id,
            tenant_id=tenant_id,
            key=campaign_scan_key(campaign.campaign_id, campaign.run, tenant_id),
            campaign_id=campaign.campaign_id,
        )
        async with places:
            try:
                async with self._asking:
                    begun = await begin_scan(wish)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await let_go(wish, "it could not begin; the worker's log says why")
                return
            if not isinstance(begun, str):
                await run_scan(wish, begun)

    async def _end(self, campaign: CampaignRun, status: CampaignStatus) -> None:
        """A cancel that comes now is too late: the end that is being written stands."""
        writing = workflow.start_activity_method(
            FleetActivities.end_campaign,
            CampaignEnd(
                organisation_id=campaign.organisation_id,
                campaign_id=campaign.campaign_id,
                status=status,
            ),
            **QUICK,
        )
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
