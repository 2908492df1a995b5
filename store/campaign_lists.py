"""What is shown of campaigns: the list with its counts, and one with every tenant."""

from collections.abc import Sequence

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.fleet import CampaignDetail, CampaignLine, CampaignStatus, MemberLine
from contracts.scan import ScanStatus
from store.campaigns import get_campaign
from store.tables import Campaign, CampaignMember, Scan, Tenant
from store.wishes import wishes_of

_FATES = ("completed", "unfinished", "failed")
_FATE = case(
    (Scan.status == ScanStatus.COMPLETED, "completed"),
    (Scan.status.in_((ScanStatus.FAILED, ScanStatus.CANCELLED)), "failed"),
    (CampaignMember.message != "", "failed"),
    else_="unfinished",
)


async def list_campaigns(
    session: AsyncSession, *, organisation_id: str, limit: int = 50
) -> list[CampaignLine]:
    """Newest first."""
    rows = await session.scalars(
        select(Campaign)
        .where(Campaign.organisation_id == organisation_id)
        .order_by(Campaign.created_at.desc(), Campaign.id)
        .limit(limit)
    )
    campaigns = list(rows)
    counts = await _counts(session, [campaign.id for campaign in campaigns])
    return [
        CampaignLine.model_validate(_head(campaign) | counts.get(campaign.id, {}))
        for campaign in campaigns
    ]


async def read_campaign(
    session: AsyncSession, *, organisation_id: str, campaign_id: str
) -> CampaignDetail:
    """Raises CampaignNotFound."""
    campaign = await get_campaign(session, organisation_id=organisation_id, campaign_id=campaign_id)
    counts = await _counts(session, [campaign.id])
    rest = {"members": await _members(session, campaign.id), "wishes": wishes_of(campaign)}
    return CampaignDetail.model_validate(_head(campaign) | counts.get(campaign.id, {}) | rest)


async def _counts(session: AsyncSession, campaign_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    rows = await session.execute(
        select(CampaignMember.campaign_id, _FATE, func.count())
        .outerjoin(Scan, Scan.id == CampaignMember.scan_id)
        .where(CampaignMember.campaign_id.in_(campaign_ids))
        .group_by(CampaignMember.campaign_id, _FATE)
    )
    found: dict[str, dict[str, int]] = {}
    for campaign_id, fate, count in rows:
        counts = found.setdefault(campaign_id, dict.fromkeys(("tenants", *_FATES), 0))
        counts[fate] = count
        counts["tenants"] += count
    return found


async def _members(session: AsyncSession, campaign_id: str) -> list[MemberLine]:
    rows = await session.execute(
        select(
            CampaignMember.tenant_id,
            Tenant.name,
            CampaignMember.scan_id,
            CampaignMember.message,
            Scan.status,
            func.coalesce(Scan.progress, 0),
            func.coalesce(Scan.passed, 0),
            func.coalesce(Scan.failed, 0),
            func.coalesce(Scan.errors, 0),
        )
        .join(Tenant, Tenant.id == CampaignMember.tenant_id)
        .outerjoin(Scan, Scan.id == CampaignMember.scan_id)
        .where(CampaignMember.campaign_id == campaign_id)
        .order_by(CampaignMember.position)
    )
    return [
        MemberLine(
            tenant_id=tenant_id,
            tenant_name=name,
            scan_id=scan_id,
            message=message,
            status=ScanStatus(status) if status else None,
            progress_percentage=progress,
            passed=passed,
            failed=failed,
            errors=errors,
        )
        for tenant_id, name, scan_id, message, status, progress, passed, failed, errors in rows
    ]


def _head(campaign: Campaign) -> dict[str, object]:
    return {
        "campaign_id": campaign.id,
        "name": campaign.name,
        "profile": campaign.profile,
        "status": CampaignStatus(campaign.status),
        "run": campaign.run,
        "created_by": campaign.created_by,
        "created_at": campaign.created_at,
        "finished_at": campaign.finished_at,
    }
