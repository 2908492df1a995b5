"""Temporal carries schedules out as their rows say, whatever happened to either."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from api.reconcile import reconcile
from api.scheduling import (
    add_schedule,
    carry_out,
    change_schedule,
    describe_schedule,
    forget,
    handle_of,
    remove_schedule,
)
from api.services import Services
from contracts.fleet import ScheduleSpec
from store import schedules
from tests.api.conftest import House
from tests.api.working import eventually


@pytest.fixture
async def house(running: Services, ours: House) -> AsyncIterator[Services]:
    """With Temporal; what was scheduled is gone afterwards."""
    yield running
    async with running.database.read() as session:
        rows = await schedules.every_schedule(session)
    for row in rows:
        await forget(running.temporal, row.id)


async def scheduled(services: Services, house: House, **changes: Any) -> str:
    spec = {"tenant": house.tenant.id, "cron": "0 3 * * *"} | changes
    line = await add_schedule(
        services,
        organisation_id=house.organisation_id,
        spec=ScheduleSpec.model_validate(spec),
        by="ann",
    )
    return line.schedule_id


async def is_listed(services: Services, schedule_id: str) -> bool:
    found = await services.temporal.list_schedules()
    return any([item.id.endswith(schedule_id) async for item in found])


async def test_a_schedule_that_temporal_has_forgotten_is_told_again(
    house: Services, ours: House
) -> None:
    schedule_id = await scheduled(house, ours)
    await forget(house.temporal, schedule_id)

    (repair,) = await reconcile(house)

    described = await describe_schedule(house.temporal, schedule_id)
    assert (repair.kind, repair.id) == ("schedule", schedule_id)
    assert described is not None
    assert described.info.next_action_times


async def test_a_schedule_that_was_changed_in_temporals_own_pages_is_brought_back(
    house: Services, ours: House
) -> None:
    schedule_id = await scheduled(house, ours)
    await handle_of(house.temporal, schedule_id).pause()

    async def differs() -> bool:
        return bool(await reconcile(house))

    await eventually(differs)
    described = await describe_schedule(house.temporal, schedule_id)
    assert described is not None
    assert described.schedule.state.paused is False


async def test_a_schedule_without_a_row_is_removed_from_temporal(
    house: Services, ours: House
) -> None:
    schedule_id = await scheduled(house, ours)
    async with house.database.begin() as session:
        await schedules.remove_schedule(
            session, organisation_id=ours.organisation_id, schedule_id=schedule_id
        )
    await eventually(lambda: is_listed(house, schedule_id))

    (repair,) = await reconcile(house)

    assert (repair.kind, repair.id) == ("schedule", schedule_id)
    assert await describe_schedule(house.temporal, schedule_id) is None


async def test_a_schedule_of_another_installation_is_left_alone(
    house: Services, ours: House
) -> None:
    row = await _row(house, ours, await scheduled(house, ours))
    row.id, row.organisation_id = str(uuid4()), str(uuid4())
    await carry_out(house.temporal, row)
    await eventually(lambda: is_listed(house, row.id))

    assert await reconcile(house) == []

    assert await describe_schedule(house.temporal, row.id) is not None
    await forget(house.temporal, row.id)


async def _row(services: Services, house: House, schedule_id: str) -> schedules.Schedule:
    async with services.database.read() as session:
        return await schedules.get_schedule(
            session, organisation_id=house.organisation_id, schedule_id=schedule_id
        )


async def test_schedules_in_step_are_left_alone(house: Services, ours: House) -> None:
    first = await scheduled(house, ours, cron="0 4 * * *", timezone="Asia/Tokyo")
    second = await scheduled(house, ours)
    for schedule_id in (first, second):
        await change_schedule(
            house,
            organisation_id=ours.organisation_id,
            schedule_id=schedule_id,
            changes={"paused": True},
            wish="pause",
            by="ann",
        )
    await remove_schedule(house, organisation_id=ours.organisation_id, schedule_id=second)

    assert await reconcile(house) == []
