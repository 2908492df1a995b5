"""F15 to F21: Temporal dies, freezes, is away, loses its file, is used by hand."""

import random
import time
from collections.abc import Callable

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DeleteWorkflowExecutionRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client

from contracts.names import scan_workflow_id
from tests.faults.harness.invariants import check_all, check_collectors, terminate
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import World, until

PACE_MS = 100


@pytest.mark.smoke
def test_f15_temporal_killed_and_back_after_ten_seconds_costs_nothing(
    world: World, seed: int
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    run.judged(random.Random(seed).randint(0, 80))
    world.temporal.kill()
    time.sleep(10)
    while_away = run.state()["status"]
    banner = run.page("/execution")
    world.temporal.start()
    back = time.monotonic()
    seen = run.state()["seq"]
    run.wait(lambda state: state["seq"] > seen or state["status"] == "completed", 40)
    world.record("G4 Temporal back, scan goes on", time.monotonic() - back)
    run.end()

    assert while_away == "running"
    assert "The workflow service does not answer" in banner
    check_all(run, expected=faultless())


def test_f16_temporal_frozen_for_thirty_seconds_never_makes_two_collectors(
    world: World, seed: int
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=400))
    run.judged(random.Random(seed).randint(1, 40))
    world.temporal.freeze()
    time.sleep(15)
    banner = run.page("/execution")
    time.sleep(15)
    world.temporal.thaw()
    state = run.end()

    assert "The workflow service does not answer" in banner
    assert max(batch["attempt"] for batch in state["batches"]) <= 2
    check_all(run, expected=faultless())


def test_f17_without_temporal_everything_stored_is_readable_and_wishes_are_refused_in_time(
    world: World, seed: int
) -> None:
    """Ten minutes of absence are shown by their first: nothing depends on their length, for the
    clients try for ever."""
    done = Run.start(world, world.add_tenant())
    done.end()
    running = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    running.judged(5)
    world.temporal.kill()
    slow, answers = {}, {}
    with world.client() as client:
        for path in (
            f"/api/v1/scans/{done.scan_id}",
            f"/api/v1/scans/{done.scan_id}/results",
            f"/api/v1/scans/{done.scan_id}/events",
            "/api/v1/scans",
            "/api/v1/tenants",
            "/msp/cspm/scans",
            f"/msp/cspm/scans/{done.scan_id}",
            f"/msp/cspm/scans/{running.scan_id}",
            "/msp/tenants",
        ):
            began = time.monotonic()
            answers[path] = client.get(path).status_code
            slow[path] = time.monotonic() - began
        for path in ("cancel", "pause"):
            began = time.monotonic()
            answers[path] = running.post(path).status_code
            slow[path] = time.monotonic() - began
        began = time.monotonic()
        body = {"tenant": world.add_tenant().id, "profile": "E5-L1"}
        answers["start"] = client.post("/api/v1/scans", json=body).status_code
        slow["start"] = time.monotonic() - began
        ready = client.get("/readyz")
    world.temporal.start()
    running.end()

    assert {code for path, code in answers.items() if path.startswith("/")} == {200}
    assert [answers[wish] for wish in ("cancel", "pause", "start")] == [503, 503, 503]
    assert {path: took for path, took in slow.items() if took > 6} == {}
    assert ready.json()["parts"]["temporal"]["condition"] == "not-ready"
    check_all(done, expected=faultless())
    check_all(running, expected=faultless())


@pytest.mark.parametrize("damage", ["absent", "empty", "half"])
def test_f18_a_lost_temporal_file_interrupts_what_ran_and_loses_no_result(
    own_world: Callable[..., World], seed: int, damage: str
) -> None:
    scale = '{"reconcile_every": 3, "reconcile_patience": 4}'
    world = own_world(FAULTS_SCALE=scale)
    done = Run.start(world, world.add_tenant())
    done.end()
    lost = Run.start(world, world.add_tenant(pace_ms=400))
    lost.judged(10)
    world.worker.kill()
    world.temporal.kill()
    size = world.temporal_file.stat().st_size
    for file in world.folder.glob("temporal.db*"):
        if damage == "absent" or file != world.temporal_file:
            file.unlink()
        else:
            with file.open("r+b") as handle:
                handle.truncate(0 if damage == "empty" else size // 2)
    if damage != "absent":
        world.temporal.launch()
        until(lambda: not world.temporal.alive, 30, "Temporal starts on a damaged file")
        for file in world.folder.glob("temporal.db*"):
            file.unlink()  # what the supervisor's hint says
    world.temporal.start()
    world.worker.start()
    state = lost.end(60)

    assert state["status"] == "failed"
    assert "interrupted" in state["error_message"]
    assert done.verdicts() == faultless()
    check_all(lost, status="failed")
    again = Run.start(world, lost.tenant)
    again.end()
    check_all(again, expected=faultless())
    world.stop()


def test_f19_a_scan_past_temporals_retention_is_complete(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant())
    run.end()

    async def forget(client: Client) -> None:
        await client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace="default",
                workflow_execution=WorkflowExecution(workflow_id=scan_workflow_id(run.tenant.id)),
            )
        )

    world.asked(forget)
    until(lambda: "no longer knows" in run.page("/execution"), 60, run.page("/execution"))

    check_all(run, expected=faultless())
    retried = run.post("retry", {"scope": "all"})
    assert retried.status_code == 202, retried.text
    run.end()
    check_all(run, expected=faultless())


def test_f20_a_workflow_terminated_by_hand_ends_the_scan_and_its_collectors(
    world: World, seed: int
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=1500))
    run.judged(random.Random(seed).randint(1, 20))
    terminate(world, run.tenant.id)
    began = time.monotonic()
    check_collectors(world)
    world.record("F20 collectors gone after a terminate", time.monotonic() - began)
    state = run.end(70)
    world.record("F20 said after", time.monotonic() - began)

    assert time.monotonic() - began <= 70
    assert state["status"] == "failed"
    assert state["error_message"] == "It was terminated outside Assay."
    check_all(run, status="failed")


def test_f21_a_reset_by_hand_leaves_one_coherent_scan(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    run.judged(random.Random(seed).randint(1, 80))

    async def reset(client: Client) -> None:
        handle = client.get_workflow_handle(scan_workflow_id(run.tenant.id))
        described = await handle.describe()
        await client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace="default",
                workflow_execution=WorkflowExecution(
                    workflow_id=described.id, run_id=described.run_id
                ),
                reason="by hand",
                workflow_task_finish_event_id=4,
                request_id=f"reset-{seed}-{described.run_id}",
            )
        )

    world.asked(reset)
    run.end()

    check_all(run, expected=faultless())
