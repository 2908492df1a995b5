"""One verdict in detail: a page of its own, and the same as a drawer beside the list."""

import asyncio
import math
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from api.datasets import dataset_rows
from api.dependencies import AttemptNumber, Operator, ScanId, Wired
from api.identity import Who
from api.rendering import fragment, page, wants_fragment
from api.results import result_detail
from api.services import Services
from contracts.collector import DatasetStatus
from contracts.results import DatasetLine, ResultDetail
from contracts.scan import ScanState
from store.scans import read_state

AFFECTED_PER_PAGE = 20
EXCERPT_ROWS = 3
EXCERPT_TEXT = 400  # characters of one value; the download has all
EXCERPT_ITEMS = 12  # entries of one list or object

router = APIRouter(prefix="/msp/cspm/scans/{scan_id}/results", include_in_schema=False)


class Excerpt(BaseModel):
    """`dataset` with its first rows. `cut`: something in them was too long to show."""

    dataset: DatasetLine
    rows: list[Any] = []
    total: int = 0
    cut: bool = False


@router.get("/{recommendation}")
async def result_page(
    request: Request,
    services: Wired,
    who: Operator,
    scan_id: ScanId,
    recommendation: Annotated[str, Path(max_length=20)],
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
    attempt: AttemptNumber = None,
) -> Response:
    detail = await result_detail(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        recommendation=recommendation,
        attempt=attempt,
    )
    async with services.database.read() as session:
        state = await read_state(session, organisation_id=who.organisation_id, scan_id=str(scan_id))
    evidence = await _excerpts(services, who, str(scan_id), detail.datasets)
    values = _affected(detail, number) | _neighbours(state, detail.recommendation)
    earlier = None if attempt == state.attempt else attempt
    values |= {"state": state, "detail": detail, "evidence": evidence, "attempt": earlier}
    if wants_fragment(request):
        return fragment("parts/result_drawer.html", **values)
    return page(request, "result.html", who=who.username, **values)


def _affected(detail: ResultDetail, number: int) -> dict[str, Any]:
    pages = max(1, math.ceil(len(detail.affected) / AFFECTED_PER_PAGE))
    number = min(number, pages)
    start = (number - 1) * AFFECTED_PER_PAGE
    return {
        "affected": detail.affected[start : start + AFFECTED_PER_PAGE],
        "pages": pages,
        "page_number": number,
    }


def _neighbours(state: ScanState, recommendation: str) -> dict[str, str]:
    numbers = [line.recommendation for line in state.checks]
    place = numbers.index(recommendation)
    return {
        "before": numbers[place - 1] if place else "",
        "after": numbers[place + 1] if place + 1 < len(numbers) else "",
    }


async def _excerpts(
    services: Services, who: Who, scan_id: str, datasets: list[DatasetLine]
) -> list[Excerpt]:
    return [await _excerpt(services, who, scan_id, dataset) for dataset in datasets]


async def _excerpt(services: Services, who: Who, scan_id: str, dataset: DatasetLine) -> Excerpt:
    if dataset.status not in list(DatasetStatus) or not dataset.rows:
        return Excerpt(dataset=dataset)
    found = await dataset_rows(
        services,
        organisation_id=who.organisation_id,
        scan_id=scan_id,
        name=dataset.name,
        limit=EXCERPT_ROWS,
        attempt=dataset.attempt,
    )
    rows = await asyncio.to_thread(lambda: [shortened(row) for row in found.rows])
    return Excerpt(dataset=dataset, rows=rows, total=found.total, cut=rows != found.rows)


def shortened(value: Any) -> Any:
    """The same shape with long texts and long lists cut, and each cut said."""
    match value:
        case str() if len(value) > EXCERPT_TEXT:
            return f"{value[:EXCERPT_TEXT]}… ({len(value)} characters)"
        case list() if len(value) > EXCERPT_ITEMS:
            kept = [shortened(item) for item in value[:EXCERPT_ITEMS]]
            return [*kept, f"… ({len(value)} entries)"]
        case list():
            return [shortened(item) for item in value]
        case dict():
            return {key: shortened(item) for key, item in value.items()}
        case _:
            return value
