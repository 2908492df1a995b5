"""F28 to F30: the links between the parts flap, crawl, and go silent."""

import random
import time

from tests.faults.harness.crowd import Crowd
from tests.faults.harness.invariants import check_all
from tests.faults.harness.link import Rules
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import World, until

PACE_MS = 150


def test_f28_flapping_links_are_no_storm_and_leave_nothing_behind(world: World, seed: int) -> None:
    """Cut every five seconds for forty of them: to NATS and to Temporal, from both sides."""
    run = Run.start(world, world.add_tenant(pace_ms=800))
    crowd = Crowd(run, 5)
    until(lambda: all(viewer.seq for viewer in crowd.viewers), 20)
    opened = {name: link.opened for name, link in world.links.items()}
    for _ in range(8):
        time.sleep(5)
        for name in ("worker-nats", "api-nats", "worker-temporal", "api-temporal"):
            world.links[name].drop()
    state = run.end()

    storms = {
        name: link.opened - opened.get(name, 0)
        for name, link in world.links.items()
        if link.opened - opened.get(name, 0) > 60
    }
    assert storms == {}
    assert max(batch["attempt"] for batch in state["batches"]) <= 3
    crowd.check()
    check_all(run, expected=faultless())


def test_f29_latency_and_slow_pieces_only_slow_the_scan(world: World, seed: int) -> None:
    for link in world.links.values():
        link.rules = Rules(delay_ms=500, jitter_ms=300, slow_share=0.05, piece=16_384)
    run = Run.start(world, world.add_tenant())
    crowd = Crowd(run, 3)
    state = run.end(200)

    assert {batch["attempt"] for batch in state["batches"]} == {1}, "a slow link counts as failure"
    for link in world.links.values():
        link.clear()
    crowd.check()
    check_all(run, expected=faultless())


def test_f30_a_worker_cut_off_past_its_heartbeats_never_runs_a_batch_twice(
    world: World, seed: int
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=300))
    run.judged(random.Random(seed).randint(1, 60))
    world.links["worker-temporal"].blackhole()
    time.sleep(20)
    world.links["worker-temporal"].clear()
    run.end()

    check_all(run, expected=faultless())
