"""Tenants: the list, one in detail, and adding a recorded one from an evidence pack."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from api.dependencies import Operator, Wired
from api.identity import Who
from api.rendering import fragment, page, wants_fragment
from api.services import Services
from api.tenants import add_recorded_tenant, read_tenant
from contracts.errors import PackInvalid, TenantExists
from contracts.parameters import TenantParameters
from store.scans import list_scans
from store.tenants import list_tenants

PATH = "/msp/tenants"
_SCANS_SHOWN = 20
_WARNINGS_SHOWN = 10

router = APIRouter(prefix=PATH, include_in_schema=False)


@router.get("")
async def tenants_page(request: Request, services: Wired, who: Operator) -> Response:
    return await _list(request, services, who)


async def _list(
    request: Request, services: Services, who: Who, refusal: dict[str, str] | None = None
) -> Response:
    async with services.database.read() as session:
        tenants = await list_tenants(session, organisation_id=who.organisation_id)
    return page(
        request,
        "tenants.html",
        status_code=422 if refusal else 200,
        who=who.username,
        tenants=tenants,
        max_upload_mb=services.settings.max_upload_mb,
        refused=bool(refusal),
        **(refusal or {"file": "", "why": ""}),
    )


@router.post("")
async def add_tenant(
    request: Request,
    services: Wired,
    who: Operator,
    pack: UploadFile,
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Leads to the new tenant; a pack that is refused is named with its file and the reason."""
    try:
        recorded, tenant = await add_recorded_tenant(
            services,
            organisation_id=who.organisation_id,
            pack=pack,
            name=name.strip() or None,
        )
    except (PackInvalid, TenantExists) as refusal:
        return await _refused(request, services, who, refusal)
    warnings = urlencode([("warning", text) for text in recorded.warnings[:_WARNINGS_SHOWN]])
    address = f"{PATH}/{tenant.tenant_id}" + (f"?{warnings}" if warnings else "")
    if wants_fragment(request):
        return Response(status_code=201, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


async def _refused(
    request: Request, services: Services, who: Who, refusal: PackInvalid | TenantExists
) -> Response:
    file = refusal.file if isinstance(refusal, PackInvalid) else ""
    why = str(refusal).removeprefix(f"{file}: ") if file else str(refusal)
    values = {"file": file, "why": why}
    if wants_fragment(request):
        return fragment("parts/pack_refused.html", status_code=422, **values)
    return await _list(request, services, who, values)


@router.get("/{tenant}")
async def tenant_page(
    request: Request,
    services: Wired,
    who: Operator,
    tenant: Annotated[str, Path(max_length=255)],
    warning: Annotated[list[str] | None, Query(max_length=_WARNINGS_SHOWN)] = None,
) -> Response:
    found = await read_tenant(services, organisation_id=who.organisation_id, tenant=tenant)
    async with services.database.read() as session:
        scans = await list_scans(
            session,
            organisation_id=who.organisation_id,
            tenant_id=found.tenant_id,
            limit=_SCANS_SHOWN,
        )
    return page(
        request,
        "tenant.html",
        who=who.username,
        tenant=found,
        scans=scans,
        warnings=warning or [],
        parameters=_values(found.parameters),
        unknown=found.parameters.unknown_names,
    )


def _values(parameters: TenantParameters) -> list[tuple[str, Any]]:
    known = parameters.model_dump(mode="json", include=set(TenantParameters.model_fields))
    return sorted(known.items())
