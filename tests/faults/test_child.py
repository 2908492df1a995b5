"""F31 to F40: the collector hangs, spins, dies, lies, shouts, does not want to end."""

import time
from typing import Any

import pytest

from tests.faults.harness.invariants import check_all, check_lost
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import World

SETTINGS = {"ASSAY_DATASET_LIMIT_S": "4"}
TARGET = "teams.meeting_policies"


def at_target(kind: str, **members: Any) -> dict[str, Any]:
    return {"kind": kind, "dataset": TARGET, **members}


def _scan(world: World, *faults: dict[str, Any]) -> Run:
    run = Run.start(world, world.add_tenant(*faults))
    run.end()
    return run


@pytest.mark.smoke
def test_f31_a_collector_that_hangs_costs_one_dataset_and_can_be_tried_again(
    world: World, seed: int
) -> None:
    run = _scan(world, at_target("hang"))

    check_lost(run, TARGET, "not finished within 4 s")
    check_all(run)
    assert "Retry" in run.page()
    world.give_faults(run.tenant)
    assert run.post("retry", {"scope": "failed-reads"}).status_code == 202
    run.end()
    check_all(run, expected=faultless())


def test_f32_a_collector_that_spins_ends_at_the_limit_of_its_dataset(
    world: World, seed: int
) -> None:
    run = _scan(world, at_target("spin"))

    check_lost(run, TARGET, "not finished within 4 s")
    check_all(run)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param({"kind": "exit", "code": 1}, "(exit code 1)", id="f33"),
        pytest.param({"kind": "exit", "code": 1, "at": "rows"}, "in part", id="f33-rows"),
        pytest.param({"kind": "no_bye", "at": "dataset"}, "(exit code 0)", id="f34"),
        pytest.param({"kind": "cut", "at": "dataset"}, "last line was cut", id="f35"),
        pytest.param({"kind": "over_long"}, "longer than 256 KiB", id="f37"),
    ],
)
def test_f33_f34_f35_f37_a_collector_that_breaks_off_costs_what_it_was_reading(
    world: World, seed: int, fault: dict[str, Any], reason: str
) -> None:
    run = _scan(world, fault | {"dataset": TARGET})

    check_lost(run, TARGET, reason)
    assert run.batch_messages("teams")
    check_all(run)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "noise"}, id="f36"),
        pytest.param({"kind": "flood_stderr", "mib": 50, "service": "teams"}, id="f38"),
    ],
)
def test_f36_f38_noise_between_the_lines_and_floods_beside_them_change_nothing(
    world: World, seed: int, fault: dict[str, Any]
) -> None:
    run = _scan(world, fault)

    check_all(run, expected=faultless())


def test_f37_half_a_million_users_fit(world: World, seed: int) -> None:
    """The limit of the module is too short for so many rows: one of its own."""
    world.worker.stop()
    worker = world.add(world.make_worker("worker-patient", ASSAY_DATASET_LIMIT_S="600")).start()
    fault = {"kind": "flood_rows", "dataset": "teams.tenant", "rows": 500_000}
    run = Run.start(world, world.add_tenant(fault))
    run.end(300)
    world.record("G7 worker's peak with 500,000 rows, MB", _peak_mb(worker.pid))

    check_all(run)


def _peak_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@pytest.mark.parametrize("own_session", [False, True])
def test_f39_a_collector_that_ignores_every_signal_is_gone_ten_seconds_after_a_cancel(
    world: World, seed: int, own_session: bool
) -> None:
    """A grandchild that left the session cannot be found: its pipe must not hold the scan."""
    stubborn = {"kind": "stubborn", "seconds": 25, "service": "teams", "own_session": own_session}
    run = Run.start(world, world.add_tenant(stubborn, at_target("hang")))
    run.wait(lambda state: _reads(state, TARGET), 30)
    began = time.monotonic()
    run.post("cancel")
    run.end(15)
    world.record("G3 stubborn collector cancelled", time.monotonic() - began)

    assert time.monotonic() - began <= 12
    if own_session:
        time.sleep(15)  # it ends by itself
    check_all(run, status="cancelled")


def _reads(state: dict[str, Any], dataset: str) -> bool:
    return any(batch["dataset"] == dataset for batch in state["batches"])


def test_f40_a_missing_module_is_named_and_not_tried_again(world: World, seed: int) -> None:
    missing = {
        "kind": "connect_failed",
        "service": "teams",
        "error": "missing-cmdlet",
        "message": "the module MicrosoftTeams is not installed",
    }
    run = _scan(world, missing)
    state = run.state()

    teams = next(batch for batch in state["batches"] if batch["service"] == "teams")
    assert teams["attempt"] == 1
    assert "the module MicrosoftTeams is not installed" in teams["message"]
    assert "the module MicrosoftTeams is not installed" in run.page()
    check_lost(run, "teams.", "MicrosoftTeams is not installed")
    check_all(run)
