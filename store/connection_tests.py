"""What the newest connection test of each service said."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import ConnectionLine, ServiceTest
from store.tables import ConnectionTest
from store.tenants import get_tenant


async def put_service_test(
    session: AsyncSession, *, organisation_id: str, tenant_id: str, test: ServiceTest
) -> None:
    """Raises TenantNotFound."""
    await get_tenant(session, organisation_id=organisation_id, tenant=tenant_id)
    await session.merge(
        ConnectionTest(
            tenant_id=tenant_id,
            service=test.service,
            organisation_id=organisation_id,
            tested_at=test.tested_at,
            passed=test.passed,
            lines=[line.model_dump(mode="json") for line in test.lines],
            granted=test.granted,
        )
    )


async def list_service_tests(
    session: AsyncSession, *, organisation_id: str, tenant_id: str
) -> list[ServiceTest]:
    rows = await session.scalars(
        select(ConnectionTest)
        .where(
            ConnectionTest.tenant_id == tenant_id,
            ConnectionTest.organisation_id == organisation_id,
        )
        .order_by(ConnectionTest.service)
    )
    return [
        ServiceTest(
            service=row.service,
            tested_at=row.tested_at,
            passed=row.passed,
            lines=[ConnectionLine.model_validate(line) for line in row.lines],
            granted=row.granted,
        )
        for row in rows
    ]
