"""Puts right what schedules and campaigns leave: forgotten, left over, or without a workflow."""

from datetime import UTC, datetime

from temporalio.client import (
    Client,
    ScheduleDescription,
    ScheduleListDescription,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)

from api.scheduling import ORGANISATION_MEMO, carry_out, describe_schedule, forget, note_of
from api.services import Services
from api.temporal import ask, describe_workflow
from contracts.doctor import Repair
from contracts.errors import ScheduleNotPossible
from contracts.fleet import CampaignStatus
from contracts.names import campaign_workflow_id, schedule_workflow_id
from store import accounts, campaigns, schedules
from store.tables import Campaign, Schedule
from store.wishes import wishes_of

_WORKING = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
_PREFIX = schedule_workflow_id("")
LEFT_OVER = "It was removed, but the workflow service still carried it out."


async def reconcile_campaigns(
    services: Services, before: datetime, organisation_id: str | None
) -> list[Repair]:
    """Ends those whose workflow is gone. Raises TemporalUnavailable."""
    found = await abandoned(services, before, organisation_id)
    repairs = [await _end(services, campaign, run) for campaign, run in found]
    return [repair for repair in repairs if repair is not None]


async def abandoned(
    services: Services, before: datetime, organisation_id: str | None
) -> list[tuple[Campaign, WorkflowExecutionDescription | None]]:
    """Open campaigns that no workflow works on, with its last run."""
    async with services.database.read() as session:
        found = await campaigns.every_open_campaign(session)
    suspects = [
        (campaign, await describe_workflow(services.temporal, campaign_workflow_id(campaign.id)))
        for campaign in found
        if organisation_id in (None, campaign.organisation_id)
        and wishes_of(campaign)[-1].at < before
    ]
    return [(row, run) for row, run in suspects if run is None or run.status not in _WORKING]


async def reconcile_schedules(services: Services, organisation_id: str | None) -> list[Repair]:
    """The rows are right: Temporal is told what it has forgotten or does otherwise, and loses
    what has no row. Raises TemporalUnavailable."""
    repairs = []
    for row, why in await out_of_step(services, organisation_id):
        try:
            await carry_out(services.temporal, row)
        except ScheduleNotPossible as refusal:
            why = str(refusal)
        repairs.append(Repair(kind="schedule", id=row.id, name=note_of(row), why=why))
    for schedule_id in await left_over(services, organisation_id):
        await forget(services.temporal, schedule_id)
        repairs.append(Repair(kind="schedule", id=schedule_id, name=schedule_id, why=LEFT_OVER))
    return repairs


async def out_of_step(
    services: Services, organisation_id: str | None
) -> list[tuple[Schedule, str]]:
    """Schedules that Temporal does not carry out as they stand, and why."""
    listed = {item.id: item for item in await _listed(services.temporal)}
    async with services.database.read() as session:
        rows = await schedules.every_schedule(session)
    suspects = [
        row
        for row in rows
        if organisation_id in (None, row.organisation_id)
        and _differs(row, listed.get(schedule_workflow_id(row.id)))
    ]
    # The list follows a moment later than the schedule itself, which therefore has the last word.
    asked = [(row, await describe_schedule(services.temporal, row.id)) for row in suspects]
    return [(row, why) for row, known in asked if (why := _differs(row, known))]


async def left_over(services: Services, organisation_id: str | None) -> list[str]:
    """Ids of schedules of our organisations that Temporal knows and no row asks for."""
    listed = await _listed(services.temporal)
    async with services.database.read() as session:  # after the list: a row comes first
        wanted = {row.id for row in await schedules.every_schedule(session)}
        ours = {
            owner
            for owner in await accounts.every_organisation_id(session)
            if organisation_id in (None, owner)
        }
    found = [item for item in listed if item.id.removeprefix(_PREFIX) not in wanted]
    return [item.id.removeprefix(_PREFIX) for item in found if await _owner(item) in ours]


def _differs(row: Schedule, known: ScheduleDescription | ScheduleListDescription | None) -> str:
    if known is None or known.schedule is None:
        return "The workflow service did not know it."
    if known.schedule.state.note != note_of(row):
        return "The workflow service carried out something else."
    if known.schedule.state.paused != row.paused:
        return f"It is {'' if row.paused else 'not '}paused, and the workflow service differed."
    return ""


async def _listed(client: Client) -> list[ScheduleListDescription]:
    async def everything() -> list[ScheduleListDescription]:
        found = await client.list_schedules(page_size=1000)
        return [item async for item in found if item.id.startswith(_PREFIX)]

    return await ask(everything())


async def _owner(item: ScheduleListDescription) -> str | None:
    found = await item.memo_value(ORGANISATION_MEMO, default=None)
    return found if isinstance(found, str) else None


async def _end(
    services: Services, campaign: Campaign, run: WorkflowExecutionDescription | None
) -> Repair | None:
    completed = run is not None and run.status is WorkflowExecutionStatus.COMPLETED
    status = CampaignStatus.COMPLETED if completed else CampaignStatus.CANCELLED
    async with services.database.begin() as session:
        ended = await campaigns.end_campaign(
            session,
            organisation_id=campaign.organisation_id,
            campaign_id=campaign.id,
            status=status,
            at=datetime.now(UTC),
        )
    if not ended:
        return None
    why = "Nothing worked on it any more; the scans it had begun end by themselves."
    return Repair(kind="campaign", id=campaign.id, name=campaign.name, status=status, why=why)
