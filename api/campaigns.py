"""Routes of campaigns: one action over many tenants."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.bodies import Line, StrictRoute, Tag, json_only
from api.campaigning import cancel_campaign, retry_campaign, start_campaign
from api.dependencies import Operator, Wired
from api.errors import problems
from contracts.fleet import CampaignDetail, CampaignLine
from store import campaign_lists

router = APIRouter(tags=["Campaigns"], route_class=StrictRoute)

CampaignId = Annotated[UUID, Path(description="The id of a campaign.")]
TenantName = Annotated[Line, Field(max_length=255)]


class NewCampaign(BaseModel):
    """Exactly one of `tenants` (id, Microsoft id, domain or exact name), `tag` and `all`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Quarterly review", "tag": "gold"}]},
    )

    name: Line = Field(max_length=200)
    profile: Line = Field(default="E5-L1", max_length=40)
    tenants: list[TenantName] | None = Field(default=None, min_length=1, max_length=1000)
    tag: Tag | None = None
    all: bool = False

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if (self.tenants is not None) + (self.tag is not None) + self.all != 1:
            raise ValueError("choose exactly one of tenants, tag and all")
        return self


class CampaignList(BaseModel):
    items: list[CampaignLine]


@router.post(
    "/campaigns",
    operation_id="start_campaign",
    summary="Scan many tenants",
    status_code=202,
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 415, 422, 503),
)
async def post_campaign(
    body: NewCampaign,
    response: Response,
    who: Operator,
    services: Wired,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=200, pattern=r"^[\x21-\x7e]+$", description="Same key, same campaign."),
    ] = None,
) -> CampaignDetail:
    """A tenant that is being scanned already when its turn comes is passed over, and says so."""
    detail = await start_campaign(
        services,
        organisation_id=who.organisation_id,
        name=body.name,
        profile=body.profile,
        by=who.username,
        named=body.tenants or (),
        tag=body.tag,
        idempotency_key=idempotency_key,
    )
    response.headers["Location"] = f"/api/v1/campaigns/{detail.campaign_id}"
    return detail


@router.get(
    "/campaigns",
    operation_id="list_campaigns",
    summary="Campaigns, newest first",
    responses=problems(401, 422),
)
async def get_campaigns(
    who: Operator, services: Wired, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> CampaignList:
    async with services.database.read() as session:
        return CampaignList(
            items=await campaign_lists.list_campaigns(
                session, organisation_id=who.organisation_id, limit=limit
            )
        )


@router.get(
    "/campaigns/{campaign_id}",
    operation_id="get_campaign",
    summary="One campaign with every tenant",
    responses=problems(401, 404, 422),
)
async def get_campaign(campaign_id: CampaignId, who: Operator, services: Wired) -> CampaignDetail:
    async with services.database.read() as session:
        return await campaign_lists.read_campaign(
            session, organisation_id=who.organisation_id, campaign_id=str(campaign_id)
        )


@router.post(
    "/campaigns/{campaign_id}/cancel",
    operation_id="cancel_campaign",
    summary="Cancel a campaign and its scans",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def post_cancel(campaign_id: CampaignId, who: Operator, services: Wired) -> CampaignDetail:
    """A request: it is `cancelling` until the last of its scans has ended."""
    return await cancel_campaign(
        services,
        organisation_id=who.organisation_id,
        campaign_id=str(campaign_id),
        by=who.username,
    )


@router.post(
    "/campaigns/{campaign_id}/retry",
    operation_id="retry_campaign",
    summary="Once more, for the tenants without a completed scan",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def post_retry(campaign_id: CampaignId, who: Operator, services: Wired) -> CampaignDetail:
    return await retry_campaign(
        services,
        organisation_id=who.organisation_id,
        campaign_id=str(campaign_id),
        by=who.username,
    )
