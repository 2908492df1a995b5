"""Verdicts of a scan as lists and one by one."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.errors import ResultNotFound
from contracts.results import JudgedLine, ResultDetail
from contracts.scan import CheckLine
from contracts.verdict import Affected, Outcome
from store.tables import PlannedCheck, Scan, VerdictRow


def latest_attempt() -> ColumnElement[int]:
    """The newest attempt that holds a verdict of the row beside it."""
    newer = aliased(VerdictRow)
    return (
        select(func.max(newer.attempt))
        .where(
            newer.scan_id == VerdictRow.scan_id,
            newer.recommendation == VerdictRow.recommendation,
        )
        .correlate(VerdictRow)
        .scalar_subquery()
    )


async def list_results(
    session: AsyncSession, *, organisation_id: str, scan_id: str, attempt: int | None = None
) -> list[CheckLine]:
    """Every planned recommendation in the benchmark's order, judged or not yet.

    With `attempt`, as things stood at the end of that attempt.
    """
    rows = await _rows(session, organisation_id, scan_id, attempt)
    return [_line(planned, verdict) for planned, verdict in rows]


async def list_judged(
    session: AsyncSession, *, organisation_id: str, scan_id: str, attempt: int | None = None
) -> list[JudgedLine]:
    """As `list_results`, with the resources of each verdict."""
    rows = await _rows(session, organisation_id, scan_id, attempt)
    return [
        JudgedLine(**_line(planned, verdict).model_dump(), objects=_objects(verdict))
        for planned, verdict in rows
    ]


def _objects(verdict: VerdictRow | None) -> list[str] | None:
    unread = (Outcome.ERROR, Outcome.NOT_APPLICABLE)
    if verdict is None or verdict.outcome in unread or verdict.incomplete:
        return None
    if verdict.affected_total > len(verdict.affected):
        return None
    return sorted({item["resource"] for item in verdict.affected})


async def _rows(
    session: AsyncSession, organisation_id: str, scan_id: str, attempt: int | None
) -> Iterable[tuple[PlannedCheck, VerdictRow | None]]:
    chosen = latest_attempt() if attempt is None else _attempt_up_to(attempt)
    rows = await session.execute(
        select(PlannedCheck, VerdictRow)
        .join(Scan, Scan.id == PlannedCheck.scan_id)
        .outerjoin(
            VerdictRow,
            and_(
                VerdictRow.scan_id == PlannedCheck.scan_id,
                VerdictRow.recommendation == PlannedCheck.recommendation,
                VerdictRow.attempt == chosen,
            ),
        )
        .where(PlannedCheck.scan_id == scan_id, Scan.organisation_id == organisation_id)
        .order_by(PlannedCheck.position)
    )
    return [(planned, verdict) for planned, verdict in rows]


def _attempt_up_to(attempt: int) -> ColumnElement[int]:
    older = aliased(VerdictRow)
    return (
        select(func.max(older.attempt))
        .where(
            older.scan_id == VerdictRow.scan_id,
            older.recommendation == VerdictRow.recommendation,
            older.attempt <= attempt,
        )
        .correlate(VerdictRow)
        .scalar_subquery()
    )


async def read_result(
    session: AsyncSession,
    *,
    organisation_id: str,
    scan_id: str,
    recommendation: str,
    attempt: int | None = None,
) -> ResultDetail:
    """Words and datasets are the caller's to add. Raises ResultNotFound."""
    planned = await session.scalar(
        select(PlannedCheck)
        .join(Scan, Scan.id == PlannedCheck.scan_id)
        .where(
            PlannedCheck.scan_id == scan_id,
            PlannedCheck.recommendation == recommendation,
            Scan.organisation_id == organisation_id,
        )
    )
    if planned is None:
        raise ResultNotFound(recommendation)
    verdict = await _newest_verdict(session, scan_id, recommendation, attempt)
    line = _line(planned, verdict).model_dump()
    if verdict is None:
        return ResultDetail(**line)
    scan = await session.get_one(Scan, scan_id)
    return ResultDetail(
        **line,
        code=verdict.code,
        affected=[Affected.model_validate(item) for item in verdict.affected],
        incomplete=verdict.incomplete,
        notes=verdict.notes,
        parameters=_values(verdict.parameters, scan.parameters),
        attempt=verdict.attempt,
        judged_at=verdict.judged_at,
    )


async def _newest_verdict(
    session: AsyncSession, scan_id: str, recommendation: str, up_to: int | None
) -> VerdictRow | None:
    query = (
        select(VerdictRow)
        .where(VerdictRow.scan_id == scan_id, VerdictRow.recommendation == recommendation)
        .order_by(VerdictRow.attempt.desc())
        .limit(1)
    )
    if up_to is not None:
        query = query.where(VerdictRow.attempt <= up_to)
    return await session.scalar(query)


def _values(names: list[str], parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: parameters.get(name, "default") for name in names}


def _line(planned: PlannedCheck, verdict: VerdictRow | None) -> CheckLine:
    line = CheckLine(
        check_id=planned.check_id,
        recommendation=planned.recommendation,
        check=planned.slug,
        title=planned.title,
        section=planned.section,
        level=planned.level,
        severity=planned.severity,
        service=planned.service,
    )
    if verdict is None:
        return line
    return line.model_copy(
        update={
            "verdict": Outcome(verdict.outcome),
            "reason": verdict.reason,
            "affected_total": verdict.affected_total,
            "duration_ms": verdict.duration_ms,
        }
    )


async def judged_in(
    session: AsyncSession, *, organisation_id: str, scan_id: str, attempt: int
) -> set[str]:
    """Recommendations that this attempt has judged."""
    found = await session.scalars(
        select(VerdictRow.recommendation)
        .join(Scan, Scan.id == VerdictRow.scan_id)
        .where(
            VerdictRow.scan_id == scan_id,
            VerdictRow.attempt == attempt,
            Scan.organisation_id == organisation_id,
        )
    )
    return set(found)
