"""F60: the service is away while schedules fall due."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.faults.harness.invariants import check_all
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import OPEN, World, until

SCHEDULES = 6


def test_f60_runs_that_fell_into_an_outage_are_made_up_for_once_and_not_all_together(
    own_world: Callable[..., World], seed: int
) -> None:
    """Every minute a run; two minutes without Temporal; never more scans than there are places."""
    world = own_world(ASSAY_MAX_SCANS="3")
    chosen = [world.add_tenant() for _ in range(SCHEDULES)]
    with world.client() as client:
        for tenant in chosen:
            body = {"tenant": tenant.id, "cron": "* * * * *", "jitter_s": 0, "profile": "E5-L2"}
            answer = client.post("/api/v1/schedules", json=body)
            assert answer.status_code == 201, answer.text
    world.temporal.kill()
    before = len(_scans(world))
    time.sleep(125)
    world.temporal.start()
    most = 0
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline:
        most = max(most, sum(row["status"] in OPEN for row in _scans(world)))
        time.sleep(0.5)
    with world.client() as client:
        listed = client.get("/api/v1/schedules").json()["items"]
        for line in listed:
            change = {"paused": True}
            client.patch(f"/api/v1/schedules/{line['schedule_id']}", json=change)
    until(lambda: all(row["status"] not in OPEN for row in _scans(world)), 120)

    assert most <= 3
    assert all(line["next_runs"] for line in listed)
    found = _scans(world)
    begun = {tenant.id: [r for r in found if r["tenant_id"] == tenant.id] for tenant in chosen}
    assert len(found) > before
    for row in found:
        assert row["started_at"] is None or _at(row["finished_at"]) >= _at(row["started_at"])
    for tenant in chosen:
        assert len(begun[tenant.id]) <= 6, "missed runs were all made up for"
        for row in begun[tenant.id]:
            check_all(Run(world, tenant, row["id"]), expected=faultless())
    world.stop()


def _scans(world: World) -> list[dict[str, str]]:
    return world.rows("select id, tenant_id, status, started_at, finished_at from scan")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text) + timedelta(microseconds=1)
