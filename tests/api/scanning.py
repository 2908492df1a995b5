"""Stored scans in every state, made with the functions that the activities use."""

import json
from datetime import UTC, datetime

from api.services import Services
from checks.catalogue import CIS_M365_5, planned_checks
from contracts.collector import DatasetStatus
from contracts.events import StatusEvent
from contracts.results import DatasetLine
from contracts.scan import Profile, RetryScope, ScanStatus
from contracts.verdict import Affected, Verdict, failed
from store import attempts, batches, events, evidence, scans
from store.database import Database
from tests.api.conftest import House

DATASET = "graph.users"
ROWS = b'[{"id":"1"},{"id":"2"}]'
MORE_ROWS = b'[{"id":"3"}]'


def now() -> datetime:
    return datetime.now(UTC)


async def add_scan(database: Database, house: House, *, profile: str = "E5-L1") -> str:
    async with database.begin() as session:
        scan = await scans.add_scan(
            session,
            organisation_id=house.organisation_id,
            tenant=house.tenant,
            benchmark=CIS_M365_5,
            profile=Profile.parse(profile),
            checks=planned_checks(Profile.parse(profile)),
            at=now(),
        )
    return scan.id


async def change(
    database: Database, house: House, scan_id: str, status: ScanStatus
) -> StatusEvent | None:
    async with database.begin() as session:
        return await events.change_status(
            session,
            organisation_id=house.organisation_id,
            scan_id=scan_id,
            status=status,
            at=now(),
        )


async def judge(
    database: Database,
    house: House,
    scan_id: str,
    recommendation: str,
    verdict: Verdict,
    *,
    attempt: int = 1,
) -> StatusEvent | None:
    async with database.begin() as session:
        return await events.record_verdict(
            session,
            organisation_id=house.organisation_id,
            scan_id=scan_id,
            attempt=attempt,
            recommendation=recommendation,
            verdict=verdict,
            duration_ms=3,
            at=now(),
        )


async def retry(
    database: Database, house: House, scan_id: str, scope: RetryScope = RetryScope.ALL
) -> StatusEvent | None:
    async with database.begin() as session:
        return await attempts.begin_attempt(
            session,
            organisation_id=house.organisation_id,
            scan_id=scan_id,
            scope=scope,
            recommendation=None,
            requested_by="admin",
            at=now(),
        )


def two_affected() -> Verdict:
    return failed(
        "Two accounts are synchronised",
        [
            Affected(resource="ann", setting="onPremisesSyncEnabled", actual="True"),
            Affected(resource="bob", setting="onPremisesSyncEnabled", actual="True"),
        ],
    )


async def say(database: Database, house: House, scan_id: str, text: str) -> None:
    """By the collector of graph."""
    async with database.begin() as session:
        await batches.add_log(
            session,
            organisation_id=house.organisation_id,
            scan_id=scan_id,
            service="graph",
            attempt=1,
            text=text,
        )


async def add_evidence(
    services: Services,
    house: House,
    scan_id: str,
    *,
    attempt: int = 1,
    chunks: tuple[bytes, ...] = (ROWS, MORE_ROWS),
) -> None:
    digest, packed, size = evidence.pack_rows(chunks)
    async with services.database.begin() as session:
        await evidence.put_dataset(
            session,
            organisation_id=house.organisation_id,
            scan_id=scan_id,
            attempt=attempt,
            line=DatasetLine(
                name=DATASET,
                service="graph",
                status=DatasetStatus.OK,
                rows=sum(len(json.loads(chunk)) for chunk in chunks),
                sha256=digest,
                bytes=size,
            ),
            packed=packed,
        )
    await say(services.database, house, scan_id, "[info] connected")
