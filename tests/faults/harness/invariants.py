"""What must hold after every run, whatever was broken in it (I1 to I10)."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecutionStatus

from checks.registry import CHECKS
from contracts.names import scan_workflow_id
from tests.faults.harness.scans import Run, faultless, of_service, reading
from tests.faults.harness.world import OPEN, World

_COUNTERS = {
    "pass": "passed",
    "fail": "failed",
    "manual": "manual",
    "not_applicable": "not_applicable",
    "error": "errors",
}
_COLLECTORS_GONE_S = 10
_SECRET_FILES = ("nats.conf", "token", "keys.json")
RESET = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW


def check_all(
    *runs: Run,
    expected: Mapping[str, str] | None = None,
    status: str = "completed",
    beside_a_frozen_worker: bool = False,
) -> None:
    """Every invariant for these scans of one world. `expected`: the verdicts that a survivable
    fault leaves (I2). `beside_a_frozen_worker`: nobody can end the collector of a worker that
    stands still, so the next one may begin beside it."""
    for run in runs:
        state = run.state()
        events = run.events()
        assert state["status"] == status, (state["status"], state["error_message"])
        check_verdicts(run, state, events)
        if expected is not None:
            check_expected(run.verdicts(), expected)
        check_journal(state, events)
        check_progress(events)
        check_history(run)
        check_passes(run)
    world = runs[0].world
    if beside_a_frozen_worker:
        world.tenants.remove(runs[0].tenant)
    check_collectors(world)
    check_secrets(world)


def check_expected(found: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """I2."""
    different = {
        name: (found.get(name), expected.get(name))
        for name in {*found, *expected}
        if found.get(name) != expected.get(name)
    }
    assert not different, f"found, expected: {different}"


def check_lost(run: Run, dataset: str, reason: str) -> None:
    """What rests on `dataset` (all of a service: `teams.`) says why it has no verdict; everything
    else is as without the fault."""
    whole = dataset.endswith(".")
    lost = of_service(dataset[:-1]) if whole else reading(dataset)
    expected = faultless()
    check_expected(
        {name: verdict for name, verdict in run.verdicts().items() if name not in lost},
        {name: verdict for name, verdict in expected.items() if name not in lost},
    )
    said = run.reasons()
    assert any(reason in said[name] for name in lost), {name: said[name] for name in lost}


def check_verdicts(run: Run, state: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> None:
    """I1: exactly one verdict a planned recommendation and attempt, told exactly once."""
    told = Counter(
        (event["attempt"], event["check"]["check_id"])
        for event in events
        if event["event"] == "status" and event["check"]
    )
    stored = run.world.rows(
        "select v.attempt, p.check_id, p.recommendation from verdict v join planned_check p"
        " on p.scan_id = v.scan_id and p.recommendation = v.recommendation"
        " where v.scan_id = :scan",
        scan=run.scan_id,
    )
    assert told == Counter((row["attempt"], row["check_id"]) for row in stored)
    for attempt in run.world.rows(
        "select number, status, recommendations from attempt where scan_id = :scan",
        scan=run.scan_id,
    ):
        wanted = attempt["recommendations"]
        wanted = json.loads(wanted) if isinstance(wanted, str) else wanted
        judged = [r["recommendation"] for r in stored if r["attempt"] == attempt["number"]]
        assert len(judged) == len(set(judged))
        assert set(judged) <= set(wanted)
        if attempt["status"] == "completed":
            assert set(judged) == set(wanted)
    if state["status"] == "completed":
        assert state["completed"] == state["total_checks"]


def check_journal(state: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> None:
    """I5 and I6."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert state["seq"] == len(events)
    outcomes: dict[str, str] = {}
    for event in events:
        if event["event"] != "status":
            continue
        if event["check"]:
            outcomes[event["check"]["check_id"]] = event["check"]["verdict"]
        counted = Counter(outcomes.values())
        for outcome, name in _COUNTERS.items():
            assert event[name] == counted[outcome], (event["seq"], name)
    for name in (*_COUNTERS.values(), "completed", "progress_percentage", "status"):
        last = next(event for event in reversed(events) if event["event"] == "status")
        assert last[name] == state[name], name
    ends = Counter(
        event["attempt"]
        for event in events
        if event["event"] == "status" and event["status"] not in OPEN
    )
    assert set(ends.values()) == {1}, f"terminal statuses by attempt: {ends}"


