"""Puts right what no workflow will: scans whose execution ended, vanished or never began."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus

from api.news import publish
from api.services import Services
from api.temporal import describe, is_open, scan_of
from contracts.errors import TemporalUnavailable
from contracts.results import Repair
from contracts.scan import ScanStatus
from store import scans
from store.events import change_status
from store.scans import OpenScan

logger = logging.getLogger(__name__)

EVERY_S = 30.0
# A start is a row first and a workflow a moment later; an end is written before its run closes.
PATIENCE = timedelta(seconds=20)

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
        except OSError as error:
            logger.warning("nothing reconciled", extra={"why": str(error)})


async def reconcile(services: Services, *, patience: timedelta = PATIENCE) -> list[Repair]:
    """What was put right. Raises TemporalUnavailable before anything is judged without it."""
    before = datetime.now(UTC) - patience
    async with services.database.read() as session:
        suspects = await scans.list_unfinished(session, touched_before=before)
    repairs = [await _look_at(services, scan) for scan in suspects]
    return [repair for repair in repairs if repair is not None]


async def _look_at(services: Services, scan: OpenScan) -> Repair | None:
    run = await describe(services.temporal, scan.tenant_id)
    if run is not None and await scan_of(run) not in (None, scan.scan_id):
        run = None  # the tenant's newest run is another scan's: this one's is gone
    if is_open(run):
        return None
    status, why = _verdict(run, scan)
    async with services.database.begin() as session:
        event = await change_status(
            session,
            organisation_id=scan.organisation_id,
            scan_id=scan.scan_id,
            status=status,
            at=datetime.now(UTC),
            error_message=why,
        )
    if event is None:
        return None
    await publish(services.live, event)
    logger.warning("scan put right", extra={"scan_id": scan.scan_id, "why": why})
    return Repair(scan_id=scan.scan_id, tenant_name=scan.tenant_name, status=status, why=why)


def _verdict(run: WorkflowExecutionDescription | None, scan: OpenScan) -> tuple[ScanStatus, str]:
    if run is None or run.status is None:
        if scan.status is ScanStatus.PENDING:
            return ScanStatus.FAILED, "It was never started; start it again."
        return ScanStatus.FAILED, "It was interrupted: the workflow service has lost it."
    if run.status is WorkflowExecutionStatus.CANCELED:
        return ScanStatus.CANCELLED, "It was cancelled."
    return ScanStatus.FAILED, _ENDED.get(run.status, "Its execution is gone.")
