"""Live tenants: register one, change its certificate, hand out the public part."""

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import Line, StrictRoute, json_only
from api.certificates import as_cer
from api.credentials import CertificateUpload, check_live, common_name, keep, key_pair
from api.dependencies import Operator, Wired
from api.errors import UnusableInput, problems
from api.identity import Who
from api.services import Services
from api.tenants import read_tenant
from contracts.clouds import CloudName
from contracts.errors import CredentialNotFound
from contracts.parameters import TenantParameters
from contracts.results import TenantDetail
from store import secrets, tenants

router = APIRouter(tags=["Connecting"], route_class=StrictRoute)

DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)+$"
TenantName = Annotated[
    str,
    Path(
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="Id, Microsoft id, domain or exact name.",
    ),
]


class NewLiveTenant(BaseModel):
    """`domain` should be the initial one (`….onmicrosoft.com`): Exchange and SharePoint are
    found by it. Without it, the connection test finds it."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "tenant": "contoso.onmicrosoft.com",
                    "name": "Contoso",
                    "client_id": "11111111-2222-3333-4444-555555555555",
                }
            ]
        },
    )

    tenant: Line = Field(max_length=255, description="Tenant id, or a domain of the tenant.")
    domain: str = Field(default="", max_length=255, pattern=f"^$|{DOMAIN}")
    name: Line | None = Field(default=None, max_length=200)
    client_id: UUID
    cloud: CloudName = "worldwide"
    remote: bool = Field(default=False, description="Read by a collector elsewhere.")
    certificate: CertificateUpload = Field(default_factory=CertificateUpload)
    parameters: TenantParameters = Field(default_factory=TenantParameters)


class ConnectionChange(BaseModel):
    """What is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    domain: str | None = Field(default=None, max_length=255, pattern=DOMAIN)
    client_id: UUID | None = None
    cloud: CloudName | None = None
    remote: bool | None = None


@router.post(
    "/tenants/live",
    operation_id="add_live_tenant",
    summary="Register a tenant that is read live",
    status_code=201,
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 409, 415, 422, 503),
)
async def post_live_tenant(
    body: NewLiveTenant, response: Response, who: Operator, services: Wired
) -> TenantDetail:
    """With its certificate, uploaded or made here; the answer shows the public part alone."""
    detail = await add_live_tenant(services, body, who)
    response.headers["Location"] = f"/api/v1/tenants/{detail.tenant_id}"
    return detail


async def add_live_tenant(services: Services, body: NewLiveTenant, who: Who) -> TenantDetail:
    """Raises TenantExists, TenantIdUnknown, CredentialInvalid, NoKeyRing; nothing is kept then."""
    if body.parameters.unknown_names:
        raise UnusableInput(f"There is no parameter {body.parameters.unknown_names[0][:100]}.")
    services.keys()
    microsoft_id, domain = await _identity(services, body)
    pair = await key_pair(body.certificate, common_name(domain, microsoft_id))
    async with services.database.begin() as session:
        row = await tenants.add_tenant(
            session,
            organisation_id=who.organisation_id,
            microsoft_id=microsoft_id,
            name=body.name or domain or microsoft_id,
            domain=domain,
            connection="powershell",
            settings={
                "client_id": str(body.client_id),
                "cloud": body.cloud,
                "remote": body.remote,
            },
            parameters=body.parameters,
            at=datetime.now(UTC),
        )
        await keep(services, session, row, pair, by=who.username)
    return await read_tenant(services, organisation_id=who.organisation_id, tenant=row.id)


@router.put(
    "/tenants/{tenant}/credential",
    operation_id="put_credential",
    summary="Replace a tenant's certificate",
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 409, 415, 422, 503),
)
async def put_credential(
    tenant: TenantName, body: CertificateUpload, who: Operator, services: Wired
) -> TenantDetail:
    """Holds at once: add the new public part to the application before the next scan."""
    return await replace_credential(services, tenant, body, who)


async def replace_credential(
    services: Services, tenant: str, upload: CertificateUpload, who: Who
) -> TenantDetail:
    """Raises TenantNotFound, NotALiveTenant, CredentialInvalid, NoKeyRing."""
    async with services.database.read() as session:
        row = await tenants.get_tenant(session, organisation_id=who.organisation_id, tenant=tenant)
    check_live(row)
    services.keys()
    pair = await key_pair(upload, common_name(row.domain, row.microsoft_id))
    async with services.database.begin() as session:
        await keep(services, session, row, pair, by=who.username)
    return await read_tenant(services, organisation_id=who.organisation_id, tenant=row.id)


@router.delete(
    "/tenants/{tenant}/credential",
    operation_id="delete_credential",
    summary="Forget a tenant's certificate",
    status_code=204,
    responses=problems(401, 403, 404, 422),
)
async def delete_credential(tenant: TenantName, who: Operator, services: Wired) -> None:
    """From then on nobody signs in to the tenant; its results stay."""
    async with services.database.begin() as session:
        row = await tenants.get_tenant(session, organisation_id=who.organisation_id, tenant=tenant)
        found = await secrets.delete_credential(
            session, organisation_id=who.organisation_id, tenant_id=row.id
        )
    if not found:
        raise CredentialNotFound(row.name)


@router.get(
    "/tenants/{tenant}/certificate",
    operation_id="get_certificate",
    summary="The public part of a tenant's certificate",
    response_class=Response,
    responses={
        200: {"content": {"application/pkix-cert": {}}, "description": "DER, without its key"},
        **problems(401, 404, 422),
    },
)
async def get_certificate(tenant: TenantName, who: Operator, services: Wired) -> Response:
    """A .cer file, as the application's page in Entra takes it."""
    async with services.database.read() as session:
        row = await tenants.get_tenant(session, organisation_id=who.organisation_id, tenant=tenant)
        credential = await secrets.find_credential(
            session, organisation_id=who.organisation_id, tenant_id=row.id
        )
    if credential is None:
        raise CredentialNotFound(row.name)
    name = f"assay-{credential.thumbprint}.cer"
    return Response(
        as_cer(credential.certificate),
        media_type="application/pkix-cert",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.put(
    "/tenants/{tenant}/connection",
    operation_id="put_connection",
    summary="Change how a live tenant is read",
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 409, 415, 422),
)
async def put_connection(
    tenant: TenantName, body: ConnectionChange, who: Operator, services: Wired
) -> TenantDetail:
    async with services.database.begin() as session:
        row = await tenants.get_tenant(session, organisation_id=who.organisation_id, tenant=tenant)
        check_live(row)
        changes = body.model_dump(mode="json", exclude_none=True, exclude={"domain"})
        row.settings = row.settings | changes
        row.domain = body.domain.lower() if body.domain else row.domain
    return await read_tenant(services, organisation_id=who.organisation_id, tenant=row.id)


async def _identity(services: Services, body: NewLiveTenant) -> tuple[str, str]:
    """Microsoft id and domain, the first asked of Microsoft when only a domain was given."""
    domain = body.domain.lower()
    try:
        return str(UUID(body.tenant)), domain
    except ValueError:
        pass
    if not re.fullmatch(DOMAIN, body.tenant):
        raise UnusableInput("`tenant` is neither a tenant id nor a domain.")
    named = body.tenant.lower()
    return await services.find_tenant_id(named, body.cloud), domain or named
