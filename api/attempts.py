"""The attempts of a scan, and what one changed against another."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.comparing import differing
from api.dependencies import Operator, ScanId, Wired
from api.errors import UnusableInput, problems
from api.services import Services
from contracts.errors import AttemptNotFound
from contracts.results import AttemptComparison, AttemptLine
from reports.compare import compare
from store import attempts, results, scans

router = APIRouter(tags=["Scans"])

_Number = Annotated[int | None, Field(ge=1, le=10_000)]


class Pair(BaseModel):
    """Left out, `to` is the newest attempt and `from` the one before `to`."""

    model_config = ConfigDict(extra="forbid")

    before: _Number = Field(default=None, alias="from")
    after: _Number = Field(default=None, alias="to")


class ComparisonQuery(Pair):
    unchanged: bool = Field(default=False, description="Also what came out the same.")


@router.get(
    "/scans/{scan_id}/attempts",
    operation_id="list_attempts",
    summary="The attempts of a scan",
    responses=problems(401, 404, 422),
)
async def get_attempts(scan_id: ScanId, who: Operator, services: Wired) -> list[AttemptLine]:
    """Each with the verdicts as they stood after it: a retry keeps those it does not give anew."""
    async with services.database.read() as session:
        return await attempts.list_attempts(
            session, organisation_id=who.organisation_id, scan_id=str(scan_id)
        )


@router.get(
    "/scans/{scan_id}/attempts/comparison",
    operation_id="compare_attempts",
    summary="What changed between two attempts",
    responses=problems(401, 404, 422),
)
async def get_comparison(
    scan_id: ScanId, who: Operator, services: Wired, query: Annotated[ComparisonQuery, Query()]
) -> AttemptComparison:
    found = await compare_attempts(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), pair=query
    )
    if query.unchanged:
        return found
    return found.model_copy(update={"items": differing(found)})


async def compare_attempts(
    services: Services, *, organisation_id: str, scan_id: str, pair: Pair
) -> AttemptComparison:
    """Every recommendation. Raises ScanNotFound, AttemptNotFound; UnusableInput where there are no
    two attempts to compare."""
    async with services.database.read() as session:
        scan = await scans.get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
        first, second = _numbers(pair, scan.attempt)
        lines = await attempts.list_attempts(
            session, organisation_id=organisation_id, scan_id=scan_id
        )
        stood = [
            await results.list_judged(
                session, organisation_id=organisation_id, scan_id=scan_id, attempt=number
            )
            for number in (first, second)
        ]
    by_number = {line.number: line for line in lines}
    found = compare(*stood)
    return AttemptComparison(
        counts=found.counts, items=found.items, before=by_number[first], after=by_number[second]
    )


def _numbers(pair: Pair, newest: int) -> tuple[int, int]:
    second = newest if pair.after is None else pair.after
    first = second - 1 if pair.before is None else pair.before
    for number in (first, second):
        if number > newest:
            raise AttemptNotFound(number)
    if first < 1:
        raise UnusableInput("There is no attempt before the first to compare it with.")
    if first == second:
        raise UnusableInput("An attempt is not compared with itself: choose two.")
    return first, second
