"""Scans: start, list, look at, cancel, read the journal."""

import base64
import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import Line, StrictRoute, Tag, json_only
from api.dependencies import Operator, ScanId, Wired
from api.errors import UnusableInput, problems
from api.execution import Execution, execution_of
from api.start import cancel_scan, start_scan
from api.timing import Timing, timing_of
from contracts.errors import ScanNotFound
from contracts.events import AnyEvent
from contracts.scan import ScanState
from store import events, scans, tenants

router = APIRouter(tags=["Scans"], route_class=StrictRoute)

_EVENTS_AT_ONCE = 1000


class NewScan(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"tenant": "contoso.onmicrosoft.com", "profile": "E5-L1"}]},
    )

    tenant: Line = Field(max_length=255, description="Id, Microsoft id, domain or exact name.")
    profile: Line = Field(default="E5-L1", max_length=40)


class ScanStarted(BaseModel):
    scan_id: str
    tenant_id: str
    location: str
    events: str = Field(description="The socket on which to watch it.")


class ScanDetail(ScanState, Timing):
    """Results are the database's, `execution` is Temporal's; null when it has forgotten."""

    execution: Execution | None = None


class ScanPage(BaseModel):
    items: list[ScanState]
    next_cursor: str | None = None


class EventPage(BaseModel):
    """`last` is the `after` of the next question."""

    items: list[AnyEvent]
    last: int


@router.post(
    "/scans",
    operation_id="start_scan",
    summary="Start a scan",
    status_code=202,
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 409, 415, 422, 429, 503),
)
async def post_scan(
    body: NewScan,
    response: Response,
    who: Operator,
    services: Wired,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=200, pattern=r"^[\x21-\x7e]+$", description="Same key, same scan."),
    ] = None,
) -> ScanStarted:
    """A tenant has one running scan; a second start is refused with a link to the first. 429: as
    many tenants are being scanned as may be at once."""
    request = await start_scan(
        services,
        organisation_id=who.organisation_id,
        tenant=body.tenant,
        profile=body.profile,
        requested_by=who.username,
        idempotency_key=idempotency_key,
    )
    location = f"/api/v1/scans/{request.scan_id}"
    response.headers["Location"] = location
    response.headers["HX-Trigger-After-Settle"] = scan_started_trigger(request.scan_id)
    return ScanStarted(
        scan_id=request.scan_id,
        tenant_id=request.tenant_id,
        location=location,
        events=f"/msp/cspm/scans/ws/{request.scan_id}",
    )


def scan_started_trigger(scan_id: str) -> str:
    """What the page opens its socket on."""
    return json.dumps({"scanStarted": {"scan_id": scan_id}})


@router.get(
    "/scans",
    operation_id="list_scans",
    summary="Scans, newest first",
    responses=problems(401, 404, 422),
)
async def get_scans(
    response: Response,
    who: Operator,
    services: Wired,
    tenant: Annotated[Line | None, Query(max_length=255)] = None,
    active: bool | None = None,
    tag: Annotated[Tag | None, Query(description="Of their tenants.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> ScanPage:
    """Without their checks. `cursor` continues a list where it ended."""
    at, last_id = _position(cursor) if cursor else (None, None)
    async with services.database.read() as session:
        tenant_id = None
        if tenant is not None:
            found = await tenants.get_tenant(
                session, organisation_id=who.organisation_id, tenant=tenant
            )
            tenant_id = found.id
        states = await scans.list_scans(
            session,
            organisation_id=who.organisation_id,
            tenant_id=tenant_id,
            active=active,
            tag=tag,
            before=at,
            before_id=last_id,
            limit=limit + 1,
        )
    page = ScanPage(items=states[:limit])
    if len(states) > limit:
        page.next_cursor = _cursor(page.items[-1])
        response.headers["Link"] = f'</api/v1/scans?cursor={page.next_cursor}>; rel="next"'
    return page


@router.get(
    "/scans/{scan_id}",
    operation_id="get_scan",
    summary="The whole state of a scan",
    responses=problems(401, 404, 422),
)
async def get_scan(scan_id: ScanId, who: Operator, services: Wired) -> ScanDetail:
    async with services.database.read() as session:
        state = await scans.read_state(
            session, organisation_id=who.organisation_id, scan_id=str(scan_id)
        )
    timing = await timing_of(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), now=datetime.now(UTC)
    )
    execution = await execution_of(services, tenant_id=state.tenant_id, scan_id=state.scan_id)
    return ScanDetail(**state.model_dump(), **timing.model_dump(), execution=execution)


@router.post(
    "/scans/{scan_id}/cancel",
    operation_id="cancel_scan",
    summary="Cancel a scan",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def post_cancel(scan_id: ScanId, who: Operator, services: Wired) -> ScanState:
    """A request: the scan is `cancelling` until its collectors have stopped."""
    return await cancel_scan(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        requested_by=who.username,
    )


@router.get(
    "/scans/{scan_id}/events",
    operation_id="list_events",
    summary="The journal of a scan",
    responses=problems(401, 404, 422),
)
async def get_events(
    scan_id: ScanId,
    who: Operator,
    services: Wired,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> EventPage:
    async with services.database.read() as session:
        if not await scans.owns_scan(
            session, organisation_id=who.organisation_id, scan_id=str(scan_id)
        ):
            raise ScanNotFound(str(scan_id))
        found = await events.list_events(
            session,
            organisation_id=who.organisation_id,
            scan_id=str(scan_id),
            after=after,
            limit=_EVENTS_AT_ONCE,
        )
    return EventPage(items=found, last=found[-1].seq if found else after)


def _cursor(state: ScanState) -> str:
    assert state.created_at is not None  # noqa: S101  (the store always sets it)
    text = f"{state.created_at.isoformat()}|{state.scan_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        moment, separator, scan_id = text.partition("|")
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise UnusableInput("This cursor was not made here.") from None
    if not separator or at.tzinfo is None or not scan_id.replace("-", "").isalnum():
        raise UnusableInput("This cursor was not made here.")
    return at, scan_id
