"""The log of a service's collector, and what has come to it since it was last asked for."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.datasets import ServiceName
from api.dependencies import Operator, ScanId, Wired
from api.looks import ENDED_PHASES
from api.rendering import fragment, page, wants_fragment
from api.scan_view import group_of
from contracts.errors import NotFound
from store import batches, scans

router = APIRouter(prefix="/msp/cspm/scans/{scan_id}/log", include_in_schema=False)


@router.get("/{service}")
async def log_page(
    request: Request,
    services: Wired,
    who: Operator,
    scan_id: ScanId,
    service: ServiceName,
    after: Annotated[int, Query(ge=0, le=10**12)] = 0,
) -> Response:
    """The state is read before the log: of a batch that has ended, the whole log is shown."""
    asked = {"organisation_id": who.organisation_id, "scan_id": str(scan_id)}
    async with services.database.read() as session:
        state = await scans.read_state(session, **asked)
        found = await batches.read_log(session, **asked, service=service, after=after)
    group = group_of(state, service)
    if group is None:
        raise NotFound(f"This scan has no service {service}.")
    values: dict[str, Any] = {
        "state": state,
        "group": group,
        "log": found or batches.LogText("", 0),
        "grows": not state.status.is_terminal and group.phase not in ENDED_PHASES,
    }
    if wants_fragment(request):
        return fragment("parts/log_more.html", **values)
    return page(request, "log.html", who=who.username, **values)
