"""A scan against another one, and how two readings stand side by side on a page."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Operator, ScanId, Wired
from api.errors import UnusableInput, problems
from api.identity import Who
from api.looks import CHANGES, Look
from api.rendering import page
from api.services import Services
from contracts.results import Change, ComparedLine, Comparison, ScanComparison
from contracts.scan import ScanState
from reports.compare import compare
from store import results, scans

router = APIRouter(tags=["Results"])


class Other(BaseModel):
    """Left out, it is the completed scan of the same tenant before this one."""

    model_config = ConfigDict(extra="forbid")

    other: UUID | None = Field(default=None, alias="with")


class ComparisonQuery(Other):
    unchanged: bool = Field(default=False, description="Also what came out the same.")


@router.get(
    "/scans/{scan_id}/comparison",
    operation_id="compare_scans",
    summary="What changed since another scan",
    responses=problems(401, 404, 422),
)
async def get_comparison(
    scan_id: ScanId, who: Operator, services: Wired, query: Annotated[ComparisonQuery, Query()]
) -> ScanComparison:
    """Checks are joined by name: profiles and versions of the benchmark may differ."""
    found = await compare_scans(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), query=query
    )
    if found is None:
        raise UnusableInput("This tenant has no completed scan before this one to compare with.")
    return found if query.unchanged else found.model_copy(update={"items": differing(found)})


async def compare_scans(
    services: Services, *, organisation_id: str, scan_id: str, query: Other
) -> ScanComparison | None:
    """Every check of both. None where no other scan is named and none is there. Raises
    ScanNotFound; UnusableInput for a scan against itself."""
    other = str(query.other) if query.other else ""
    if other == scan_id:
        raise UnusableInput("A scan is not compared with itself: choose another.")
    async with services.database.read() as session:
        if not other:
            before = await scans.scan_before(
                session, organisation_id=organisation_id, scan_id=scan_id
            )
            if before is None:
                return None
            other = before.id
        earlier, later = [
            await scans.read_bare_state(session, organisation_id=organisation_id, scan_id=one)
            for one in (other, scan_id)
        ]
        judged = [
            await results.list_judged(session, organisation_id=organisation_id, scan_id=one)
            for one in (other, scan_id)
        ]
    found = compare(*judged)
    return ScanComparison(counts=found.counts, items=found.items, before=earlier, after=later)


def differing(found: Comparison) -> list[ComparedLine]:
    return [line for line in found.items if line.differs]


@dataclass(frozen=True)
class Side:
    """One of the two. `caution`: why its verdicts may not be all that there could be."""

    name: str  # as in the middle of a sentence
    results: str  # the address of its results, without the number of one
    of_attempt: str = ""  # and the query of its attempt
    ended: bool = True
    caution: str = ""


def side_by_side(
    request: Request,
    who: Who,
    *,
    state: ScanState,
    found: Comparison,
    sides: tuple[Side, Side],
    change: Change | None,
    address: str,
    through_attempts: bool = False,
    others: list[ScanState] | None = None,
    other_id: str = "",
) -> Response:
    """`address` is that of the comparison with its query; `others` are offered as the other, which
    is `other_id` now."""
    return page(
        request,
        "compared.html",
        who=who.username,
        state=state,
        lines=_shown(found, change),
        sides=sides,
        change=change,
        address=address,
        changed=len(differing(found)),
        total=len(found.items),
        kinds=[(kind, look, found.counts[kind]) for kind, look in _offered(found)],
        through_attempts=through_attempts,
        others=others or [],
        other_id=other_id,
    )


def _offered(found: Comparison) -> list[tuple[Change, Look]]:
    """Most scans of a tenant hold the same checks: what is not there need not be offered."""
    rare = (Change.NEW, Change.GONE)
    return [
        (kind, look) for kind, look in CHANGES.items() if kind not in rare or found.counts[kind]
    ]


def _shown(found: Comparison, change: Change | None) -> list[ComparedLine]:
    """The worst first, within a kind in the benchmark's order."""
    kept = [line for line in found.items if line.change is change] if change else differing(found)
    order = list(CHANGES)
    return sorted(kept, key=lambda line: order.index(line.change))
