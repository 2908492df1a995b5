"""The list of scans, starting and cancelling one, and the page of a single scan."""

import json
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from api.activity import SHOWN
from api.dependencies import Operator, ScanId, Wired
from api.execution import execution_of
from api.identity import Who
from api.looks import NOT_EVALUATED, SERVICES, VERDICTS, WAITING, named, section_name
from api.rendering import fragment, page, utc_now, wants_fragment
from api.result_query import OPEN, ResultQuery
from api.scan_fragments import history_lines
from api.scan_view import ScanView
from api.scans import scan_started_trigger
from api.scans_fragments import Tab
from api.services import Services
from api.start import cancel_scan, start_scan
from api.time_left import time_left_of
from checks.catalogue import benchmark
from contracts.errors import ScanAlreadyRunning
from contracts.names import scan_workflow_id
from contracts.scan import PROFILES, ScanState
from store.events import list_events
from store.scans import list_scans, read_state
from store.tenants import list_tenants

PATH = "/msp/cspm/scans"
PAGE_LENGTH = 50
_ACTIVE: dict[Tab, bool | None] = {"all": None, "active": True, "finished": False}

router = APIRouter(prefix=PATH, include_in_schema=False)


class ListQuery(BaseModel):
    """`start` opens the start dialog for a tenant; `before` continues the list."""

    tab: Tab = "all"
    start: str = ""
    before: datetime | None = None
    before_id: str = ""


@router.get("")
async def scans_page(
    request: Request, services: Wired, who: Operator, query: Annotated[ListQuery, Query()]
) -> Response:
    async with services.database.read() as session:
        found = await list_scans(
            session,
            organisation_id=who.organisation_id,
            active=_ACTIVE[query.tab],
            before=query.before,
            before_id=query.before_id or None,
            limit=PAGE_LENGTH + 1,
        )
        active = await list_scans(
            session, organisation_id=who.organisation_id, active=True, limit=100
        )
        tenants = await list_tenants(session, organisation_id=who.organisation_id)
    return page(
        request,
        "scans.html",
        who=who.username,
        scans=found[:PAGE_LENGTH],
        older=_older(query, found),
        active=len(active),
        tab=query.tab,
        tenants=tenants,
        chosen_tenant=query.start,
        live_address="" if query.before else f"{PATH}/live?tab={query.tab}",
        benchmark=benchmark(),
        profiles=[(profile, len(benchmark().select(profile))) for profile in PROFILES],
    )


def _older(query: ListQuery, found: list[ScanState]) -> str:
    if len(found) <= PAGE_LENGTH:
        return ""
    last = found[PAGE_LENGTH - 1]
    if last.created_at is None:
        return ""
    place = {"before": last.created_at.isoformat(), "before_id": last.scan_id}
    return f"{PATH}?{urlencode({'tab': query.tab, **place})}"


@router.post("")
async def start(
    request: Request,
    services: Wired,
    who: Operator,
    tenant_id: Annotated[str, Form(max_length=255)],
    profile: Annotated[str, Form(max_length=20)],
    tab: Annotated[Tab, Form()] = "all",
) -> Response:
    """The list with the new row, and the trigger from which the page goes on showing it live."""
    try:
        started = await start_scan(
            services,
            organisation_id=who.organisation_id,
            tenant=tenant_id,
            profile=profile,
            requested_by=who.username,
        )
    except ScanAlreadyRunning as refusal:
        return _running_already(request, refusal)
    if not wants_fragment(request):
        return RedirectResponse(f"{PATH}/{started.scan_id}", 303)
    return await _started(services, who, started.scan_id, tab)


async def _started(services: Services, who: Who, scan_id: str, tab: Tab) -> Response:
    async with services.database.read() as session:
        state = await read_state(session, organisation_id=who.organisation_id, scan_id=scan_id)
        found = await list_scans(
            session,
            organisation_id=who.organisation_id,
            active=_ACTIVE[tab],
            limit=PAGE_LENGTH,
        )
    response = fragment(
        "parts/scan_started.html",
        status_code=202,
        scans=found,
        now=utc_now(),
        tab=tab,
        state=state,
    )
    response.headers["HX-Trigger-After-Settle"] = scan_started_trigger(scan_id)
    return response


