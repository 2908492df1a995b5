"""Temporal may run an activity again whose answer was lost: done three times is done once."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from activities.collectors import LocalCollectors
from contracts.scan import ScanStatus, StatusRequest
from store.database import Database
from store.tables import Base
from tests.activities.stage import Stage
from tests.builders.scans import new_scan

SERVICES = ("exchange", "teams", "fabric", "dns")
CHECKS = frozenset({"2.1.8", "8.1.2", "8.5.2", "8.6.1", "9.1.1"})
_OF_THE_CLOCK = {"batch", "batch_log", "event", "remote_run"}  # they tell of each try


@pytest.fixture
async def stage(sqlite: Database, collectors: LocalCollectors) -> Stage:
    return Stage(sqlite, collectors, await new_scan(sqlite, recommendations=CHECKS))


async def rows_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything stored but the journal of tries."""
    found = {}
    async with database.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in _OF_THE_CLOCK:
                keys = list(table.primary_key.columns)
                rows = await session.execute(select(*_columns(table)).order_by(*keys))
                found[table.name] = [tuple(row) for row in rows]
    return found


def _columns(table: Any) -> Iterator[Any]:
    """All but the number of the newest event."""
    return (column for column in table.columns if column.name != "seq")


async def test_every_step_of_a_scan_done_three_times_leaves_the_same_rows(stage: Stage) -> None:
    for service in SERVICES:
        await stage.batch(service)
        once = await rows_of(stage.database)
        for attempt in (2, 3):
            await stage.batch(service, attempt=attempt)
            assert await rows_of(stage.database) == once, service
    await stage.joint()
    once = await rows_of(stage.database)
    for _ in range(2):
        await stage.joint()
        assert await rows_of(stage.database) == once
    assert await stage.finish()
    once = await rows_of(stage.database)
    for _ in range(2):
        assert not await stage.finish()
        assert await rows_of(stage.database) == once

    judged = await stage.judged()
    assert len(judged) == len(set(judged)) == len(CHECKS) == len(await stage.verdicts())


async def test_a_plan_made_three_times_is_the_same_plan(stage: Stage) -> None:
    run, plan = stage.environment().run, stage.activities.plan_scan
    plans = [await run(plan, stage.request) for _ in range(3)]
    events = await stage.events()

    assert plans[0] == plans[1] == plans[2]
    assert len(events) == 1  # the scan runs: told once


async def test_a_status_set_three_times_is_told_once(stage: Stage) -> None:
    await stage.plan()
    wish = StatusRequest(
        scan=stage.request,
        status=ScanStatus.PAUSED,
        only_from=[ScanStatus.RUNNING],
        by="ann",
    )
    said = [await stage.environment().run(stage.activities.set_status, wish) for _ in range(3)]

    assert said == [True, False, False]
    assert (await stage.state()).status == "paused"
