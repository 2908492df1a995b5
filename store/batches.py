"""What each service of a scan is doing, and its collector's log."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import ScanNotFound
from contracts.scan import BatchLine
from store.tables import Attempt, BatchLog, BatchRow, EventRow, Scan

MAX_LOG = 1_000_000


async def list_batches(
    session: AsyncSession, *, organisation_id: str, scan_id: str
) -> list[BatchLine]:
    found = await session.scalars(
        select(BatchRow)
        .join(Scan, Scan.id == BatchRow.scan_id)
        .where(BatchRow.scan_id == scan_id, Scan.organisation_id == organisation_id)
        .order_by(BatchRow.service)
    )
    return [
        BatchLine(
            service=row.service,
            phase=row.phase,
            dataset=row.dataset,
            attempt=row.attempt,
            message=row.message,
            exit_code=row.exit_code,
            duration_ms=row.duration_ms,
        )
        for row in found
    ]


async def count_failures(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str
) -> int:
    """How often this batch's collector has failed in the running attempt of the scan."""
    found = await session.scalar(
        select(BatchRow.failures)
        .join(Scan, Scan.id == BatchRow.scan_id)
        .where(
            BatchRow.scan_id == scan_id,
            BatchRow.service == service,
            Scan.organisation_id == organisation_id,
        )
    )
    return found or 0


async def interrupted_read(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str
) -> str | None:
    """The dataset that the last try at this batch was reading when it ended."""
    return await session.scalar(
        select(BatchRow.dataset)
        .join(Scan, Scan.id == BatchRow.scan_id)
        .where(
            BatchRow.scan_id == scan_id,
            BatchRow.service == service,
            Scan.organisation_id == organisation_id,
        )
    )


async def tries_at(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    dataset: str,
    attempt: int,
) -> int:
    """How many tries at this batch began to read `dataset` in this attempt of the scan."""
    bodies = await session.scalars(
        select(EventRow.body)
        .join(Scan, Scan.id == EventRow.scan_id)
        .join(Attempt, (Attempt.scan_id == Scan.id) & (Attempt.number == attempt))
        .where(
            Scan.id == scan_id,
            Scan.organisation_id == organisation_id,
            EventRow.kind == "batch",
            EventRow.at >= Attempt.started_at,
        )
    )
    return len(
        {
            body["attempt"]
            for body in bodies
            if (body["service"], body["dataset"], body["phase"]) == (service, dataset, "reading")
        }
    )


async def add_log(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    attempt: int,
    text: str,
) -> None:
    """Follows what earlier tries of the same batch left. `text` is redacted already. Raises
    ScanNotFound."""
    owned = select(Scan.id).where(Scan.id == scan_id, Scan.organisation_id == organisation_id)
    if await session.scalar(owned.with_for_update()) is None:
        raise ScanNotFound(scan_id)
    known = await session.get(BatchLog, (scan_id, service, attempt))
    if known is None:
        known = BatchLog(scan_id=scan_id, service=service, attempt=attempt, text="")
        session.add(known)
    known.text = f"{known.text}{text}\n"[-MAX_LOG:]


async def read_log(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str
) -> str | None:
    found = await session.scalars(
        select(BatchLog.text)
        .join(Scan, Scan.id == BatchLog.scan_id)
        .where(
            BatchLog.scan_id == scan_id,
            BatchLog.service == service,
            Scan.organisation_id == organisation_id,
        )
        .order_by(BatchLog.attempt)
    )
    logs = list(found)
    return "\n".join(logs) if logs else None
