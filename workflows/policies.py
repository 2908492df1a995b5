"""Time limits and retry policies, each with its reason."""

from datetime import timedelta
from typing import Any

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

from contracts.scan import RemoteMoment

# A scan that reads a tenant of 500,000 users takes hours; one that takes a day is stuck.
SCAN_LIMIT = timedelta(hours=24)

# How long checks wait for a worker that serves their service before they end as errors.
WORKER_WAIT = timedelta(minutes=10)

# Each batch of a tenant holds a process of about 300 MB.
PARALLEL_BATCHES = 4

# The database may be away for a while: an end that is not written would leave a scan open.
_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=200,
    non_retryable_error_types=[
        "PayloadsTooLarge",
        "ScanNotFound",
        "CampaignNotFound",
        "TenantNotFound",
    ],
)

# What cannot be planned in ten tries will not be planned: better a scan that says so.
PLAN: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=60),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=10),
        maximum_attempts=10,
        non_retryable_error_types=["ScanNotFound"],
    ),
}

QUICK: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=60),
    "retry_policy": _PATIENT,
}

# Collector failures are counted in the database and end after three; these attempts are for
# workers that die or stop. Beats come once a second, so ten seconds of silence is a dead worker.
BATCH: dict[str, Any] = {
    "start_to_close_timeout": timedelta(hours=12),
    "schedule_to_start_timeout": WORKER_WAIT,
    "heartbeat_timeout": timedelta(seconds=10),
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=30),
        maximum_attempts=100,
        non_retryable_error_types=["PayloadsTooLarge", "ScanNotFound"],
    ),
}

# Holds no place of a worker: whoever takes the lines in completes it. Every time-out below only
# makes it look at the database once more, which heals a completion that was lost; how long a
# collector elsewhere may be silent is a setting of the worker.
_REMOTE: dict[str, Any] = {
    "start_to_close_timeout": SCAN_LIMIT,
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=1,
        non_retryable_error_types=["ContactLost", "ScanNotFound"],
    ),
}
REMOTE: dict[RemoteMoment, dict[str, Any]] = {
    RemoteMoment.REPORTED: _REMOTE | {"heartbeat_timeout": timedelta(minutes=5)},
    RemoteMoment.ENDED: _REMOTE | {"heartbeat_timeout": timedelta(seconds=30)},
}

JOINT: dict[str, Any] = BATCH | {
    "start_to_close_timeout": timedelta(hours=1),
    "schedule_to_start_timeout": None,
}

# How long it waits for a worker stands in its request.
CONNECTION_TEST: dict[str, Any] = {
    "start_to_close_timeout": timedelta(minutes=5),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_attempts=3,
        non_retryable_error_types=["TenantNotFound"],
    ),
}

CONNECTION_NOTE: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=60),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_attempts=10,
        non_retryable_error_types=["TenantNotFound"],
    ),
}