def check_progress(events: Iterable[Mapping[str, Any]]) -> None:
    """I7, within an attempt."""
    statuses = [event for event in events if event["event"] == "status"]
    for before, after in pairwise(statuses):
        if before["attempt"] == after["attempt"]:
            assert before["progress_percentage"] <= after["progress_percentage"]
    for event in statuses:
        assert (event["progress_percentage"] == 100) == (event["status"] == "completed")
    assert statuses[-1]["current_check"] is None


def check_history(run: Run) -> None:
    """I8, in every run of the tenant's workflow that Temporal still knows."""
    failed = run.world.asked(lambda client: failed_tasks(client, run.tenant.id))
    assert failed == []


async def failed_tasks(client: Client, tenant_id: str) -> list[str]:
    found = []
    query = f"WorkflowId = '{scan_workflow_id(tenant_id)}'"
    async for execution in client.list_workflows(query):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        async for event in handle.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                details = event.workflow_task_failed_event_attributes
                if details.cause != RESET:
                    found.append(details.failure.message)
    return found


def check_passes(run: Run) -> None:
    """I10: whatever a pass needs was read completely."""
    read: dict[tuple[str, int], str] = {
        (row["name"], row["attempt"]): row["status"]
        for row in run.world.rows(
            "select name, attempt, status from dataset_read where scan_id = :scan", scan=run.scan_id
        )
    }
    for row in run.world.rows(
        "select recommendation, slug, attempt from verdict"
        " where scan_id = :scan and outcome = 'pass'",
        scan=run.scan_id,
    ):
        check = CHECKS[row["slug"]]

        def status(dataset: Any, attempt: int = row["attempt"]) -> str:
            known = [a for name, a in read if name == dataset.key and a <= attempt]
            return read[dataset.key, max(known)] if known else "missing"

        required = all(status(dataset) == "ok" for dataset in check.required)
        fallback = check.fallback and all(status(dataset) == "ok" for dataset in check.fallback)
        licensed = all(status(item) in ("ok", "unlicensed") for item in check.if_licensed)
        was_read = (required or fallback) and licensed
        assert was_read, f"{row['recommendation']} passes unread"


def check_collectors(world: World) -> None:
    """I3 and I4."""
    deadline = time.monotonic() + _COLLECTORS_GONE_S
    while world.sampler.alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert world.sampler.alive() == [], "collectors outlive their scans"
    assert world.sampler.two_at_once(tenant.roll for tenant in world.tenants) == []


def check_secrets(world: World) -> None:
    """I9: in no file of the world but those that are made to hold them, and in no process of a
    collector."""
    places = {"/proc": world.sampler.shown()}
    for file in world.folder.rglob("*"):
        is_ours = "tenants" not in file.relative_to(world.folder).parts
        if is_ours and file.is_file() and not file.name.startswith(_SECRET_FILES):
            places[str(file)] = _bytes(file)
    found = [
        (name, place)
        for place, content in places.items()
        for name, secret in world.canaries.items()
        if secret.encode() in content
    ]
    assert not found


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:  # a temporary file
        return b""


def executions(world: World, tenant_id: str) -> list[WorkflowExecutionStatus | None]:
    """How the runs of a tenant's workflow ended, newest first."""

    async def ask(client: Client) -> list[WorkflowExecutionStatus | None]:
        query = f"WorkflowId = '{scan_workflow_id(tenant_id)}'"
        return [found.status async for found in client.list_workflows(query)]

    return world.asked(ask)


def terminate(world: World, tenant_id: str) -> None:
    """As somebody does in Temporal Web."""

    async def end(client: Client) -> None:
        await client.get_workflow_handle(scan_workflow_id(tenant_id)).terminate("by hand")

    world.asked(end)
