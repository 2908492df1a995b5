"""A real worker inside the test, over the database of the application and a recorded pack."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client

from activities.collectors import LocalCollectors
from activities.fleet import FleetActivities
from activities.progress import Told
from activities.scan import ScanActivities
from api.services import Services
from api.start import start_run
from assay.settings import Settings
from assay.worker import make_workers
from checks.catalogue import CIS_M365_5, planned_checks
from contracts.collector import TenantRef
from contracts.names import scan_workflow_id
from contracts.parameters import TenantParameters
from contracts.scan import CheckLine, Profile, ScanRequest, ScanState
from evidence.packs import DatasetToWrite, write_pack
from store import scans, tenants
from store.tables import Tenant
from tests.api.conftest import House
from tests.builders.scans import ROOT

PROFILE = Profile(level=1, licence="E5")
WITHIN_S = 60.0


class Unheard:
    """News that nobody listens to."""

    def publish(self, event: Told) -> None:
        return


@asynccontextmanager
async def working(
    services: Services, *, serving: tuple[str, ...] = ("graph", "exchange"), max_scans: int = 20
) -> AsyncIterator[None]:
    """Until the block ends; batches that run then are stopped."""
    collectors = LocalCollectors(sys.executable, ROOT, {"PATH": os.environ["PATH"]})
    workers = make_workers(
        services.temporal,
        ScanActivities(services.database, Unheard(), collectors),
        FleetActivities(services.database, max_scans=max_scans),
        Settings(services=list(serving)),
    )
    running = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*running)


FEW = ("1.3.4", "3.1.1")  # one of Graph, one of Exchange, each of one dataset


def few_checks(profile: Profile) -> list[CheckLine]:
    return [line for line in planned_checks(profile) if line.recommendation in FEW]


def write_few(folder: Path, tenant_id: str, *, readable: bool = True) -> Path:
    """A pack with what FEW reads; the part of Exchange may be missing."""
    datasets = [
        DatasetToWrite(
            "graph.apps_and_services_settings",
            [{"isOfficeStoreEnabled": False, "isAppAndServicesTrialEnabled": False}],
        )
    ]
    if readable:
        row = {"UnifiedAuditLogIngestionEnabled": True}
        datasets.append(DatasetToWrite("exchange.admin_audit_log_config", [row]))
    write_pack(
        folder,
        name="few",
        tenant=TenantRef(tenant_id=tenant_id, name="Few", domain="few.example"),
        captured_at=datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
        parameters=None,
        datasets=datasets,
    )
    return folder


async def recorded_tenant(
    services: Services,
    house: House,
    folder: Path,
    *,
    name: str = "Adatum",
    readable: bool = True,
    **settings: Any,
) -> Tenant:
    """With a small pack of its own. `settings`: pace_ms, faults."""
    microsoft_id = str(uuid4())
    pack = write_few(folder / microsoft_id, microsoft_id, readable=readable)
    async with services.database.begin() as session:
        return await tenants.add_tenant(
            session,
            organisation_id=house.organisation_id,
            microsoft_id=microsoft_id,
            name=name,
            domain=f"{name.lower()}.example",
            connection="recorded",
            settings={"pack": str(pack), **settings},
            parameters=TenantParameters(),
            at=datetime.now(UTC),
        )


async def begin(services: Services, house: House, tenant: Tenant) -> str:
    """A scan of FEW, started as the API starts one."""
    async with services.database.begin() as session:
        scan = await scans.add_scan(
            session,
            organisation_id=house.organisation_id,
            tenant=tenant,
            benchmark=CIS_M365_5,
            profile=PROFILE,
            checks=few_checks(PROFILE),
            at=datetime.now(UTC),
            requested_by=house.username,
        )
    request = ScanRequest(
        scan_id=scan.id, organisation_id=house.organisation_id, tenant_id=tenant.id
    )
    await start_run(services, request, tenant.name)
    return scan.id


async def state_of(services: Services, house: House, scan_id: str) -> ScanState:
    async with services.database.read() as session:
        return await scans.read_state(
            session, organisation_id=house.organisation_id, scan_id=scan_id
        )


async def reached(
    services: Services, house: House, scan_id: str, wanted: Callable[[ScanState], bool]
) -> ScanState:
    async with asyncio.timeout(WITHIN_S):
        while not wanted(state := await state_of(services, house, scan_id)):
            await asyncio.sleep(0.05)
    return state


async def eventually(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not await question():
            await asyncio.sleep(0.05)


async def end_everything(temporal: Client) -> None:
    """Of this test: workflows of a server that tests share must not meet the next worker."""
    async for run in temporal.list_workflows("ExecutionStatus = 'Running'"):
        await temporal.get_workflow_handle(run.id, run_id=run.run_id).terminate()


def workflow_id(tenant: Tenant) -> str:
    return scan_workflow_id(tenant.id)
