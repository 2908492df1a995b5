"""Rows of a scan that is about to run: organisation, tenant with its recorded pack, plan."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.catalogue import CIS_M365_5, planned_checks
from contracts.scan import Profile, ScanRequest
from evidence.packs import PackReport, verify
from store import accounts, scans, tenants
from store.database import Database
from store.tables import Tenant

ROOT = Path(__file__).parents[2]
CONTOSO = ROOT / "demo" / "contoso"


async def new_scan(
    database: Database,
    *,
    pack: Path = CONTOSO,
    profile: str = "E5-L1",
    recommendations: Collection[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    tenant: Tenant | None = None,
) -> ScanRequest:
    """A pending scan, of a new organisation unless `tenant` is one that is there already.
    `settings` are the tenant's beside the pack: `pace_ms`, `faults`."""
    report = await asyncio.to_thread(verify, pack)
    chosen = [
        line
        for line in planned_checks(Profile.parse(profile))
        if recommendations is None or line.recommendation in recommendations
    ]
    if tenant is None:
        tenant = await _new_tenant(database, report, {"pack": str(pack), **(settings or {})})
    async with database.begin() as session:
        scan = await scans.add_scan(
            session,
            organisation_id=tenant.organisation_id,
            tenant=tenant,
            benchmark=CIS_M365_5,
            profile=Profile.parse(profile),
            checks=chosen,
            at=datetime.now(UTC),
        )
    return ScanRequest(scan_id=scan.id, organisation_id=tenant.organisation_id, tenant_id=tenant.id)


async def _new_tenant(database: Database, report: PackReport, settings: dict[str, Any]) -> Tenant:
    at = datetime.now(UTC)
    async with database.begin() as session:
        organisation = await accounts.add_organisation(session, name="Provider", at=at)
        return await tenants.add_tenant(
            session,
            organisation_id=organisation.id,
            microsoft_id=report.tenant.tenant_id,
            name=report.tenant.name,
            domain=report.tenant.domain,
            connection="recorded",
            settings=settings,
            parameters=report.parameters,
            at=at,
        )
