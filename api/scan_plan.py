"""What a scan would do, said without contacting anybody."""

from collections import defaultdict

from fastapi import APIRouter, Depends

from api.bodies import StrictRoute, json_only
from api.dependencies import Operator, Wired
from api.errors import problems
from api.scans import NewScan
from api.services import Services
from checks.catalogue import planned_checks
from checks.permissions import (
    facts_of,
    missing_for,
    permission_plan,
    reads_of,
    required_of,
    service_of,
)
from contracts.onboarding import (
    PermissionPlan,
    PlannedRead,
    PlannedVerdict,
    ScanPreview,
    ServiceTest,
)
from contracts.scan import CheckLine, Profile
from store import connection_tests, durations, tenants

router = APIRouter(tags=["Connecting"], route_class=StrictRoute)

_SIDE_BY_SIDE = 4  # as many batches of a scan run at once


@router.post(
    "/scans/plan",
    operation_id="plan_scan",
    summary="What a scan would do; nothing is contacted",
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 404, 415, 422),
)
async def post_plan(body: NewScan, who: Operator, services: Wired) -> ScanPreview:
    return await preview(
        services, organisation_id=who.organisation_id, tenant=body.tenant, profile=body.profile
    )


async def preview(
    services: Services, *, organisation_id: str, tenant: str, profile: str
) -> ScanPreview:
    """Raises TenantNotFound, UnknownProfile."""
    chosen = Profile.parse(profile)
    async with services.database.read() as session:
        row = await tenants.get_tenant(session, organisation_id=organisation_id, tenant=tenant)
        usual = await durations.usual_durations(
            session, organisation_id=organisation_id, tenant_id=row.id
        )
        tests = await connection_tests.list_service_tests(
            session, organisation_id=organisation_id, tenant_id=row.id
        )
    live = row.connection == "powershell"
    plan = permission_plan(chosen)
    checks = [_planned(line, tests if live else []) for line in planned_checks(chosen)]
    reads = _reads(checks, plan, usual)
    return ScanPreview(
        tenant_id=row.id,
        tenant_name=row.name,
        profile=chosen.name,
        connection=row.connection,
        checks=checks,
        datasets=reads,
        permissions=plan.permissions if live else [],
        expected_ms=_expected(reads),
        never_read=sum(read.expected_ms is None for read in reads),
        blocked_checks=sum(bool(check.blocked) for check in checks),
        last_connection_test=max((test.tested_at for test in tests), default=None),
        notes=_notes(live, tests),
    )


def _planned(line: CheckLine, tests: list[ServiceTest]) -> PlannedVerdict:
    names = sorted(reads_of(line.check))
    return PlannedVerdict(
        check_id=line.check_id,
        recommendation=line.recommendation,
        check=line.check,
        title=line.title,
        level=line.level,
        severity=line.severity,
        datasets=names,
        blocked=blocked(sorted(required_of(line.check)), tests),
    )


def blocked(names: list[str], tests: list[ServiceTest]) -> list[str]:
    """Why some of these datasets cannot be read, as the last connection test found."""
    by_service = {test.service: test for test in tests}
    found: dict[str, None] = {}
    for name in names:
        test = by_service.get(service_of(name))
        if test is None:
            continue
        broken = [
            line
            for line in test.lines
            if line.outcome == "fail" and line.subject in ("connection", "certificate", "sign-in")
        ]
        if broken:
            found[f"{test.service}: {broken[0].message}"] = None
        elif test.granted is not None and (role := missing_for(name, test.granted)):
            found[f"{name} needs {role}, which is not granted"] = None
    return list(found)


def _reads(
    checks: list[PlannedVerdict], plan: PermissionPlan, usual: dict[str, int]
) -> list[PlannedRead]:
    granting: dict[str, list[str]] = defaultdict(list)
    for permission in plan.permissions:
        for name in permission.datasets:
            granting[name].append(permission.name)
    wanted = sorted({name for check in checks for name in check.datasets})
    return [
        PlannedRead(
            name=name,
            service=service_of(name),
            read=facts_of(name).read,
            permissions=granting[name],
            expected_ms=usual.get(name),
        )
        for name in wanted
    ]


def _expected(reads: list[PlannedRead]) -> int | None:
    """Services are read side by side, the datasets of one after the other."""
    spent: dict[str, int] = defaultdict(int)
    for read in reads:
        if read.expected_ms is None:
            return None
        spent[read.service] += read.expected_ms
    return max(max(spent.values()), sum(spent.values()) // _SIDE_BY_SIDE) if spent else 0


def _notes(live: bool, tests: list[ServiceTest]) -> list[str]:
    if not live:
        return ["A recorded tenant: nobody signs in, nothing has to be granted."]
    if not tests:
        return ["The connection was never tested: what is missing is not known."]
    return []
