"""A service that no worker tests is named, and the others are tested all the same."""

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contracts.names import SCANS, collect_queue, connection_test_workflow_id
from contracts.onboarding import ConnectionTestRequest, ServiceTestRequest
from tests.workflows.conftest import skipping  # noqa: F401  (fixture)
from workflows.connection_test import ConnectionTestWorkflow

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("temporal")]


@dataclass
class Stand:
    """Stand-ins for the activities; a service in `broken` fails each time."""

    broken: frozenset[str] = frozenset()
    tested: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)

    @activity.defn(name="test_connection")
    async def test_connection(self, request: ServiceTestRequest) -> bool:
        self.tested.append(request.service)
        if request.service in self.broken:
            raise RuntimeError
        return True

    @activity.defn(name="note_unserved")
    async def note_unserved(self, request: ServiceTestRequest) -> bool:
        self.noted[request.service] = request.unserved
        return False


async def run(env: WorkflowEnvironment, tests: Stand, served: list[str], asked: list[str]) -> bool:
    request = ConnectionTestRequest(
        organisation_id="o", tenant_id=str(uuid4()), profile="E5-L1", services=asked, wait_s=1
    )
    workers = [
        Worker(
            env.client,
            task_queue=SCANS,
            workflows=[ConnectionTestWorkflow],
            activities=[tests.note_unserved],
        ),
        *(
            Worker(env.client, task_queue=collect_queue(name), activities=[tests.test_connection])
            for name in served
        ),
    ]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        return await env.client.execute_workflow(
            ConnectionTestWorkflow.run,
            request,
            id=connection_test_workflow_id(request.tenant_id),
            task_queue=SCANS,
        )
    finally:
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*tasks)


async def test_a_service_without_a_worker_is_noted_and_the_others_are_tested(
    skipping: WorkflowEnvironment,  # noqa: F811
) -> None:
    tests = Stand()
    passed = await run(skipping, tests, ["graph"], ["graph", "purview"])

    assert not passed
    assert tests.tested == ["graph"]
    assert tests.noted == {"purview": "No worker serves purview (waited 1 s)."}


async def test_a_test_that_breaks_is_tried_again_and_then_noted(
    skipping: WorkflowEnvironment,  # noqa: F811
) -> None:
    tests = Stand(broken=frozenset({"graph"}))
    passed = await run(skipping, tests, ["graph"], ["graph"])

    assert not passed
    assert tests.tested == ["graph"] * 3
    assert tests.noted == {"graph": "The test of graph did not come to an end."}


async def test_all_served_and_sound_is_a_pass(
    skipping: WorkflowEnvironment,  # noqa: F811
) -> None:
    tests = Stand()

    assert await run(skipping, tests, ["graph", "dns"], ["graph", "dns"])
    assert tests.noted == {}
