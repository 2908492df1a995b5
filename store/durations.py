"""How long earlier reads of a tenant took."""

from collections import defaultdict
from statistics import median

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.collector import DatasetStatus
from store.tables import DatasetRead, Scan

_NEWEST_SCANS = 20


async def usual_durations(
    session: AsyncSession, *, organisation_id: str, tenant_id: str
) -> dict[str, int]:
    """Milliseconds by dataset: the median of its complete reads in the newest scans."""
    newest = (
        select(Scan.id)
        .where(Scan.organisation_id == organisation_id, Scan.tenant_id == tenant_id)
        .order_by(Scan.created_at.desc())
        .limit(_NEWEST_SCANS)
        .subquery()
    )
    rows = await session.execute(
        select(DatasetRead.name, DatasetRead.duration_ms)
        .join(newest, newest.c.id == DatasetRead.scan_id)
        .where(DatasetRead.status == DatasetStatus.OK)
    )
    found: dict[str, list[int]] = defaultdict(list)
    for name, duration_ms in rows:
        found[name].append(duration_ms)
    return {name: round(median(durations)) for name, durations in found.items()}
