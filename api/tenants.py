"""Tenants: register, look at, set parameters, bring in a recorded one."""

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Path, Query, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import Line, StrictRoute, Tag, json_only
from api.credentials import live_connection
from api.dependencies import Operator, Wired
from api.errors import UnusableInput, problems
from api.services import Services
from contracts.parameters import TenantParameters
from contracts.results import RecordedTenant, TenantDetail, TenantLine
from store import tenants

router = APIRouter(tags=["Tenants"], route_class=StrictRoute)

UPLOAD_PATH = "/api/v1/tenants/recorded"
_Tenant = Annotated[
    str,
    Path(
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="Id, Microsoft id, domain or exact name.",
    ),
]


class NewTenant(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "microsoft_id": "11111111-2222-3333-4444-555555555555",
                    "name": "Contoso",
                    "domain": "contoso.onmicrosoft.com",
                }
            ]
        },
    )

    microsoft_id: UUID
    name: Line = Field(max_length=200)
    domain: str = Field(
        max_length=255, pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)+$"
    )
    parameters: TenantParameters = Field(default_factory=TenantParameters)


class Tags(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tags": ["gold"]}]})

    tags: list[Tag] = Field(max_length=20)


class TenantList(BaseModel):
    items: list[TenantLine]


class RecordedTenantAdded(BaseModel):
    tenant: TenantDetail
    captured_at: datetime
    warnings: list[str] = Field(default_factory=list)


@router.get(
    "/tenants", operation_id="list_tenants", summary="Tenants by name", responses=problems(401, 422)
)
async def get_tenants(
    who: Operator, services: Wired, tag: Annotated[Tag | None, Query()] = None
) -> TenantList:
    async with services.database.read() as session:
        lines = await tenants.list_tenants(session, organisation_id=who.organisation_id, tag=tag)
    return TenantList(items=lines)


@router.post(
    "/tenants",
    operation_id="add_tenant",
    summary="Register a tenant",
    status_code=201,
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 409, 415, 422),
)
async def post_tenant(
    body: NewTenant, response: Response, who: Operator, services: Wired
) -> TenantDetail:
    """One that is read live. For an evidence pack, see `/tenants/recorded`."""
    async with services.database.begin() as session:
        row = await tenants.add_tenant(
            session,
            organisation_id=who.organisation_id,
            microsoft_id=str(body.microsoft_id),
            name=body.name,
            domain=body.domain.lower(),
            connection="powershell",
            settings={},
            parameters=body.parameters,
            at=datetime.now(UTC),
        )
    response.headers["Location"] = f"/api/v1/tenants/{row.id}"
    return await read_tenant(services, organisation_id=who.organisation_id, tenant=row.id)


@router.post(
    "/tenants/recorded",
    operation_id="add_recorded_tenant",
    summary="Register a recorded tenant from an evidence pack",
    status_code=201,
    responses=problems(401, 403, 409, 413, 415, 422),
)
async def post_recorded_tenant(
    pack: UploadFile,
    response: Response,
    who: Operator,
    services: Wired,
    name: Annotated[Line | None, Form(max_length=200)] = None,
) -> RecordedTenantAdded:
    """A zip file. When anything is wrong with it nothing is kept."""
    recorded, detail = await add_recorded_tenant(
        services, organisation_id=who.organisation_id, pack=pack, name=name
    )
    response.headers["Location"] = f"/api/v1/tenants/{detail.tenant_id}"
    return RecordedTenantAdded(
        tenant=detail, captured_at=recorded.captured_at, warnings=recorded.warnings
    )


async def add_recorded_tenant(
    services: Services, *, organisation_id: str, pack: UploadFile, name: str | None
) -> tuple[RecordedTenant, TenantDetail]:
    """Raises PackInvalid, TenantExists."""
    recorded = await asyncio.to_thread(_import, services, pack)
    async with services.database.begin() as session:
        row = await tenants.add_tenant(
            session,
            organisation_id=organisation_id,
            microsoft_id=recorded.microsoft_id,
            name=name or recorded.name,
            domain=recorded.domain,
            connection="recorded",
            settings={"pack": recorded.folder},
            parameters=recorded.parameters,
            at=datetime.now(UTC),
        )
    return recorded, await read_tenant(services, organisation_id=organisation_id, tenant=row.id)


@router.get(
    "/tenants/{tenant}",
    operation_id="get_tenant",
    summary="One tenant",
    responses=problems(401, 404, 422),
)
async def get_tenant(tenant: _Tenant, who: Operator, services: Wired) -> TenantDetail:
    return await read_tenant(services, organisation_id=who.organisation_id, tenant=tenant)


@router.get(
    "/tenants/{tenant}/parameters",
    operation_id="get_parameters",
    summary="What the provider knows about a tenant",
    responses=problems(401, 404, 422),
)
async def get_parameters(tenant: _Tenant, who: Operator, services: Wired) -> TenantParameters:
    detail = await read_tenant(services, organisation_id=who.organisation_id, tenant=tenant)
    return detail.parameters


@router.put(
    "/tenants/{tenant}/parameters",
    operation_id="put_parameters",
    summary="Replace a tenant's parameters",
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 415, 422),
)
async def put_parameters(
    tenant: _Tenant, body: TenantParameters, who: Operator, services: Wired
) -> TenantParameters:
    """They hold from the next scan on. A name we do not know is refused: it would do nothing."""
    if body.unknown_names:
        raise UnusableInput(f"There is no parameter {', '.join(body.unknown_names)[:200]}.")
    async with services.database.begin() as session:
        await tenants.put_parameters(
            session, organisation_id=who.organisation_id, tenant=tenant, parameters=body
        )
    return body


@router.put(
    "/tenants/{tenant}/tags",
    operation_id="put_tags",
    summary="Replace a tenant's tags",
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 415, 422),
)
async def put_tags(tenant: _Tenant, body: Tags, who: Operator, services: Wired) -> Tags:
    """Groups of tenants: `?tag=` of lists, and what a campaign is started with."""
    async with services.database.begin() as session:
        await tenants.put_tags(
            session, organisation_id=who.organisation_id, tenant=tenant, tags=body.tags
        )
    return Tags(tags=sorted(set(body.tags)))


async def read_tenant(services: Services, *, organisation_id: str, tenant: str) -> TenantDetail:
    async with services.database.read() as session:
        detail = await tenants.read_tenant(session, organisation_id=organisation_id, tenant=tenant)
        row = await tenants.get_tenant(
            session, organisation_id=organisation_id, tenant=detail.tenant_id
        )
        return detail.model_copy(update={"live": await live_connection(session, row)})


def _import(services: Services, pack: UploadFile) -> RecordedTenant:
    with tempfile.TemporaryDirectory(prefix="assay-upload-") as folder:
        path = FilePath(folder) / "pack.zip"
        with path.open("wb") as file:
            shutil.copyfileobj(pack.file, file)
        return services.import_pack(path)
