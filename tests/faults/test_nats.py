"""F22 to F26: NATS dies, is away, is silent, loses its store. It is a copy, never the record."""

import random
import shutil
import time

import nats
import pytest

from contracts.subjects import STREAM
from tests.faults.harness.crowd import Crowd
from tests.faults.harness.invariants import check_all
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import ROOT, World, until

PACE_MS = 150


@pytest.mark.smoke
def test_f22_nats_killed_and_back_leaves_no_gap_in_the_live_view(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 5)
    run.judged(random.Random(seed).randint(1, 60))
    world.nats.kill()
    time.sleep(2)
    seen = run.state()["seq"]
    world.nats.start()
    took = crowd.all_at(seen, 10)
    world.record("G4 NATS back, live view right", took)
    until(lambda: _flows(world), 15, "news do not flow again")
    run.end()

    assert took <= 5
    crowd.check()
    check_all(run, expected=faultless())


def _flows(world: World) -> bool:
    with world.client() as client:
        return bool(client.get("/readyz").json()["parts"]["nats"]["condition"] == "ready")


def test_f23_nats_away_past_sixty_tries_slows_no_scan_and_news_come_back(
    world: World, seed: int
) -> None:
    """Sixty tries half a second apart are over in 30 s; the ten minutes of the row are not waited
    for."""
    world.nats.kill()
    began = time.monotonic()
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 5)
    run.judged(30)
    seen = run.state()["seq"]
    polled = crowd.all_at(seen, 5)
    world.record("F23 live view from the database, behind by", polled)
    run.end()
    crowd.check()
    check_all(run, expected=faultless())
    with world.client() as client:
        ready = client.get("/readyz")
    time.sleep(max(0, 36 - (time.monotonic() - began)))
    world.nats.start()

    until(lambda: _flows(world), 15, "the client is closed for good")
    assert ready.status_code == 200
    assert ready.json()["parts"]["nats"]["condition"] == "degraded"
    _check_that_news_flow(world)


def _check_that_news_flow(world: World) -> None:
    """From the worker to a viewer, faster than the database is looked at."""
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 2)
    run.judged(30)
    seen = run.state()["seq"]
    assert crowd.all_at(seen, 3) < 1.5
    run.end()
    crowd.check()
    check_all(run, expected=faultless())


@pytest.mark.parametrize("side", ["api", "worker"])
def test_f24_a_silent_link_to_nats_is_noticed(world: World, seed: int, side: str) -> None:
    """Thirty seconds of silence instead of sixty: twice the time in which it must be noticed."""
    run = Run.start(world, world.add_tenant(pace_ms=800))
    crowd = Crowd(run, 3)
    run.judged(random.Random(seed).randint(1, 20))
    world.links[f"{side}-nats"].blackhole()
    began = time.monotonic()
    if side == "api":
        until(lambda: not _flows(world), 20, "the silence is not noticed")
        world.record("G4 silent link noticed", time.monotonic() - began)
        seen = run.state()["seq"]
        crowd.all_at(seen, 4)
    time.sleep(max(0, 30 - (time.monotonic() - began)))
    world.links[f"{side}-nats"].clear()
    run.end()

    crowd.check()
    until(lambda: _flows(world), 20, "news do not flow again")
    check_all(run, expected=faultless())


@pytest.mark.parametrize("loss", ["stream deleted", "store wiped"])
def test_f25_a_lost_stream_is_made_anew_and_history_comes_from_the_database(
    world: World, seed: int, loss: str
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 5)
    run.judged(random.Random(seed).randint(1, 60))
    if loss == "stream deleted":
        world.loop.run(_delete_stream(world))
    else:
        world.nats.kill()
        shutil.rmtree(world.folder / "nats")
        world.nats.start()
    seen = run.state()["seq"]
    crowd.all_at(seen, 31)
    run.end()

    crowd.check()
    assert world.api.alive
    assert world.worker.alive
    until(lambda: _flows(world), 15, "the stream is not made anew")
    late = Crowd(run, 1)
    late.check()
    check_all(run, expected=faultless())


async def _delete_stream(world: World) -> None:
    client = await nats.connect(f"nats://root:{ROOT}@127.0.0.1:{world.ports['nats']}")
    try:
        await client.jetstream(timeout=3).delete_stream(STREAM)
    finally:
        await client.close()


def test_f26_a_viewer_who_comes_late_gets_the_whole_state_then_what_follows(
    world: World, seed: int
) -> None:
    """The stream is emptied: no old event can come from it."""
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    run.judged(40)
    world.nats.kill()
    shutil.rmtree(world.folder / "nats")
    world.nats.start()
    late = Crowd(run, 3)
    until(lambda: all(viewer.snapshots for viewer in late.viewers), 10)
    first = [viewer.completed for viewer in late.viewers]
    run.end()

    assert min(first) >= 40
    late.check()
    check_all(run, expected=faultless())
