"""May a scan begin: the activity behind schedules and campaigns, on both databases."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from temporalio.testing import ActivityEnvironment

from activities import fleet as fleet_module
from activities.fleet import CHUNK, FleetActivities, quiet_seconds
from contracts.errors import CampaignNotFound
from contracts.fleet import (
    CampaignRun,
    Decision,
    LetGo,
    ScheduleLine,
    ScheduleSpec,
    WishedScan,
)
from contracts.names import campaign_scan_key
from contracts.scan import ScanStatus
from store import campaign_lists, campaigns, scans, schedules
from store.database import Database
from store.tables import Scan, Schedule
from tests.builders.fleet import Fleet, new_fleet, new_schedule, now, stored_scan


async def ask(database: Database, wish: WishedScan, *, max_scans: int = 20) -> Decision:
    activities = FleetActivities(database, max_scans=max_scans)
    return await ActivityEnvironment().run(activities.may_begin, wish)


def wish_of(fleet: Fleet, schedule: Schedule, *, run: str = "1") -> WishedScan:
    return WishedScan(
        organisation_id=fleet.organisation_id,
        tenant_id=schedule.tenant_id,
        key=f"assay-schedule-{schedule.id}-{run}",
        schedule_id=schedule.id,
    )


async def campaign_wish(database: Database, fleet: Fleet, place: int = 0) -> WishedScan:
    async with database.begin() as session:
        campaign = await campaigns.add_campaign(
            session,
            organisation_id=fleet.organisation_id,
            name="Review",
            profile="E3-L1",
            tenant_ids=fleet.ids,
            created_by="ann",
            at=now(),
        )
    return WishedScan(
        organisation_id=fleet.organisation_id,
        tenant_id=fleet.ids[place],
        key=campaign_scan_key(campaign.id, 1, fleet.ids[place]),
        campaign_id=campaign.id,
    )


async def line_of(database: Database, fleet: Fleet) -> ScheduleLine:
    async with database.read() as session:
        (line,) = await schedules.list_schedules(session, organisation_id=fleet.organisation_id)
    return line


async def open_scans(database: Database, fleet: Fleet) -> list[str]:
    async with database.read() as session:
        found = await scans.list_open(session, organisation_id=fleet.organisation_id)
    return [scan.id for scan in found]


async def test_a_schedule_gets_a_scan_of_its_profile_in_the_name_of_who_asked(
    database: Database,
) -> None:
    fleet = await new_fleet(database, 1)
    schedule = await new_schedule(database, fleet, profile="E3-L2")

    decision = await ask(database, wish_of(fleet, schedule))

    assert decision.scan is not None
    async with database.read() as session:
        state = await scans.read_state(
            session, organisation_id=fleet.organisation_id, scan_id=decision.scan.scan_id
        )
    assert (state.profile, state.trigger, state.requested_by) == ("E3-L2", "schedule", "ann")
    assert (state.status, state.tenant_id) == (ScanStatus.PENDING, fleet.ids[0])
    line = await line_of(database, fleet)
    assert (line.last_scan_id, line.note) == (state.scan_id, "")


async def test_asked_again_it_is_the_same_scan_also_at_once(database: Database) -> None:
    fleet = await new_fleet(database, 1)
    wish = wish_of(fleet, await new_schedule(database, fleet))

    at_once = await asyncio.gather(*(ask(database, wish) for _ in range(4)))
    later = await ask(database, wish)

    ids = {decision.scan.scan_id for decision in [*at_once, later] if decision.scan}
    assert len(ids) == 1
    assert await open_scans(database, fleet) == list(ids)


async def test_a_tenant_that_is_being_scanned_is_not_scanned_twice(database: Database) -> None:
    fleet = await new_fleet(database, 1)
    schedule = await new_schedule(database, fleet)
    running = await stored_scan(database, fleet, fleet.tenants[0], ScanStatus.RUNNING)

    decision = await ask(database, wish_of(fleet, schedule))

    assert decision == Decision(refused="the tenant is being scanned already")
    assert await open_scans(database, fleet) == [running]
    assert (await line_of(database, fleet)).note == "the tenant is being scanned already"


async def test_all_places_taken_means_waiting_until_one_is_free(database: Database) -> None:
    fleet = await new_fleet(database, 2)
    schedule = await new_schedule(database, fleet)
    other = await stored_scan(database, fleet, fleet.tenants[1], ScanStatus.RUNNING)

    first = await ask(database, wish_of(fleet, schedule), max_scans=1)
    waits = (await line_of(database, fleet)).note
    async with database.begin() as session:
        (await session.get_one(Scan, other)).status = ScanStatus.COMPLETED
    second = await ask(database, wish_of(fleet, schedule), max_scans=1)

    assert first == Decision(full=True)
    assert waits == "waits until fewer tenants are being scanned"
    assert second.scan is not None


async def test_in_quiet_hours_it_waits_as_long_as_they_last(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(fleet_module, "now", lambda: at)
    fleet = await new_fleet(database, 1)
    schedule = await new_schedule(
        database, fleet, timezone="UTC", quiet_from="07:00", quiet_to="19:30"
    )

    decision = await ask(database, wish_of(fleet, schedule))

    assert decision == Decision(wait_s=7.5 * 3600)
    assert (await line_of(database, fleet)).note == "waits until 19:30: quiet hours"


async def test_a_schedule_that_was_removed_while_it_waited_wants_nothing(
    database: Database,
) -> None:
    fleet = await new_fleet(database, 1)
    schedule = await new_schedule(database, fleet)
    async with database.begin() as session:
        await schedules.remove_schedule(
            session, organisation_id=fleet.organisation_id, schedule_id=schedule.id
        )

    assert (await ask(database, wish_of(fleet, schedule))).refused == "it is not wanted any more"


async def test_a_campaigns_tenant_shows_its_scan_from_the_same_moment(database: Database) -> None:
    fleet = await new_fleet(database, 2)
    wish = await campaign_wish(database, fleet)

    decision = await ask(database, wish)

    assert decision.scan is not None
    async with database.read() as session:
        detail = await campaign_lists.read_campaign(
            session,
            organisation_id=fleet.organisation_id,
            campaign_id=wish.campaign_id or "",
        )
    assert [member.scan_id for member in detail.members] == [decision.scan.scan_id, None]
    assert detail.members[0].status is ScanStatus.PENDING


async def test_a_campaigns_busy_tenant_is_passed_over_with_a_word(database: Database) -> None:
    fleet = await new_fleet(database, 1)
    await stored_scan(database, fleet, fleet.tenants[0], ScanStatus.RUNNING)
    wish = await campaign_wish(database, fleet)

    decision = await ask(database, wish)

    async with database.read() as session:
        detail = await campaign_lists.read_campaign(
            session,
            organisation_id=fleet.organisation_id,
            campaign_id=wish.campaign_id or "",
        )
    assert decision.refused == detail.members[0].message == "the tenant is being scanned already"


async def test_a_campaign_that_is_being_cancelled_begins_nothing(database: Database) -> None:
    fleet = await new_fleet(database, 1)
    wish = await campaign_wish(database, fleet)
    async with database.begin() as session:
        await campaigns.ask_to_cancel(
            session,
            organisation_id=fleet.organisation_id,
            campaign_id=wish.campaign_id or "",
            by="ann",
            at=now(),
        )

    assert (await ask(database, wish)).refused == "it is not wanted any more"


async def test_a_foreign_campaign_is_not_found(database: Database) -> None:
    ours, theirs = await new_fleet(database, 1), await new_fleet(database, 1, name="Fabrikam")
    wish = await campaign_wish(database, theirs)

    with pytest.raises(CampaignNotFound):
        await ask(database, wish.model_copy(update={"organisation_id": ours.organisation_id}))


async def test_what_is_let_go_leaves_no_row_and_says_why(database: Database) -> None:
    fleet = await new_fleet(database, 1)
    schedule = await new_schedule(database, fleet)
    wish = wish_of(fleet, schedule)
    decision = await ask(database, wish)
    activities = FleetActivities(database, max_scans=20)

    for _ in range(2):
        await ActivityEnvironment().run(
            activities.let_go, LetGo(wish=wish, why="busy", scan=decision.scan)
        )

    line = await line_of(database, fleet)
    assert await open_scans(database, fleet) == []
    assert (line.note, line.last_scan_id) == ("busy", None)


async def test_a_campaign_comes_in_chunks_without_those_that_were_begun(database: Database) -> None:
    fleet = await new_fleet(database, CHUNK + 2)
    wish = await campaign_wish(database, fleet)
    run = CampaignRun(organisation_id=fleet.organisation_id, campaign_id=wish.campaign_id or "")
    activities = FleetActivities(database, max_scans=20)

    chunk = await ActivityEnvironment().run(activities.next_tenants, run)
    for place in (0, 1):
        await ask(database, _of_same(wish, fleet, place))
    rest = await ActivityEnvironment().run(activities.next_tenants, run)

    assert (chunk.tenant_ids, chunk.is_last) == (fleet.ids[:CHUNK], False)
    assert (rest.tenant_ids, rest.is_last) == (fleet.ids[2:], True)


def _of_same(wish: WishedScan, fleet: Fleet, place: int) -> WishedScan:
    key = campaign_scan_key(wish.campaign_id or "", 1, fleet.ids[place])
    return wish.model_copy(update={"tenant_id": fleet.ids[place], "key": key})


QUIET: Sequence[tuple[str, str, str, str, float]] = [
    # zone, from, to, the moment in UTC, hours that are left
    ("UTC", "22:00", "06:00", "2026-11-25T21:59:59", 0),
    ("UTC", "22:00", "06:00", "2026-11-25T22:00:00", 8),
    ("UTC", "22:00", "06:00", "2026-11-26T00:30:00", 5.5),
    ("UTC", "22:00", "06:00", "2026-11-26T06:00:00", 0),
    ("UTC", "07:00", "19:00", "2026-11-25T06:59:00", 0),
    ("UTC", "07:00", "19:00", "2026-11-25T18:00:00", 1),
    ("Europe/Berlin", "07:00", "19:00", "2026-11-25T06:30:00", 11.5),  # 07:30 there
    ("Asia/Kolkata", "00:00", "01:00", "2026-11-25T18:45:00", 0.75),  # 00:15 there
    # Spring: the night of 29 March is an hour shorter.
    ("Europe/Berlin", "22:00", "06:00", "2026-03-28T21:00:00", 7),
    ("Europe/Berlin", "22:00", "06:00", "2026-03-29T00:30:00", 3.5),
    # Autumn: the night of 25 October is an hour longer.
    ("Europe/Berlin", "22:00", "06:00", "2026-10-24T20:00:00", 9),
    # 02:15 comes twice: before and after the clock is put back.
    ("Europe/Berlin", "01:00", "02:30", "2026-10-25T00:15:00", 0.25),
    ("Europe/Berlin", "01:00", "02:30", "2026-10-25T01:15:00", 0.25),
]


@pytest.mark.parametrize(("zone", "begin", "end", "at", "hours"), QUIET)
def test_quiet_hours_last_until_their_end_there(
    zone: str, begin: str, end: str, at: str, hours: float
) -> None:
    schedule = Schedule(timezone=zone, quiet_from=begin, quiet_to=end)

    left = quiet_seconds(schedule, datetime.fromisoformat(at).replace(tzinfo=UTC))

    assert left == hours * 3600


def test_without_quiet_hours_there_is_nothing_to_wait_for() -> None:
    assert quiet_seconds(Schedule(timezone="UTC"), now()) == 0


@pytest.mark.parametrize(
    "cron",
    ["0 3 * * *", "*/15 0-6 1,15 jan-mar mon-fri", "5 4 * * 7", "0 0 1 1 0", "0 8-18/2 * * SAT"],
)
def test_a_rule_that_temporal_understands_is_taken(cron: str) -> None:
    assert ScheduleSpec(tenant="t", cron=cron).cron == cron.lower()


@pytest.mark.parametrize(
    "changes",
    [
        {"cron": "0 3 * *"},
        {"cron": "60 3 * * *"},
        {"cron": "0 24 * * *"},
        {"cron": "0 3 0 * *"},
        {"cron": "0 3 * 13 *"},
        {"cron": "0 3 * * 8"},
        {"cron": "0 3 * * someday"},
        {"cron": "0 3 * * fri-mon"},
        {"cron": "*/0 3 * * *"},
        {"cron": "@daily"},
        {"cron": "CRON_TZ=UTC 0 3 * * *"},
        {"timezone": "Europe/Atlantis"},
        {"timezone": "../../etc/passwd"},
        {"quiet_from": "22:00"},
        {"quiet_from": "22:00", "quiet_to": "24:00"},
        {"quiet_from": "22:00", "quiet_to": "22:00"},
        {"jitter_s": -1},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ScheduleSpec.model_validate({"tenant": "t", "cron": "0 3 * * *"} | changes)
