"""F41 to F46: the tenant throttles, refuses, lacks a licence, breaks off; nobody serves it."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.harness.invariants import check_all, check_lost
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import World

TARGET = "teams.meeting_policies"
PURVIEW = "no worker serves purview"


def test_f41_a_throttled_sign_in_waits_as_told_and_starves_no_other_tenant(
    world: World, seed: int
) -> None:
    """Its 120 s are 12 s here."""
    throttled = {
        "kind": "connect_failed",
        "service": "teams",
        "error": "throttled",
        "message": "throttled by Microsoft",
        "retry_after_s": 12,
        "times": 1,
    }
    slow = Run.start(world, world.add_tenant(throttled))
    slow.wait(lambda state: "throttled" in _message(state, "teams"), 30)
    began = time.monotonic()
    page = slow.page()
    other = Run.start(world, world.add_tenant())
    other.end(60)
    slow.end()

    assert time.monotonic() - began >= 9
    assert "throttled by Microsoft" in page
    check_all(slow, other, expected=faultless())


def _message(state: dict[str, Any], service: str) -> str:
    found = [batch["message"] for batch in state["batches"] if batch["service"] == service]
    return " ".join(found)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param({"error": "throttled", "retry_after_s": 120}, "throttled", id="f41"),
        pytest.param({"error": "throttled"}, "throttled", id="f41-without-a-time"),
        pytest.param({"error": "denied", "message": "401", "after": 2}, "denied", id="f42"),
        pytest.param({"error": "denied", "message": "Policy.Read"}, "Policy.Read", id="f43"),
        pytest.param({"error": "missing-cmdlet"}, "the command does not exist", id="f44"),
        pytest.param({"error": "unlicensed"}, "licence", id="f44-licence"),
        pytest.param({"at": "rows"}, "in part", id="f45"),
    ],
)
def test_f41_to_f45_a_read_that_fails_is_an_error_with_its_reason_and_never_a_pass(
    world: World, seed: int, fault: dict[str, Any], reason: str
) -> None:
    run = Run.start(world, world.add_tenant({"kind": "failed", "dataset": TARGET, **fault}))
    run.end()

    check_lost(run, TARGET, reason)
    check_all(run)
    world.give_faults(run.tenant)
    assert run.post("retry", {"scope": "failed-reads"}).status_code == 202
    run.end()
    check_all(run, expected=faultless())


def test_f45_every_dataset_broken_off_in_turn_never_makes_a_pass(world: World, seed: int) -> None:
    """One scan in which every read of every service ends after its first rows."""
    run = Run.start(world, world.add_tenant({"kind": "failed", "at": "rows"}))
    run.end()

    assert "pass" not in run.verdicts().values()
    check_all(run)


def test_f46_a_service_that_no_worker_reads_ends_as_errors_that_say_so(
    own_world: Callable[..., World], seed: int
) -> None:
    """The ten minutes of waiting are 5 s here."""
    services = '["graph", "exchange", "sharepoint", "teams", "fabric", "dns"]'
    world = own_world(ASSAY_SERVICES=services, FAULTS_SCALE='{"worker_wait": 5}')
    run = Run.start(world, world.add_tenant())
    run.end()

    check_lost(run, "purview.", PURVIEW)
    check_all(run)
    world.stop()
