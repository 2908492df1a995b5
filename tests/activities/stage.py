"""One scan, and its activities run as a worker runs them: in Temporal's activity environment."""

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.batch import Limits
from activities.collectors import Collectors
from activities.progress import Told
from activities.scan import ScanActivities
from contracts.events import AnyEvent, StatusEvent
from contracts.results import DatasetLine, ResultDetail
from contracts.scan import (
    BatchOutcome,
    BatchRequest,
    FinishRequest,
    JointRequest,
    ScanPlan,
    ScanRequest,
    ScanState,
    ScanStatus,
)
from store import batches, events, evidence, results, scans
from store.database import Database


class Heard:
    """Listens to the news of a scan."""

    def __init__(self) -> None:
        self.events: list[Told] = []

    def publish(self, event: Told) -> None:
        self.events.append(event)


@dataclass
class Stage:
    database: Database
    collectors: Collectors
    request: ScanRequest
    limits: Limits = field(default_factory=Limits)
    heard: Heard = field(default_factory=Heard)
    beats: list[list[str]] = field(default_factory=list)
    _plan: ScanPlan | None = None

    @property
    def activities(self) -> ScanActivities:
        return ScanActivities(self.database, self.heard, self.collectors, self.limits)

    def environment(self, attempt: int = 1) -> ActivityEnvironment:
        found = ActivityEnvironment()
        found.info = dataclasses.replace(found.info, attempt=attempt)
        found.on_heartbeat = lambda done: self.beats.append(list(done))
        return found

    async def plan(self) -> ScanPlan:
        """Made once a scan, as in a workflow."""
        if self._plan is None:
            self._plan = await self.environment().run(self.activities.plan_scan, self.request)
        return self._plan

    async def batch(
        self,
        service: str,
        *,
        attempt: int = 1,
        environment: ActivityEnvironment | None = None,
        contact_lost: bool = False,
    ) -> BatchOutcome:
        """One try. Raises what the activity raises."""
        plan = await self.plan()
        chosen = next(batch for batch in plan.batches if batch.service == service)
        run = (environment or self.environment(attempt)).run
        asked = BatchRequest(scan=self.request, batch=chosen, contact_lost=contact_lost)
        return await run(self.activities.run_batch, asked)

    async def until_settled(self, service: str) -> list[ApplicationError]:
        """Tries as Temporal would, without the waiting; the errors that asked for another try."""
        refused: list[ApplicationError] = []
        for attempt in range(1, 10):
            try:
                await self.batch(service, attempt=attempt)
            except ApplicationError as error:
                refused.append(error)
            else:
                return refused
        raise AssertionError("the batch asks for ever to be tried again")

    async def joint(self, unread: dict[str, str] | None = None) -> BatchOutcome:
        plan = await self.plan()
        checks = [item for batch in plan.batches for item in batch.checks] + plan.joint
        asked = JointRequest(scan=self.request, checks=checks, unread=unread or {})
        return await self.environment().run(self.activities.judge_joint, asked)

    async def finish(self, status: ScanStatus = ScanStatus.COMPLETED) -> bool:
        asked = FinishRequest(scan=self.request, status=status)
        return await self.environment().run(self.activities.finish_scan, asked)

    async def events(self) -> list[AnyEvent]:
        async with self.database.read() as session:
            return await events.list_events(session, **self.ids)

    async def judged(self) -> list[str]:
        """Check ids in the order in which their verdicts were told."""
        told = [event for event in await self.events() if isinstance(event, StatusEvent)]
        return [event.check.check_id for event in told if event.check]

    async def verdicts(self) -> dict[str, str]:
        """By recommendation; those without a verdict are not in it."""
        async with self.database.read() as session:
            lines = await results.list_results(session, **self.ids)
        return {line.recommendation: line.verdict for line in lines if line.verdict}

    async def detail(self, recommendation: str) -> ResultDetail:
        async with self.database.read() as session:
            return await results.read_result(session, **self.ids, recommendation=recommendation)

    async def datasets(self) -> dict[str, DatasetLine]:
        async with self.database.read() as session:
            lines = await evidence.list_datasets(session, **self.ids)
        return {line.name: line for line in lines}

    async def rows(self, dataset: str) -> list[dict[str, Any]]:
        async with self.database.read() as session:
            found = await evidence.read_rows(session, **self.ids, dataset=dataset, limit=None)
        return found.rows

    async def log(self, service: str) -> str:
        async with self.database.read() as session:
            found = await batches.read_log(session, **self.ids, service=service)
        return found.text if found else ""

    async def state(self) -> ScanState:
        async with self.database.read() as session:
            return await scans.read_state(session, **self.ids)

    async def until(self, condition: Callable[[], bool], within_s: float = 15) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.01)

    @property
    def ids(self) -> dict[str, Any]:
        return {
            "organisation_id": self.request.organisation_id,
            "scan_id": self.request.scan_id,
        }
