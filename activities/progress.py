"""Store, publish, beat: the one place that tells anyone what a scan did."""

from datetime import UTC, datetime
from typing import Protocol

from contracts.events import (
    BatchEvent,
    Phase,
    PowershellFinishedEvent,
    ResultsInsertedEvent,
    StatusEvent,
)
from contracts.failpoints import reached
from contracts.scan import ScanRequest, ScanStatus
from contracts.verdict import Verdict
from store import events
from store.database import Database

Told = StatusEvent | BatchEvent | ResultsInsertedEvent | PowershellFinishedEvent


class News(Protocol):
    """Passes an event on to whoever listens. Never raises and never makes a scan wait."""

    def publish(self, event: Told) -> None: ...


class Progress:
    """Each method is one transaction, then the news of it. The row is there before the event."""

    def __init__(self, database: Database, news: News, scan: ScanRequest) -> None:
        self._database = database
        self._news = news
        self._scan = scan
        self.done: list[str] = []

    async def status(
        self,
        status: ScanStatus,
        *,
        only_from: tuple[ScanStatus, ...] | None = None,
        error_message: str | None = None,
        by: str | None = None,
    ) -> bool:
        async with self._database.begin() as session:
            event = await events.change_status(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                status=status,
                at=now(),
                only_from=only_from,
                error_message=error_message,
                by=by,
            )
        return self._tell(event)

    async def judged(self, recommendation: str, verdict: Verdict, duration_ms: int) -> bool:
        async with self._database.begin() as session:
            event = await events.record_verdict(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                attempt=self._scan.attempt,
                recommendation=recommendation,
                verdict=verdict,
                duration_ms=duration_ms,
                at=now(),
            )
        self.done.append(recommendation)
        return self._tell(event)

    async def batch(
        self,
        service: str,
        phase: Phase,
        *,
        dataset: str | None = None,
        attempt: int = 1,
        message: str = "",
        failed: bool = False,
    ) -> None:
        async with self._database.begin() as session:
            event = await events.record_batch(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                service=service,
                phase=phase,
                at=now(),
                dataset=dataset,
                attempt=attempt,
                message=message,
                failed=failed,
            )
        self._tell(event)

    async def collector_ended(self, service: str, exit_code: int | None, duration_ms: int) -> None:
        async with self._database.begin() as session:
            event = await events.record_collector_end(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                service=service,
                exit_code=exit_code,
                duration_ms=duration_ms,
                at=now(),
            )
        self._tell(event)

    async def results_inserted(self, count: int) -> None:
        async with self._database.begin() as session:
            event = await events.record_results_inserted(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                count=count,
                at=now(),
            )
        self._tell(event)

    def _tell(self, event: Told | None) -> bool:
        if event is None:
            return False
        reached("before_publish")
        self._news.publish(event)
        return True


def now() -> datetime:
    return datetime.now(UTC)
