"""Stand-ins around schedules and campaigns: who may begin is a test's word, scans do what it says.

The scan is a workflow of the real name without steps of its own; the real one has its own tests.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

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
from contracts.names import SCANS, campaign_workflow_id
from contracts.scan import ScanRequest
from workflows.fleet import CampaignWorkflow, ScheduledScanWorkflow


@workflow.defn(name="ScanWorkflow", sandboxed=False)
class StandIn:
    """Fails, or lasts until it is cancelled, as its tenant's name asks for."""

    @workflow.run
    async def run(self, request: ScanRequest) -> str:
        if request.tenant_id.startswith("broken"):
            raise ApplicationError("broken", non_retryable=True)
        if request.tenant_id.startswith("endless"):
            await workflow.wait_condition(lambda: False)
        await workflow.sleep(1)
        return "completed"


@dataclass
class FleetFakes:
    """Answers of `may_begin` in turn; when they are used up a scan may begin."""

    tenants: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    decide: Callable[[WishedScan], Decision | None] = lambda _wish: None
    chunk: int = 100
    wishes: list[WishedScan] = field(default_factory=list)
    chunks: list[int] = field(default_factory=list)
    gone: list[LetGo] = field(default_factory=list)
    ends: list[CampaignStatus] = field(default_factory=list)

    @activity.defn(name="may_begin")
    async def may_begin(self, wish: WishedScan) -> Decision:
        self.wishes.append(wish)
        if self.decisions:
            return self.decisions.pop(0)
        return self.decide(wish) or Decision(scan=request_of(wish))

    @activity.defn(name="let_go")
    async def let_go(self, let_go: LetGo) -> None:
        self.gone.append(let_go)

    @activity.defn(name="next_tenants")
    async def next_tenants(self, run: CampaignRun) -> CampaignChunk:
        begun = {wish.tenant_id for wish in self.wishes if wish.key.split("/")[1] == str(run.run)}
        left = [tenant for tenant in self.tenants if tenant not in begun]
        self.chunks.append(len(left[: self.chunk]))
        return CampaignChunk(tenant_ids=left[: self.chunk], is_last=len(left) <= self.chunk)

    @activity.defn(name="end_campaign")
    async def end_campaign(self, end: CampaignEnd) -> bool:
        self.ends.append(end.status)
        return True


def request_of(wish: WishedScan) -> ScanRequest:
    return ScanRequest(
        scan_id=str(uuid4()), organisation_id=wish.organisation_id, tenant_id=wish.tenant_id
    )


@asynccontextmanager
async def fleet_worker(env: WorkflowEnvironment, fakes: FleetFakes) -> AsyncIterator[None]:
    worker = Worker(
        env.client,
        task_queue=SCANS,
        workflows=[ScheduledScanWorkflow, CampaignWorkflow, StandIn],
        activities=[fakes.may_begin, fakes.let_go, fakes.next_tenants, fakes.end_campaign],
    )
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.shutdown()
        await running


async def start_scheduled(
    env: WorkflowEnvironment, tenant_id: str = ""
) -> WorkflowHandle[ScheduledScanWorkflow, str]:
    schedule_id = str(uuid4())
    scheduled = ScheduledScan(
        organisation_id=str(uuid4()),
        tenant_id=tenant_id or str(uuid4()),
        schedule_id=schedule_id,
    )
    return await env.client.start_workflow(
        ScheduledScanWorkflow.run,
        scheduled,
        id=f"assay-schedule-{schedule_id}-2026-11-25T03:00:00Z",
        task_queue=SCANS,
    )


async def start_campaign(
    env: WorkflowEnvironment, *, width: int = 8
) -> WorkflowHandle[CampaignWorkflow, str]:
    campaign = CampaignRun(organisation_id=str(uuid4()), campaign_id=str(uuid4()), width=width)
    return await env.client.start_workflow(
        CampaignWorkflow.run,
        campaign,
        id=campaign_workflow_id(campaign.campaign_id),
        task_queue=SCANS,
    )
