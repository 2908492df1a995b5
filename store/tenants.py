"""Tenants of an organisation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, Text, func, or_, select
from sqlalchemy import cast as cast_to
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import TenantExists, TenantNotFound
from contracts.parameters import TenantParameters
from contracts.results import TenantDetail, TenantLine
from contracts.scan import ScanStatus
from store.tables import Scan, Tenant


async def add_tenant(
    session: AsyncSession,
    *,
    organisation_id: str,
    microsoft_id: str,
    name: str,
    domain: str,
    connection: Literal["powershell", "recorded"],
    settings: dict[str, Any],
    parameters: TenantParameters,
    at: datetime,
) -> Tenant:
    """Raises TenantExists: one registration of a Microsoft tenant per organisation."""
    known = await session.scalar(
        select(Tenant.id).where(
            Tenant.organisation_id == organisation_id, Tenant.microsoft_id == microsoft_id
        )
    )
    if known is not None:
        raise TenantExists(microsoft_id)
    tenant = Tenant(
        id=str(uuid4()),
        organisation_id=organisation_id,
        microsoft_id=microsoft_id,
        name=name,
        domain=domain,
        connection=connection,
        settings=settings,
        parameters=parameters.model_dump(mode="json"),
        created_at=at,
    )
    session.add(tenant)
    await session.flush()
    return tenant


async def get_tenant(session: AsyncSession, *, organisation_id: str, tenant: str) -> Tenant:
    """By id, Microsoft tenant id, domain or exact name. Raises TenantNotFound."""
    found = list(
        await session.scalars(
            select(Tenant).where(
                Tenant.organisation_id == organisation_id,
                or_(
                    Tenant.id == tenant,
                    Tenant.microsoft_id == tenant.lower(),
                    func.lower(Tenant.domain) == tenant.lower(),
                    Tenant.name == tenant,
                ),
            )
        )
    )
    if len(found) != 1:
        raise TenantNotFound(tenant)
    return found[0]


def is_read_elsewhere(tenant: Tenant) -> bool:
    """Its collectors run where this installation has no worker, and report by HTTP."""
    return tenant.connection == "powershell" and bool(tenant.settings.get("remote"))


async def put_parameters(
    session: AsyncSession, *, organisation_id: str, tenant: str, parameters: TenantParameters
) -> None:
    row = await get_tenant(session, organisation_id=organisation_id, tenant=tenant)
    row.parameters = parameters.model_dump(mode="json")


async def put_tags(
    session: AsyncSession, *, organisation_id: str, tenant: str, tags: Sequence[str]
) -> None:
    row = await get_tenant(session, organisation_id=organisation_id, tenant=tenant)
    row.tags = sorted(set(tags))


def has_tag(tag: str) -> ColumnElement[bool]:
    """Of tenants. Tags are plain words, so that one is found in the text of the list."""
    return cast_to(Tenant.tags, Text).contains(f'"{tag}"', autoescape=True)


async def choose_tenants(
    session: AsyncSession,
    *,
    organisation_id: str,
    named: Sequence[str] = (),
    tag: str | None = None,
) -> list[str]:
    """Ids: those that are named, each once, else those with the tag, else all, by name. Raises
    TenantNotFound."""
    if named:
        rows = [
            await get_tenant(session, organisation_id=organisation_id, tenant=name)
            for name in named
        ]
        return list(dict.fromkeys(row.id for row in rows))
    query = select(Tenant.id).where(Tenant.organisation_id == organisation_id)
    if tag is not None:
        query = query.where(has_tag(tag))
    return list(await session.scalars(query.order_by(Tenant.name, Tenant.id)))


async def list_tenants(
    session: AsyncSession, *, organisation_id: str, tag: str | None = None
) -> list[TenantLine]:
    """By name, each with its newest scan."""
    query = select(Tenant).where(Tenant.organisation_id == organisation_id)
    if tag is not None:
        query = query.where(has_tag(tag))
    tenants = await session.scalars(query.order_by(Tenant.name))
    newest = await _newest_scans(session, organisation_id)
    return [_line(tenant, newest.get(tenant.id)) for tenant in tenants]


async def read_tenant(session: AsyncSession, *, organisation_id: str, tenant: str) -> TenantDetail:
    row = await get_tenant(session, organisation_id=organisation_id, tenant=tenant)
    newest = await _newest_scans(session, organisation_id)
    return TenantDetail(
        **_line(row, newest.get(row.id)).model_dump(),
        parameters=TenantParameters.model_validate(row.parameters),
    )


async def _newest_scans(session: AsyncSession, organisation_id: str) -> dict[str, Scan]:
    latest = (
        select(Scan.tenant_id, func.max(Scan.created_at).label("at"))
        .where(Scan.organisation_id == organisation_id)
        .group_by(Scan.tenant_id)
        .subquery()
    )
    scans = await session.scalars(
        select(Scan).join(
            latest, (latest.c.tenant_id == Scan.tenant_id) & (latest.c.at == Scan.created_at)
        )
    )
    return {scan.tenant_id: scan for scan in scans}


def _line(tenant: Tenant, scan: Scan | None) -> TenantLine:
    running = scan is not None and not ScanStatus(scan.status).is_terminal
    return TenantLine(
        tenant_id=tenant.id,
        microsoft_id=tenant.microsoft_id,
        name=tenant.name,
        domain=tenant.domain,
        connection=cast(Literal["powershell", "recorded"], tenant.connection),
        pack=tenant.settings.get("pack"),
        created_at=tenant.created_at,
        tags=tenant.tags,
        last_scan_id=scan.id if scan else None,
        last_scan_status=scan.status if scan else None,
        running_scan_id=scan.id if scan and running else None,
    )
