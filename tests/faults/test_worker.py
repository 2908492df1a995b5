"""F01 to F10: the worker dies, stops, freezes, is missing, is blocked."""

import random
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.faults.harness.crowd import Crowd
from tests.faults.harness.invariants import (
    check_all,
    check_collectors,
    check_expected,
    check_journal,
    failed_tasks,
)
from tests.faults.harness.parts import Part
from tests.faults.harness.scans import Run, faultless, reading
from tests.faults.harness.world import ALLOWED, OPEN, World, until
from workflows.scan import ScanWorkflow

PACE_MS = 60
RETRY_S = 15  # the limit of G4, on an idle machine


@pytest.mark.smoke
def test_f01_a_worker_killed_in_mid_collection_costs_nothing(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    before = run.judged(random.Random(seed).randint(1, 110))
    finished = _reads(run)
    world.worker.kill()
    killed = time.monotonic()
    world.worker.start()

    run.wait(lambda state: _attempts(state) > 1 or state["status"] == "completed", 40)
    world.record("G4 worker killed, collecting again", time.monotonic() - killed)
    run.end()

    check_all(run, expected=faultless())
    after = _reads(run)
    assert {name: after[name] for name in finished} == finished, "a finished dataset was read again"
    assert before["attempt"] == 1
    assert "try 2" in run.page() or before["completed"] > 100


def _reads(run: Run) -> dict[str, str]:
    rows = run.world.rows(
        "select name, finished_at from dataset_read where scan_id = :scan", scan=run.scan_id
    )
    return {row["name"]: row["finished_at"] for row in rows}


def _attempts(state: dict[str, object]) -> int:
    batches = state["batches"]
    assert isinstance(batches, list)
    return max((batch["attempt"] for batch in batches), default=1)


@pytest.mark.parametrize("point", ["after_commit", "before_publish"])
def test_f02_f03_a_worker_killed_at_a_commit_leaves_neither_doubles_nor_holes(
    world: World, seed: int, point: str
) -> None:
    """F02: after the results' commit, before completion. F03: after a commit, before its news."""
    world.worker.kill()
    passage = random.Random(seed).randint(1, 4 if point == "after_commit" else 120)
    world.worker.start(ASSAY_FAILPOINTS=f"{point}=kill@{passage}", **ALLOWED)
    run = Run.start(world, world.add_tenant())
    crowd = Crowd(run, 3)
    until(lambda: not world.worker.alive, 60, "the failpoint is not reached")
    stopped_at = run.state()["seq"]

    world.worker.start()
    world.record(f"{point}: viewers up to date after", crowd.all_at(stopped_at, 31))
    run.end()

    check_all(run, expected=faultless())
    crowd.check()


def test_f04_a_worker_that_is_told_to_stop_hands_over(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    run.judged(random.Random(seed).randint(0, 110))

    took = world.worker.term()
    world.record("G16 worker leaves after SIGTERM", took)
    orphans = world.sampler.alive()
    code = world.worker.exit_code
    world.worker.start()
    run.end()

    assert took <= 25
    assert orphans == []
    assert code == 0
    check_all(run, expected=faultless())


def _freeze_outside_of_a_transaction(world: World) -> None:
    """In SQLite a process that stands still inside of one keeps everybody from writing."""
    while True:
        world.worker.freeze()
        try:
            with world.sql(timeout_s=0.2) as connection:
                connection.exec_driver_sql("begin immediate")
                return
        except OperationalError:
            world.worker.thaw()
            time.sleep(0.05)


def test_f05_a_worker_that_thaws_after_its_time_does_no_harm(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=150))
    run.judged(random.Random(seed).randint(1, 60))
    second = world.add(world.make_worker("worker-2"))
    _freeze_outside_of_a_transaction(world)
    second.start()

    run.wait(lambda state: _attempts(state) > 1, 60)
    time.sleep(random.Random(seed).uniform(0, 3))
    world.worker.thaw()
    run.end()

    check_all(run, expected=faultless(), beside_a_frozen_worker=True)


@pytest.mark.smoke
def test_f06_f07_without_a_worker_a_scan_waits_says_so_and_can_be_cancelled(
    world: World, seed: int
) -> None:
    world.worker.kill()
    run = Run.start(world, world.add_tenant())
    time.sleep(2)
    waiting = run.state()
    page = run.page()

    began = time.monotonic()
    asked = run.post("cancel")
    confirmed = time.monotonic() - began
    at_once = run.state()["status"]
    world.worker.start()
    back = time.monotonic()
    run.end(20)
    world.record("F07 cancelled after the worker is back", time.monotonic() - back)
    world.record("G3 cancel confirmed", confirmed)

    assert waiting["status"] == "pending"
    assert "Waiting for a worker to take the scan" in page
    assert asked.status_code == 202
    assert at_once == "cancelling"
    assert time.monotonic() - back <= 20
    check_all(run, status="cancelled")


def test_f08_histories_of_every_kind_replay_on_the_code_of_today(world: World, seed: int) -> None:
    """Completed, cancelled, cancelled without a worker, killed, handed over: what is there."""
    run = Run.start(world, world.add_tenant())
    run.end()
    replayed = world.asked(_replay_all)
    world.record("G13 histories replayed, number", replayed)

    assert replayed >= 1
    check_all(run, expected=faultless())


async def _replay_all(client: Client) -> int:
    replayer = Replayer(workflows=[ScanWorkflow], data_converter=pydantic_data_converter)
    count = 0
    async for execution in client.list_workflows("WorkflowType = 'ScanWorkflow'"):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        await replayer.replay_workflow(await handle.fetch_history())
        count += 1
    return count


def test_f08_a_scan_that_changed_code_cannot_go_on_with_is_named_and_goes_on_with_the_old(
    world: World, seed: int
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=150))
    run.judged(10)
    world.worker.kill()
    changed = world.add(world.make_worker("worker-changed", FAULTS_CHANGED="yes")).start()
    silent = until(lambda: _silent_scans(world, run.scan_id), 200, "nobody is told")
    changed.kill()
    world.worker.start()
    run.end(120)

    assert silent[0]["tenant_name"] == run.tenant.name
    assert "another version of Assay began it" in silent[0]["why"]
    assert run.verdicts() == faultless()
    failed = world.asked(lambda client: failed_tasks(client, run.tenant.id))
    assert all("Nondeterminism" in message for message in failed)
    check_journal(run.state(), run.events())
    check_collectors(world)


