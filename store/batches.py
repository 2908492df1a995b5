"""What each service of a scan is doing, and its collector's log."""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import ScanNotFound
from contracts.scan import BatchLine
from store.tables import Attempt, BatchLog, BatchRow, EventRow, Scan

MAX_LOG = 1_000_000
_GONE = re.compile(r"\[(\d{1,12}) earlier characters are left out\]\n")


async def list_batches(
    session: AsyncSession, *, organisation_id: str, scan_id: str
) -> list[BatchLine]:
    found = await session.scalars(
        select(BatchRow)
        .join(Scan, Scan.id == BatchRow.scan_id)
        .where(BatchRow.scan_id == scan_id, Scan.organisation_id == organisation_id)
        .order_by(BatchRow.service)
    )
    return [
        BatchLine(
            service=row.service,
            phase=row.phase,
            dataset=row.dataset,
            attempt=row.attempt,
            message=row.message,
            exit_code=row.exit_code,
            duration_ms=row.duration_ms,
        )
        for row in found
    ]


async def count_failures(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str
) -> int:
    """How often this batch's collector has failed in the running attempt of the scan."""
    found = await session.scalar(
        select(BatchRow.failures)
        .join(Scan, Scan.id == BatchRow.scan_id)
        .where(
            BatchRow.scan_id == scan_id,
            BatchRow.service == service,
            Scan.organisation_id == organisation_id,
        )
    )
    return found or 0


async def interrupted_read(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str
) -> str | None:
    """The dataset that the last try at this batch was reading when it ended."""
    return await session.scalar(
        select(BatchRow.dataset)
        .join(Scan, Scan.id == BatchRow.scan_id)
        .where(
            BatchRow.scan_id == scan_id,
            BatchRow.service == service,
            Scan.organisation_id == organisation_id,
        )
    )


async def tries_at(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    dataset: str,
    attempt: int,
) -> int:
    """How many tries at this batch began to read `dataset` in this attempt of the scan."""
    bodies = await session.scalars(
        select(EventRow.body)
        .join(Scan, Scan.id == EventRow.scan_id)
        .join(Attempt, (Attempt.scan_id == Scan.id) & (Attempt.number == attempt))
        .where(
            Scan.id == scan_id,
            Scan.organisation_id == organisation_id,
            EventRow.kind == "batch",
            EventRow.at >= Attempt.started_at,
        )
    )
    return len(
        {
            body["attempt"]
            for body in bodies
            if (body["service"], body["dataset"], body["phase"]) == (service, dataset, "reading")
        }
    )


async def add_log(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    attempt: int,
    text: str,
    known_end: int | None = None,
) -> int:
    """Follows what earlier tries of the same batch left; returns where this attempt's log ends.
    `text` is redacted already. With `known_end`, where the writer last knew it to end, text that
    was kept unheard is not kept twice. Raises ScanNotFound."""
    owned = select(Scan.id).where(Scan.id == scan_id, Scan.organisation_id == organisation_id)
    if await session.scalar(owned.with_for_update()) is None:
        raise ScanNotFound(scan_id)
    known = await session.get(BatchLog, (scan_id, service, attempt))
    if known is None:
        known = BatchLog(scan_id=scan_id, service=service, attempt=attempt, text="")
        session.add(known)
    log = _Log.of(known.text)
    if known_end is None or log.end <= known_end or not log.text.endswith(f"{text}\n"):
        log = log.with_more(f"{text}\n")
        known.text = log.stored
    return log.end


@dataclass(frozen=True)
class LogText:
    """`end`: where to go on reading, in characters counted from the first one ever written."""

    text: str
    end: int


async def read_log(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str, after: int = 0
) -> LogText | None:
    """All attempts, one after another. None: there is none yet."""
    found = await session.scalars(
        select(BatchLog.text)
        .join(Scan, Scan.id == BatchLog.scan_id)
        .where(
            BatchLog.scan_id == scan_id,
            BatchLog.service == service,
            Scan.organisation_id == organisation_id,
        )
        .order_by(BatchLog.attempt)
    )
    logs = [_Log.of(text) for text in found]
    place, pieces = 0, []
    for log in logs:
        pieces.append(log.after(max(0, after - place)))
        place += log.end
    return LogText("".join(pieces), place) if logs else None


@dataclass(frozen=True)
class _Log:
    """The newest of one attempt's log. Stored, a first line counts what had to go."""

    text: str
    gone: int = 0

    @classmethod
    def of(cls, stored: str) -> "_Log":
        head = _GONE.match(stored)
        return cls(stored[head.end() :], int(head[1])) if head else cls(stored)

    @property
    def stored(self) -> str:
        head = f"[{self.gone} earlier characters are left out]\n" if self.gone else ""
        return f"{head}{self.text}"

    @property
    def end(self) -> int:
        return self.gone + len(self.text)

    def with_more(self, text: str) -> "_Log":
        text = self.text + text
        over = len(text) - MAX_LOG
        if over <= 0:
            return _Log(text, self.gone)
        cut = text.find("\n", over) + 1
        cut = cut if 0 < cut < len(text) else over
        return _Log(text[cut:], self.gone + cut)

    def after(self, place: int) -> str:
        return self.stored if place < self.gone else self.text[place - self.gone :]
