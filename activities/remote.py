"""A collector elsewhere: its lines come from the queue that the webhook fills."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from activities.collector import CollectorFailed
from activities.log_lines import LogLines
from contracts.collector import (
    COLLECTOR_LINE,
    Bye,
    CollectorLine,
    DatasetFailed,
    DatasetFinished,
    DatasetStarted,
    Log,
    Rows,
)
from contracts.scan import ScanRequest
from store import remote
from store.database import Database

_POLL_S = 0.5
_LOG_CHARACTERS = 2000


class ContactLost(Exception):
    """No more lines will come. The text is for operators."""


@dataclass(frozen=True)
class RemotePatience:
    """Seconds: until the first line, and between two posts."""

    first_s: float = 14400.0
    silence_s: float = 120.0

    def is_over(self, run: remote.RunState | None, *, since: datetime, now: datetime) -> bool:
        """`since`: when the wait began."""
        if run is None or run.last_at is None:
            return now - since > timedelta(seconds=self.first_s)
        return now - max(run.last_at, since) > timedelta(seconds=self.silence_s)

    def loss(self, run: remote.RunState | None, service: str) -> str:
        if run is None or run.last_at is None:
            return f"no remote collector has reported for {service} within {self.first_s:.0f} s"
        return f"lost contact with the remote collector: no lines for {self.silence_s:.0f} s"


class RemoteCollector:
    """Read like a local one, from the first line of its run each time: what is stored already is
    passed over, so that a retry goes on where it was."""

    def __init__(
        self,
        database: Database,
        scan: ScanRequest,
        service: str,
        wanted: Iterable[str],
        *,
        patience: RemotePatience,
        contact_lost: bool,
        poll_s: float = _POLL_S,
    ) -> None:
        self._database = database
        self._scan = scan
        self._service = service
        self._left = set(wanted)
        self._wanted = frozenset(self._left)
        self._patience = patience
        self._contact_lost = contact_lost
        self._poll_s = poll_s
        self._generation = 0
        self._sequence = 0
        self._passed_over = 0
        self._log = LogLines()
        self._has_ended = False

    @property
    def exit_code(self) -> int | None:
        return 0 if self._has_ended else None

    def take_log(self) -> list[str]:
        """What it wrote since the last call."""
        return self._log.take()

    async def lines(self) -> AsyncIterator[CollectorLine]:
        """Raises CollectorFailed, and ContactLost once what has come is read."""
        while not self._has_ended:
            post = await self._next_post()
            if post is None:
                await asyncio.sleep(self._poll_s)
                continue
            self._sequence += 1
            for raw in post:
                line = self._line(raw)
                if line is not None:
                    yield line

    async def wait(self, within_s: float) -> int | None:
        """There is no process to wait for."""
        return self.exit_code

    async def stop(self) -> None:
        """What was read to its end is evidence now; the queue need not keep it."""
        if self._has_ended and not self._left:
            async with self._database.begin() as session:
                await remote.forget_lines(
                    session,
                    organisation_id=self._scan.organisation_id,
                    scan_id=self._scan.scan_id,
                    service=self._service,
                )

    async def _next_post(self) -> list[dict[str, Any]] | None:
        async with self._database.read() as session:
            run = await remote.find_run(
                session,
                organisation_id=self._scan.organisation_id,
                scan_id=self._scan.scan_id,
                service=self._service,
                attempt=self._scan.attempt,
            )
            if run is not None and self._generation in (0, run.generation):
                self._generation = run.generation
                post = await remote.next_lines(
                    session,
                    organisation_id=self._scan.organisation_id,
                    scan_id=self._scan.scan_id,
                    service=self._service,
                    generation=run.generation,
                    after=self._sequence,
                )
                if post is not None:
                    return post
        if run is not None and run.generation != self._generation:
            raise CollectorFailed("the remote collector was started anew with another token")
        if self._contact_lost:
            raise ContactLost(self._patience.loss(run, self._service))
        return None

    def _line(self, raw: dict[str, Any]) -> CollectorLine | None:
        try:
            line = COLLECTOR_LINE.validate_python(raw)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise CollectorFailed(f"a protocol line does not fit: {where}") from None
        match line:
            case Log():
                self._log.append(f"[{line.level}] {line.message}"[:_LOG_CHARACTERS])
            case DatasetStarted() | Rows() if line.name not in self._wanted:
                return None
            case DatasetFinished() | DatasetFailed():
                if line.name not in self._wanted:
                    self._passed_over += 1
                    return None
                self._left.discard(line.name)
            case Bye():
                self._has_ended = True
                return Bye(datasets=line.datasets - self._passed_over)
        return line
