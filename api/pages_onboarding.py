"""Connecting a live tenant: the form, and the page of its certificate, permissions and test."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.connection_tests import read_test, start_test
from api.credentials import CertificateUpload
from api.dependencies import Operator, Wired
from api.identity import Who
from api.live_tenants import NewLiveTenant, add_live_tenant, replace_credential
from api.permissions import consent_link, with_notes
from api.rendering import fragment, page
from api.services import Services
from api.tenants import read_tenant
from checks.permissions import permission_plan
from contracts.clouds import CLOUDS
from contracts.errors import Conflict, Invalid, Refusal, Unavailable
from contracts.scan import PROFILES, Profile
from store import tenants

PATH = "/msp/onboarding"
_KINDS = {
    "application": "application permission",
    "directory-role": "directory role, assigned to the application",
    "by-hand": "to be set by hand",
}
_FIELDS = ("tenant", "domain", "name", "client_id", "cloud")
_SPOKEN = {"client_id": "The client id", "domain": "The initial domain", "tenant": "The tenant"}

router = APIRouter(prefix=PATH, include_in_schema=False)

_Tenant = Annotated[str, Path(max_length=255)]


@router.get("")
async def form_page(request: Request, who: Operator) -> Response:
    return _form(request, who, {})


@router.post("")
async def connect(
    request: Request,
    services: Wired,
    who: Operator,
    tenant: Annotated[str, Form(max_length=255)] = "",
    domain: Annotated[str, Form(max_length=255)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    client_id: Annotated[str, Form(max_length=100)] = "",
    cloud: Annotated[str, Form(max_length=20)] = "worldwide",
    certificate: UploadFile | None = None,
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Leads to the new tenant's page; a refusal is shown above what was typed."""
    values = {"tenant": tenant, "domain": domain, "client_id": client_id, "cloud": cloud}
    try:
        body = NewLiveTenant.model_validate(
            {**{key: text.strip() for key, text in values.items()}, "name": name.strip() or None}
        )
        upload = await _upload(certificate, password)
        added = await add_live_tenant(
            services, body.model_copy(update={"certificate": upload}), who
        )
    except ValidationError as error:
        return _form(request, who, {**values, "name": name}, _wrong(error))
    except (Invalid, Conflict, Unavailable) as refusal:
        return _form(request, who, {**values, "name": name}, str(refusal))
    return RedirectResponse(f"{PATH}/{added.tenant_id}", 303)


@router.get("/{tenant}")
async def connection_page(
    request: Request,
    services: Wired,
    who: Operator,
    tenant: _Tenant,
    profile: Annotated[str, Query(max_length=40)] = "E5-L1",
) -> Response:
    return await _show(request, services, who, tenant, profile)


@router.get("/{tenant}/lines")
async def lines(services: Wired, who: Operator, tenant: _Tenant) -> Response:
    """What the page asks for while a test is running."""
    test = await read_test(services, organisation_id=who.organisation_id, tenant=tenant)
    return fragment("parts/onboarding_test.html", test=test)


@router.post("/{tenant}/test")
async def test_now(request: Request, services: Wired, who: Operator, tenant: _Tenant) -> Response:
    try:
        state = await start_test(
            services, organisation_id=who.organisation_id, tenant=tenant, profile="E5-L1"
        )
    except Unavailable as refusal:
        return await _show(request, services, who, tenant, "E5-L1", refusal)
    return RedirectResponse(f"{PATH}/{state.tenant_id}", 303)


@router.post("/{tenant}/certificate")
async def new_certificate(
    request: Request,
    services: Wired,
    who: Operator,
    tenant: _Tenant,
    certificate: UploadFile | None = None,
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        upload = await _upload(certificate, password)
        found = await replace_credential(services, tenant, upload, who)
    except (Invalid, Conflict, Unavailable) as refusal:
        return await _show(request, services, who, tenant, "E5-L1", refusal)
    return RedirectResponse(f"{PATH}/{found.tenant_id}", 303)


async def _show(
    request: Request,
    services: Services,
    who: Who,
    tenant: str,
    profile: str,
    refusal: Refusal | None = None,
) -> Response:
    chosen = Profile.parse(profile)
    detail = await read_tenant(services, organisation_id=who.organisation_id, tenant=tenant)
    async with services.database.read() as session:
        row = await tenants.get_tenant(
            session, organisation_id=who.organisation_id, tenant=detail.tenant_id
        )
    return page(
        request,
        "onboarding_tenant.html",
        status_code=422 if refusal else 200,
        who=who.username,
        tenant=detail,
        test=await read_test(services, organisation_id=who.organisation_id, tenant=row.id),
        plan=with_notes(permission_plan(chosen), row),
        profile=chosen.name,
        profiles=PROFILES,
        clouds=CLOUDS,
        kinds=_KINDS,
        consent=consent_link(row),
        why=str(refusal) if refusal else "",
    )


def _form(request: Request, who: Who, values: dict[str, Any], why: str = "") -> Response:
    """The password and the file are not given back."""
    return page(
        request,
        "onboarding.html",
        status_code=422 if why else 200,
        who=who.username,
        values={field: values.get(field, "") for field in _FIELDS},
        clouds=CLOUDS,
        why=why,
    )


async def _upload(file: UploadFile | None, password: str) -> CertificateUpload:
    data = await file.read() if file is not None else b""
    if not data:
        return CertificateUpload()
    if data.lstrip().startswith(b"-----BEGIN"):
        return CertificateUpload.model_validate(
            {"pem": data.decode("ascii", "replace"), "password": password}
        )
    return CertificateUpload.model_construct(
        pfx=data, pem=None, password=CertificateUpload(password=password).password
    )


def _wrong(error: ValidationError) -> str:
    """Names the field, never what was typed."""
    field = str(error.errors(include_input=False)[0]["loc"][0])
    return f"{_SPOKEN.get(field, field.capitalize())} is not valid."
