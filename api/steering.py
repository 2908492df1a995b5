"""Routes of an operator's wishes: pause, resume, skip, retry; and the attempts of a scan."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import Line, StrictRoute, json_only
from api.dependencies import Operator, ScanId, Wired
from api.errors import problems
from api.steer import pause_scan, resume_scan, retry_scan, skip_service
from contracts.names import SERVICES
from contracts.scan import RetryScope, ScanState
from store import scans

router = APIRouter(tags=["Scans"], route_class=StrictRoute)

WishId = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Same key, same wish.",
    ),
]
Service = Annotated[str, Path(pattern=f"^({'|'.join(SERVICES)})$")]


class Retry(BaseModel):
    """`failed-reads`: checks with error, keeping what was read; `errors`: the same, everything
    they read anew; `all`; `one`: `recommendation` alone, read anew."""

    model_config = ConfigDict(extra="forbid")

    scope: RetryScope = RetryScope.ERRORS
    recommendation: Line | None = Field(default=None, max_length=20)
    after_attempt: int | None = Field(default=None, ge=1, description="Retried once after it.")


class AttemptLine(BaseModel):
    number: int
    scope: str
    recommendations: int
    requested_by: str | None
    started_at: datetime
    finished_at: datetime | None
    status: str | None


@router.post(
    "/scans/{scan_id}/pause",
    operation_id="pause_scan",
    summary="Pause a scan",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def post_pause(
    scan_id: ScanId, who: Operator, services: Wired, wish_id: WishId = None
) -> ScanState:
    """Its collectors stop; `paused` is said when none is left. Verdicts stay."""
    return await pause_scan(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        by=who.username,
        wish_id=wish_id,
    )


@router.post(
    "/scans/{scan_id}/resume",
    operation_id="resume_scan",
    summary="Resume a paused scan",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def post_resume(
    scan_id: ScanId, who: Operator, services: Wired, wish_id: WishId = None
) -> ScanState:
    return await resume_scan(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        by=who.username,
        wish_id=wish_id,
    )


@router.post(
    "/scans/{scan_id}/services/{service}/skip",
    operation_id="skip_service",
    summary="Give a service up",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def post_skip(
    scan_id: ScanId, service: Service, who: Operator, services: Wired, wish_id: WishId = None
) -> ScanState:
    """Its unread checks end as errors that say who skipped it; the others go on."""
    return await skip_service(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        service=service,
        by=who.username,
        wish_id=wish_id,
    )


@router.post(
    "/scans/{scan_id}/retry",
    operation_id="retry_scan",
    summary="One more attempt of a scan that has ended",
    status_code=202,
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 409, 415, 422, 503),
)
async def post_retry(scan_id: ScanId, body: Retry, who: Operator, services: Wired) -> ScanState:
    """Earlier attempts stay readable: `?attempt=` of the results."""
    return await retry_scan(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        scope=body.scope,
        by=who.username,
        recommendation=body.recommendation,
        after_attempt=body.after_attempt,
    )


@router.get(
    "/scans/{scan_id}/attempts",
    operation_id="list_attempts",
    summary="The attempts of a scan",
    responses=problems(401, 404, 422),
)
async def get_attempts(scan_id: ScanId, who: Operator, services: Wired) -> list[AttemptLine]:
    async with services.database.read() as session:
        rows = await scans.list_attempts(
            session, organisation_id=who.organisation_id, scan_id=str(scan_id)
        )
    return [
        AttemptLine(
            number=row.number,
            scope=row.scope,
            recommendations=len(row.recommendations),
            requested_by=row.requested_by,
            started_at=row.started_at,
            finished_at=row.finished_at,
            status=row.status,
        )
        for row in rows
    ]
