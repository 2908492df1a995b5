"""Datasets of a scan: rows compressed, equal content of an organisation stored once."""

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.collector import DatasetStatus
from contracts.errors import DatasetNotFound
from contracts.results import DatasetLine, DatasetRows
from store.scans import get_scan
from store.tables import DatasetRead, EvidenceBlob, Scan


def pack_rows(chunks: Iterable[bytes]) -> tuple[str, bytes, int]:
    """SHA-256 of the content, the compressed content, and its size before. Blocking: run it in a
    thread when the chunks are large."""
    digest = hashlib.sha256()
    squeezer = zlib.compressobj(6)
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        line = chunk + b"\n"
        digest.update(line)
        size += len(line)
        parts.append(squeezer.compress(line))
    parts.append(squeezer.flush())
    return digest.hexdigest(), b"".join(parts), size


def unpack_rows(data: bytes) -> list[bytes]:
    return zlib.decompress(data).splitlines()


async def put_dataset(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    attempt: int,
    line: DatasetLine,
    packed: bytes,
) -> None:
    """The newest read of an attempt stands, unless a complete one is there already."""
    await get_scan(session, organisation_id=organisation_id, scan_id=scan_id, lock=True)
    known = await session.get(DatasetRead, (scan_id, attempt, line.name))
    if known is not None and known.status == DatasetStatus.OK:
        return
    await _keep_blob(session, organisation_id, line.sha256, packed)
    await session.merge(
        DatasetRead(
            scan_id=scan_id,
            attempt=attempt,
            name=line.name,
            organisation_id=organisation_id,
            status=line.status,
            message=line.message,
            rows=line.rows,
            pages=line.pages,
            read=line.read,
            collector=line.collector,
            versions=line.versions,
            microsoft_id=line.tenant_id,
            started_at=line.started_at,
            finished_at=line.finished_at,
            duration_ms=line.duration_ms,
            sha256=line.sha256,
            bytes=line.bytes,
        )
    )
    await session.flush()


async def _keep_blob(
    session: AsyncSession, organisation_id: str, sha256: str, packed: bytes
) -> None:
    """Two scans may store the same content at the same moment: the second finds it there."""
    query = select(EvidenceBlob.sha256).where(
        EvidenceBlob.organisation_id == organisation_id, EvidenceBlob.sha256 == sha256
    )
    if await session.scalar(query) is not None:
        return
    with contextlib.suppress(IntegrityError):
        async with session.begin_nested():
            session.add(EvidenceBlob(organisation_id=organisation_id, sha256=sha256, data=packed))


async def list_datasets(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    names: Sequence[str] | None = None,
    up_to_attempt: int | None = None,
) -> list[DatasetLine]:
    """The newest attempt's read of each dataset, by name."""
    return [
        _line(row)
        for row in await _newest(session, organisation_id, scan_id, _up_to(up_to_attempt))
        if names is None or row.name in names
    ]


async def load_chunks(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    names: Sequence[str],
    only_attempt: int | None = None,
    keep_complete: bool = False,
    up_to_attempt: int | None = None,
) -> dict[str, tuple[DatasetLine, bytes]]:
    """Compressed rows of each stored dataset; unpack them outside the transaction.

    `keep_complete` lets complete reads of earlier attempts stand in for `only_attempt`'s.
    """
    usable = [*_only(only_attempt, keep_complete), *_up_to(up_to_attempt)]
    stored = await _newest(session, organisation_id, scan_id, usable)
    rows = [row for row in stored if row.name in names]
    blobs = await session.scalars(
        select(EvidenceBlob).where(
            EvidenceBlob.organisation_id == organisation_id,
            EvidenceBlob.sha256.in_({row.sha256 for row in rows}),
        )
    )
    data = {blob.sha256: blob.data for blob in blobs}
    return {row.name: (_line(row), data[row.sha256]) for row in rows}


async def read_rows(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    dataset: str,
    offset: int = 0,
    limit: int | None = 20,
) -> DatasetRows:
    """Raises DatasetNotFound when the scan has no such read."""
    found = await load_chunks(
        session, organisation_id=organisation_id, scan_id=scan_id, names=[dataset]
    )
    if dataset not in found:
        raise DatasetNotFound(dataset)
    line, data = found[dataset]
    rows = [row for chunk in unpack_rows(data) for row in json.loads(chunk)]
    end = None if limit is None else offset + limit
    return DatasetRows(dataset=line, rows=rows[offset:end], offset=offset, total=len(rows))


async def _newest(
    session: AsyncSession,
    organisation_id: str,
    scan_id: str,
    usable: Sequence[ColumnElement[bool]] = (),
) -> list[DatasetRead]:
    newest = (
        select(DatasetRead.name, func.max(DatasetRead.attempt).label("attempt"))
        .where(DatasetRead.scan_id == scan_id, *usable)
        .group_by(DatasetRead.name)
        .subquery()
    )
    found = await session.scalars(
        select(DatasetRead)
        .join(Scan, Scan.id == DatasetRead.scan_id)
        .join(
            newest,
            (newest.c.name == DatasetRead.name) & (newest.c.attempt == DatasetRead.attempt),
        )
        .where(DatasetRead.scan_id == scan_id, Scan.organisation_id == organisation_id)
        .order_by(DatasetRead.name)
    )
    return list(found)


def _only(attempt: int | None, keep_complete: bool) -> list[ColumnElement[bool]]:
    if attempt is None:
        return []
    own = DatasetRead.attempt == attempt
    return [or_(own, DatasetRead.status == DatasetStatus.OK) if keep_complete else own]


def _up_to(attempt: int | None) -> list[ColumnElement[bool]]:
    return [] if attempt is None else [DatasetRead.attempt <= attempt]


def _line(row: DatasetRead) -> DatasetLine:
    return DatasetLine(
        name=row.name,
        service=row.name.partition(".")[0],
        status=row.status,
        attempt=row.attempt,
        message=row.message,
        rows=row.rows,
        pages=row.pages,
        read=row.read,
        collector=row.collector,
        versions=row.versions,
        tenant_id=row.microsoft_id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        duration_ms=row.duration_ms,
        sha256=row.sha256,
        bytes=row.bytes,
    )
