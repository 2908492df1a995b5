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
from contracts.scan import ScanStatus
from store.scans import get_scan
from store.tables import RemoteLines, RemoteRun

MAX_WAITING_BYTES = 1024**3


@dataclass(frozen=True)
class RunState:
    generation: int
    last_sequence: int
    last_at: datetime | None


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
    """False for a repeat of the last post, which changes nothing. Raises ScanNotFound,
    ScanAlreadyFinished, RemoteRunReplaced, RemoteOutOfOrder, RemoteRepeatDiffers,
    RemoteQueueFull."""
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
    return RunState(run.generation, run.last_sequence, run.last_at)


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


async def _forget_lines(session: AsyncSession, scan_id: str, service: str) -> None:
    await session.execute(
        delete(RemoteLines).where(RemoteLines.scan_id == scan_id, RemoteLines.service == service)
    )
