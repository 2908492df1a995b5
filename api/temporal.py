"""Questions to Temporal that never keep a caller waiting, and whose run answers for a scan."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.service import RPCError, RPCStatusCode

from contracts.errors import TemporalUnavailable
from contracts.names import SCAN_ID_MEMO, scan_workflow_id

logger = logging.getLogger(__name__)

ANSWER_WITHIN_S = 4.0
_T = TypeVar("_T")


async def ask(question: Awaitable[_T]) -> _T:
    """Raises TemporalUnavailable; what Temporal answers, NOT_FOUND too, is passed on."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await question
    except (TimeoutError, RPCTimeoutOrCancelledError):  # an update says it in its own way
        raise TemporalUnavailable from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise
        logger.warning("Temporal refused", extra={"why": error.message})
        raise TemporalUnavailable from error
    except RuntimeError as error:  # what a lazy client raises when it cannot connect
        logger.warning("Temporal away", extra={"why": str(error)})
        raise TemporalUnavailable from error


async def describe(client: Client, tenant_id: str) -> WorkflowExecutionDescription | None:
    """The newest run of a tenant's scan workflow; None when there has been none lately."""
    return await describe_workflow(client, scan_workflow_id(tenant_id))


async def describe_workflow(
    client: Client, workflow_id: str
) -> WorkflowExecutionDescription | None:
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
    try:
        return await ask(handle.describe())
    except RPCError:
        return None


async def scan_of(description: WorkflowExecution) -> str | None:
    """The scan a run was started for; None when whoever started it did not say."""
    found = await description.memo_value(SCAN_ID_MEMO, default=None)
    return found if isinstance(found, str) else None


def is_open(description: WorkflowExecutionDescription | None) -> bool:
    return description is not None and description.status is WorkflowExecutionStatus.RUNNING
