"""An organisation with some tenants, and scans of them in every state."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from checks.catalogue import CIS_M365_5, planned_checks
from contracts.fleet import ScheduleSpec
from contracts.parameters import TenantParameters
from contracts.scan import Profile, ScanStatus
from store import accounts, events, scans, schedules, tenants
from store.database import Database
from store.tables import Schedule, Tenant

FEW = Profile(level=1, licence="E5")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Fleet:
    organisation_id: str
    tenants: list[Tenant]

    @property
    def ids(self) -> list[str]:
        return [tenant.id for tenant in self.tenants]


async def new_fleet(database: Database, count: int = 3, *, name: str = "Tailspin") -> Fleet:
    async with database.begin() as session:
        organisation = await accounts.add_organisation(session, name=name, at=now())
        made = [
            await tenants.add_tenant(
                session,
                organisation_id=organisation.id,
                microsoft_id=str(uuid4()),
                name=f"{name} {number:02}",
                domain=f"{name.lower()}{number:02}.example",
                connection="recorded",
                settings={"pack": "somewhere"},
                parameters=TenantParameters(),
                at=now(),
            )
            for number in range(count)
        ]
    return Fleet(organisation.id, made)


async def new_schedule(database: Database, fleet: Fleet, **changes: object) -> Schedule:
    """Of the first tenant, at three in the morning."""
    spec = ScheduleSpec.model_validate(
        {"tenant": fleet.ids[0], "cron": "0 3 * * *", "timezone": "Europe/Berlin"} | changes
    )
    async with database.begin() as session:
        return await schedules.add_schedule(
            session,
            organisation_id=fleet.organisation_id,
            tenant=fleet.tenants[0],
            spec=spec,
            created_by="ann",
            at=now(),
        )


async def stored_scan(
    database: Database, fleet: Fleet, tenant: Tenant, *statuses: ScanStatus
) -> str:
    """Pending, then in each of the statuses."""
    async with database.begin() as session:
        scan = await scans.add_scan(
            session,
            organisation_id=fleet.organisation_id,
            tenant=tenant,
            benchmark=CIS_M365_5,
            profile=FEW,
            checks=planned_checks(FEW)[:3],
            at=now(),
        )
        for status in statuses:
            await events.change_status(
                session,
                organisation_id=fleet.organisation_id,
                scan_id=scan.id,
                status=status,
                at=now(),
            )
    return scan.id