def _silent_scans(world: World, scan_id: str) -> list[dict[str, str]]:
    with world.client() as client:
        found = client.get("/api/v1/doctor").json()["silent_scans"]
    return [line for line in found if line["scan_id"] == scan_id]


def test_f09_a_blocked_event_loop_only_slows_the_scan(world: World, seed: int) -> None:
    world.worker.kill()
    world.worker.start(ASSAY_FAILPOINTS="block_loop=sleep:10@3", **ALLOWED)
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    run.end()

    check_all(run, expected=faultless())


def test_f10_a_dataset_that_does_not_fit_into_memory_ends_as_an_error_that_says_so(
    world: World, seed: int
) -> None:
    world.worker.stop()
    small = world.add(world.make_worker("worker-small")).start()
    _leave_little_memory(small.pid)
    fault = {"kind": "flood_rows", "dataset": "graph.users", "rows": 700_000}
    run = Run.start(world, world.add_tenant(fault))

    _keep_alive(small, run, within_s=330)

    lost = reading("graph.users")
    check_expected(_without(run.verdicts(), lost), _without(faultless(), lost))
    assert "pass" not in {run.verdicts()[name] for name in lost}
    said = " ".join(run.reasons().values())
    assert "may be too large" in said or "does not fit into the worker's memory" in said
    check_all(run)


def _leave_little_memory(pid: int) -> None:
    """100 MB of address space more than it has at rest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    size = next(int(line.split()[1]) for line in lines if line.startswith("VmSize"))
    subprocess.run(["prlimit", f"--as={size * 1024 + 100_000_000}", "--pid", str(pid)], check=True)


def _keep_alive(part: Part, run: Run, *, within_s: float) -> None:
    """As a supervisor does."""
    deadline = time.monotonic() + within_s
    while run.state()["status"] in OPEN and time.monotonic() < deadline:
        if not part.alive:
            part.start()
            _leave_little_memory(part.pid)
        time.sleep(1)


def _without(verdicts: dict[str, str], names: set[str]) -> dict[str, str]:
    return {name: verdict for name, verdict in verdicts.items() if name not in names}
