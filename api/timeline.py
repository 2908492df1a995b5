"""The whole story of a scan: its journal and Temporal's history, in order of time."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.activity import activity_line
from api.bodies import StrictRoute
from api.dependencies import Operator, ScanId, Wired
from api.errors import problems
from api.history import HistoryLine, history_of
from api.services import Services
from contracts.errors import TemporalUnavailable
from contracts.events import AnyEvent, BatchEvent, StatusEvent
from store import events, scans

router = APIRouter(tags=["Scans"], route_class=StrictRoute)

_MAX_EVENTS = 5000


class TimelineLine(BaseModel):
    """`by`: the operator whose wish it was. `attempt`: of the scan."""

    at: datetime
    source: Literal["journal", "temporal"]
    kind: str
    text: str
    by: str | None = None
    attempt: int | None = None


class Timeline(BaseModel):
    """`answered` is false when Temporal did not answer: the journal is whole all the same.
    `cut`: there is more than is shown."""

    items: list[TimelineLine] = Field(default_factory=list)
    answered: bool = True
    cut: bool = False


@router.get(
    "/scans/{scan_id}/timeline",
    operation_id="get_timeline",
    summary="Everything that happened to a scan",
    responses=problems(401, 404, 422),
)
async def get_timeline(
    scan_id: ScanId,
    who: Operator,
    services: Wired,
    verdicts: Annotated[bool, Query(description="With a line for each verdict.")] = False,
) -> Timeline:
    """Each attempt, retry, failure and wish. Temporal keeps its part for a day or so."""
    return await timeline_of(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        verdicts=verdicts,
    )


async def timeline_of(
    services: Services, *, organisation_id: str, scan_id: str, verdicts: bool
) -> Timeline:
    async with services.database.read() as session:
        scan = await scans.get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
        told = await events.list_events(
            session, organisation_id=organisation_id, scan_id=scan_id, limit=_MAX_EVENTS
        )
    found = Timeline(cut=len(told) == _MAX_EVENTS)
    found.items = [_of_journal(event) for event in told if verdicts or not _is_verdict(event)]
    try:
        history, cut = await history_of(
            services.temporal, tenant_id=scan.tenant_id, scan_id=scan_id
        )
        found.cut = found.cut or cut
        found.items += [_of_history(line) for line in history]
    except TemporalUnavailable:
        found.answered = False
    found.items.sort(key=lambda line: line.at)
    return found


def _is_verdict(event: AnyEvent) -> bool:
    return isinstance(event, StatusEvent) and event.check is not None


def _of_journal(event: AnyEvent) -> TimelineLine:
    return TimelineLine(
        at=event.at,
        source="journal",
        kind="verdict" if _is_verdict(event) else event.event,
        text=activity_line(event).text,
        by=event.by if isinstance(event, StatusEvent | BatchEvent) else None,
        attempt=event.attempt if isinstance(event, StatusEvent) else None,
    )


def _of_history(line: HistoryLine) -> TimelineLine:
    return TimelineLine(
        at=line.at,
        source="temporal",
        kind=line.kind,
        text=line.text,
        by=line.by,
        attempt=line.run,
    )
