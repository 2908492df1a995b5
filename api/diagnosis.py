"""Is everything well? Each part is asked within bounds, and what is missing is said by name."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nats.errors import Error as NatsError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

from api.queues import list_queues
from api.reconcile import run_of
from api.reconcile_fleet import LEFT_OVER, abandoned, left_over, out_of_step
from api.services import Services
from api.temporal import ask, is_open
from contracts.doctor import Condition, Diagnosis, Finding, OutOfStep, QueueLine, SilentScan
from contracts.errors import TemporalUnavailable
from contracts.scan import ScanStatus
from store import scans, schema, tenants
from store.scans import OpenScan

_WITHIN_S = 4.0
SILENT_AFTER = timedelta(seconds=60)
_TRIES_OF_A_HEALTHY_TASK = 2  # the second after a worker that has died
_WORST: tuple[Condition, ...] = ("broken", "worrying", "well")


async def diagnose(services: Services, *, organisation_id: str | None) -> Diagnosis:
    """What one organisation may see, or all of it for who runs the installation."""
    parts = await asyncio.gather(
        _examine("database", lambda: _database(services)),
        _examine("news", lambda: _news(services)),
        _examine("workflow service", lambda: _temporal(services)),
    )
    found = Diagnosis(
        condition="well",
        version=services.settings.version,
        findings=list(parts),
        settings=services.settings.effective,
    )
    database, _, workflow_service = parts
    found.answered = workflow_service.condition != "broken"
    if found.answered and database.condition != "broken":
        try:
            await _look_deeper(services, found, organisation_id)
        except TemporalUnavailable as refusal:
            found.answered = False
            found.findings.append(
                Finding(part="workflow service", condition="broken", note=str(refusal))
            )
    found.condition = _worst(found.findings)
    return found


async def _look_deeper(services: Services, found: Diagnosis, organisation_id: str | None) -> None:
    now = datetime.now(UTC)
    found.queues = await list_queues(services.temporal, now)
    found.silent_scans = await _silent_scans(services, organisation_id, now)
    found.out_of_step = await _out_of_step(services, organisation_id)
    found.findings += [
        *_of_workers(found.queues),
        _of_scans(found.silent_scans),
        _of_schedules(found.out_of_step),
        await _of_campaigns(services, organisation_id, now),
    ]


async def _examine(part: str, question: Callable[[], Awaitable[Finding]]) -> Finding:
    begun = time.monotonic()
    try:
        async with asyncio.timeout(_WITHIN_S):
            finding = await question()
    except (SQLAlchemyError, TemporalUnavailable, NatsError, OSError, TimeoutError):
        return Finding(
            part=part, condition="broken", note="does not answer", hint=_WHERE_TO_LOOK[part]
        )
    latency = round((time.monotonic() - begun) * 1000, 1)
    return finding.model_copy(update={"latency_ms": latency})


_WHERE_TO_LOOK = {
    "database": "See ASSAY_DATABASE_URL, and whether its server runs or its disk is full.",
    "news": "See ASSAY_NATS_URL. Scans and results go on; live views ask the database instead.",
    "workflow service": "See TEMPORAL_ADDRESS. Nothing can be started or steered; results stay.",
}


async def _database(services: Services) -> Finding:
    url = make_url(services.database.url)
    place = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        file = url.database or ""
        size = await asyncio.to_thread(_size_of, file)
        if size is None:
            return Finding(
                part="database",
                condition="broken",
                note=f"there is no file {file}",
                hint="`assay up` makes it; or set ASSAY_DATA_DIR to where it lies.",
            )
        place = f"{file}, {size / 1e6:.1f} MB"
    if not await schema.is_current(services.database):
        return Finding(
            part="database",
            condition="broken",
            note=f"{place}: not at this version's schema",
            hint="Run `assay db upgrade`.",
        )
    return Finding(part="database", condition="well", note=place)


def _size_of(file: str) -> int | None:
    path = Path(file)
    return path.stat().st_size if path.exists() else None


async def _news(services: Services) -> Finding:
    """Its being away is worrying only: the database is the record."""
    try:
        await services.live.stream.round_trip_ms()
    except (NatsError, OSError, TimeoutError) as error:
        note = str(error) or "does not answer"
        return Finding(part="news", condition="worrying", note=note, hint=_WHERE_TO_LOOK["news"])
    flows = services.live.connected
    return Finding(
        part="news",
        condition="well" if flows else "worrying",
        note="" if flows else "connected, but events do not flow yet",
    )


async def _temporal(services: Services) -> Finding:
    info = await ask(services.temporal.workflow_service.get_system_info(GetSystemInfoRequest()))
    note = f"Temporal {info.server_version}, namespace {services.temporal.namespace}"
    return Finding(part="workflow service", condition="well", note=note)


def _of_workers(queues: Sequence[QueueLine]) -> list[Finding]:
    found = []
    for queue in queues:
        if queue.workers:
            continue
        if not queue.service:
            found.append(
                Finding(
                    part="workers",
                    condition="broken",
                    note="no worker orders scans: none moves",
                    hint="Start `assay worker`.",
                )
            )
            continue
        hint = "Start a worker with it in ASSAY_SERVICES; its checks end as errors until then."
        note = f"no worker serves {queue.service}"
        found.append(Finding(part="workers", condition="worrying", note=note, hint=hint))
    names = {name for queue in queues for name in queue.workers}
    return found or [Finding(part="workers", condition="well", note=f"{len(names)} at work")]


def _of_scans(silent: Sequence[SilentScan]) -> Finding:
    if not silent:
        return Finding(part="scans", condition="well")
    return Finding(
        part="scans",
        condition="worrying",
        note=f"{len(silent)} without a sign of life",
        hint="`assay doctor --fix` ends those that nothing works on.",
    )


def _of_schedules(found: Sequence[OutOfStep]) -> Finding:
    if not found:
        return Finding(part="schedules", condition="well")
    return Finding(
        part="schedules",
        condition="worrying",
        note=f"{len(found)} not carried out as asked for",
        hint="Put right within a minute, or at once by `assay doctor --fix`.",
    )


async def _of_campaigns(services: Services, organisation_id: str | None, now: datetime) -> Finding:
    found = await abandoned(services, now - SILENT_AFTER, organisation_id)
    if not found:
        return Finding(part="campaigns", condition="well")
    names = ", ".join(campaign.name for campaign, _ in found)
    return Finding(
        part="campaigns",
        condition="worrying",
        note=f"nothing works on {names}"[:500],
        hint="Put right within a minute, or at once by `assay doctor --fix`.",
    )


async def _silent_scans(
    services: Services, organisation_id: str | None, now: datetime
) -> list[SilentScan]:
    async with services.database.read() as session:
        found = await scans.list_unfinished(session, touched_before=now - SILENT_AFTER)
    return [
        SilentScan(
            scan_id=scan.scan_id,
            tenant_name=scan.tenant_name,
            status=scan.status,
            silent_since=scan.touched_at,
            why=await _why_silent(services, scan),
        )
        for scan in found
        if organisation_id in (None, scan.organisation_id) and scan.status is not ScanStatus.PAUSED
    ]


async def _why_silent(services: Services, scan: OpenScan) -> str:
    run = await run_of(services, scan)
    if run is None or not is_open(run):
        return "nothing works on it"
    tries = run.raw_description.pending_workflow_task.attempt
    if tries > _TRIES_OF_A_HEALTHY_TASK:
        return f"its workflow cannot go on, try {tries}: another version of Assay began it"
    pending = [
        f"{item.activity_type.name}, try {item.attempt}"
        for item in run.raw_description.pending_activities
    ]
    return "waits for " + "; ".join(pending) if pending else "its workflow waits for a worker"


async def _out_of_step(services: Services, organisation_id: str | None) -> list[OutOfStep]:
    found = []
    for row, why in await out_of_step(services, organisation_id):
        async with services.database.read() as session:
            tenant = await tenants.get_tenant(
                session, organisation_id=row.organisation_id, tenant=row.tenant_id
            )
        found.append(OutOfStep(schedule_id=row.id, tenant_name=tenant.name, why=why))
    gone = await left_over(services, organisation_id)
    return found + [OutOfStep(schedule_id=item, tenant_name="", why=LEFT_OVER) for item in gone]


def _worst(findings: Sequence[Finding]) -> Condition:
    conditions = {finding.condition for finding in findings}
    return next(condition for condition in _WORST if condition in conditions)
