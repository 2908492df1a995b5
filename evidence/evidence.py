"""The evidence of one scan, as checks see it: typed rows, and gaps that cannot be overlooked."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar, cast

from contracts.collector import DatasetStatus
from contracts.parameters import TenantParameters
from contracts.verdict import Affected
from evidence.dataset import Dataset, EvidenceMissing

Row = TypeVar("Row", bound=Dataset)
CACHED_ROWS = 2000  # larger datasets are parsed anew by each check, so memory stays flat
SUBSCRIBED_SKUS = "graph.subscribed_skus"
CHUNK_ROWS = 500


class LicencePending(Exception):
    """The licence inventory decides and is not read yet: judge again when it is."""


@dataclass(frozen=True)
class Recorded:
    """What one read of a dataset brought. Rows stay JSON text in chunks until a check asks."""

    status: DatasetStatus
    chunks: Sequence[bytes] = ()
    rows: int = 0
    message: str = ""

    @property
    def is_complete(self) -> bool:
        return self.status is DatasetStatus.OK

    def raw_rows(self) -> Iterator[dict[str, Any]]:
        for chunk in self.chunks:
            yield from json.loads(chunk)

    @classmethod
    def of(
        cls,
        rows: Sequence[Mapping[str, Any]],
        status: DatasetStatus = DatasetStatus.OK,
        message: str = "",
    ) -> "Recorded":
        chunks = [
            json.dumps(rows[start : start + CHUNK_ROWS]).encode()
            for start in range(0, len(rows), CHUNK_ROWS)
        ]
        return cls(status=status, chunks=chunks, rows=len(rows), message=message)


NOT_RECORDED = Recorded(DatasetStatus.OTHER, message="not recorded")


@dataclass
class Evidence:
    """`needs` limits one check to what it declared; `gaps` collects what its verdict lacked."""

    recorded: Mapping[str, Recorded]
    captured_at: datetime
    parameters: TenantParameters = field(default_factory=TenantParameters)
    licence_pending: bool = False
    needs: frozenset[str] | None = None
    gaps: list[EvidenceMissing] = field(default_factory=list)
    consulted: set[str] = field(default_factory=set)
    _cache: dict[str, list[Dataset]] = field(default_factory=dict)

    def scoped(self, needs: frozenset[str]) -> "Evidence":
        """The same evidence for one check, with its own gaps."""
        return Evidence(
            recorded=self.recorded,
            captured_at=self.captured_at,
            parameters=self.parameters,
            licence_pending=self.licence_pending,
            needs=needs,
            _cache=self._cache,
        )

    @property
    def today(self) -> date:
        return self.captured_at.date()

    def status(self, dataset: type[Dataset]) -> DatasetStatus:
        return self._found(dataset).status

    def is_complete(self, dataset: type[Dataset]) -> bool:
        return self._found(dataset).is_complete

    def all(self, dataset: type[Row]) -> list[Row]:
        """Every row; raises unless the read is complete. Right when absence would decide."""
        return list(self.each(dataset))

    def each(self, dataset: type[Row]) -> Iterator[Row]:
        """As `all`, one row at a time: for datasets that grow with the tenant."""
        found = self._found(dataset)
        if not found.is_complete:
            raise self._gap(dataset, found)
        return self._rows(dataset, found)

    def one(self, dataset: type[Row]) -> Row:
        """The single row of a constant dataset; raises on none or on several that differ."""
        found = self._found(dataset)
        if not found.is_complete and not found.rows:
            raise self._gap(dataset, found)
        distinct = {json.dumps(raw, sort_keys=True) for raw in found.raw_rows()}
        if not distinct:
            raise EvidenceMissing(dataset.key, "the read returned nothing", kind="empty")
        if len(distinct) > 1:
            raise EvidenceMissing(dataset.key, f"{len(distinct)} objects where one is expected")
        if not found.is_complete:
            self.gaps.append(self._gap(dataset, found))
        return next(self._rows(dataset, found))

    def seen(self, dataset: type[Row]) -> Iterator[Row]:
        """What was read, if only in part. A counterexample in it stands; a pass over it cannot."""
        found = self._found(dataset)
        if not found.is_complete:
            self.gaps.append(self._gap(dataset, found))
        return self._rows(dataset, found)

    def shown(self, dataset: type[Row]) -> list[Row]:
        """Rows of a dataset that is only displayed: never decides, never leaves a gap."""
        return list(self._rows(dataset, self._found(dataset)))

    def affected(
        self,
        dataset: type[Row],
        judge: Callable[[Row], Affected | Sequence[Affected] | None],
    ) -> list[Affected]:
        """Counterexamples over all rows that were read: the body of a for-all check.

        A row that cannot be judged leaves a gap and the others are still judged.
        """
        found: list[Affected] = []
        for row in self.seen(dataset):
            try:
                answer = judge(row)
            except EvidenceMissing as gap:
                self.gaps.append(gap)
                continue
            if isinstance(answer, Affected):
                found.append(answer)
            elif answer:
                found.extend(answer)
        return found

    def count(self, dataset: type[Dataset]) -> int:
        return self._found(dataset).rows

    def parameter(self, name: str) -> Any:
        """A tenant parameter; the verdict will say that it was consulted."""
        self.consulted.add(name)
        return getattr(self.parameters, name)

    def approved(self, slug: str) -> frozenset[str]:
        """Lower-case ids of this check's current approved exceptions."""
        self.consulted.add("approved_exceptions")
        return frozenset(self.parameters.approved(slug, self.today))

    def forget(self, dataset: str) -> None:
        """Drops parsed rows that no check will ask for again."""
        self._cache.pop(dataset, None)

    def _found(self, dataset: type[Dataset]) -> Recorded:
        if self.needs is not None and dataset.key not in self.needs:
            raise LookupError(f"{dataset.key} is read but not declared")
        if dataset.key == SUBSCRIBED_SKUS and self.licence_pending:
            raise LicencePending
        return self.recorded.get(dataset.key, NOT_RECORDED)

    def _gap(self, dataset: type[Dataset], found: Recorded) -> EvidenceMissing:
        detail = f" ({found.message})" if found.message else ""
        return EvidenceMissing(
            dataset.key, f"{_SPOKEN[found.status]}{detail}", kind=found.status.value
        )

    def _rows(self, dataset: type[Row], found: Recorded) -> Iterator[Row]:
        cached = self._cache.get(dataset.key)
        if cached is not None:
            return iter(cast(list[Row], cached))
        rows = (dataset.read_row(raw) for raw in found.raw_rows())
        if found.rows > CACHED_ROWS:
            return rows
        parsed = list(rows)
        self._cache[dataset.key] = cast(list[Dataset], parsed)
        return iter(parsed)


_SPOKEN = {
    DatasetStatus.OK: "read",
    DatasetStatus.DENIED: "permission denied",
    DatasetStatus.THROTTLED: "throttled by Microsoft",
    DatasetStatus.UNLICENSED: "refused for want of a licence",
    DatasetStatus.MISSING_CMDLET: "the command does not exist in this tenant or module",
    DatasetStatus.TIMEOUT: "the read ran into its time limit",
    DatasetStatus.PARTIAL: "read only in part",
    DatasetStatus.OTHER: "the read failed",
}
