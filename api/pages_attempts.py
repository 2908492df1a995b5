"""Earlier attempts of a scan: all of them, one as it stood, and two side by side."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.attempts import Pair, compare_attempts
from api.dependencies import Operator, ScanId, Wired
from api.looks import CHANGES
from api.pages_scans import PATH, filter_options
from api.rendering import page, utc_now
from api.result_query import ResultQuery
from api.scan_view import ScanView
from contracts.results import AttemptComparison, AttemptLine, Change, ComparedLine
from contracts.scan import CheckLine, ScanState, ScanStatus
from contracts.verdict import Outcome
from store.attempts import list_attempts
from store.results import list_results
from store.scans import get_attempt, read_state

router = APIRouter(prefix=f"{PATH}/{{scan_id}}/attempts", include_in_schema=False)


class ComparisonPageQuery(Pair):
    """`change` keeps one kind; without it everything that changed is shown."""

    change: Change | None = None


@router.get("")
async def attempts_page(
    request: Request, services: Wired, who: Operator, scan_id: ScanId
) -> Response:
    async with services.database.read() as session:
        state = await read_state(session, organisation_id=who.organisation_id, scan_id=str(scan_id))
        lines = await list_attempts(
            session, organisation_id=who.organisation_id, scan_id=str(scan_id)
        )
    return page(request, "attempts.html", who=who.username, state=state, lines=lines[::-1])


@router.get("/comparison")
async def comparison_page(
    request: Request,
    services: Wired,
    who: Operator,
    scan_id: ScanId,
    query: Annotated[ComparisonPageQuery, Query()],
) -> Response:
    found = await compare_attempts(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), pair=query
    )
    async with services.database.read() as session:
        state = await read_state(session, organisation_id=who.organisation_id, scan_id=str(scan_id))
    path = request.url.path
    return page(
        request,
        "attempts_compared.html",
        who=who.username,
        state=state,
        found=found,
        lines=_shown(found, query.change),
        change=query.change,
        address=f"{path}?from={found.before.number}&to={found.after.number}",
        changed=sum(line.differs for line in found.items),
        kinds=[(kind, look) for kind, look in CHANGES.items() if _is_offered(found, kind)],
    )


def _is_offered(found: AttemptComparison, kind: Change) -> bool:
    """Attempts of one scan hold the same checks: what cannot be is not offered."""
    return kind not in (Change.NEW, Change.GONE) or found.counts[kind] > 0


def _shown(found: AttemptComparison, change: Change | None) -> list[ComparedLine]:
    """The worst first, within a kind in the benchmark's order."""
    kept = [line for line in found.items if (line.change is change if change else line.differs)]
    order = list(CHANGES)
    return sorted(kept, key=lambda line: order.index(line.change))


@router.get("/{number}")
async def attempt_page(
    request: Request,
    services: Wired,
    who: Operator,
    scan_id: ScanId,
    number: Annotated[int, Path(ge=1, le=10_000)],
    query: Annotated[ResultQuery, Query()],
) -> Response:
    """The newest attempt is the page of the scan itself."""
    place = {"organisation_id": who.organisation_id, "scan_id": str(scan_id)}
    async with services.database.read() as session:
        await get_attempt(session, **place, number=number)
        state = await read_state(session, **place)
        lines = await list_attempts(session, **place)
        checks = await list_results(session, **place, attempt=number)
    if number == state.attempt:
        return RedirectResponse(f"{PATH}/{scan_id}", 303)
    line = next(line for line in lines if line.number == number)
    stood = _stood(state, line, checks)
    return page(
        request,
        "attempt.html",
        who=who.username,
        view=ScanView(stood, utc_now(), of_attempt=f"?attempt={number}"),
        newest=state.attempt,
        line=line,
        query=query,
        shown=sum(map(query.matches, checks)),
        **filter_options(stood),
    )


def _stood(state: ScanState, line: AttemptLine, checks: list[CheckLine]) -> ScanState:
    count = line.verdicts
    return state.model_copy(
        update={
            "checks": checks,
            "batches": [],
            "status": ScanStatus(line.status or ScanStatus.FAILED),
            "attempt": line.number,
            "started_at": line.started_at,
            "finished_at": line.finished_at,
            "completed": sum(count.values()),
            "passed": count.get(Outcome.PASS, 0),
            "failed": count.get(Outcome.FAIL, 0),
            "manual": count.get(Outcome.MANUAL, 0),
            "not_applicable": count.get(Outcome.NOT_APPLICABLE, 0),
            "errors": count.get(Outcome.ERROR, 0),
            "error_message": None,
            "current_check": None,
        }
    )