def _running_already(request: Request, refusal: ScanAlreadyRunning) -> Response:
    link = f"{PATH}/{refusal.scan_id}" if refusal.scan_id else ""
    if not wants_fragment(request):
        return RedirectResponse(link or PATH, 303)
    return fragment(
        "parts/refusal.html",
        status_code=409,
        sentence=str(refusal),
        link=link,
        link_text="Open the running scan",
    )


@router.get("/{scan_id}")
async def scan_page(
    request: Request,
    services: Wired,
    who: Operator,
    scan_id: ScanId,
    query: Annotated[ResultQuery, Query()],
) -> Response:
    async with services.database.read() as session:
        state = await read_state(session, organisation_id=who.organisation_id, scan_id=str(scan_id))
        events = await list_events(
            session,
            organisation_id=who.organisation_id,
            scan_id=str(scan_id),
            after=max(0, state.seq - SHOWN),
        )
    now = utc_now()
    estimate = await time_left_of(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), now=now
    )
    path = f"{PATH}/{scan_id}"
    return page(
        request,
        "scan.html",
        who=who.username,
        now=now,
        path=path,
        view=ScanView(state, now, temporal_link(services, state), estimate),
        query=query,
        lines=history_lines(events),
        shown=sum(map(query.matches, state.checks)),
        live_address="" if state.status.is_terminal else f"{path}/live",
        **filter_options(state),
    )


def temporal_link(services: Services, state: ScanState) -> str:
    """The newest run of the tenant's workflow, without asking Temporal: a page never waits."""
    base = services.settings.temporal_web_url.rstrip("/")
    space = services.temporal.namespace
    workflow = quote(scan_workflow_id(state.tenant_id))
    return f"{base}/namespaces/{space}/workflows/{workflow}" if base else ""


def filter_options(state: ScanState) -> dict[str, Any]:
    """What the filters offer: only what this scan holds."""
    sections = sorted({line.section for line in state.checks})
    present = {line.service for line in state.checks}
    services = [name for name in SERVICES if name in present]
    waiting = NOT_EVALUATED if state.status.is_terminal else WAITING
    verdicts = [(str(verdict), look.text) for verdict, look in VERDICTS.items()]
    return {
        "verdict_options": [*verdicts, (OPEN, waiting.text)],
        "section_options": [
            (str(section), f"{section} {section_name(section)}") for section in sections
        ],
        "service_options": [
            (name, named(SERVICES, name).text)
            for name in [*services, *sorted(present - set(services))]
        ],
    }


@router.get("/{scan_id}/execution")
async def execution(services: Wired, who: Operator, scan_id: ScanId) -> Response:
    """How Temporal sees the scan; asked for by the page after it is shown."""
    async with services.database.read() as session:
        state = await read_state(session, organisation_id=who.organisation_id, scan_id=str(scan_id))
    found = await execution_of(services, tenant_id=state.tenant_id, scan_id=state.scan_id)
    return fragment("parts/execution.html", state=state, execution=found)


@router.get("/{scan_id}/cancel")
async def cancel_page(
    request: Request, services: Wired, who: Operator, scan_id: ScanId
) -> Response:
    """Asks once, naming the tenant and the consequence."""
    async with services.database.read() as session:
        state = await read_state(session, organisation_id=who.organisation_id, scan_id=str(scan_id))
    if wants_fragment(request):
        return fragment("parts/cancel_dialog.html", state=state, in_dialog=True)
    return page(request, "cancel.html", who=who.username, state=state, in_dialog=False)


@router.post("/{scan_id}/cancel")
async def cancel(request: Request, services: Wired, who: Operator, scan_id: ScanId) -> Response:
    state = await cancel_scan(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        requested_by=who.username,
    )
    if not wants_fragment(request):
        return RedirectResponse(f"{PATH}/{scan_id}", 303)
    response = fragment("parts/cancel_asked.html", status_code=202, state=state)
    response.headers["HX-Trigger-After-Settle"] = json.dumps(
        {"scanCancelling": {"scan_id": state.scan_id}}
    )
    return response
