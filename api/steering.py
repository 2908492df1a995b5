"""Routes of an operator's wishes: pause, resume, skip, retry."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import Line, StrictRoute, json_only
from api.dependencies import Operator, ScanId, Wired
from api.errors import problems
from api.steer import pause_scan, resume_scan, retry_scan, skip_service
from contracts.names import SERVICES
from contracts.scan import RetryScope, ScanState

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
