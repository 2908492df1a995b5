"""Real runs of ScanWorkflow, one for each way a scan can go, whose histories are kept."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.collectors import Collectors, LocalCollectors, Source
from activities.scan import ScanActivities
from contracts.names import SCANS, collect_queue, scan_workflow_id
from contracts.scan import BatchOutcome, JointRequest, ScanRequest
from store.database import Database
from tests.activities.stage import Heard
from tests.builders.scans import ROOT, new_scan
from workflows.scan import ScanWorkflow

SERVICES = ("graph", "exchange", "dns", "teams", "fabric")
CHECKS = frozenset({"2.1.8", "8.5.2", "9.1.1"})  # of several services, one waits for another
HANG = {"kind": "hang", "dataset": "teams.meeting_policies"}
WITHIN_S = 60
Handle = WorkflowHandle[ScanWorkflow, str]


class Broken:
    """A worker whose collectors cannot even be looked for."""

    async def source(self, **_asked: object) -> Source:
        raise ApplicationError("broken", non_retryable=True)


@activity.defn(name="judge_joint")
async def broken_joint(_request: JointRequest) -> BatchOutcome:
    raise ApplicationError("broken", non_retryable=True)


@dataclass
class Recorder:
    client: Client
    database: Database
    folder: Path
    heard: Heard = field(default_factory=Heard)

    @property
    def local(self) -> LocalCollectors:
        return LocalCollectors(sys.executable, ROOT, {"PATH": os.environ["PATH"]})

    async def scan(self, *faults: dict[str, Any]) -> ScanRequest:
        script = {"counters": str(self.folder), "faults": list(faults)}
        return await new_scan(self.database, recommendations=CHECKS, settings={"faults": script})

    async def start(self, request: ScanRequest) -> Handle:
        return await self.client.start_workflow(
            ScanWorkflow.run, request, id=scan_workflow_id(request.tenant_id), task_queue=SCANS
        )

    @asynccontextmanager
    async def workers(
        self,
        *,
        services: Sequence[str] = SERVICES,
        collectors: Collectors | None = None,
        without: Sequence[str] = (),
        instead: Sequence[Callable[..., Any]] = (),
    ) -> AsyncIterator[None]:
        """`without`: activities that nobody carries out; `instead`: others by their name."""
        real = ScanActivities(self.database, self.heard, collectors or self.local)
        orchestrated: list[Callable[..., Any]] = [
            real.plan_scan,
            real.set_status,
            real.judge_joint,
            real.finish_scan,
            real.await_remote,
        ]
        served = [found for found in orchestrated if found.__name__ not in without]
        orchestration = Worker(
            self.client,
            task_queue=SCANS,
            workflows=[ScanWorkflow],
            activities=[*served, *instead],
        )
        collecting = [
            Worker(self.client, task_queue=collect_queue(service), activities=[real.run_batch])
            for service in services
        ]
        running = [orchestration, *collecting]
        tasks = [asyncio.create_task(worker.run()) for worker in running]
        try:
            yield
        finally:
            await asyncio.gather(*(worker.shutdown() for worker in running))
            await asyncio.gather(*tasks)

    async def until_told(self, *, phase: str, service: str = "teams") -> None:
        await self.until(
            lambda: any(
                getattr(event, "phase", None) == phase
                and getattr(event, "service", None) == service
                and (phase != "reading" or getattr(event, "dataset", None) == HANG["dataset"])
                for event in self.heard.events
            )
        )

    async def until_status(self, status: str) -> None:
        await self.until(
            lambda: any(getattr(event, "status", None) == status for event in self.heard.events)
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                await asyncio.sleep(0.05)

    async def until_scheduled(self, handle: Handle, name: str) -> None:
        async with asyncio.timeout(WITHIN_S):
            while name not in (await handle.fetch_history()).to_json():
                await asyncio.sleep(0.1)


async def ended(handle: Handle) -> Handle:
    """However it ended."""
    try:
        async with asyncio.timeout(WITHIN_S):
            await handle.result()
    except WorkflowFailureError:
        return handle
    return handle


Scenario = Callable[[Recorder], Awaitable[Handle]]
