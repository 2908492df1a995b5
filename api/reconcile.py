"""Puts right what no workflow will: scans whose execution ended, vanished or never began."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus

from api.news import publish
from api.reconcile_fleet import reconcile_campaigns, reconcile_schedules
from api.services import Services
from api.temporal import describe, describe_workflow, is_open, scan_of
from contracts.doctor import Repair
from contracts.errors import TemporalUnavailable
from contracts.scan import ScanStatus
from store import scans
from store.events import change_status
from store.scans import OpenScan

logger = logging.getLogger(__name__)

EVERY_S = 30.0
# A start is a row first and a workflow a moment later; an end is written before its run closes.
PATIENCE = timedelta(seconds=20)
_CLOCKS_APART = timedelta(seconds=5)

_ENDED = {
    WorkflowExecutionStatus.TERMINATED: "It was terminated outside Assay.",
    WorkflowExecutionStatus.TIMED_OUT: "Its execution ran into a time limit.",
    WorkflowExecutionStatus.FAILED: "Its execution failed before it could say why.",
    WorkflowExecutionStatus.COMPLETED: "Its execution ended without writing an end.",
}


async def keep_right(services: Services) -> None:
    """For ever, every half minute. Temporal or the database being away changes nothing."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await reconcile(services)
        except TemporalUnavailable:
            logger.info("nothing reconciled: Temporal does not answer")
        except (OSError, SQLAlchemyError) as error:
            logger.warning("nothing reconciled", extra={"why": str(error)[:300]})


async def reconcile(
    services: Services, *, patience: timedelta = PATIENCE, organisation_id: str | None = None
) -> list[Repair]:
    """What was put right, of one organisation or of all. Raises TemporalUnavailable: nothing is
    judged without it."""
    before = datetime.now(UTC) - patience
    repairs = await reconcile_scans(services, before, organisation_id)
    repairs += await reconcile_campaigns(services, before, organisation_id)
    repairs += await reconcile_schedules(services, organisation_id)
    for repair in repairs:
        logger.warning("put right", extra=repair.model_dump(exclude={"name"}))
    return repairs


async def reconcile_scans(
    services: Services, before: datetime, organisation_id: str | None
) -> list[Repair]:
    async with services.database.read() as session:
        suspects = await scans.list_unfinished(session, touched_before=before)
    repairs = [
        await _look_at(services, scan)
        for scan in suspects
        if organisation_id in (None, scan.organisation_id)
    ]
    return [repair for repair in repairs if repair is not None]


async def _look_at(services: Services, scan: OpenScan) -> Repair | None:
    run = await run_of(services, scan)
    if is_open(run) or await _is_about_to_begin(services, scan):
        return None
    status, why = _verdict(run, scan)
    async with services.database.begin() as session:
        event = await change_status(
            session,
            organisation_id=scan.organisation_id,
            scan_id=scan.scan_id,
            status=status,
            at=datetime.now(UTC),
            only_from=(scan.status,),  # it has moved on since it was found: not ours to end
            error_message=why,
        )
    if event is None:
        return None
    await publish(services.live, event)
    return Repair(kind="scan", id=scan.scan_id, name=scan.tenant_name, status=status, why=why)


async def run_of(services: Services, scan: OpenScan) -> WorkflowExecutionDescription | None:
    """The run of a scan's newest attempt; None when there is none any more, or was none yet."""
    run = await describe(services.temporal, scan.tenant_id)
    if run is None or await scan_of(run) not in (None, scan.scan_id):
        return None
    is_earlier = not is_open(run) and run.start_time < scan.begun_at - _CLOCKS_APART
    return None if is_earlier else run


async def _is_about_to_begin(services: Services, scan: OpenScan) -> bool:
    """A schedule or a campaign made the row, and its worker has yet to start the scan."""
    if scan.status is not ScanStatus.PENDING or scan.wished_by is None:
        return False
    return is_open(await describe_workflow(services.temporal, scan.wished_by))


def _verdict(run: WorkflowExecutionDescription | None, scan: OpenScan) -> tuple[ScanStatus, str]:
    if run is None or run.status is None:
        if scan.status is ScanStatus.CANCELLING:
            return ScanStatus.CANCELLED, "It was cancelled before it ran."
        if scan.status is ScanStatus.PENDING:
            return ScanStatus.FAILED, "It was never started; start it again."
        return ScanStatus.FAILED, "It was interrupted: the workflow service has lost it."
    if run.status is WorkflowExecutionStatus.CANCELED:
        return ScanStatus.CANCELLED, "It was cancelled."
    return ScanStatus.FAILED, _ENDED.get(run.status, "Its execution is gone.")
