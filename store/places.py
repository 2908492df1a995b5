"""How many tenants of an organisation are being scanned at the same time."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.scans import TERMINAL
from store.tables import Organisation, Scan


async def has_place(
    session: AsyncSession, *, organisation_id: str, tenant_id: str, max_scans: int
) -> bool:
    """Whether the tenant may be scanned beside the others. Until the transaction ends nobody
    else gets an answer, so that two who ask at once do not share the last place."""
    owner = select(Organisation.id).where(Organisation.id == organisation_id)
    await session.scalar(owner.with_for_update(key_share=True))
    taken = await session.scalar(
        select(func.count(func.distinct(Scan.tenant_id))).where(
            Scan.organisation_id == organisation_id,
            Scan.status.not_in(TERMINAL),
            Scan.tenant_id != tenant_id,
        )
    )
    return (taken or 0) < max_scans
