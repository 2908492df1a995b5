"""G2, G3, G12: faults at random moments, up to three at once, and cancels at random moments.

A seed draws the same faults and moments again; what a busy machine makes of them may differ.
"""

import random
import time
from collections.abc import Callable, Iterator
from functools import partial

from tests.faults.harness.crowd import Crowd, Viewer
from tests.faults.harness.invariants import check_all, check_collectors
from tests.faults.harness.parts import Part
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import World

SCANS = 5  # a seed
CANCELS = 12  # a seed
PACE_MS = 120
LASTS_S = 6.0  # a scan at that pace, about
SERVICES = ("graph", "exchange", "purview", "sharepoint", "teams", "fabric", "dns")
LINKS = ("worker-temporal", "worker-nats", "api-temporal", "api-nats")
Step = Callable[[], object]


def test_g02_up_to_three_faults_at_random_moments_change_no_verdict(
    world: World, seed: int
) -> None:
    dice = random.Random(seed)
    for _ in range(SCANS):
        breaks = {"kind": "exit", "service": dice.choice(SERVICES), "times": 1}
        steps = sorted(_drawn(world, dice), key=lambda step: step[0])
        run = Run.start(world, world.add_tenant(breaks, pace_ms=PACE_MS))
        began = time.monotonic()
        for moment, step in steps:
            time.sleep(max(0, began + moment - time.monotonic()))
            step()
        run.end(180)
        check_all(run, expected=faultless())
    world.record("G2 random runs, every verdict as without a fault", SCANS)
    world.record("G12 collectors seen, never two of one tenant and service", world.sampler.count)


def _drawn(world: World, dice: random.Random) -> Iterator[tuple[float, Step]]:
    """Of one to three faults, what to do and when: each is over before the heartbeats' patience."""
    for fault in dice.sample(("kill", "kill", "freeze", "cut", "silence"), dice.randint(1, 3)):
        at = dice.uniform(0, LASTS_S)
        until = at + dice.uniform(0.2, 6)
        if fault == "kill":
            part = dice.choice((world.worker, world.api, world.nats, world.temporal))
            yield at, part.kill
            yield until, partial(_start_unless_alive, part)
        elif fault == "freeze":
            part = dice.choice((world.api, world.nats))
            yield at, part.freeze
            yield until, part.thaw
        else:
            link = world.links[dice.choice(LINKS)]
            yield at, link.cut if fault == "cut" else link.blackhole
            yield until, link.clear


def _start_unless_alive(part: Part) -> None:
    """Killed twice in one run: the first start has brought it back."""
    if not part.alive:
        part.start()


def test_g02_a_worker_that_is_redeployed_again_and_again_changes_no_verdict(
    world: World, seed: int
) -> None:
    dice = random.Random(seed)
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    for _ in range(3):
        time.sleep(dice.uniform(0.5, 2))
        world.worker.term()
        world.worker.start()
    run.end()
    check_all(run, expected=faultless())


def test_g03_a_cancel_at_any_moment_is_shown_at_once_and_leaves_no_collector(
    world: World, seed: int
) -> None:
    dice = random.Random(seed)
    for _ in range(CANCELS):
        run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
        crowd = Crowd(run, 1)
        (viewer,) = crowd.viewers
        time.sleep(dice.uniform(0.1, LASTS_S))
        began = time.monotonic()
        answer = run.post("cancel")
        confirmed = answer.status_code == 202 and answer.json()["status"] != "completed"
        if confirmed:
            _until(partial(_sees_the_cancel, viewer))
            world.record("G3 cancel seen by a viewer", time.monotonic() - began)
            _until(lambda: not world.sampler.alive())
            world.record("G3 collectors gone after a cancel", time.monotonic() - began)
        state = run.end(30)
        assert state["status"] == ("cancelled" if confirmed else "completed")
        crowd.check(state["status"])
        check_all(run, status=state["status"])
    check_collectors(world)


def _sees_the_cancel(viewer: Viewer) -> bool:
    return viewer.status in ("cancelling", "cancelled")


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "not within 15 s"
        time.sleep(0.01)
