"""The connection test of one service: certificate, sign-in, what is granted, one cheap read."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio import activity

from activities.collectors import Collectors, NoCollector, Remote, Source
from activities.connection_lines import (
    certificate_line,
    credential_failure,
    licence_lines,
    permission_lines,
    read_line,
    unserved_line,
)
from activities.credentials import Credentials, NoCredential, OpenCertificate
from activities.probe import ProbeFailed, probe
from activities.progress import now
from activities.reading import ReadDataset
from activities.tokens import Token, TokenRefused, Tokens
from contracts.collector import DatasetStatus, TenantRef
from contracts.onboarding import ConnectionLine, ServiceTest, ServiceTestRequest
from contracts.scan import Profile
from evidence.dataset import EvidenceMissing
from evidence.entra import Domain
from evidence.evidence import SUBSCRIBED_SKUS, Evidence, Recorded
from store import connection_tests, tenants
from store.database import Database
from store.tables import Tenant

_BEAT_S = 1.0
_ALLOWED_S = 150.0


@dataclass(frozen=True)
class _Outcome:
    lines: list[ConnectionLine]
    granted: list[str] | None = None


class ConnectionActivities:
    """`allowed_s` is what sign-in and read may take together."""

    def __init__(
        self,
        database: Database,
        collectors: Collectors,
        tokens: Tokens,
        credentials: Credentials,
        *,
        allowed_s: float = _ALLOWED_S,
    ) -> None:
        self._database = database
        self._collectors = collectors
        self._tokens = tokens
        self._credentials = credentials
        self._allowed_s = allowed_s

    @activity.defn
    async def test_connection(self, request: ServiceTestRequest) -> bool:
        """True when every line passed. What was found stands in the database."""
        async with self._database.read() as session:
            row = await tenants.get_tenant(
                session, organisation_id=request.organisation_id, tenant=request.tenant_id
            )
        async with _beating():
            outcome = await self._test(row, request)
        return await self._keep(request, outcome)

    @activity.defn
    async def note_unserved(self, request: ServiceTestRequest) -> bool:
        """For a service that no worker tested."""
        return await self._keep(request, _Outcome([unserved_line(request.unserved)]))

    async def _test(self, row: Tenant, request: ServiceTestRequest) -> _Outcome:
        if row.connection == "recorded":
            line = ConnectionLine(
                subject="connection", name="recorded", outcome="pass", message="Nobody signs in."
            )
            return _Outcome([line, *await self._read(row, request.service)])
        if request.service == "dns":
            return _Outcome(await self._read(row, request.service))
        if row.settings.get("remote"):
            line = ConnectionLine(
                subject="connection",
                name="remote",
                outcome="unknown",
                message="A collector elsewhere signs in: this test cannot see what it may read.",
            )
            return _Outcome([line])
        return await self._test_live(row, request)

    async def _test_live(self, row: Tenant, request: ServiceTestRequest) -> _Outcome:
        try:
            certificate = await self._credentials.open(
                organisation_id=row.organisation_id, tenant_id=row.id
            )
        except NoCredential as reason:
            return _Outcome([credential_failure(str(reason))])
        lines = [certificate_line(certificate.expires_at, now())]
        try:
            token = await self._sign_in(row, request.service, certificate)
        except TokenRefused as refusal:
            failure = ConnectionLine(
                subject="sign-in",
                name="token",
                outcome="fail",
                message=str(refusal),
                remedy=refusal.remedy,
            )
            return _Outcome([*lines, failure])
        lines.append(ConnectionLine(subject="sign-in", name="token", outcome="pass"))
        lines += permission_lines(Profile.parse(request.profile), request.service, token)
        lines += await self._read(row, request.service)
        return _Outcome(lines, sorted(token.roles))

    async def _sign_in(self, row: Tenant, service: str, certificate: OpenCertificate) -> Token:
        return await self._tokens.token(
            service=service,
            tenant=_ref(row),
            client_id=row.settings.get("client_id", ""),
            certificate=certificate,
        )

    async def _read(self, row: Tenant, service: str) -> list[ConnectionLine]:
        try:
            source = await self._source(row, service)
            found = await probe(source, _ref(row), service, self._allowed_s)
        except NoCollector as refusal:
            error = refusal.error
            return [read_line("collector", DatasetStatus(error.kind), error.message)]
        except ProbeFailed as failure:
            return [read_line(failure.name, failure.status, str(failure))]
        lines = [
            read_line(item.line.name, item.recorded.status, item.line.message) for item in found
        ]
        return lines + await self._look_at(row, found)

    async def _source(self, row: Tenant, service: str) -> Source:
        source = await self._collectors.source(
            organisation_id=row.organisation_id,
            tenant_id=row.id,
            connection=row.connection,
            settings=row.settings,
            domain=row.domain,
            service=service,
        )
        assert not isinstance(source.command, Remote)  # noqa: S101  (asked before)
        return source

    async def _look_at(self, row: Tenant, found: list[ReadDataset]) -> list[ConnectionLine]:
        """Licences, and the initial domain where nobody has named it."""
        recorded: dict[str, Recorded] = {item.line.name: item.recorded for item in found}
        if SUBSCRIBED_SKUS not in recorded:
            return []
        evidence = Evidence(recorded, now())
        if not row.domain and (domain := _initial_domain(evidence)):
            async with self._database.begin() as session:
                stored = await tenants.get_tenant(
                    session, organisation_id=row.organisation_id, tenant=row.id
                )
                stored.domain = domain
        return licence_lines(evidence)

    async def _keep(self, request: ServiceTestRequest, outcome: _Outcome) -> bool:
        passed = all(line.outcome != "fail" for line in outcome.lines)
        async with self._database.begin() as session:
            await connection_tests.put_service_test(
                session,
                organisation_id=request.organisation_id,
                tenant_id=request.tenant_id,
                test=ServiceTest(
                    service=request.service,
                    tested_at=now(),
                    passed=passed,
                    lines=outcome.lines,
                    granted=outcome.granted,
                ),
            )
        return passed


def _ref(row: Tenant) -> TenantRef:
    return TenantRef(
        tenant_id=row.microsoft_id,
        name=row.name,
        domain=row.domain,
        cloud=row.settings.get("cloud", "worldwide"),
    )


def _initial_domain(evidence: Evidence) -> str:
    try:
        initial = [row.id for row in evidence.all(Domain) if row.is_initial]
    except EvidenceMissing:
        return ""
    return initial[0].lower() if len(initial) == 1 else ""


@contextlib.asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_BEAT_S)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
