"""Evidence that went wrong: a case with one dataset or one field of it spoilt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from evidence.dataset import Dataset, Wire
from tests.checks.case import Case
from tests.checks.tracing import keys_named, wire_name

UNREAD = ("denied", "throttled", "timeout", "missing-cmdlet", "unlicensed", "other")
LOST = ("missing", *UNREAD, "partial, half", "partial, all but the end")
WRONG_TYPE = {"unexpected": {"shape": 1}}
UNKNOWN_WORD = "aWordThatNobodyKnows"
Row = dict[str, Any]


def with_rows(case: Case, dataset: type[Dataset], rows: Sequence[Mapping[str, Any]]) -> Case:
    return _variant(case, given={**case.given, dataset: rows})


def missing(case: Case, dataset: type[Dataset]) -> Case:
    return _variant(
        case,
        given={key: rows for key, rows in case.given.items() if key != dataset},
        unread={key: how for key, how in case.unread.items() if key != dataset},
    )


def lost(case: Case, dataset: type[Dataset], how: str) -> Case:
    """One read of the case ended otherwise: `how` is one of LOST, or `empty`."""
    if how == "missing":
        return missing(case, dataset)
    if how == "empty":
        return with_rows(missing(case, dataset), dataset, [])
    rows = case.given.get(dataset, ())
    if how in UNREAD:
        return _variant(missing(case, dataset), unread={**case.unread, dataset: how})
    kept = rows[: len(rows) // 2] if how == "partial, half" else rows
    return _variant(with_rows(case, dataset, kept), unread={**case.unread, dataset: "partial"})


def _variant(case: Case, **changes: Any) -> Case:
    return replace(case, origin=case.origin or case, **changes)


@dataclass(frozen=True)
class Place:
    """A field of a dataset's rows, or of whatever part of a row has it; in one row or in all."""

    dataset: type[Dataset]
    model: type[Wire]
    name: str
    only_row: int | None = None

    def __str__(self) -> str:
        where = "all rows" if self.only_row is None else f"row {self.only_row}"
        return f"{self.model.__name__}.{self.name} in {where}"

    def without(self, case: Case) -> Case:
        def remove(row: Row, keys: Sequence[str]) -> None:
            for key in keys:
                del row[key]

        return with_rows(case, self.dataset, self._walk(case, remove))

    def holding(self, case: Case, value: Any) -> Case:
        def put(row: Row, keys: Sequence[str]) -> None:
            row.update(dict.fromkeys(keys, value))

        return with_rows(case, self.dataset, self._walk(case, put))

    def found(self, case: Case) -> list[Any]:
        """The values that stand there."""
        values: list[Any] = []
        self._walk(case, lambda row, keys: values.extend(row[key] for key in keys))
        return values

    def _walk(self, case: Case, visit: Callable[[Row, Sequence[str]], None]) -> list[Any]:
        wire, is_nested = wire_name(self.model, self.name), self.model is not self.dataset

        def copied(value: Any, *, is_inside: bool) -> Any:
            if isinstance(value, list):
                return [copied(item, is_inside=is_inside) for item in value]
            if not isinstance(value, Mapping):
                return value
            row = {
                key: copied(item, is_inside=True) if is_nested else item
                for key, item in value.items()
            }
            if is_inside is is_nested:
                visit(row, keys_named(row, wire))
            return row

        return [
            copied(row, is_inside=False) if self.only_row in (None, index) else row
            for index, row in enumerate(case.given.get(self.dataset, ()))
        ]


def _each(case: Case, change: Callable[[list[Row]], list[Row]]) -> Case:
    given = {dataset: change([dict(row) for row in rows]) for dataset, rows in case.given.items()}
    return _variant(case, given=given)


def _reordered(case: Case) -> Case:
    def shuffle(rows: list[Row]) -> list[Row]:
        Random(5).shuffle(rows)
        return rows

    return _each(case, shuffle)


def _with_more_properties(case: Case) -> Case:
    more = {"AddedByMicrosoftLater": {"nested": [1, None, "x"]}, "another@odata.context": ""}
    return _each(case, lambda rows: [row | more for row in rows])


def _in_other_letters(case: Case) -> Case:
    def swapped(value: Any) -> Any:
        if isinstance(value, list):
            return [swapped(item) for item in value]
        if isinstance(value, Mapping):
            return {_swapcase(key): swapped(item) for key, item in value.items()}
        return value

    return _each(case, lambda rows: [swapped(row) for row in rows])


def _swapcase(name: str) -> str:
    """An annotation of the protocol is not a property, and nobody spells it otherwise."""
    return name if "@odata." in name else name.swapcase()


SAME_EVIDENCE: dict[str, Callable[[Case], Case]] = {
    "rows shuffled": _reordered,
    "rows in reverse": lambda case: _each(case, lambda rows: rows[::-1]),
    "every row twice": lambda case: _each(case, lambda rows: rows + rows),
    "properties that nobody asked for": _with_more_properties,
    "property names in other letters": _in_other_letters,
}
