"""The queue between a collector elsewhere and the batch that judges what it reads."""

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import (
    RemoteOutOfOrder,
    RemoteQueueFull,
    RemoteRepeatDiffers,
    RemoteRunReplaced,
    ScanAlreadyFinished,
)
from contracts.scan import RemoteMoment, ScanStatus
from store.scans import get_scan
from store.tables import RemoteLines, RemoteRun, RemoteWait

MAX_WAITING_BYTES = 1024**3
_LAST_LINES = frozenset({"bye", "connect-failed"})


@dataclass(frozen=True)
class RunState:
    generation: int
    last_sequence: int
    last_at: datetime | None
    ended: bool

    def has_come(self, moment: RemoteMoment) -> bool:
        return self.ended if moment is RemoteMoment.ENDED else self.last_sequence > 0


@dataclass(frozen=True)
class Waiting:
    """Who waits for a collector elsewhere; `come`: what it waits for is there."""

    task_token: bytes
    come: bool


async def begin_run(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str
) -> int:
    """A new generation; what an earlier one sent no longer counts. Raises ScanNotFound,
    ScanAlreadyFinished."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    if ScanStatus(scan.status).is_terminal:
        raise ScanAlreadyFinished(scan_id, scan.status)
    await _forget_lines(session, scan_id, service)
    known = await session.get(RemoteRun, (scan_id, service))
    generation = known.generation + 1 if known else 1
    await session.merge(
        RemoteRun(
            scan_id=scan_id,
            service=service,
            attempt=scan.attempt,
            generation=generation,
            last_sequence=0,
            last_sha256="",
            waiting_bytes=0,
            last_at=None,
            ended=False,
        )
    )
    return generation


async def add_lines(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    generation: int,
    sequence: int,
    lines: Sequence[dict[str, Any]],
    at: datetime,
) -> bool:
    """False for a repeat of the last post. Raises ScanNotFound, ScanAlreadyFinished,
    RemoteRunReplaced, RemoteOutOfOrder, RemoteRepeatDiffers, RemoteQueueFull."""
    scan = await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    run = await session.get(RemoteRun, (scan_id, service))
    if run is None or run.generation != generation or run.attempt != scan.attempt:
        raise RemoteRunReplaced
    text = json.dumps(list(lines), separators=(",", ":")).encode()
    digest = hashlib.sha256(text).hexdigest()
    if sequence == run.last_sequence:
        if digest != run.last_sha256:
            raise RemoteRepeatDiffers(sequence)
        return False
    if ScanStatus(scan.status).is_terminal:
        raise ScanAlreadyFinished(scan_id, scan.status)
    if sequence != run.last_sequence + 1:
        raise RemoteOutOfOrder(run.last_sequence + 1)
    data = zlib.compress(text)
    if run.waiting_bytes + len(data) > MAX_WAITING_BYTES:
        raise RemoteQueueFull
    session.add(
        RemoteLines(
            scan_id=scan_id, service=service, generation=generation, sequence=sequence, data=data
        )
    )
    run.last_sequence, run.last_sha256, run.last_at = sequence, digest, at
    run.waiting_bytes += len(data)
    run.ended |= any(line["type"] in _LAST_LINES for line in lines)
    await session.flush()
    return True


async def find_run(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str, attempt: int
) -> RunState | None:
    """The run of this attempt of the scan. Raises ScanNotFound."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    run = await session.get(RemoteRun, (scan_id, service))
    if run is None or run.attempt != attempt:
        return None
    return _state(run)


async def wait_for(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    attempt: int,
    until: RemoteMoment,
    task_token: bytes,
) -> tuple[RunState | None, bool]:
    """The run as it stands, and whether `until` has come; if not, whoever adds the lines that
    bring it finds `task_token`. Raises ScanNotFound."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    run = await find_run(
        session,
        organisation_id=organisation_id,
        scan_id=scan_id,
        service=service,
        attempt=attempt,
    )
    come = run is not None and run.has_come(until)
    if not come:
        await session.merge(
            RemoteWait(scan_id=scan_id, service=service, until=until, task_token=task_token)
        )
    return run, come


async def find_waiting(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str
) -> Waiting | None:
    """Raises ScanNotFound."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    wait = await session.get(RemoteWait, (scan_id, service))
    run = await session.get(RemoteRun, (scan_id, service))
    if wait is None or run is None:
        return None
    return Waiting(wait.task_token, _state(run).has_come(RemoteMoment(wait.until)))


async def forget_waiting(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str, task_token: bytes
) -> None:
    """Unless another waits by now. Raises ScanNotFound."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    await session.execute(
        delete(RemoteWait).where(
            RemoteWait.scan_id == scan_id,
            RemoteWait.service == service,
            RemoteWait.task_token == task_token,
        )
    )


async def next_lines(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    service: str,
    generation: int,
    after: int,
) -> list[dict[str, Any]] | None:
    """The post that follows `after`; None when it has not come. Raises ScanNotFound."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    row = await session.get(RemoteLines, (scan_id, service, generation, after + 1))
    if row is None:
        return None
    found: list[dict[str, Any]] = json.loads(zlib.decompress(row.data))
    return found


async def forget_lines(
    session: AsyncSession, *, organisation_id: str, scan_id: str, service: str
) -> None:
    """Once its batch has ended: what was read is evidence then. Raises ScanNotFound."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
    await _forget_lines(session, scan_id, service)


def _state(run: RemoteRun) -> RunState:
    return RunState(run.generation, run.last_sequence, run.last_at, run.ended)


async def _forget_lines(session: AsyncSession, scan_id: str, service: str) -> None:
    await session.execute(
        delete(RemoteLines).where(RemoteLines.scan_id == scan_id, RemoteLines.service == service)
    )
