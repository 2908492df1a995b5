"""One tenant, and the connection test of one of its services."""

from dataclasses import dataclass
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.connection import ConnectionActivities
from activities.credentials import Credentials
from activities.tokens import MsalTokens
from assay.key_file import KeyFile
from checks.permissions import permission_plan
from contracts.onboarding import ServiceTest, ServiceTestRequest
from contracts.scan import Profile
from store import connection_tests
from store.database import Database
from store.tables import Tenant
from tests.onboarding.authority import Authority
from tests.onboarding.powershell import live_collectors

PROFILE = Profile(level=1)
GRAPH = [item.name for item in permission_plan(PROFILE).permissions if item.resource == "graph"]


@dataclass
class Bench:
    database: Database
    tenant: Tenant
    activities: ConnectionActivities

    async def test(self, service: str) -> ServiceTest:
        request = ServiceTestRequest(
            organisation_id=self.tenant.organisation_id,
            tenant_id=self.tenant.id,
            profile=PROFILE.name,
            service=service,
        )
        passed = await ActivityEnvironment().run(self.activities.test_connection, request)
        found = await self.stored(service)
        assert found.passed is passed
        return found

    async def stored(self, service: str) -> ServiceTest:
        async with self.database.read() as session:
            tests = await connection_tests.list_service_tests(
                session,
                organisation_id=self.tenant.organisation_id,
                tenant_id=self.tenant.id,
            )
        return next(test for test in tests if test.service == service)


def bench(
    database: Database,
    tenant: Tenant,
    file: KeyFile,
    path: str,
    authority: Authority,
    **options: Any,
) -> Bench:
    credentials = Credentials(database, file)
    collectors = live_collectors(path, credentials)
    tokens = MsalTokens(authority.transport)
    return Bench(
        database,
        tenant,
        ConnectionActivities(database, collectors, tokens, credentials, **options),
    )
