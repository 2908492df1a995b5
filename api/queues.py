"""Who takes work from which task queue."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from api.temporal import ask
from contracts.doctor import QueueLine
from contracts.names import SCANS, SERVICES, collect_queue

# A poll lasts a minute; Temporal goes on listing a worker that has died for five.
_SEEN_LATELY = timedelta(seconds=100)


async def list_queues(client: Client, now: datetime) -> list[QueueLine]:
    """The queue that orders scans first, then one a service. Raises TemporalUnavailable."""
    return await asyncio.gather(
        _queue(client, SCANS, "", TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, now),
        *(
            _queue(
                client,
                collect_queue(service),
                service,
                TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
                now,
            )
            for service in SERVICES
        ),
    )


async def _queue(
    client: Client, name: str, service: str, kind: TaskQueueType.ValueType, now: datetime
) -> QueueLine:
    answer = await ask(
        client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=name),
                task_queue_type=kind,
            )
        )
    )
    seen = [_seen(poller) for poller in answer.pollers]
    return QueueLine(
        queue=name,
        service=service,
        workers=sorted(
            poller.identity for poller in answer.pollers if now - _seen(poller) < _SEEN_LATELY
        ),
        last_seen_at=max(seen, default=None),
    )


def _seen(poller: PollerInfo) -> datetime:
    return poller.last_access_time.ToDatetime(tzinfo=UTC)
