"""Schedules, campaigns, tags and places on both databases."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from contracts.errors import CampaignNotFound, ScheduleNotFound, TenantNotFound
from contracts.fleet import CampaignStatus
from contracts.scan import ScanStatus
from store import campaign_lists, campaigns, scans, schedules, tenants
from store.database import Database
from store.places import has_place
from store.tables import Campaign, CampaignMember
from tests.builders.fleet import FEW, Fleet, new_fleet, new_schedule, now, stored_scan

ENDED = (ScanStatus.RUNNING, ScanStatus.COMPLETED)


async def new_campaign(database: Database, fleet: Fleet, **changes: str) -> Campaign:
    async with database.begin() as session:
        return await campaigns.add_campaign(
            session,
            organisation_id=fleet.organisation_id,
            name="Review",
            profile="E5-L1",
            tenant_ids=fleet.ids,
            created_by="ann",
            at=now(),
            **changes,
        )


async def note(
    database: Database, fleet: Fleet, campaign: Campaign, place: int, scan_id: str | None, why: str
) -> None:
    async with database.begin() as session:
        await campaigns.note_member(
            session,
            organisation_id=fleet.organisation_id,
            campaign_id=campaign.id,
            tenant_id=fleet.ids[place],
            scan_id=scan_id,
            message=why,
        )


async def end(database: Database, campaign: Campaign, status: CampaignStatus) -> bool:
    async with database.begin() as session:
        return await campaigns.end_campaign(
            session,
            organisation_id=campaign.organisation_id,
            campaign_id=campaign.id,
            status=status,
            at=now(),
        )


async def test_a_campaign_counts_what_became_of_its_tenants(database: Database) -> None:
    fleet = await new_fleet(database, 5)
    campaign = await new_campaign(database, fleet)
    done = await stored_scan(database, fleet, fleet.tenants[0], *ENDED)
    broken = await stored_scan(database, fleet, fleet.tenants[1], ScanStatus.FAILED)
    running = await stored_scan(database, fleet, fleet.tenants[2], ScanStatus.RUNNING)
    for place, scan_id in enumerate((done, broken, running)):
        await note(database, fleet, campaign, place, scan_id, "")
    await note(database, fleet, campaign, 3, None, "the tenant is being scanned already")

    async with database.read() as session:
        (line,) = await campaign_lists.list_campaigns(
            session, organisation_id=fleet.organisation_id
        )
        detail = await campaign_lists.read_campaign(
            session, organisation_id=fleet.organisation_id, campaign_id=campaign.id
        )
        open_scans = await campaigns.running_scans(
            session, organisation_id=fleet.organisation_id, campaign_id=campaign.id
        )

    assert (line.tenants, line.completed, line.failed, line.unfinished) == (5, 1, 2, 2)
    assert line == type(line).model_validate(detail.model_dump())
    assert [member.tenant_id for member in detail.members] == fleet.ids
    assert [member.status for member in detail.members[:3]] == ["completed", "failed", "running"]
    assert detail.members[3].message == "the tenant is being scanned already"
    assert [(wish.wish, wish.by) for wish in detail.wishes] == [("start", "ann")]
    assert open_scans == [running]


async def test_open_tenants_come_in_order_and_only_once(database: Database) -> None:
    fleet = await new_fleet(database, 4)
    campaign = await new_campaign(database, fleet)
    await note(database, fleet, campaign, 0, "a-scan", "")
    await note(database, fleet, campaign, 2, None, "refused")

    async with database.read() as session:
        left = await campaigns.open_members(
            session,
            organisation_id=fleet.organisation_id,
            campaign_id=campaign.id,
            limit=10,
        )

    assert left == [fleet.ids[1], fleet.ids[3]]


async def test_the_first_end_of_a_campaign_stands_and_names_who_was_not_begun(
    database: Database,
) -> None:
    fleet = await new_fleet(database, 2)
    campaign = await new_campaign(database, fleet)

    first = await end(database, campaign, CampaignStatus.CANCELLED)
    second = await end(database, campaign, CampaignStatus.COMPLETED)

    async with database.read() as session:
        detail = await campaign_lists.read_campaign(
            session, organisation_id=fleet.organisation_id, campaign_id=campaign.id
        )
    assert (first, second) == (True, False)
    assert detail.status is CampaignStatus.CANCELLED
    assert {m.message for m in detail.members} == {"not begun: the campaign was cancelled first"}
    assert (detail.failed, detail.unfinished) == (2, 0)


async def test_a_retry_opens_those_without_a_completed_scan_and_can_be_taken_back(
    database: Database,
) -> None:
    fleet = await new_fleet(database, 3)
    campaign = await new_campaign(database, fleet)
    done = await stored_scan(database, fleet, fleet.tenants[0], *ENDED)
    broken = await stored_scan(database, fleet, fleet.tenants[1], ScanStatus.FAILED)
    await note(database, fleet, campaign, 0, done, "")
    await note(database, fleet, campaign, 1, broken, "")
    await note(database, fleet, campaign, 2, None, "busy")
    await end(database, campaign, CampaignStatus.COMPLETED)
    named = {"organisation_id": fleet.organisation_id, "campaign_id": campaign.id}

    async with database.read() as session:
        before = await campaign_lists.read_campaign(session, **named)
    async with database.begin() as session:
        reopened = await campaigns.reopen_campaign(session, **named, by="bob", at=now())
        left = await campaigns.open_members(session, **named, limit=10)
        again = await campaigns.reopen_campaign(session, **named, by="bob", at=now())
    async with database.read() as session:
        between = await campaign_lists.read_campaign(session, **named)
    assert reopened is not None
    async with database.begin() as session:
        await campaigns.take_back_run(session, **named, reopened=reopened)
    async with database.read() as session:
        after = await campaign_lists.read_campaign(session, **named)

    assert left == fleet.ids[1:]
    assert again is None
    assert (between.run, between.status) == (2, CampaignStatus.RUNNING)
    assert [(wish.wish, wish.by) for wish in between.wishes] == [("start", "ann"), ("retry", "bob")]
    assert after == before


async def test_a_campaign_with_every_scan_completed_has_nothing_to_retry(
    database: Database,
) -> None:
    fleet = await new_fleet(database, 1)
    campaign = await new_campaign(database, fleet)
    done = await stored_scan(database, fleet, fleet.tenants[0], *ENDED)
    await note(database, fleet, campaign, 0, done, "")
    await end(database, campaign, CampaignStatus.COMPLETED)

    async with database.begin() as session:
        reopened = await campaigns.reopen_campaign(
            session,
            organisation_id=fleet.organisation_id,
            campaign_id=campaign.id,
            by="ann",
            at=now(),
        )

    assert reopened is None


async def test_asking_twice_to_cancel_is_one_wish(database: Database) -> None:
    fleet = await new_fleet(database, 1)
    campaign = await new_campaign(database, fleet)
    asked = []
    for by in ("ann", "bob"):
        async with database.begin() as session:
            asked.append(
                await campaigns.ask_to_cancel(
                    session,
                    organisation_id=fleet.organisation_id,
                    campaign_id=campaign.id,
                    by=by,
                    at=now(),
                )
            )

    async with database.read() as session:
        detail = await campaign_lists.read_campaign(
            session, organisation_id=fleet.organisation_id, campaign_id=campaign.id
        )
    assert asked == [True, True]
    assert [(w.wish, w.by) for w in detail.wishes] == [("start", "ann"), ("cancel", "ann")]


async def test_a_key_makes_one_campaign_of_an_organisation(database: Database) -> None:
    ours, theirs = await new_fleet(database, 1), await new_fleet(database, 1, name="Fabrikam")
    first = await new_campaign(database, ours, idempotency_key="monday")
    other = await new_campaign(database, theirs, idempotency_key="monday")

    with pytest.raises(IntegrityError):
        await new_campaign(database, ours, idempotency_key="monday")
    async with database.read() as session:
        known = await campaigns.campaign_of_key(
            session, organisation_id=ours.organisation_id, key="monday"
        )

    assert known is not None
    assert known.id == first.id != other.id


async def test_a_removed_campaign_leaves_no_members(database: Database) -> None:
    fleet = await new_fleet(database, 2)
    campaign = await new_campaign(database, fleet)
    async with database.begin() as session:
        await campaigns.remove_campaign(
            session, organisation_id=fleet.organisation_id, campaign_id=campaign.id
        )

    async with database.read() as session:
        assert await session.get(CampaignMember, (campaign.id, fleet.ids[0])) is None


async def test_nothing_of_another_organisation_is_found(database: Database) -> None:
    ours, theirs = await new_fleet(database, 1), await new_fleet(database, 1, name="Fabrikam")
    campaign = await new_campaign(database, theirs)
    schedule = await new_schedule(database, theirs)

    async with database.read() as session:
        for read in (campaigns.get_campaign, campaign_lists.read_campaign):
            with pytest.raises(CampaignNotFound):
                await read(session, organisation_id=ours.organisation_id, campaign_id=campaign.id)
        with pytest.raises(ScheduleNotFound):
            await schedules.read_schedule(
                session, organisation_id=ours.organisation_id, schedule_id=schedule.id
            )
        assert not await schedules.list_schedules(session, organisation_id=ours.organisation_id)
        assert not await campaign_lists.list_campaigns(
            session, organisation_id=ours.organisation_id
        )
        assert not await tenants.choose_tenants(
            session, organisation_id=ours.organisation_id, tag="gold"
        )


async def test_a_schedule_tells_how_its_newest_run_went_and_who_asked_for_what(
    database: Database,
) -> None:
    fleet = await new_fleet(database, 1)
    schedule = await new_schedule(database, fleet)
    scan_id = await stored_scan(database, fleet, fleet.tenants[0], ScanStatus.FAILED)
    named = {"organisation_id": fleet.organisation_id, "schedule_id": schedule.id}
    async with database.begin() as session:
        row, before = await schedules.change_schedule(
            session, **named, changes={"paused": True}, wish="pause", by="bob", at=now()
        )
        row.last_scan_id = scan_id

    async with database.read() as session:
        (line,) = await schedules.list_schedules(session, organisation_id=fleet.organisation_id)

    assert before == {"paused": False}
    assert (line.paused, line.tenant_name) == (True, "Tailspin 00")
    assert (line.last_scan_id, line.last_scan_status) == (scan_id, ScanStatus.FAILED)
    assert [(wish.wish, wish.by) for wish in line.wishes] == [("add", "ann"), ("pause", "bob")]


async def test_tags_choose_tenants_and_filter_lists(database: Database) -> None:
    fleet = await new_fleet(database, 3)
    organisation_id = fleet.organisation_id
    async with database.begin() as session:
        for tenant, tags in zip(fleet.ids, (["gold", "eu"], ["gold-plus"], ["g_ld"]), strict=True):
            await tenants.put_tags(
                session, organisation_id=organisation_id, tenant=tenant, tags=tags
            )
    scan_id = await stored_scan(database, fleet, fleet.tenants[0])
    await stored_scan(database, fleet, fleet.tenants[1])

    async with database.read() as session:
        chosen = {
            tag: await tenants.choose_tenants(session, organisation_id=organisation_id, tag=tag)
            for tag in ("gold", "g_ld", "gol", "eu")
        }
        listed = await tenants.list_tenants(session, organisation_id=organisation_id, tag="gold")
        found = await scans.list_scans(session, organisation_id=organisation_id, tag="gold")

    assert chosen == {
        "gold": [fleet.ids[0]],
        "g_ld": [fleet.ids[2]],
        "gol": [],
        "eu": [fleet.ids[0]],
    }
    assert [(line.tenant_id, line.tags) for line in listed] == [(fleet.ids[0], ["eu", "gold"])]
    assert [state.scan_id for state in found] == [scan_id]


async def test_named_tenants_are_chosen_once_each_and_all_must_exist(database: Database) -> None:
    fleet = await new_fleet(database, 3)
    async with database.read() as session:
        chosen = await tenants.choose_tenants(
            session,
            organisation_id=fleet.organisation_id,
            named=["Tailspin 02", fleet.ids[0], "tailspin02.example"],
        )
        everyone = await tenants.choose_tenants(session, organisation_id=fleet.organisation_id)
        with pytest.raises(TenantNotFound):
            await tenants.choose_tenants(
                session, organisation_id=fleet.organisation_id, named=["Nobody"]
            )

    assert chosen == [fleet.ids[2], fleet.ids[0]]
    assert everyone == fleet.ids


async def test_places_count_tenants_and_not_the_one_that_asks(database: Database) -> None:
    fleet = await new_fleet(database, 3)
    await stored_scan(database, fleet, fleet.tenants[0], ScanStatus.PAUSED)
    await stored_scan(database, fleet, fleet.tenants[1], *ENDED)

    async def free(place: int, limit: int) -> bool:
        async with database.begin() as session:
            return await has_place(
                session,
                organisation_id=fleet.organisation_id,
                tenant_id=fleet.ids[place],
                max_scans=limit,
            )

    assert [await free(0, 1), await free(2, 1), await free(2, 2)] == [True, False, True]


async def test_two_who_ask_at_once_do_not_share_the_last_place(database: Database) -> None:
    fleet = await new_fleet(database, 4)

    async def ask_and_take(place: int) -> bool:
        async with database.begin() as session:
            free = await has_place(
                session,
                organisation_id=fleet.organisation_id,
                tenant_id=fleet.ids[place],
                max_scans=1,
            )
            await asyncio.sleep(0.05)
            if free:
                await scans.add_scan(
                    session,
                    organisation_id=fleet.organisation_id,
                    tenant=fleet.tenants[place],
                    benchmark="cis",
                    profile=FEW,
                    checks=[],
                    at=now(),
                )
            return free

    took = await asyncio.gather(*(ask_and_take(place) for place in range(4)))

    assert sorted(took) == [False, False, False, True]


async def test_an_open_scan_tells_since_when_it_is_silent(database: Database) -> None:
    fleet = await new_fleet(database, 1)
    scan_id = await stored_scan(database, fleet, fleet.tenants[0], ScanStatus.RUNNING)

    async with database.read() as session:
        nothing = await scans.list_unfinished(session, touched_before=now() - timedelta(minutes=1))
        (found,) = await scans.list_unfinished(session, touched_before=now() + timedelta(minutes=1))

    assert nothing == []
    assert found.scan_id == scan_id
    assert found.begun_at <= found.touched_at <= now()
    assert found.wished_by is None
