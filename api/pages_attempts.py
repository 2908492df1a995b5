"""Earlier attempts of a scan: all of them, one as it stood, and two side by side."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.attempts import Pair, compare_attempts
from api.comparing import Side, side_by_side
from api.dependencies import Operator, ScanId, Wired
from api.pages_scans import PATH, filter_options
from api.rendering import page, utc_now
from api.result_query import ResultQuery
from api.scan_view import ScanView
from contracts.results import AttemptLine, Change
from contracts.scan import CheckLine, ScanState, ScanStatus
from contracts.verdict import Outcome
from store.attempts import list_attempts
from store.results import list_results
from store.scans import get_attempt, read_bare_state

router = APIRouter(prefix=f"{PATH}/{{scan_id}}/attempts", include_in_schema=False)


class ComparisonPageQuery(Pair):
    """`change` keeps one kind; without it everything that changed is shown."""

    change: Change | None = None


@router.get("")
async def attempts_page(
    request: Request, services: Wired, who: Operator, scan_id: ScanId
) -> Response:
    async with services.database.read() as session:
        state = await read_bare_state(
            session, organisation_id=who.organisation_id, scan_id=str(scan_id)
        )
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
        state = await read_bare_state(
            session, organisation_id=who.organisation_id, scan_id=str(scan_id)
        )
    pair = (found.before, found.after)
    return side_by_side(
        request,
        who,
        state=state,
        found=found,
        sides=(_side(scan_id, pair[0]), _side(scan_id, pair[1])),
        change=query.change,
        address=f"{request.url.path}?from={pair[0].number}&to={pair[1].number}",
        through_attempts=True,
    )


def _side(scan_id: UUID, attempt: AttemptLine) -> Side:
    has_ended = attempt.finished_at is not None
    return Side(
        name=f"attempt {attempt.number}",
        results=f"{PATH}/{scan_id}/results/",
        of_attempt=f"?attempt={attempt.number}",
        ended=has_ended,
        caution=""
        if has_ended
        else f"Attempt {attempt.number} has not ended: these are its verdicts until now.",
    )


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
        state = await read_bare_state(session, **place)
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
