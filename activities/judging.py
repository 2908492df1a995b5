"""Judge the checks of a stage as their evidence arrives, and know what is judged already."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.progress import Progress, now
from checks.evaluate import evaluate
from checks.registry import CHECKS
from contracts.collector import DatasetStatus, TenantRef
from contracts.parameters import TenantParameters
from contracts.results import DatasetLine
from contracts.scan import PlannedCheck, RetryScope, ScanRequest
from contracts.verdict import ReasonCode, Verdict, errored
from evidence.evidence import SUBSCRIBED_SKUS, Evidence, LicencePending, Recorded
from store import evidence as stored_evidence
from store import results, scans, tenants
from store.database import Database


@dataclass(frozen=True)
class ScanContext:
    """What a stage of a scan needs to know of it, read once."""

    tenant: TenantRef
    connection: str
    settings: Mapping[str, Any]
    parameters: TenantParameters
    captured_at: datetime | None
    judged: frozenset[str]
    recorded: Mapping[str, Recorded]

    @property
    def captured_at_or_now(self) -> datetime:
        return self.captured_at or now()


async def load_context(database: Database, scan: ScanRequest, names: Iterable[str]) -> ScanContext:
    """`names`: the datasets whose stored reads of this attempt are wanted."""
    organisation_id = scan.organisation_id
    async with database.read() as session:
        row = await scans.get_scan(session, organisation_id=organisation_id, scan_id=scan.scan_id)
        tenant = await tenants.get_tenant(
            session, organisation_id=organisation_id, tenant=row.tenant_id
        )
        attempt = await scans.get_attempt(
            session, organisation_id=organisation_id, scan_id=scan.scan_id, number=scan.attempt
        )
        judged = await results.judged_in(
            session, organisation_id=organisation_id, scan_id=scan.scan_id, attempt=scan.attempt
        )
        packed = await stored_evidence.load_chunks(
            session,
            organisation_id=organisation_id,
            scan_id=scan.scan_id,
            names=sorted(names),
            only_attempt=scan.attempt,
            keep_complete=attempt.scope == RetryScope.FAILED_READS,
        )
    return ScanContext(
        tenant=TenantRef(
            tenant_id=tenant.microsoft_id,
            name=tenant.name,
            domain=tenant.domain,
            cloud=tenant.settings.get("cloud", "worldwide"),
        ),
        connection=tenant.connection,
        settings=tenant.settings,
        parameters=TenantParameters.model_validate(row.parameters),
        captured_at=row.captured_at,
        judged=frozenset(judged),
        recorded=await asyncio.to_thread(_unpacked, packed),
    )


def _unpacked(packed: Mapping[str, tuple[DatasetLine, bytes]]) -> dict[str, Recorded]:
    return {
        name: Recorded(
            DatasetStatus(line.status),
            stored_evidence.unpack_rows(data),
            line.rows,
            line.message,
        )
        for name, (line, data) in packed.items()
    }


def needs_of(items: Iterable[PlannedCheck]) -> set[str]:
    """Datasets that the checks read, the licence inventory included."""
    known = [CHECKS[item.check] for item in items if item.check in CHECKS]
    return {name for check in known for name in check.needs}


def _verdict(slug: str, evidence: Evidence) -> Verdict:
    """A scan that was planned by another version may ask for a check that is not there."""
    check = CHECKS.get(slug)
    if check is None:
        return errored(f"This version of Assay has no check {slug}", ReasonCode.CHECK_BROKEN)
    return evaluate(check, evidence)


class Judging:
    """Judges each check once, as soon as its datasets are settled."""

    def __init__(
        self, progress: Progress, context: ScanContext, checks: Iterable[PlannedCheck]
    ) -> None:
        self._progress = progress
        self._recorded: dict[str, Recorded] = dict(context.recorded)
        self._settled = set(self._recorded)
        self._open = [item for item in checks if item.recommendation not in context.judged]
        self.deferred: list[PlannedCheck] = []
        self.judged = 0
        self.is_stamped = context.captured_at is not None
        self.evidence = Evidence(
            self._recorded, context.captured_at_or_now, context.parameters, licence_pending=True
        )

    def stamp(self, captured_at: datetime) -> None:
        """The evidence's "now": the same for every check and every later re-evaluation."""
        self.evidence.captured_at = captured_at
        self.is_stamped = True

    def has(self, name: str) -> bool:
        return name in self._settled

    def settle(self, name: str, recorded: Recorded) -> None:
        self._recorded[name] = recorded
        self._settled.add(name)

    async def judge_ready(self, *, whatever_is_there: bool = False) -> None:
        """`whatever_is_there` judges every open check, the licence inventory read or not."""
        has_licences = SUBSCRIBED_SKUS in self._settled
        self.evidence.licence_pending = not (whatever_is_there or has_licences)
        for item in [item for item in self._open if whatever_is_there or self._is_ready(item)]:
            self._open.remove(item)
            await self._judge(item)
        self._forget_what_nobody_needs()

    def _is_ready(self, item: PlannedCheck) -> bool:
        check = CHECKS.get(item.check)
        return check is not None and all(dataset.key in self._settled for dataset in check.datasets)

    async def _judge(self, item: PlannedCheck) -> None:
        began = time.perf_counter()
        try:
            verdict = await asyncio.to_thread(_verdict, item.check, self.evidence)
        except LicencePending:
            self.deferred.append(item)
            return
        spent = round((time.perf_counter() - began) * 1000)
        await self._progress.judged(item.recommendation, verdict, spent)
        self.judged += 1

    def _forget_what_nobody_needs(self) -> None:
        needed = {SUBSCRIBED_SKUS} | needs_of(self._open)
        for name in set(self._recorded) - needed:
            del self._recorded[name]
            self.evidence.forget(name)
