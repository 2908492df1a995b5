"""A stored scan with something of everything, every free text of it chosen by the test."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from checks.catalogue import CIS_M365_5, datasets_of, planned_checks
from contracts.parameters import TenantParameters
from contracts.results import DatasetLine
from contracts.scan import CheckLine, Profile, ScanStatus
from contracts.verdict import Affected, Verdict, errored, failed, manual, not_applicable, passed
from store import events, evidence, scans, tenants
from store.database import Database
from store.tables import Tenant
from tests.api.conftest import House
from tests.api.scanning import judge, retry, say

PROFILE = Profile(level=1, licence="E5")
START = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """`proved` is a failed recommendation with affected resources and evidence."""

    scan_id: str
    tenant_id: str
    proved: str

    @property
    def page(self) -> str:
        return f"/msp/cspm/scans/{self.scan_id}"

    @property
    def result(self) -> str:
        return f"{self.page}/results/{self.proved}"

    @property
    def log(self) -> str:
        return f"{self.page}/log/graph"

    @property
    def pages(self) -> list[str]:
        return [
            "/msp/cspm/scans",
            "/msp/cspm/scans?tab=active",
            "/msp/cspm/scans?tab=finished",
            self.page,
            f"{self.page}?verdict=fail&text=1.1",
            f"{self.page}/cancel",
            self.result,
            "/msp/tenants",
            f"/msp/tenants/{self.tenant_id}",
            self.log,
            f"{self.page}/services/graph/skip",
            f"{self.page}/attempts",
            f"{self.page}/comparison",
        ]

    @property
    def earlier(self) -> list[str]:
        """Of a scan that was retried: its attempts, the first as it stood, and what changed."""
        return [
            f"{self.page}/attempts",
            f"{self.page}/attempts/1",
            f"{self.page}/attempts/comparison?change=fixed",
            f"{self.result}?attempt=1",
        ]


async def add_retried(database: Database, house: House, text: str = "plain") -> Scene:
    """Its second attempt runs and has judged `proved` alone, which passes now."""
    scene = await add_scene(database, house, text, end=ScanStatus.COMPLETED)
    await retry(database, house, scene.scan_id)
    await judge(database, house, scene.scan_id, scene.proved, passed(text), attempt=2)
    return scene


async def add_scene(
    database: Database, house: House, text: str = "plain", *, end: ScanStatus | None = None
) -> Scene:
    tenant = await _tenant(database, house, text)
    lines = [line.model_copy(update={"title": text}) for line in planned_checks(PROFILE)]
    proved = next(line for line in lines if datasets_of(line.check))
    scan_id = await _scan(database, house, tenant, lines, text)
    told = {"organisation_id": house.organisation_id, "scan_id": scan_id}
    clock = _Clock()
    async with database.begin() as session:
        await events.change_status(session, **told, status=ScanStatus.RUNNING, at=clock())
        await events.record_batch(
            session,
            **told,
            service="graph",
            phase="reading",
            dataset=text,
            attempt=2,
            message=text,
            at=clock(),
        )
        await events.record_batch(session, **told, service="teams", phase="retrying", at=clock())
        await events.record_collector_end(
            session, **told, service="dns", exit_code=3, duration_ms=4_000, at=clock()
        )
        for line, verdict in zip(_judged(lines, proved), _verdicts(text), strict=False):
            await events.record_verdict(
                session,
                **told,
                attempt=1,
                recommendation=line.recommendation,
                verdict=verdict,
                duration_ms=3,
                at=clock(),
            )
        await events.record_results_inserted(session, **told, count=5, at=clock())
    await _evidence(database, house, scan_id, proved, text)
    await say(database, house, scan_id, f"[info] connected\n{text}")
    if end is not None:
        async with database.begin() as session:
            await events.change_status(session, **told, status=end, at=clock(), error_message=text)
    return Scene(scan_id, tenant.id, proved.recommendation)


class _Clock:
    def __init__(self) -> None:
        self._now = START

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


async def _tenant(database: Database, house: House, text: str) -> Tenant:
    async with database.begin() as session:
        return await tenants.add_tenant(
            session,
            organisation_id=house.organisation_id,
            microsoft_id=str(uuid4()),
            name=text,
            domain=text,
            connection="recorded",
            settings={"pack": text},
            parameters=TenantParameters.model_validate(
                {"emergency_access_accounts": [text], "trusted_ad_domain_guids": [], text: text}
            ),
            at=START,
        )


async def _scan(
    database: Database, house: House, tenant: Tenant, lines: list[CheckLine], text: str
) -> str:
    async with database.begin() as session:
        scan = await scans.add_scan(
            session,
            organisation_id=house.organisation_id,
            tenant=tenant,
            benchmark=CIS_M365_5,
            profile=PROFILE,
            checks=lines,
            at=START,
            requested_by=text,
        )
    return scan.id


def _judged(lines: Iterable[CheckLine], proved: CheckLine) -> list[CheckLine]:
    return [proved, *(line for line in lines if line.recommendation != proved.recommendation)]


def _verdicts(text: str) -> list[Verdict]:
    affected = [
        Affected(resource=f"{text} {number}", setting=text, actual=text) for number in range(45)
    ]
    proof = failed(text, affected, notes=[text])
    consulted = ["emergency_access_accounts"]
    return [
        proof.model_copy(update={"incomplete": True, "parameters": consulted}),
        passed(text),
        manual(text, affected[:1]),
        errored(text),
        not_applicable(text),
    ]


async def _evidence(
    database: Database, house: House, scan_id: str, proved: CheckLine, text: str
) -> None:
    rows = [{"DisplayName": text, "Nested": {"list": [text, "x" * 900]}}] * 5
    digest, packed, size = evidence.pack_rows([json.dumps(rows).encode()])
    for name in datasets_of(proved.check):
        async with database.begin() as session:
            await evidence.put_dataset(
                session,
                organisation_id=house.organisation_id,
                scan_id=scan_id,
                attempt=1,
                line=DatasetLine(
                    name=name,
                    service=name.partition(".")[0],
                    status="partial",
                    message=text,
                    rows=len(rows),
                    pages=2,
                    read=text,
                    collector=text,
                    versions={"module": text},
                    finished_at=START,
                    duration_ms=900,
                    sha256=digest,
                    bytes=size,
                ),
                packed=packed,
            )
