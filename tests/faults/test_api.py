"""F11 to F14: the API dies, restarts, is doubled."""

import random
import time

import httpx2
import pytest

from tests.faults.harness.crowd import Crowd
from tests.faults.harness.invariants import check_all
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import ALLOWED, World, until

PACE_MS = 120
SETTINGS = {"FAULTS_SCALE": '{"reconcile_every": 4, "reconcile_patience": 6}'}


@pytest.mark.smoke
def test_f11_fifty_viewers_come_back_to_the_right_state_when_the_api_was_killed(
    world: World, seed: int
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 50)
    run.judged(random.Random(seed).randint(1, 50))
    until(lambda: all(viewer.seq for viewer in crowd.viewers), 20)
    before = [viewer.came_back for viewer in crowd.viewers]
    world.api.kill()
    world.api.start()

    world.record("G4 API back, 50 viewers right", crowd.all_back(before, 20))
    run.end()

    crowd.check()
    check_all(run, expected=faultless())


def test_f12_an_api_with_open_sockets_leaves_when_it_is_told_to(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 20)
    run.judged(random.Random(seed).randint(1, 50))

    took = world.api.term()
    world.api.start()
    run.end()
    world.record("G16 API leaves after SIGTERM", took)

    assert took <= 12
    crowd.check()
    check_all(run, expected=faultless())


def test_f13_an_api_killed_between_row_and_workflow_leaves_no_scan_pending(
    world: World, seed: int
) -> None:
    world.api.kill()
    world.api.start(ASSAY_FAILPOINTS="after_insert=kill", **ALLOWED)
    tenant = world.add_tenant()
    with pytest.raises(httpx2.HTTPError):
        Run.start(world, tenant)
    began = time.monotonic()
    world.api.start()
    scan = world.rows("select id from scan where tenant_id = :tenant", tenant=tenant.id)[0]
    run = Run(world, tenant, scan["id"])
    state = run.end(60)
    world.record("F13 put right after", time.monotonic() - began)

    assert state["status"] == "failed"
    assert state["error_message"] == "It was never started; start it again."
    check_all(run, status="failed")
    again = Run.start(world, tenant)
    again.end()
    check_all(again, expected=faultless())


def test_f14_two_api_processes_show_the_same(world: World, seed: int) -> None:
    world.add(world.make_api("api-2")).start()
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 6, apis=("api", "api-2"))
    run.judged(40)
    middle = run.state()["seq"]
    world.record("F14 both processes show an event after", crowd.all_at(middle, 3))
    run.end()

    crowd.check()
    check_all(run, expected=faultless())
