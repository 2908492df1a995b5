"""Verdicts of a scan, as a list and one by one with everything that proves them."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import AttemptNumber, Operator, ScanId, Wired
from api.errors import UnusableInput, problems
from api.services import Services
from checks.catalogue import benchmark, datasets_of, rule_of, words
from contracts.results import DatasetLine, ResultDetail
from contracts.scan import CheckLine
from contracts.verdict import Outcome, Severity
from store import evidence, results, scans

_SHOWN_WORDS = {"rationale", "remediation", "passes_when", "prompt"}

router = APIRouter(tags=["Results"])

OPEN = "open"  # not judged yet
_VERDICTS = [
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.MANUAL,
    None,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
]
_Recommendation = Annotated[str, Path(pattern=r"^\d{1,2}(\.\d{1,2}){1,4}$", examples=["1.1.3"])]


class ResultFilters(BaseModel):
    """A comma means or. `sort` takes several keys; a minus turns one round."""

    model_config = ConfigDict(extra="forbid")

    verdict: str = Field(default="", max_length=100, examples=["fail,error"])
    section: str = Field(default="", max_length=100, examples=["1,2"])
    level: str = Field(default="", max_length=10)
    severity: str = Field(default="", max_length=100)
    service: str = Field(default="", max_length=200)
    q: str = Field(default="", max_length=200)
    sort: str = Field(default="", max_length=100, examples=["severity,-title"])
    attempt: AttemptNumber = None


class ResultList(BaseModel):
    items: list[CheckLine]
    total: int = Field(description="Of the scan, before filters.")


@router.get(
    "/scans/{scan_id}/results",
    operation_id="list_results",
    summary="Results of a scan",
    responses=problems(401, 404, 422),
)
async def get_results(
    scan_id: ScanId, who: Operator, services: Wired, filters: Annotated[ResultFilters, Query()]
) -> ResultList:
    """Every planned recommendation, judged or not yet."""
    async with services.database.read() as session:
        await scans.get_scan(
            session,
            organisation_id=who.organisation_id,
            scan_id=str(scan_id),
            attempt=filters.attempt,
        )
        lines = await results.list_results(
            session,
            organisation_id=who.organisation_id,
            scan_id=str(scan_id),
            attempt=filters.attempt,
        )
    return ResultList(items=chosen(lines, filters), total=len(lines))


@router.get(
    "/scans/{scan_id}/results/{recommendation}",
    operation_id="get_result",
    summary="One result with its proof",
    responses=problems(401, 404, 422),
)
async def get_result(
    scan_id: ScanId,
    recommendation: _Recommendation,
    who: Operator,
    services: Wired,
    attempt: AttemptNumber = None,
) -> ResultDetail:
    return await result_detail(
        services,
        organisation_id=who.organisation_id,
        scan_id=str(scan_id),
        recommendation=recommendation,
        attempt=attempt,
    )


async def result_detail(
    services: Services,
    *,
    organisation_id: str,
    scan_id: str,
    recommendation: str,
    attempt: int | None = None,
) -> ResultDetail:
    """Verdict, words, licences and the datasets behind it. Raises ScanNotFound, AttemptNotFound,
    ResultNotFound."""
    async with services.database.read() as session:
        scan = await scans.get_scan(
            session, organisation_id=organisation_id, scan_id=scan_id, attempt=attempt
        )
        detail = await results.read_result(
            session,
            organisation_id=organisation_id,
            scan_id=scan_id,
            recommendation=recommendation,
            attempt=attempt,
        )
        names = datasets_of(detail.check)
        read = await evidence.list_datasets(
            session,
            organisation_id=organisation_id,
            scan_id=scan_id,
            names=names,
            # a later attempt may have read for other checks what this verdict was not given on
            up_to_attempt=detail.attempt if detail.verdict else attempt,
        )
    text = words().get(detail.check)  # None: a check of another version, or a folder that is gone
    return detail.model_copy(
        update={
            **(text.model_dump(include=_SHOWN_WORDS) if text else {}),
            "rule": rule_of(detail.check),
            "licences": _licences(scan.benchmark, recommendation),
            "datasets": with_unread(read, names),
        }
    )


def _licences(name: str, recommendation: str) -> list[str]:
    found = (item for item in benchmark(name).recommendations if item.id == recommendation)
    return [licence for item in found for licence in item.licences]


def with_unread(read: Iterable[DatasetLine], names: Iterable[str]) -> list[DatasetLine]:
    """A dataset that was not read yet is listed as such, never left out."""
    found = {line.name: line for line in read}
    return [
        found.get(name) or DatasetLine(name=name, service=name.partition(".")[0], status="not-read")
        for name in names
    ]


def chosen(lines: Iterable[CheckLine], filters: ResultFilters) -> list[CheckLine]:
    """Raises UnusableInput for a value that no line could have."""
    tests = [
        _one_of("verdict", filters.verdict, [*Outcome, OPEN], lambda line: line.verdict or OPEN),
        _one_of("section", filters.section, map(str, range(1, 10)), lambda line: str(line.section)),
        _one_of("level", filters.level, ["1", "2"], lambda line: str(line.level)),
        _one_of("severity", filters.severity, [*Severity], lambda line: line.severity),
        _one_of("service", filters.service, None, lambda line: line.service),
    ]
    wanted = filters.q.strip().lower()
    found = [
        line for line in lines if all(test(line) for test in tests) and wanted in _words_of(line)
    ]
    for key in reversed([part for part in filters.sort.split(",") if part]):
        found.sort(key=_sort_key(key.lstrip("-")), reverse=key.startswith("-"))
    return found


def _one_of(
    name: str, value: str, known: Iterable[str] | None, of: Callable[[CheckLine], str]
) -> Callable[[CheckLine], bool]:
    wanted = {part.strip() for part in value.split(",") if part.strip()}
    if known is not None and not wanted <= set(known):
        raise UnusableInput(f"There is no such {name}.")
    return lambda line: not wanted or of(line) in wanted


def _words_of(line: CheckLine) -> str:
    return f"{line.check_id} {line.recommendation} {line.check} {line.title} {line.reason}".lower()


_SORTS: dict[str, Callable[[CheckLine], Any]] = {
    "recommendation": lambda line: tuple(int(part) for part in line.recommendation.split(".")),
    "title": lambda line: line.title.lower(),
    "severity": lambda line: list(Severity).index(Severity(line.severity)),
    "level": lambda line: line.level,
    "service": lambda line: line.service,
    "verdict": lambda line: _VERDICTS.index(line.verdict),
}


def _sort_key(name: str) -> Callable[[CheckLine], Any]:
    if name not in _SORTS:
        raise UnusableInput(f"Sort by one of {', '.join(_SORTS)}.")
    return _SORTS[name]
