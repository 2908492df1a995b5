"""Pause, resume, skip, retry: the operator's hand on a scan, for page, API and command line."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from api.news import publish
from api.services import Services
from api.start import start_run
from api.temporal import ask, describe, is_open, scan_of
from contracts.errors import (
    NothingToRetry,
    NoWorkerAnswers,
    ResultNotFound,
    ScanAlreadyRunning,
    ScanIncomplete,
    ScanNotRunning,
    ScanStillRunning,
    TemporalUnavailable,
    WishRefused,
)
from contracts.events import StatusEvent
from contracts.scan import RetryScope, ScanRequest, ScanState, ScanStatus, SkipWish, Wish
from store import attempts, results, scans
from store.events import record_batch
from workflows.scan import ScanWorkflow


async def pause_scan(
    services: Services, *, organisation_id: str, scan_id: str, by: str, wish_id: str | None = None
) -> ScanState:
    """Its collectors stop, its verdicts stay. Raises ScanNotRunning, WishRefused, NoWorkerAnswers,
    TemporalUnavailable. The same `wish_id` is one wish, however often it is sent."""
    return await _wish(services, organisation_id, scan_id, ScanWorkflow.pause, Wish(by=by), wish_id)


async def resume_scan(
    services: Services, *, organisation_id: str, scan_id: str, by: str, wish_id: str | None = None
) -> ScanState:
    """As pause_scan."""
    return await _wish(
        services, organisation_id, scan_id, ScanWorkflow.resume, Wish(by=by), wish_id
    )


async def skip_service(
    services: Services,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    by: str,
    wish_id: str | None = None,
) -> ScanState:
    """As pause_scan; WishRefused too when the service has nothing left to skip."""
    wish = SkipWish(by=by, service=service)
    state = await _wish(services, organisation_id, scan_id, ScanWorkflow.skip, wish, wish_id)
    if any(batch.service == service and batch.phase == "skipped" for batch in state.batches):
        return state  # said already
    async with services.database.begin() as session:
        event = await record_batch(
            session,
            organisation_id=organisation_id,
            scan_id=scan_id,
            service=service,
            phase="skipped",
            at=datetime.now(UTC),
            attempt=_try_of(state, service),
            message=f"skipped by {by}",
            by=by,
        )
    if event is not None:
        await publish(services.live, event)
    return await _state(services, organisation_id, scan_id)


async def retry_scan(
    services: Services,
    *,
    organisation_id: str,
    scan_id: str,
    scope: RetryScope,
    by: str,
    recommendation: str | None = None,
    after_attempt: int | None = None,
) -> ScanState:
    """One more attempt of a scan that has ended. `after_attempt`: the attempt that the caller saw
    last; asked for twice, the next one begins once. Raises ScanStillRunning, NothingToRetry,
    ResultNotFound, ScanAlreadyRunning, TemporalUnavailable; the scan stands as before then."""
    state = await _state(services, organisation_id, scan_id)
    if after_attempt is not None and state.attempt == after_attempt + 1:
        return state
    if not state.status.is_terminal:
        raise ScanStillRunning(scan_id, state.status)
    if scope is RetryScope.ONE:
        if state.status is not ScanStatus.COMPLETED:
            raise ScanIncomplete(scan_id)
        await _must_know(services, organisation_id, scan_id, recommendation)
    begun = await _begin(services, organisation_id, scan_id, scope, recommendation, by)
    request = ScanRequest(
        scan_id=scan_id,
        organisation_id=organisation_id,
        tenant_id=state.tenant_id,
        attempt=begun.attempt,
    )
    try:
        await start_run(services, request, state.tenant_name)
    except (ScanAlreadyRunning, TemporalUnavailable):
        await _take_back(services, request)
        raise
    return await _state(services, organisation_id, scan_id)


async def _wish(
    services: Services,
    organisation_id: str,
    scan_id: str,
    update: Any,
    wish: Wish,
    wish_id: str | None,
) -> ScanState:
    state = await _state(services, organisation_id, scan_id)
    if state.status.is_terminal or state.status is ScanStatus.CANCELLING:
        raise ScanNotRunning(scan_id, state.status)
    run = await describe(services.temporal, state.tenant_id)
    if run is None or not is_open(run) or await scan_of(run) not in (None, scan_id):
        raise ScanNotRunning(scan_id, "not being worked on")
    handle: WorkflowHandle[Any, Any] = services.temporal.get_workflow_handle(
        run.id, run_id=run.run_id
    )
    try:
        await ask(handle.execute_update(update, wish, id=wish_id or str(uuid4())))
    except WorkflowUpdateFailedError as refusal:
        cause = refusal.cause
        sentence = cause.message if isinstance(cause, ApplicationError) else "The scan refuses."
        raise WishRefused(sentence) from None
    except TemporalUnavailable:
        raise NoWorkerAnswers from None
    except RPCError:
        raise ScanNotRunning(scan_id, "ending") from None
    return await _state(services, organisation_id, scan_id)


def _try_of(state: ScanState, service: str) -> int:
    return next((batch.attempt for batch in state.batches if batch.service == service), 1)


async def _begin(
    services: Services,
    organisation_id: str,
    scan_id: str,
    scope: RetryScope,
    recommendation: str | None,
    by: str,
) -> StatusEvent:
    """The row decides between two who ask at the same moment."""
    async with services.database.begin() as session:
        scan = await scans.get_scan(
            session, organisation_id=organisation_id, scan_id=scan_id, lock=True
        )
        if not ScanStatus(scan.status).is_terminal:
            raise ScanStillRunning(scan_id, scan.status)
        event = await attempts.begin_attempt(
            session,
            organisation_id=organisation_id,
            scan_id=scan_id,
            scope=scope,
            recommendation=recommendation,
            requested_by=by,
            at=datetime.now(UTC),
        )
    if event is None:
        raise NothingToRetry(scan_id)
    await publish(services.live, event)
    return event


async def _take_back(services: Services, request: ScanRequest) -> None:
    async with services.database.begin() as session:
        event = await attempts.take_back_attempt(
            session,
            organisation_id=request.organisation_id,
            scan_id=request.scan_id,
            number=request.attempt,
            at=datetime.now(UTC),
        )
    if event is not None:
        await publish(services.live, event)


async def _must_know(
    services: Services, organisation_id: str, scan_id: str, recommendation: str | None
) -> None:
    if recommendation is None:
        raise ResultNotFound("(none named)")
    async with services.database.read() as session:
        await results.read_result(
            session,
            organisation_id=organisation_id,
            scan_id=scan_id,
            recommendation=recommendation,
        )


async def _state(services: Services, organisation_id: str, scan_id: str) -> ScanState:
    async with services.database.read() as session:
        return await scans.read_state(session, organisation_id=organisation_id, scan_id=scan_id)
