"""Routes of the doctor: what is wrong, and putting it right."""

from datetime import timedelta

from fastapi import APIRouter

from api.bodies import StrictRoute
from api.dependencies import Operator, Wired
from api.diagnosis import diagnose
from api.errors import problems
from api.reconcile import reconcile
from contracts.doctor import Diagnosis, Repairs

router = APIRouter(tags=["Doctor"], route_class=StrictRoute)

# Only as long as a start may take between its row and its workflow.
REPAIR_PATIENCE = timedelta(seconds=5)


@router.get(
    "/doctor",
    operation_id="diagnose",
    summary="Is everything well",
    responses=problems(401),
)
async def get_doctor(who: Operator, services: Wired) -> Diagnosis:
    """Answers within seconds, whatever is away."""
    return await diagnose(services, organisation_id=who.organisation_id)


@router.post(
    "/doctor/repair",
    operation_id="repair",
    summary="Put right what nothing works on",
    responses=problems(401, 403, 503),
)
async def post_repair(who: Operator, services: Wired) -> Repairs:
    """What happens every half minute anyway, at once: scans and campaigns without a workflow are
    ended, schedules are carried out as they were asked for."""
    return Repairs(
        items=await reconcile(
            services, patience=REPAIR_PATIENCE, organisation_id=who.organisation_id
        )
    )
