"""Test the connection to a tenant, service by service, and read what the last test said."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from api.bodies import Line, StrictRoute
from api.dependencies import Operator, Wired
from api.errors import UnusableInput, problems
from api.live_tenants import TenantName
from api.services import Services
from api.temporal import ask
from checks.permissions import services_of
from contracts.errors import TemporalUnavailable
from contracts.names import SCANS, connection_test_workflow_id
from contracts.onboarding import ConnectionTestRequest, ServiceTest
from contracts.scan import Profile
from store import connection_tests, tenants
from workflows.connection_test import ConnectionTestWorkflow

router = APIRouter(tags=["Connecting"], route_class=StrictRoute)


class ConnectionTestState(BaseModel):
    """`passed` is null as long as no service was tested. `running` is null when the workflow
    service does not answer."""

    tenant_id: str
    tenant_name: str
    running: bool | None
    passed: bool | None
    tested_at: datetime | None = None
    services: list[ServiceTest] = Field(default_factory=list)


@router.post(
    "/tenants/{tenant}/connection-test",
    operation_id="start_connection_test",
    summary="Test the connection to a tenant",
    status_code=202,
    responses=problems(401, 403, 404, 422, 503),
)
async def post_connection_test(
    tenant: TenantName,
    who: Operator,
    services: Wired,
    profile: Annotated[Line, Query(max_length=40)] = "E5-L1",
    service: Annotated[Line | None, Query(max_length=20)] = None,
) -> ConnectionTestState:
    """Of every service that the profile reads, or of one. A test that runs already is joined."""
    return await start_test(
        services,
        organisation_id=who.organisation_id,
        tenant=tenant,
        profile=profile,
        service=service,
    )


@router.get(
    "/tenants/{tenant}/connection-test",
    operation_id="get_connection_test",
    summary="What the last connection test said",
    responses=problems(401, 404, 422),
)
async def get_connection_test(
    tenant: TenantName, who: Operator, services: Wired
) -> ConnectionTestState:
    return await read_test(services, organisation_id=who.organisation_id, tenant=tenant)


async def start_test(
    services: Services,
    *,
    organisation_id: str,
    tenant: str,
    profile: str,
    service: str | None = None,
) -> ConnectionTestState:
    """Raises TenantNotFound, UnknownProfile, TemporalUnavailable."""
    async with services.database.read() as session:
        row = await tenants.get_tenant(session, organisation_id=organisation_id, tenant=tenant)
    chosen = Profile.parse(profile)
    wanted = services_of(chosen)
    if service is not None and service not in wanted:
        raise UnusableInput(f"The profile reads no service {service}.")
    request = ConnectionTestRequest(
        organisation_id=organisation_id,
        tenant_id=row.id,
        profile=chosen.name,
        services=[service] if service else wanted,
    )
    await ask(
        services.temporal.start_workflow(
            ConnectionTestWorkflow.run,
            request,
            id=connection_test_workflow_id(row.id),
            task_queue=SCANS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="connection test",
        )
    )
    state = await read_test(services, organisation_id=organisation_id, tenant=row.id)
    return state.model_copy(update={"running": True})


async def read_test(
    services: Services, *, organisation_id: str, tenant: str
) -> ConnectionTestState:
    """Raises TenantNotFound."""
    async with services.database.read() as session:
        row = await tenants.get_tenant(session, organisation_id=organisation_id, tenant=tenant)
        tests = await connection_tests.list_service_tests(
            session, organisation_id=organisation_id, tenant_id=row.id
        )
    return ConnectionTestState(
        tenant_id=row.id,
        tenant_name=row.name,
        running=await _runs(services, row.id),
        passed=all(test.passed for test in tests) if tests else None,
        tested_at=max((test.tested_at for test in tests), default=None),
        services=tests,
    )


async def _runs(services: Services, tenant_id: str) -> bool | None:
    handle: WorkflowHandle[Any, Any] = services.temporal.get_workflow_handle(
        connection_test_workflow_id(tenant_id)
    )
    try:
        found = await ask(handle.describe())
    except TemporalUnavailable:
        return None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        return None
    return found.status is WorkflowExecutionStatus.RUNNING
