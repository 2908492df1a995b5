"""The operator's hand on a scan, from its page: pause, resume, skip, one more attempt."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.dependencies import Operator, ScanId, Wired
from api.identity import Who
from api.rendering import fragment, page, wants_fragment
from api.services import Services
from api.skipping import preview_of
from api.steer import pause_scan, resume_scan, retry_scan, skip_service
from api.steering import Service
from contracts.scan import RetryScope, ScanState
from contracts.verdict import Outcome
from store.scans import read_state

router = APIRouter(prefix="/msp/cspm/scans/{scan_id}", include_in_schema=False)


@router.post("/pause")
async def pause(request: Request, services: Wired, who: Operator, scan_id: ScanId) -> Response:
    state = await pause_scan(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), by=who.username
    )
    return _steered(request, state, "Pausing was asked for; verdicts stay.")


@router.post("/resume")
async def resume(request: Request, services: Wired, who: Operator, scan_id: ScanId) -> Response:
    state = await resume_scan(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), by=who.username
    )
    return _steered(request, state, "The scan goes on.")


def _steered(request: Request, state: ScanState, sentence: str) -> Response:
    if not wants_fragment(request):
        return RedirectResponse(_address(state), 303)
    return fragment("parts/notice.html", status_code=202, sentence=sentence)


@router.get("/services/{service}/skip")
async def skip_page(
    request: Request, services: Wired, who: Operator, scan_id: ScanId, service: Service
) -> Response:
    """Asks once, naming the service and the consequence."""
    preview = await preview_of(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), service=service
    )
    values: dict[str, Any] = {"preview": preview, "state": preview.state, "service": service}
    values["who"] = who.username
    if wants_fragment(request):
        return fragment("parts/skip_dialog.html", in_dialog=True, **values)
    return page(request, "skip.html", in_dialog=False, **values)


@router.post("/services/{service}/skip")
async def skip(
    request: Request, services: Wired, who: Operator, scan_id: ScanId, service: Service
) -> Response:
    state = await skip_service(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        service=service,
        by=who.username,
    )
    if not wants_fragment(request):
        return RedirectResponse(_address(state), 303)
    response = fragment("parts/skip_asked.html", status_code=202, service=service)
    response.headers["HX-Trigger-After-Settle"] = json.dumps({"serviceSkipped": service})
    return response


@router.get("/retry")
async def retry_page(request: Request, services: Wired, who: Operator, scan_id: ScanId) -> Response:
    """What would be done again, with numbers, before anything is."""
    state = await _state(services, who, str(scan_id))
    open_again = sum(line.verdict in (None, Outcome.ERROR) for line in state.checks)
    values: dict[str, Any] = {"state": state, "open_again": open_again, "total": len(state.checks)}
    if wants_fragment(request):
        return fragment("parts/retry_dialog.html", in_dialog=True, **values)
    return page(request, "retry.html", who=who.username, in_dialog=False, **values)


@router.post("/retry")
async def retry(
    request: Request,
    services: Wired,
    who: Operator,
    scan_id: ScanId,
    scope: Annotated[RetryScope, Form()],
    after_attempt: Annotated[int, Form(ge=1)],
    recommendation: Annotated[str | None, Form(max_length=20)] = None,
) -> Response:
    """Leads to the page of the scan, which is live again."""
    state = await retry_scan(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        scope=scope,
        by=who.username,
        recommendation=recommendation,
        after_attempt=after_attempt,
    )
    if not wants_fragment(request):
        return RedirectResponse(_address(state), 303)
    return Response(status_code=202, headers={"HX-Redirect": _address(state)})


async def _state(services: Services, who: Who, scan_id: str) -> ScanState:
    async with services.database.read() as session:
        return await read_state(session, organisation_id=who.organisation_id, scan_id=scan_id)


def _address(state: ScanState) -> str:
    return f"/msp/cspm/scans/{state.scan_id}"
