"""Writes to the journal of one scan as activities do, each in a transaction of its own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.collector import DatasetStatus
from contracts.events import AnyEvent, BatchEvent, Phase, StatusEvent
from contracts.results import DatasetLine
from contracts.scan import RetryScope, ScanRequest, ScanState, ScanStatus
from contracts.verdict import Verdict
from store import attempts, batches, events, evidence, results, scans
from store.database import Database


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Journal:
    database: Database
    request: ScanRequest

    @property
    def ids(self) -> dict[str, Any]:
        return {
            "organisation_id": self.request.organisation_id,
            "scan_id": self.request.scan_id,
        }

    async def judge(
        self, recommendation: str, verdict: Verdict, *, attempt: int = 1
    ) -> StatusEvent | None:
        async with self.database.begin() as session:
            return await events.record_verdict(
                session,
                **self.ids,
                attempt=attempt,
                recommendation=recommendation,
                verdict=verdict,
                duration_ms=1,
                at=now(),
            )

    async def change(
        self, status: ScanStatus, *, only_from: tuple[ScanStatus, ...] | None = None
    ) -> StatusEvent | None:
        async with self.database.begin() as session:
            return await events.change_status(
                session, **self.ids, status=status, at=now(), only_from=only_from
            )

    async def batch(
        self,
        phase: Phase,
        *,
        service: str = "graph",
        dataset: str | None = None,
        failed: bool = False,
    ) -> BatchEvent | None:
        async with self.database.begin() as session:
            return await events.record_batch(
                session,
                **self.ids,
                service=service,
                phase=phase,
                at=now(),
                dataset=dataset,
                failed=failed,
            )

    async def log(self, text: str, *, service: str = "graph", attempt: int = 1) -> None:
        async with self.database.begin() as session:
            await batches.add_log(session, **self.ids, service=service, attempt=attempt, text=text)

    async def keep(
        self,
        name: str,
        chunks: list[bytes],
        *,
        status: DatasetStatus = DatasetStatus.OK,
        attempt: int = 1,
        message: str = "",
    ) -> DatasetLine:
        digest, packed, size = evidence.pack_rows(chunks)
        line = DatasetLine(
            name=name,
            service=name.partition(".")[0],
            status=status,
            message=message,
            rows=sum(chunk.count(b"{") for chunk in chunks),
            sha256=digest,
            bytes=size,
        )
        async with self.database.begin() as session:
            await evidence.put_dataset(
                session, **self.ids, attempt=attempt, line=line, packed=packed
            )
        return line

    async def retry(
        self, scope: RetryScope, recommendation: str | None = None
    ) -> StatusEvent | None:
        async with self.database.begin() as session:
            return await attempts.begin_attempt(
                session,
                **self.ids,
                scope=scope,
                recommendation=recommendation,
                requested_by="ann",
                at=now(),
            )

    async def events(self) -> list[AnyEvent]:
        async with self.database.read() as session:
            return await events.list_events(session, **self.ids)

    async def state(self) -> ScanState:
        async with self.database.read() as session:
            return await scans.read_state(session, **self.ids)

    async def verdicts(self, attempt: int | None = None) -> dict[str, str | None]:
        async with self.database.read() as session:
            lines = await results.list_results(session, **self.ids, attempt=attempt)
        return {line.recommendation: line.verdict for line in lines}
