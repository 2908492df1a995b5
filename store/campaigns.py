"""Campaigns: one action over many tenants, from its wish to its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import CampaignNotFound
from contracts.fleet import CampaignStatus
from contracts.scan import ScanStatus
from store.scans import TERMINAL
from store.tables import Campaign, CampaignMember, Scan
from store.wishes import add_wish

_NOT_BEGUN = "not begun: the campaign was cancelled first"


async def add_campaign(
    session: AsyncSession,
    *,
    organisation_id: str,
    name: str,
    profile: str,
    tenant_ids: Sequence[str],
    created_by: str,
    at: datetime,
    idempotency_key: str | None = None,
) -> Campaign:
    campaign = Campaign(
        id=str(uuid4()),
        organisation_id=organisation_id,
        name=name,
        profile=profile,
        status=CampaignStatus.RUNNING,
        run=1,
        idempotency_key=idempotency_key,
        wishes=[],
        created_by=created_by,
        created_at=at,
    )
    add_wish(campaign, "start", by=created_by, at=at)
    session.add(campaign)
    await session.flush()
    session.add_all(
        CampaignMember(campaign_id=campaign.id, tenant_id=tenant_id, position=position, message="")
        for position, tenant_id in enumerate(tenant_ids)
    )
    await session.flush()
    return campaign


async def get_campaign(
    session: AsyncSession, *, organisation_id: str, campaign_id: str, lock: bool = False
) -> Campaign:
    """Raises CampaignNotFound."""
    query = select(Campaign).where(
        Campaign.id == campaign_id, Campaign.organisation_id == organisation_id
    )
    campaign = await session.scalar(query.with_for_update() if lock else query)
    if campaign is None:
        raise CampaignNotFound(campaign_id)
    return campaign


async def campaign_of_key(
    session: AsyncSession, *, organisation_id: str, key: str
) -> Campaign | None:
    return await session.scalar(
        select(Campaign).where(
            Campaign.organisation_id == organisation_id, Campaign.idempotency_key == key
        )
    )


async def remove_campaign(session: AsyncSession, *, organisation_id: str, campaign_id: str) -> None:
    """Takes back what no workflow has begun."""
    await session.delete(
        await get_campaign(session, organisation_id=organisation_id, campaign_id=campaign_id)
    )


async def open_members(
    session: AsyncSession, *, organisation_id: str, campaign_id: str, limit: int
) -> list[str]:
    """The next tenants that still want a scan in this run."""
    await get_campaign(session, organisation_id=organisation_id, campaign_id=campaign_id)
    found = await session.scalars(
        select(CampaignMember.tenant_id)
        .where(
            CampaignMember.campaign_id == campaign_id,
            CampaignMember.scan_id.is_(None),
            CampaignMember.message == "",
        )
        .order_by(CampaignMember.position)
        .limit(limit)
    )
    return list(found)


async def note_member(
    session: AsyncSession,
    *,
    organisation_id: str,
    campaign_id: str,
    tenant_id: str,
    scan_id: str | None,
    message: str,
) -> None:
    """A tenant that has been removed in the meantime needs no note."""
    await get_campaign(session, organisation_id=organisation_id, campaign_id=campaign_id)
    member = await session.get(CampaignMember, (campaign_id, tenant_id))
    if member is not None:
        member.scan_id, member.message = scan_id, message


async def running_scans(
    session: AsyncSession, *, organisation_id: str, campaign_id: str
) -> list[str]:
    """Scans of a campaign that have not ended."""
    found = await session.scalars(
        select(Scan.id)
        .join(CampaignMember, CampaignMember.scan_id == Scan.id)
        .where(
            CampaignMember.campaign_id == campaign_id,
            Scan.organisation_id == organisation_id,
            Scan.status.not_in(TERMINAL),
        )
        .order_by(Scan.id)  # one order for all: who locks them in turn never waits in a circle
    )
    return list(found)


async def ask_to_cancel(
    session: AsyncSession, *, organisation_id: str, campaign_id: str, by: str, at: datetime
) -> bool:
    """False when the campaign has ended. Asked twice, it is one wish."""
    campaign = await get_campaign(
        session, organisation_id=organisation_id, campaign_id=campaign_id, lock=True
    )
    status = CampaignStatus(campaign.status)
    if status is CampaignStatus.RUNNING:
        campaign.status = CampaignStatus.CANCELLING
        add_wish(campaign, "cancel", by=by, at=at)
    return not status.is_terminal


async def end_campaign(
    session: AsyncSession,
    *,
    organisation_id: str,
    campaign_id: str,
    status: CampaignStatus,
    at: datetime,
) -> bool:
    """Compare and set: the first end of a run stands."""
    campaign = await get_campaign(
        session, organisation_id=organisation_id, campaign_id=campaign_id, lock=True
    )
    if CampaignStatus(campaign.status).is_terminal:
        return False
    campaign.status, campaign.finished_at = status, at
    if status is CampaignStatus.CANCELLED:
        await session.execute(
            update(CampaignMember)
            .where(
                CampaignMember.campaign_id == campaign_id,
                CampaignMember.scan_id.is_(None),
                CampaignMember.message == "",
            )
            .values(message=_NOT_BEGUN)
        )
    return True


@dataclass(frozen=True)
class Reopened:
    """The new run of a campaign, and what brings back how it stood."""

    run: int
    members: list[tuple[str, str | None, str]]  # tenant, scan, message
    status: str
    finished_at: datetime | None


async def reopen_campaign(
    session: AsyncSession, *, organisation_id: str, campaign_id: str, by: str, at: datetime
) -> Reopened | None:
    """Opens a finished campaign for the tenants that have no completed scan. None when there are
    none, or the campaign runs."""
    campaign = await get_campaign(
        session, organisation_id=organisation_id, campaign_id=campaign_id, lock=True
    )
    if not CampaignStatus(campaign.status).is_terminal:
        return None
    rows = await session.execute(
        select(CampaignMember, Scan.status)
        .outerjoin(Scan, Scan.id == CampaignMember.scan_id)
        .where(CampaignMember.campaign_id == campaign_id)
    )
    again = [member for member, status in rows if status != ScanStatus.COMPLETED]
    if not again:
        return None
    before = [(member.tenant_id, member.scan_id, member.message) for member in again]
    reopened = Reopened(campaign.run + 1, before, campaign.status, campaign.finished_at)
    for member in again:
        member.scan_id, member.message = None, ""
    campaign.status, campaign.finished_at = CampaignStatus.RUNNING, None
    campaign.run = reopened.run
    add_wish(campaign, "retry", by=by, at=at)
    return reopened


async def take_back_run(
    session: AsyncSession, *, organisation_id: str, campaign_id: str, reopened: Reopened
) -> None:
    """Undoes `reopen_campaign` where nothing could be started."""
    campaign = await get_campaign(
        session, organisation_id=organisation_id, campaign_id=campaign_id, lock=True
    )
    if campaign.run != reopened.run or CampaignStatus(campaign.status).is_terminal:
        return
    for tenant_id, scan_id, message in reopened.members:
        member = await session.get(CampaignMember, (campaign_id, tenant_id))
        if member is not None:
            member.scan_id, member.message = scan_id, message
    campaign.status, campaign.finished_at = reopened.status, reopened.finished_at
    campaign.run -= 1
    campaign.wishes = campaign.wishes[:-1]


async def every_open_campaign(session: AsyncSession) -> list[Campaign]:
    """Of every organisation, for the reconciler alone."""
    ends = [status for status in CampaignStatus if status.is_terminal]
    return list(await session.scalars(select(Campaign).where(Campaign.status.not_in(ends))))
