"""How Temporal sees a scan: attempts, last beats, pending activities. Asked within bounds."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, Field
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecutionDescription

from api.services import Services
from api.temporal import describe, scan_of
from contracts.errors import TemporalUnavailable
from contracts.names import SERVICES, collect_queue, scan_workflow_id

_STATE = "PENDING_ACTIVITY_STATE_"
_MESSAGE_LENGTH = 300


class PendingActivity(BaseModel):
    activity_id: str
    activity_type: str
    state: str  # scheduled, started, cancel_requested, …
    service: str = ""  # whose queue it is in; none for what any worker does
    attempt: int
    scheduled_at: datetime | None = None
    last_beat_at: datetime | None = None
    next_attempt_at: datetime | None = None
    last_failure: str = ""

    @property
    def waits_for_a_worker(self) -> bool:
        """Nobody has taken it yet. Later tries wait for their time first."""
        return self.state == "scheduled" and self.attempt <= 1


class Execution(BaseModel):
    """`answered` is False when Temporal did not answer in time; the rest is empty then."""

    answered: bool
    workflow_id: str
    run_id: str = ""
    status: str = ""
    started_at: datetime | None = None
    history_events: int = 0
    pending: list[PendingActivity] = Field(default_factory=list)
    web_url: str = ""


async def execution_of(services: Services, *, tenant_id: str, scan_id: str) -> Execution | None:
    """None when the newest run of this tenant's workflow was for another scan, or is forgotten."""
    workflow_id = scan_workflow_id(tenant_id)
    try:
        description = await describe(services.temporal, tenant_id)
    except TemporalUnavailable:
        return Execution(answered=False, workflow_id=workflow_id)
    if description is None or await scan_of(description) not in (None, scan_id):
        return None
    return Execution(
        answered=True,
        workflow_id=workflow_id,
        run_id=description.run_id,
        status=description.status.name.lower() if description.status else "",
        started_at=description.start_time,
        history_events=description.history_length,
        pending=[_pending(item) for item in description.raw_description.pending_activities],
        web_url=_web_url(services, description),
    )


def _pending(info: PendingActivityInfo) -> PendingActivity:
    return PendingActivity(
        activity_id=info.activity_id,
        activity_type=info.activity_type.name,
        state=PendingActivityState.Name(info.state).removeprefix(_STATE).lower(),
        service=_service_of(info.activity_options.task_queue.name),
        attempt=info.attempt,
        scheduled_at=_time(info.scheduled_time),
        last_beat_at=_time(info.last_heartbeat_time),
        next_attempt_at=_time(info.next_attempt_schedule_time),
        last_failure=info.last_failure.message[:_MESSAGE_LENGTH],
    )


def _service_of(queue: str) -> str:
    return next((service for service in SERVICES if collect_queue(service) == queue), "")


def _time(stamp: Timestamp) -> datetime | None:
    return stamp.ToDatetime(tzinfo=UTC) if stamp.seconds else None


def _web_url(services: Services, description: WorkflowExecutionDescription) -> str:
    base = services.settings.temporal_web_url.rstrip("/")
    if not base:
        return ""
    space = services.temporal.namespace
    return f"{base}/namespaces/{space}/workflows/{description.id}/{description.run_id}/history"
