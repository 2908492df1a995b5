"""G5: fifty tenants at once, and pages that stay quick meanwhile."""

import statistics
import time
from collections.abc import Callable

from tests.faults.harness.invariants import check_all
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import OPEN, World

TENANTS = 50


def test_g05_fifty_tenants_are_scanned_at_once_and_nothing_is_tried_twice(
    own_world: Callable[..., World], seed: int
) -> None:
    world = own_world(ASSAY_MAX_SCANS=str(TENANTS))
    chosen = [world.add_tenant() for _ in range(TENANTS)]
    began = time.monotonic()
    runs = [Run.start(world, tenant) for tenant in chosen]
    waits = _look_at_pages_until_the_end(world, runs)
    world.record("G5 50 tenants scanned at once, all complete after", time.monotonic() - began)
    world.record("G5 page meanwhile, p95", statistics.quantiles(waits, n=20)[-1])

    attempts = {batch["attempt"] for run in runs for batch in run.state()["batches"]}
    check_all(*runs, expected=faultless())
    assert attempts == {1}
    world.stop()


def _look_at_pages_until_the_end(world: World, runs: list[Run]) -> list[float]:
    """How long each answer took, in seconds."""
    waits: list[float] = []
    with world.client(timeout=60) as client:
        while any(row["status"] in OPEN for row in world.rows("select status from scan")):
            for path in (
                "/msp/cspm/scans",
                f"/msp/cspm/scans/{runs[len(waits) % TENANTS].scan_id}",
            ):
                began = time.monotonic()
                assert client.get(path).status_code == 200
                waits.append(time.monotonic() - began)
            time.sleep(0.5)
    return waits
