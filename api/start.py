"""Start and cancel a scan: the one way for page, API and command line."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import WorkflowExecutionDescription, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.errors import KeyReused, TooManyScans
from api.news import publish
from api.services import Services
from api.temporal import ask, describe, is_open, scan_of
from checks.catalogue import CIS_M365_5, planned_checks
from contracts.errors import ScanAlreadyFinished, ScanAlreadyRunning, TemporalUnavailable
from contracts.failpoints import reached
from contracts.names import SCAN_ID_MEMO, SCANS, scan_workflow_id
from contracts.scan import Profile, ScanRequest, ScanState, ScanStatus
from store import scans, tenants
from store.events import change_status
from store.places import has_place
from store.tables import Scan, Tenant
from workflows.scan import ScanWorkflow

_CLOSING_S = 3.0


async def start_scan(
    services: Services,
    *,
    organisation_id: str,
    tenant: str,
    profile: str,
    requested_by: str,
    idempotency_key: str | None = None,
) -> ScanRequest:
    """The same key gives the same scan. Raises TenantNotFound, UnknownProfile, KeyReused,
    TooManyScans, ScanAlreadyRunning, TemporalUnavailable; nothing is left behind then."""
    chosen = Profile.parse(profile)
    async with services.database.read() as session:
        row = await tenants.get_tenant(session, organisation_id=organisation_id, tenant=tenant)
    scan = await _insert(services, row, chosen, requested_by, idempotency_key)
    request = ScanRequest(scan_id=scan.id, organisation_id=organisation_id, tenant_id=row.id)
    if scan.seq > 0:
        return request  # an earlier request with this key has started it
    reached("after_insert")
    try:
        await start_run(services, request, row.name)
    except (TemporalUnavailable, ScanAlreadyRunning):
        async with services.database.begin() as session:
            await scans.remove_unstarted(
                session, organisation_id=organisation_id, scan_id=request.scan_id
            )
        raise
    return request


async def cancel_scan(
    services: Services, *, organisation_id: str, scan_id: str, requested_by: str
) -> ScanState:
    """Asks the workflow to cancel, or ends a scan that has none. Raises
    ScanAlreadyFinished, TemporalUnavailable."""
    async with services.database.read() as session:
        state = await scans.read_state(session, organisation_id=organisation_id, scan_id=scan_id)
    if state.status.is_terminal:
        raise ScanAlreadyFinished(scan_id, state.status)
    run = await describe(services.temporal, state.tenant_id)
    runs = is_open(run) and run is not None and await scan_of(run) in (None, scan_id)
    status = ScanStatus.CANCELLING if runs else ScanStatus.CANCELLED
    async with services.database.begin() as session:
        event = await change_status(
            session,
            organisation_id=organisation_id,
            scan_id=scan_id,
            status=status,
            at=datetime.now(UTC),
            error_message=None if runs else f"Cancelled by {requested_by} before it ran.",
            by=requested_by,
        )
    if event is not None:
        await publish(services.live, event)
    if runs and run is not None:
        await _cancel_run(services, run)
    async with services.database.read() as session:
        return await scans.read_state(session, organisation_id=organisation_id, scan_id=scan_id)


async def _insert(
    services: Services, tenant: Tenant, profile: Profile, requested_by: str, key: str | None
) -> Scan:
    """A new pending scan, or the one that this key has made already."""
    known = await _by_key(services, tenant, profile, key)
    if known is not None:
        return known
    try:
        async with services.database.begin() as session:
            await _claim_place(services, session, tenant)
            return await scans.add_scan(
                session,
                organisation_id=tenant.organisation_id,
                tenant=tenant,
                benchmark=CIS_M365_5,
                profile=profile,
                checks=planned_checks(profile),
                at=datetime.now(UTC),
                requested_by=requested_by,
                idempotency_key=key,
            )
    except IntegrityError:  # the same key at the same moment: the index has decided
        known = await _by_key(services, tenant, profile, key)
        if known is None:
            raise
        return known


async def _claim_place(services: Services, session: AsyncSession, tenant: Tenant) -> None:
    limit = services.settings.max_scans
    if not await has_place(
        session,
        organisation_id=tenant.organisation_id,
        tenant_id=tenant.id,
        max_scans=limit,
    ):
        raise TooManyScans(limit)


async def _by_key(
    services: Services, tenant: Tenant, profile: Profile, key: str | None
) -> Scan | None:
    if key is None:
        return None
    async with services.database.read() as session:
        scan = await scans.by_idempotency_key(
            session, organisation_id=tenant.organisation_id, key=key
        )
    if scan is not None and (scan.tenant_id != tenant.id or scan.profile != profile.name):
        raise KeyReused
    return scan


async def start_run(services: Services, request: ScanRequest, tenant_name: str) -> None:
    """Temporal refuses a second running scan of a tenant. A run whose end is written already is
    given a moment to close."""
    for last_try in (False, True):
        try:
            await ask(
                services.temporal.start_workflow(
                    ScanWorkflow.run,
                    request,
                    id=scan_workflow_id(request.tenant_id),
                    task_queue=SCANS,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    memo={SCAN_ID_MEMO: request.scan_id},
                    static_summary=f"scan {request.scan_id}",
                )
            )
        except WorkflowAlreadyStartedError:
            run = await describe(services.temporal, request.tenant_id)
            other = await scan_of(run) if run is not None and is_open(run) else None
            if other == request.scan_id:
                return
            running = await _running_scan(services, request, other)
            if running is not None or last_try:
                raise ScanAlreadyRunning(tenant_name, running or other or "") from None
            await _wait_until_closed(services, request.tenant_id)
        else:
            return


async def _running_scan(services: Services, request: ScanRequest, likely: str | None) -> str | None:
    """The tenant's scan that has not ended, other than the one that wants to start. Of several
    that want to, `likely` is the one that got through; the others will be taken back."""
    async with services.database.read() as session:
        found = await scans.list_scans(
            session,
            organisation_id=request.organisation_id,
            tenant_id=request.tenant_id,
            active=True,
        )
    active = [state.scan_id for state in found if state.scan_id != request.scan_id]
    return likely if likely in active else next(iter(active), None)


async def _wait_until_closed(services: Services, tenant_id: str) -> None:
    handle: WorkflowHandle[Any, Any] = services.temporal.get_workflow_handle(
        scan_workflow_id(tenant_id)
    )
    with contextlib.suppress(TimeoutError, TemporalUnavailable, WorkflowFailureError, RPCError):
        async with asyncio.timeout(_CLOSING_S):
            await ask(handle.result())


async def _cancel_run(services: Services, run: WorkflowExecutionDescription) -> None:
    handle: WorkflowHandle[Any, Any] = services.temporal.get_workflow_handle(
        run.id, run_id=run.run_id
    )
    with contextlib.suppress(RPCError):  # it has closed in the meantime
        await ask(handle.cancel())
