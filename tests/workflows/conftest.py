"""A Temporal server whose clock jumps over waiting, and activities that do what a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contracts.names import SCANS, collect_queue, scan_workflow_id
from contracts.scan import (
    Batch,
    BatchOutcome,
    BatchRequest,
    FinishRequest,
    JointRequest,
    PlannedCheck,
    ScanPlan,
    ScanRequest,
    ScanStatus,
    StatusRequest,
)
from tests.servers import binary
from workflows.scan import ScanWorkflow

PLAN = ScanPlan(
    total_checks=4,
    batches=[
        Batch(
            service="dns",
            checks=[PlannedCheck(recommendation="2.1.8", check="spf")],
            after=["exchange"],
        ),
        Batch(service="exchange", checks=[PlannedCheck(recommendation="6.1.1", check="audit")]),
        Batch(service="teams", checks=[PlannedCheck(recommendation="8.1.1", check="storage")]),
    ],
    joint=[PlannedCheck(recommendation="8.6.1", check="reports")],
)
BatchBody = Callable[[BatchRequest], Awaitable[None]]


@dataclass
class Fakes:
    """Stand-ins for the activities. What they were asked stands in `calls`."""

    plan: ScanPlan = PLAN
    bodies: dict[str, BatchBody] = field(default_factory=dict)
    plan_fails: bool = False
    calls: list[str] = field(default_factory=list)
    statuses: list[ScanStatus] = field(default_factory=list)
    joint: JointRequest | None = None
    finish: FinishRequest | None = None
    before_finish: Callable[[], Awaitable[None]] | None = None

    @activity.defn(name="plan_scan")
    async def plan_scan(self, request: ScanRequest) -> ScanPlan:
        if self.plan_fails:
            from temporalio.exceptions import ApplicationError

            raise ApplicationError("no such scan", type="ScanNotFound")
        return self.plan

    @activity.defn(name="set_status")
    async def set_status(self, request: StatusRequest) -> bool:
        self.statuses.append(request.status)
        return True

    @activity.defn(name="run_batch")
    async def run_batch(self, request: BatchRequest) -> BatchOutcome:
        service = request.batch.service
        self.calls.append(f"begin {service}")
        body = self.bodies.get(service)
        if body is not None:
            await body(request)
        self.calls.append(f"end {service}")
        return BatchOutcome(service=service, judged=len(request.batch.checks))

    @activity.defn(name="judge_joint")
    async def judge_joint(self, request: JointRequest) -> BatchOutcome:
        self.calls.append("joint")
        self.joint = request
        return BatchOutcome(service="joint", judged=1)

    @activity.defn(name="finish_scan")
    async def finish_scan(self, request: FinishRequest) -> bool:
        if self.before_finish is not None:
            await self.before_finish()
        self.calls.append(f"finish {request.status}")
        self.finish = request
        return True


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    env = await WorkflowEnvironment.start_time_skipping_v2(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=binary("temporal"),
        dev_server_extra_args=[
            "--dynamic-config-value",
            "frontend.WorkflowTimeSkippingEnabled=true",
            "--log-level",
            "error",
        ],
    )
    yield env
    await env.shutdown()


@asynccontextmanager
async def workers(
    env: WorkflowEnvironment, fakes: Fakes, *, services: tuple[str, ...]
) -> AsyncIterator[None]:
    throttle = timedelta(milliseconds=100)
    collecting = [
        Worker(
            env.client,
            task_queue=collect_queue(service),
            activities=[fakes.run_batch],
            max_heartbeat_throttle_interval=throttle,
            default_heartbeat_throttle_interval=throttle,
        )
        for service in services
    ]
    orchestration = Worker(
        env.client,
        task_queue=SCANS,
        workflows=[ScanWorkflow],
        activities=[fakes.plan_scan, fakes.set_status, fakes.judge_joint, fakes.finish_scan],
    )
    running = [asyncio.create_task(worker.run()) for worker in (orchestration, *collecting)]
    try:
        yield
    finally:
        await asyncio.gather(*(worker.shutdown() for worker in (orchestration, *collecting)))
        await asyncio.gather(*running)


async def start(env: WorkflowEnvironment) -> WorkflowHandle[ScanWorkflow, str]:
    request = ScanRequest(
        scan_id=str(uuid4()), organisation_id=str(uuid4()), tenant_id=str(uuid4())
    )
    return await env.client.start_workflow(
        ScanWorkflow.run, request, id=scan_workflow_id(request.tenant_id), task_queue=SCANS
    )


async def beat_until_cancelled(_request: BatchRequest) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(0.05)


async def until(condition: Callable[[], bool], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)
