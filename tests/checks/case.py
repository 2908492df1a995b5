"""One line of what a check must say: a tenant, one change, one expectation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from checks.registry import CHECKS, Check
from contracts.collector import DatasetStatus
from contracts.parameters import TenantParameters
from contracts.verdict import Verdict
from evidence.dataset import Dataset
from evidence.evidence import Evidence, Recorded

CAPTURED_AT = datetime(2026, 5, 4, 17, 15, 48, tzinfo=UTC)
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Case:
    """`given` holds rows in wire shape; `unread` how other datasets ended. What neither names
    was not recorded. `affected` is compared with the resources, when it is given.

    `origin` is the case that this one is a variant of: rows that are still the very same are
    parsed once for all variants."""

    judge: Callable[[Evidence], Verdict]
    name: str
    given: Mapping[type[Dataset], Rows]
    expect: str
    affected: Sequence[str] | None = None
    unread: Mapping[type[Dataset], str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""  # part of the reason or of a note
    captured_at: datetime = CAPTURED_AT
    origin: "Case | None" = field(default=None, repr=False)

    @property
    def check(self) -> Check:
        return CHECKS[self.judge.__name__]

    def evidence(self) -> Evidence:
        if self.origin:
            return self._like(self.origin)
        recorded = {dataset.key: Recorded.of(rows) for dataset, rows in self.given.items()}
        for dataset, status in self.unread.items():
            rows = self.given.get(dataset, ())
            recorded[dataset.key] = Recorded.of(rows, DatasetStatus(status), "as the case says")
        return Evidence(
            recorded, self.captured_at, TenantParameters.model_validate(dict(self.parameters))
        )

    def _like(self, origin: "Case") -> Evidence:
        """Only what differs from the origin is recorded and parsed anew."""
        known = _known(origin)
        recorded: dict[str, Recorded] = {}
        for dataset in {*self.given, *self.unread}:
            rows, how = self.given.get(dataset, ()), self.unread.get(dataset, "ok")
            if rows is origin.given.get(dataset) and how == origin.unread.get(dataset, "ok"):
                recorded[dataset.key] = known.recorded[dataset.key]
            else:
                recorded[dataset.key] = AsGiven.of_rows(rows, DatasetStatus(how))
        parsed = {
            key: rows
            for key, rows in known._cache.items()
            if recorded.get(key) is known.recorded.get(key)
        }
        return Evidence(recorded, self.captured_at, known.parameters, _cache=parsed)


@dataclass(frozen=True)
class AsGiven(Recorded):
    """Rows that no JSON text stands between: for variants, of which there are many."""

    given: Rows = ()

    @classmethod
    def of_rows(cls, rows: Rows, status: DatasetStatus) -> "AsGiven":
        return cls(status, rows=len(rows), message="as the variant says", given=rows)

    def raw_rows(self) -> Iterator[dict[str, Any]]:
        return (dict(row) for row in self.given)


_KNOWN: dict[int, tuple[Case, Evidence]] = {}  # with the case, so that its id stays its own


def _known(case: Case) -> Evidence:
    if id(case) not in _KNOWN:
        _KNOWN[id(case)] = case, case.evidence()
    return _KNOWN[id(case)][1]


def shared_evidence(case: Case) -> Evidence:
    """Evidence of a case whose rows are parsed once for it and all its variants."""
    return case.evidence() if case.origin else _known(case)
