"""How long scans and their batches took: what estimates are learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events import BatchEvent, StatusEvent, from_body
from contracts.scan import ScanStatus
from store.tables import Attempt, EventRow, Scan

LEARNT_FROM = 5  # completed scans of the same tenant and profile, newest first


@dataclass(frozen=True)
class Spent:
    """One first attempt that judged everything and came to its end."""

    scan_id: str
    started_at: datetime
    finished_at: datetime


async def earlier_scans(
    session: AsyncSession, *, organisation_id: str, scan: Scan, limit: int = LEARNT_FROM
) -> list[Spent]:
    rows = await session.execute(
        select(Scan.id, Scan.started_at, Attempt.finished_at)
        .join(Attempt, (Attempt.scan_id == Scan.id) & (Attempt.number == 1))
        .where(
            Scan.organisation_id == organisation_id,
            Scan.tenant_id == scan.tenant_id,
            Scan.profile == scan.profile,
            Scan.benchmark == scan.benchmark,
            Scan.id != scan.id,
            Scan.created_at < scan.created_at,
            Scan.started_at.is_not(None),
            Attempt.finished_at.is_not(None),
            Attempt.status == ScanStatus.COMPLETED,
        )
        .order_by(Scan.created_at.desc())
        .limit(limit)
    )
    return [
        Spent(scan_id, cast(datetime, started_at), cast(datetime, finished_at))
        for scan_id, started_at, finished_at in rows
    ]


async def list_moments(
    session: AsyncSession, *, organisation_id: str, scan_ids: Sequence[str]
) -> dict[str, list[BatchEvent | StatusEvent]]:
    """What batches did and where the scan stood, by scan, in order."""
    rows = await session.execute(
        select(EventRow.scan_id, EventRow.body)
        .join(Scan, Scan.id == EventRow.scan_id)
        .where(
            EventRow.scan_id.in_(scan_ids),
            EventRow.kind.in_(("batch", "status")),
            Scan.organisation_id == organisation_id,
        )
        .order_by(EventRow.scan_id, EventRow.seq)
    )
    found: dict[str, list[BatchEvent | StatusEvent]] = {}
    for scan_id, body in rows:
        event = from_body(body)
        if isinstance(event, BatchEvent | StatusEvent):
            found.setdefault(scan_id, []).append(event)
    return found
