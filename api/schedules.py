"""Routes of schedules: recurring scans of a tenant."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.bodies import Line, StrictRoute, json_only
from api.dependencies import Operator, Wired
from api.errors import problems
from api.scheduling import (
    add_schedule,
    change_schedule,
    list_schedules,
    read_schedule,
    remove_schedule,
    run_now,
)
from contracts.fleet import ScheduleLine, ScheduleSpec

router = APIRouter(tags=["Schedules"], route_class=StrictRoute)

ScheduleId = Annotated[UUID, Path(description="The id of a schedule.")]


class ScheduleChange(BaseModel):
    """What is left out stays. Quiet hours are taken away with null."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"paused": True}]})

    profile: str | None = Field(default=None, max_length=40)
    cron: str | None = Field(default=None, max_length=100)
    timezone: str | None = Field(default=None, max_length=60)
    jitter_s: int | None = Field(default=None, ge=0, le=6 * 3600)
    quiet_from: str | None = Field(default=None, max_length=5)
    quiet_to: str | None = Field(default=None, max_length=5)
    paused: bool | None = None

    @model_validator(mode="after")
    def _only_quiet_hours_can_be_null(self) -> Self:
        for name in self.model_fields_set - {"quiet_from", "quiet_to"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self

    @property
    def wish(self) -> str:
        if self.model_fields_set == {"paused"}:
            return "pause" if self.paused else "resume"
        return "change"


class ScheduleList(BaseModel):
    items: list[ScheduleLine]


@router.post(
    "/schedules",
    operation_id="add_schedule",
    summary="Scan a tenant again and again",
    status_code=201,
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 415, 422, 503),
)
async def post_schedule(
    body: ScheduleSpec, response: Response, who: Operator, services: Wired
) -> ScheduleLine:
    """`cron`: minute, hour, day of month, month, day of week, in `timezone`; where both days are
    given both must fit. A run that is due while the one before is not over is passed over, one
    that was missed is made up for within ten minutes or not at all."""
    line = await add_schedule(
        services, organisation_id=who.organisation_id, spec=body, by=who.username
    )
    response.headers["Location"] = f"/api/v1/schedules/{line.schedule_id}"
    return line


@router.get(
    "/schedules",
    operation_id="list_schedules",
    summary="Schedules by tenant",
    responses=problems(401, 404, 422),
)
async def get_schedules(
    who: Operator, services: Wired, tenant: Annotated[Line | None, Query(max_length=255)] = None
) -> ScheduleList:
    """`answered` is false on what Temporal did not speak about in time: the rest is right."""
    return ScheduleList(
        items=await list_schedules(services, organisation_id=who.organisation_id, tenant=tenant)
    )


@router.get(
    "/schedules/{schedule_id}",
    operation_id="get_schedule",
    summary="One schedule",
    responses=problems(401, 404, 422),
)
async def get_schedule(schedule_id: ScheduleId, who: Operator, services: Wired) -> ScheduleLine:
    return await read_schedule(
        services, organisation_id=who.organisation_id, schedule_id=str(schedule_id)
    )


@router.patch(
    "/schedules/{schedule_id}",
    operation_id="change_schedule",
    summary="Change, pause or resume a schedule",
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 415, 422, 503),
)
async def patch_schedule(
    schedule_id: ScheduleId, body: ScheduleChange, who: Operator, services: Wired
) -> ScheduleLine:
    return await change_schedule(
        services,
        organisation_id=who.organisation_id,
        schedule_id=str(schedule_id),
        changes=body.model_dump(exclude_unset=True),
        wish=body.wish,
        by=who.username,
    )


@router.delete(
    "/schedules/{schedule_id}",
    operation_id="remove_schedule",
    summary="Remove a schedule",
    status_code=204,
    responses=problems(401, 403, 404, 422, 503),
)
async def delete_schedule(schedule_id: ScheduleId, who: Operator, services: Wired) -> None:
    """A scan that it has begun goes on."""
    await remove_schedule(
        services, organisation_id=who.organisation_id, schedule_id=str(schedule_id)
    )


@router.post(
    "/schedules/{schedule_id}/run-now",
    operation_id="run_schedule_now",
    summary="One run out of turn",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def post_run_now(schedule_id: ScheduleId, who: Operator, services: Wired) -> ScheduleLine:
    """Also while it is paused. In its quiet hours the scan begins when they are over."""
    return await run_now(
        services,
        organisation_id=who.organisation_id,
        schedule_id=str(schedule_id),
        by=who.username,
    )
