"""The page of a scan against another one."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.comparing import Other, Side, compare_scans, side_by_side
from api.dependencies import Operator, ScanId, Wired
from api.looks import STATUSES
from api.pages_scans import PATH
from api.rendering import moment, page
from contracts.results import Change
from contracts.scan import ScanState, ScanStatus
from store.scans import list_scans, read_bare_state

_OFFERED = 50

router = APIRouter(prefix=f"{PATH}/{{scan_id}}/comparison", include_in_schema=False)


class PageQuery(Other):
    """`change` keeps one kind; without it everything that changed is shown."""

    change: Change | None = None


@router.get("")
async def comparison_page(
    request: Request,
    services: Wired,
    who: Operator,
    scan_id: ScanId,
    query: Annotated[PageQuery, Query()],
) -> Response:
    found = await compare_scans(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), query=query
    )
    async with services.database.read() as session:
        state = await read_bare_state(
            session, organisation_id=who.organisation_id, scan_id=str(scan_id)
        )
        of_tenant = await list_scans(
            session,
            organisation_id=who.organisation_id,
            tenant_id=state.tenant_id,
            limit=_OFFERED,
        )
    others = [other for other in of_tenant if other.scan_id != state.scan_id]
    if found is None:
        return page(
            request, "nothing_to_compare.html", who=who.username, state=state, others=others
        )
    return side_by_side(
        request,
        who,
        state=state,
        found=found,
        sides=(_side(found.before, state), _side(found.after, state)),
        change=query.change,
        address=f"{request.url.path}?with={found.before.scan_id}",
        others=others,
        other_id=found.before.scan_id,
    )


def _side(scan: ScanState, shown: ScanState) -> Side:
    """A scan of another tenant is named with it."""
    which = "this scan, of" if scan.scan_id == shown.scan_id else "the scan of"
    name = f"{which} {moment(scan.created_at)}"
    if scan.tenant_id != shown.tenant_id:
        name = f"{name} ({scan.tenant_name})"
    caution = ""
    if scan.status is not ScanStatus.COMPLETED:
        look = STATUSES[scan.status].text
        caution = f"{look}: {name}. What it has not judged counts as without a clear verdict."
    return Side(
        name=name,
        results=f"{PATH}/{scan.scan_id}/results/",
        ended=scan.status.is_terminal,
        caution=caution,
    )
