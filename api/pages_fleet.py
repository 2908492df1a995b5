"""Pages of schedules, campaigns and the doctor."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError

from api.bodies import Tag
from api.campaigning import cancel_campaign, retry_campaign, start_campaign
from api.dependencies import Operator, Wired
from api.diagnosis import diagnose
from api.doctor import REPAIR_PATIENCE
from api.errors import UnusableInput
from api.identity import Who
from api.looks import STATUSES, Look
from api.reconcile import reconcile
from api.rendering import fragment, page, wants_fragment
from api.scheduling import (
    add_schedule,
    change_schedule,
    list_schedules,
    remove_schedule,
    run_now,
)
from api.services import Services
from contracts.fleet import CampaignDetail, CampaignStatus, ScheduleSpec
from contracts.results import TenantLine
from contracts.scan import PROFILES, ScanStatus
from store import campaign_lists, schedules
from store.tenants import list_tenants

SCHEDULES = "/msp/schedules"
CAMPAIGNS = "/msp/campaigns"
DOCTOR = "/msp/doctor"

CONDITIONS = {
    "well": Look("Well", "circle-check", "pass"),
    "worrying": Look("Needs a look", "alert-triangle", "error"),
    "broken": Look("Broken", "circle-x", "fail"),
}
CAMPAIGN_STATUSES = {
    CampaignStatus.RUNNING: STATUSES[ScanStatus.RUNNING],
    CampaignStatus.CANCELLING: STATUSES[ScanStatus.CANCELLING],
    CampaignStatus.COMPLETED: STATUSES[ScanStatus.COMPLETED],
    CampaignStatus.CANCELLED: STATUSES[ScanStatus.CANCELLED],
}
_TAG: TypeAdapter[str] = TypeAdapter(Tag)

router = APIRouter(include_in_schema=False)
Id = Annotated[UUID, Path()]


@router.get(SCHEDULES)
async def schedules_page(request: Request, services: Wired, who: Operator) -> Response:
    """From the database; the page asks for the next runs after it is shown."""
    async with services.database.read() as session:
        lines = await schedules.list_schedules(session, organisation_id=who.organisation_id)
    return page(
        request,
        "fleet_schedules.html",
        who=who.username,
        lines=lines,
        asked=False,
        tenants=await _tenants(services, who),
        profiles=PROFILES,
    )


@router.get(f"{SCHEDULES}/lines")
async def schedules_lines(services: Wired, who: Operator) -> Response:
    lines = await list_schedules(services, organisation_id=who.organisation_id)
    return fragment("parts/fleet_schedule_lines.html", lines=lines, asked=True)


@router.post(SCHEDULES)
async def add(
    request: Request,
    services: Wired,
    who: Operator,
    tenant: Annotated[str, Form(max_length=255)],
    cron: Annotated[str, Form(max_length=100)],
    timezone: Annotated[str, Form(max_length=60)] = "UTC",
    profile: Annotated[str, Form(max_length=20)] = "E5-L1",
    quiet_from: Annotated[str, Form(max_length=5)] = "",
    quiet_to: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    try:
        spec = ScheduleSpec(
            tenant=tenant,
            cron=cron,
            timezone=timezone.strip(),
            profile=profile,
            quiet_from=quiet_from or None,
            quiet_to=quiet_to or None,
        )
    except ValidationError as error:
        raise UnusableInput(_sentence(error)) from None
    await add_schedule(services, organisation_id=who.organisation_id, spec=spec, by=who.username)
    return _go(request, SCHEDULES)


@router.post(SCHEDULES + "/{schedule_id}/{wish}")
async def steer_schedule(
    request: Request,
    services: Wired,
    who: Operator,
    schedule_id: Id,
    wish: Annotated[str, Path(pattern="^(pause|resume|run-now|remove)$")],
) -> Response:
    named = {"organisation_id": who.organisation_id, "schedule_id": str(schedule_id)}
    if wish == "remove":
        await remove_schedule(services, **named)
    elif wish == "run-now":
        await run_now(services, **named, by=who.username)
    else:
        changes = {"paused": wish == "pause"}
        await change_schedule(services, **named, changes=changes, wish=wish, by=who.username)
    return _go(request, SCHEDULES)


@router.get(CAMPAIGNS)
async def campaigns_page(request: Request, services: Wired, who: Operator) -> Response:
    async with services.database.read() as session:
        lines = await campaign_lists.list_campaigns(session, organisation_id=who.organisation_id)
    tenants = await _tenants(services, who)
    return page(
        request,
        "fleet_campaigns.html",
        who=who.username,
        lines=lines,
        statuses=CAMPAIGN_STATUSES,
        tenants=tenants,
        tags=sorted({tag for tenant in tenants for tag in tenant.tags}),
        profiles=PROFILES,
    )


@router.post(CAMPAIGNS)
async def start(
    request: Request,
    services: Wired,
    who: Operator,
    name: Annotated[str, Form(min_length=1, max_length=200)],
    choice: Annotated[str, Form(max_length=60)],
    profile: Annotated[str, Form(max_length=20)] = "E5-L1",
) -> Response:
    """`choice`: `all`, or `tag:` and a tag. Single tenants are the API's and the command's."""
    detail = await start_campaign(
        services,
        organisation_id=who.organisation_id,
        name=name,
        profile=profile,
        by=who.username,
        tag=_tag(choice),
    )
    return _go(request, f"{CAMPAIGNS}/{detail.campaign_id}")


@router.get(CAMPAIGNS + "/{campaign_id}")
async def campaign_page(
    request: Request, services: Wired, who: Operator, campaign_id: Id
) -> Response:
    """A fragment of it is asked for every few seconds while it runs."""
    detail = await _campaign(services, who, str(campaign_id))
    values: dict[str, Any] = {"campaign": detail, "statuses": CAMPAIGN_STATUSES}
    if wants_fragment(request):
        return fragment("parts/fleet_campaign_region.html", **values)
    return page(request, "fleet_campaign.html", who=who.username, **values)


@router.post(CAMPAIGNS + "/{campaign_id}/{wish}")
async def steer_campaign(
    request: Request,
    services: Wired,
    who: Operator,
    campaign_id: Id,
    wish: Annotated[str, Path(pattern="^(cancel|retry)$")],
) -> Response:
    steer = cancel_campaign if wish == "cancel" else retry_campaign
    await steer(
        services,
        organisation_id=who.organisation_id,
        campaign_id=str(campaign_id),
        by=who.username,
    )
    return _go(request, f"{CAMPAIGNS}/{campaign_id}")


@router.get(DOCTOR)
async def doctor_page(request: Request, who: Operator) -> Response:
    """At once; the page asks for the diagnosis after it is shown."""
    return page(request, "fleet_doctor.html", who=who.username)


@router.get(f"{DOCTOR}/diagnosis")
async def diagnosis(services: Wired, who: Operator) -> Response:
    found = await diagnose(services, organisation_id=who.organisation_id)
    return fragment("parts/fleet_diagnosis.html", found=found, conditions=CONDITIONS, repairs=None)


@router.post(f"{DOCTOR}/repair")
async def repair(request: Request, services: Wired, who: Operator) -> Response:
    repairs = await reconcile(
        services, patience=REPAIR_PATIENCE, organisation_id=who.organisation_id
    )
    if not wants_fragment(request):
        return RedirectResponse(DOCTOR, 303)
    found = await diagnose(services, organisation_id=who.organisation_id)
    return fragment(
        "parts/fleet_diagnosis.html", found=found, conditions=CONDITIONS, repairs=repairs
    )


def _go(request: Request, address: str) -> Response:
    if wants_fragment(request):
        return Response(status_code=202, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def _tag(choice: str) -> str | None:
    kind, _, tag = choice.partition(":")
    if choice == "all":
        return None
    try:
        return _TAG.validate_python(tag if kind == "tag" else "")
    except ValidationError:
        raise UnusableInput("Choose all tenants, or those with a tag.") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]).replace("_", " ")
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}." if place else f"{message}."


async def _tenants(services: Services, who: Who) -> list[TenantLine]:
    async with services.database.read() as session:
        return await list_tenants(session, organisation_id=who.organisation_id)


async def _campaign(services: Services, who: Who, campaign_id: str) -> CampaignDetail:
    async with services.database.read() as session:
        return await campaign_lists.read_campaign(
            session, organisation_id=who.organisation_id, campaign_id=campaign_id
        )
