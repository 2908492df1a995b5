"""What Temporal's history says of a scan, in a few lines: attempts, failures, wishes, ends."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import BaseModel
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType, TimeoutType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecution

from api.temporal import ask, scan_of
from contracts.names import scan_workflow_id

MAX_RUNS = 10
MAX_EVENTS = 2000  # of one run
_LONGEST = 500


class HistoryLine(BaseModel):
    """`run` counts the runs of the scan's workflow: one for each of its attempts."""

    at: datetime
    kind: str
    text: str
    by: str | None = None
    run: int = 1


async def history_of(
    client: Client, *, tenant_id: str, scan_id: str
) -> tuple[list[HistoryLine], bool]:
    """In order, and whether it was cut. Raises TemporalUnavailable."""
    runs = await ask(_runs(client, tenant_id, scan_id))
    found: list[HistoryLine] = []
    cut = len(runs) == MAX_RUNS
    for number, run in enumerate(reversed(runs), start=1):
        events = await ask(_events(client, run))
        cut = cut or len(events) == MAX_EVENTS
        found += [line.model_copy(update={"run": number}) for line in summary(events)]
    return found, cut


def summary(events: Iterable[HistoryEvent]) -> list[HistoryLine]:
    """Steps that went well at the first try are left out: the scan's own journal has them."""
    names: dict[int, str] = {}
    found = []
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            names[event.event_id] = _step(event)
        line = _line(event, names)
        if line is not None:
            found.append(line)
    return found


async def _runs(client: Client, tenant_id: str, scan_id: str) -> list[WorkflowExecution]:
    """Newest first."""
    query = f"WorkflowId = '{scan_workflow_id(tenant_id)}'"
    found = []
    async for run in client.list_workflows(query, limit=100):
        if await scan_of(run) == scan_id:
            found.append(run)
        if len(found) == MAX_RUNS:
            break
    return sorted(found, key=lambda run: run.start_time, reverse=True)


async def _events(client: Client, run: WorkflowExecution) -> list[HistoryEvent]:
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    found = []
    async for event in handle.fetch_history_events(page_size=MAX_EVENTS):
        found.append(event)
        if len(found) == MAX_EVENTS:
            break
    return found


def _line(event: HistoryEvent, names: dict[int, str]) -> HistoryLine | None:
    said = _of_workflow(event) or _of_activity(event, names) or _of_wish(event)
    if said is None:
        return None
    kind, text, by = said
    at = event.event_time.ToDatetime(tzinfo=UTC)
    return HistoryLine(at=at, kind=kind, text=text[:_LONGEST], by=by)


_Said = tuple[str, str, str | None]


def _of_workflow(event: HistoryEvent) -> _Said | None:
    if event.HasField("workflow_execution_started_event_attributes"):
        started = event.workflow_execution_started_event_attributes
        asked = _first(started.input)
        parent = started.parent_workflow_execution.workflow_id
        begun_by = f", begun by {parent}" if parent else ""
        return "started", f"attempt {asked.get('attempt', 1)} began{begun_by}", None
    if event.HasField("workflow_execution_failed_event_attributes"):
        failure = event.workflow_execution_failed_event_attributes.failure
        return "failed", f"the execution failed: {_why(failure)}", None
    if event.HasField("workflow_execution_terminated_event_attributes"):
        ended = event.workflow_execution_terminated_event_attributes
        return "terminated", f"terminated outside Assay: {ended.reason or 'no reason given'}", None
    if event.HasField("workflow_task_failed_event_attributes"):
        failure = event.workflow_task_failed_event_attributes.failure
        return "task-failed", f"a step of the workflow itself failed: {_why(failure)}", None
    text = _ENDS.get(event.event_type)
    return ("ended", text, None) if text else None


_ENDS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "the execution completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "the execution was cancelled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "the execution ran into its time limit",
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: "a worker did not answer the workflow in time",
}


def _of_activity(event: HistoryEvent, names: dict[int, str]) -> _Said | None:
    if event.HasField("activity_task_started_event_attributes"):
        started = event.activity_task_started_event_attributes
        if started.attempt < 2:
            return None
        why = _why(started.last_failure)
        text = f"{names.get(started.scheduled_event_id, '?')}: try {started.attempt}, after {why}"
        return "retry", text, None
    if event.HasField("activity_task_failed_event_attributes"):
        failed = event.activity_task_failed_event_attributes
        text = f"{names.get(failed.scheduled_event_id, '?')} gave up: {_why(failed.failure)}"
        return "failure", text, None
    if event.HasField("activity_task_timed_out_event_attributes"):
        late = event.activity_task_timed_out_event_attributes
        text = f"{names.get(late.scheduled_event_id, '?')} gave up: {_why(late.failure)}"
        return "failure", text, None
    if event.HasField("activity_task_canceled_event_attributes"):
        stopped = event.activity_task_canceled_event_attributes
        return "stopped", f"{names.get(stopped.scheduled_event_id, '?')} was stopped", None
    return None


def _of_wish(event: HistoryEvent) -> _Said | None:
    if event.HasField("workflow_execution_update_accepted_event_attributes"):
        request = event.workflow_execution_update_accepted_event_attributes.accepted_request
        asked = _first(request.input.args)
        service = f" {asked['service']}" if "service" in asked else ""
        return "wish", f"{request.input.name}{service}", _text(asked.get("by"))
    if event.HasField("workflow_execution_signaled_event_attributes"):
        signal = event.workflow_execution_signaled_event_attributes
        return "signal", signal.signal_name, None
    if event.HasField("workflow_execution_cancel_requested_event_attributes"):
        return "wish", "cancel", None
    return None


def _step(event: HistoryEvent) -> str:
    """What a person calls the step: the summary it was given, else its name."""
    scheduled = event.activity_task_scheduled_event_attributes
    summary = event.user_metadata.summary.data
    return json.loads(summary) if summary else scheduled.activity_type.name


def _why(failure: Failure) -> str:
    """The innermost cause says most; its trace stays in Temporal."""
    while failure.HasField("cause"):
        failure = failure.cause
    if failure.HasField("timeout_failure_info"):
        kind = TimeoutType.Name(failure.timeout_failure_info.timeout_type)
        return kind.removeprefix("TIMEOUT_TYPE_").lower().replace("_", " ") + " timeout"
    return failure.message or "no reason given"


def _first(payloads: Payloads) -> dict[str, object]:
    """The first argument; ids and names only ever go through Temporal."""
    if not payloads.payloads:
        return {}
    try:
        found = json.loads(payloads.payloads[0].data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
