"""One line of what a check must say: a tenant, one change, one expectation."""

from collections.abc import Callable, Mapping, Sequence
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
    was not recorded. `affected` is compared with the resources, when it is given."""

    judge: Callable[[Evidence], Verdict]
    name: str
    given: Mapping[type[Dataset], Rows]
    expect: str
    affected: Sequence[str] | None = None
    unread: Mapping[type[Dataset], str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""  # part of the reason or of a note
    captured_at: datetime = CAPTURED_AT

    @property
    def check(self) -> Check:
        return CHECKS[self.judge.__name__]

    def evidence(self) -> Evidence:
        recorded = {dataset.key: Recorded.of(rows) for dataset, rows in self.given.items()}
        for dataset, status in self.unread.items():
            rows = self.given.get(dataset, ())
            recorded[dataset.key] = Recorded.of(rows, DatasetStatus(status), "as the case says")
        return Evidence(
            recorded, self.captured_at, TenantParameters.model_validate(dict(self.parameters))
        )
