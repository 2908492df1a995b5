"""What has to be granted in a tenant: a list with reasons, a manifest, a file, a link."""

import base64
import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.bodies import Line
from api.certificates import as_cer
from api.credentials import check_live
from api.dependencies import Operator, Wired
from api.errors import problems
from api.identity import Who
from api.live_tenants import TenantName
from api.services import Services
from checks.permissions import SignInMode, permission_plan, role_id_of, sign_in_modes
from contracts.clouds import cloud_of
from contracts.onboarding import PermissionPlan
from contracts.scan import Profile
from store import secrets, tenants
from store.tables import Credential, Tenant

router = APIRouter(tags=["Connecting"])

ProfileName = Annotated[Line, Query(max_length=40)]
_BY_NAME = (
    "Ids of application permissions differ in national clouds: in the manifest they stand by name. "
    "New-AssayApplication.ps1 looks their ids up in the tenant."
)


class TenantPermissions(PermissionPlan):
    """`manifest` is for the application of the tenant. `admin_consent` is empty as long as the
    tenant has no client id."""

    manifest: dict[str, Any]
    admin_consent: str = ""


class SignInModes(BaseModel):
    items: list[SignInMode]


@router.get(
    "/permissions",
    operation_id="list_permissions",
    summary="What a profile needs to be granted",
    responses=problems(401, 422),
)
async def get_permissions(who: Operator, profile: ProfileName = "E5-L1") -> PermissionPlan:
    """The least, each with the checks that need it."""
    return permission_plan(Profile.parse(profile))


@router.get(
    "/sign-in-modes",
    operation_id="list_sign_in_modes",
    summary="Ways to sign in, and which checks each can serve",
    responses=problems(401),
)
async def get_sign_in_modes(who: Operator) -> SignInModes:
    return SignInModes(items=sign_in_modes())


@router.get(
    "/tenants/{tenant}/permissions",
    operation_id="list_tenant_permissions",
    summary="What a profile needs to be granted in a tenant",
    responses=problems(401, 404, 409, 422),
)
async def get_tenant_permissions(
    tenant: TenantName, who: Operator, services: Wired, profile: ProfileName = "E5-L1"
) -> TenantPermissions:
    row = await _live_tenant(services, who, tenant)
    plan = with_notes(permission_plan(Profile.parse(profile)), row)
    return TenantPermissions(
        **plan.model_dump(), manifest=manifest(plan, row), admin_consent=consent_link(row)
    )


@router.get(
    "/tenants/{tenant}/manifest",
    operation_id="get_manifest",
    summary="The permissions as an application's manifest names them",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {}}, "description": "For the directory's portal"},
        **problems(401, 404, 409, 422),
    },
)
async def get_manifest(
    tenant: TenantName, who: Operator, services: Wired, profile: ProfileName = "E5-L1"
) -> Response:
    row = await _live_tenant(services, who, tenant)
    found = manifest(permission_plan(Profile.parse(profile)), row)
    return _file("assay-manifest.json", found)


@router.get(
    "/tenants/{tenant}/application",
    operation_id="get_application",
    summary="The file that New-AssayApplication.ps1 takes",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {}}, "description": "Nothing in it is secret"},
        **problems(401, 404, 409, 422),
    },
)
async def get_application(
    tenant: TenantName, who: Operator, services: Wired, profile: ProfileName = "E5-L1"
) -> Response:
    async with services.database.read() as session:
        row = await tenants.get_tenant(session, organisation_id=who.organisation_id, tenant=tenant)
        credential = await secrets.find_credential(
            session, organisation_id=who.organisation_id, tenant_id=row.id
        )
    check_live(row)
    found = application(row, credential, Profile.parse(profile))
    return _file("assay-application.json", found)


async def _live_tenant(services: Services, who: Who, tenant: str) -> Tenant:
    async with services.database.read() as session:
        row = await tenants.get_tenant(session, organisation_id=who.organisation_id, tenant=tenant)
    check_live(row)
    return row


def _file(name: str, content: dict[str, Any]) -> Response:
    return Response(
        json.dumps(content, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def manifest(plan: PermissionPlan, tenant: Tenant) -> dict[str, Any]:
    """`requiredResourceAccess` of an application. In a national cloud, where ids differ,
    permissions stand in it by name."""
    cloud = _cloud(tenant)
    access: dict[str, list[dict[str, str]]] = {}
    for item in plan.permissions:
        if item.kind == "application":
            role_id = role_id_of(item, cloud)
            role = {"id": role_id} if role_id else {"name": item.name}
            access.setdefault(item.resource_app_id, []).append({**role, "type": "Role"})
    return {
        "displayName": "Assay",
        "signInAudience": "AzureADMyOrg",
        "requiredResourceAccess": [
            {"resourceAppId": app_id, "resourceAccess": roles} for app_id, roles in access.items()
        ],
    }


def with_notes(plan: PermissionPlan, tenant: Tenant) -> PermissionPlan:
    cloud = _cloud(tenant)
    applied = [item for item in plan.permissions if item.kind == "application"]
    if all(role_id_of(item, cloud) for item in applied):
        return plan
    return plan.model_copy(update={"notes": [_BY_NAME, *plan.notes]})


def _cloud(tenant: Tenant) -> str:
    return str(tenant.settings.get("cloud", "worldwide"))


def application(tenant: Tenant, credential: Credential | None, profile: Profile) -> dict[str, Any]:
    """All that an administrator's script needs, and nothing that is secret."""
    plan = permission_plan(profile)
    certificate = as_cer(credential.certificate) if credential else b""
    return {
        "format": 1,
        "display_name": "Assay",
        "tenant_id": tenant.microsoft_id,
        "client_id": tenant.settings.get("client_id", ""),
        "cloud": tenant.settings.get("cloud", "worldwide"),
        "profile": plan.profile,
        "certificate": base64.b64encode(certificate).decode(),
        "resources": [
            {"app_id": app_id, "name": title, "roles": names}
            for app_id, (title, names) in _by_resource(plan).items()
        ],
        "directory_roles": [
            item.name for item in plan.permissions if item.kind == "directory-role"
        ],
        "by_hand": [item.name for item in plan.permissions if item.kind == "by-hand"],
    }


def consent_link(tenant: Tenant) -> str:
    """Where an administrator of the tenant agrees to what the application asks for."""
    client_id = tenant.settings.get("client_id", "")
    if not client_id:
        return ""
    login = cloud_of(tenant.settings.get("cloud", "")).login
    return f"https://{login}/{tenant.microsoft_id}/adminconsent?client_id={quote(client_id)}"


def _by_resource(plan: PermissionPlan) -> dict[str, tuple[str, list[str]]]:
    found: dict[str, tuple[str, list[str]]] = {}
    for item in plan.permissions:
        if item.kind == "application":
            found.setdefault(item.resource_app_id, (item.resource_name, []))[1].append(item.name)
    return found
