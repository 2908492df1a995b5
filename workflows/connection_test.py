"""ConnectionTestWorkflow: every service by itself, side by side; the rows say what was found."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, TimeoutType, is_cancelled_exception
from temporalio.exceptions import TimeoutError as ActivityTimeout

with workflow.unsafe.imports_passed_through():
    from activities.connection import ConnectionActivities
    from contracts.names import collect_queue
    from contracts.onboarding import ConnectionTestRequest, ServiceTestRequest
    from workflows.policies import CONNECTION_NOTE, CONNECTION_TEST


@workflow.defn
class ConnectionTestWorkflow:
    @workflow.run
    async def run(self, request: ConnectionTestRequest) -> bool:
        """True when every service passed."""
        tested = await asyncio.gather(
            *(self._test(request, service) for service in request.services)
        )
        return all(tested)

    async def _test(self, request: ConnectionTestRequest, service: str) -> bool:
        asked = ServiceTestRequest(
            organisation_id=request.organisation_id,
            tenant_id=request.tenant_id,
            profile=request.profile,
            service=service,
        )
        try:
            return await workflow.execute_activity_method(
                ConnectionActivities.test_connection,
                asked,
                task_queue=collect_queue(service),
                schedule_to_start_timeout=timedelta(seconds=request.wait_s),
                summary=service,
                **CONNECTION_TEST,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            why = _why(error, service, request.wait_s)
            unserved = asked.model_copy(update={"unserved": why})
        await workflow.execute_activity_method(
            ConnectionActivities.note_unserved, unserved, **CONNECTION_NOTE
        )
        return False


def _why(error: ActivityError, service: str, wait_s: float) -> str:
    cause = error.cause
    if isinstance(cause, ActivityTimeout) and cause.type is TimeoutType.SCHEDULE_TO_START:
        return f"No worker serves {service} (waited {wait_s:.0f} s)."
    return f"The test of {service} did not come to an end."
