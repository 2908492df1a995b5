"""The evidence of a scan: how each dataset was read, its rows, and the collectors' logs."""

import asyncio
import json
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel

from api.dependencies import AttemptNumber, Operator, ScanId, Wired
from api.errors import problems
from api.services import Services
from contracts.errors import DatasetNotFound, NotFound
from contracts.results import DatasetLine, DatasetRows
from store import batches, evidence, scans

router = APIRouter(tags=["Evidence"])

_Name = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,20}\.[a-z0-9_]{1,60}$")]
NEXT_OFFSET = "Next-Offset"
_LOG_HEADERS = {
    NEXT_OFFSET: {
        "description": "Where the log ends now, in characters: the `after` of the next request.",
        "schema": {"type": "integer"},
    }
}
ServiceName = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,20}$")]


class DatasetList(BaseModel):
    items: list[DatasetLine]


@router.get(
    "/scans/{scan_id}/datasets",
    operation_id="list_datasets",
    summary="How the datasets of a scan were read",
    responses=problems(401, 404, 422),
)
async def get_datasets(
    scan_id: ScanId, who: Operator, services: Wired, attempt: AttemptNumber = None
) -> DatasetList:
    async with services.database.read() as session:
        await scans.get_scan(
            session,
            organisation_id=who.organisation_id,
            scan_id=str(scan_id),
            attempt=attempt,
        )
        lines = await evidence.list_datasets(
            session,
            organisation_id=who.organisation_id,
            scan_id=str(scan_id),
            up_to_attempt=attempt,
        )
    return DatasetList(items=lines)


@router.get(
    "/scans/{scan_id}/datasets/{name}",
    operation_id="get_dataset",
    summary="Rows of a dataset",
    responses=problems(401, 404, 422),
)
async def get_dataset(
    scan_id: ScanId,
    name: _Name,
    who: Operator,
    services: Wired,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 20,
    attempt: AttemptNumber = None,
) -> DatasetRows:
    return await dataset_rows(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        name=name,
        offset=offset,
        limit=limit,
        attempt=attempt,
    )


async def dataset_rows(
    services: Services,
    *,
    organisation_id: str,
    scan_id: str,
    name: str,
    offset: int = 0,
    limit: int = 20,
    attempt: int | None = None,
) -> DatasetRows:
    """Raises ScanNotFound, AttemptNotFound, DatasetNotFound. Unpacks in a thread: datasets are
    large."""
    line, packed = await _packed(services, organisation_id, scan_id, name, attempt)
    rows, total = await asyncio.to_thread(_page, packed, offset, limit)
    return DatasetRows(dataset=line, rows=rows, offset=offset, total=total)


@router.get(
    "/scans/{scan_id}/datasets/{name}/download",
    operation_id="download_dataset",
    summary="A whole dataset as a JSON file",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "array"}}}},
        **problems(401, 404, 422),
    },
)
async def download_dataset(
    scan_id: ScanId, name: _Name, who: Operator, services: Wired, attempt: AttemptNumber = None
) -> StreamingResponse:
    _, packed = await _packed(services, who.organisation_id, str(scan_id), name, attempt)
    return StreamingResponse(
        _as_array(packed),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
    )


@router.get(
    "/scans/{scan_id}/batches/{service}/log",
    operation_id="get_batch_log",
    summary="What a collector wrote",
    response_class=PlainTextResponse,
    responses={200: {"headers": _LOG_HEADERS}, **problems(401, 404, 422)},
)
async def get_batch_log(
    scan_id: ScanId,
    service: ServiceName,
    who: Operator,
    services: Wired,
    after: Annotated[int, Query(ge=0, le=10**12)] = 0,
    download: bool = False,
) -> PlainTextResponse:
    """Redacted; it grows while the batch runs. `after`: only what follows this place, the
    `Next-Offset` of an earlier answer. `download`: as a file."""
    async with services.database.read() as session:
        await scans.get_scan(session, organisation_id=who.organisation_id, scan_id=str(scan_id))
        found = await batches.read_log(
            session,
            organisation_id=who.organisation_id,
            scan_id=str(scan_id),
            service=service,
            after=after,
        )
    if found is None:
        raise NotFound(f"This scan has no log of {service} yet.")
    headers = {NEXT_OFFSET: str(found.end)}
    if download:
        headers["Content-Disposition"] = f'attachment; filename="assay-{service}-{scan_id}.log"'
    return PlainTextResponse(found.text, headers=headers)


async def _packed(
    services: Services, organisation_id: str, scan_id: str, name: str, attempt: int | None
) -> tuple[DatasetLine, bytes]:
    async with services.database.read() as session:
        await scans.get_scan(
            session, organisation_id=organisation_id, scan_id=scan_id, attempt=attempt
        )
        found = await evidence.load_chunks(
            session,
            organisation_id=organisation_id,
            scan_id=scan_id,
            names=[name],
            up_to_attempt=attempt,
        )
    if name not in found:
        raise DatasetNotFound(name)
    return found[name]


def _page(packed: bytes, offset: int, limit: int) -> tuple[list[dict[str, object]], int]:
    rows = [row for chunk in evidence.unpack_rows(packed) for row in json.loads(chunk)]
    return rows[offset : offset + limit], len(rows)


def _as_array(packed: bytes) -> Iterator[bytes]:
    """The stored chunks are arrays; their brackets become one pair. Runs in a thread."""
    yield b"["
    separator = b"\n"
    for chunk in evidence.unpack_rows(packed):
        inside = chunk.strip()[1:-1].strip()
        if inside:
            yield separator + inside
            separator = b",\n"
    yield b"\n]\n"
