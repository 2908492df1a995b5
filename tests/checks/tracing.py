"""What a check really looks at: the datasets it asks for, and the fields it touches."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BeforeValidator

from checks.registry import Check
from contracts.verdict import Verdict
from evidence.dataset import Dataset, EvidenceMissing, Wire
from evidence.evidence import Evidence, LicencePending
from tests.checks.case import Case, shared_evidence

_ENUMERATIONS = ("words.<locals>.read", "named.<locals>.read")


@dataclass
class Trace:
    datasets: set[str] = field(default_factory=set)
    fields: set[tuple[type[Wire], str]] = field(default_factory=set)
    rows: dict[tuple[type[Dataset], str], set[int]] = field(default_factory=dict)


@contextmanager
def _spying(seen: list[tuple[Wire, str]], asked: set[str]) -> Iterator[None]:
    found = Evidence._found

    def attribute(self: Wire, name: str) -> Any:
        if name in type(self).__pydantic_fields__:
            seen.append((self, name))
        return object.__getattribute__(self, name)

    def dataset(self: Evidence, wanted: type[Dataset]) -> Any:
        asked.add(wanted.key)
        return found(self, wanted)

    Wire.__getattribute__ = attribute  # type: ignore[method-assign, assignment]
    Evidence._found = dataset  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del Wire.__getattribute__
        Evidence._found = found  # type: ignore[method-assign]


def trace(check: Check, case: Case) -> Trace:
    """Judges without `evaluate`, which looks at every required dataset by itself."""
    evidence = shared_evidence(case).scoped(check.needs)
    touched: list[tuple[Wire, str]] = []
    result = Trace()
    with _spying(touched, result.datasets):
        _judged(check, evidence)
    numbers = {
        id(row): index for rows in evidence._cache.values() for index, row in enumerate(rows)
    }
    for row, name in touched:
        result.fields.add((type(row), name))
        if isinstance(row, Dataset) and id(row) in numbers:
            result.rows.setdefault((type(row), name), set()).add(numbers[id(row)])
    return result


def _judged(check: Check, evidence: Evidence) -> Verdict | None:
    try:
        return check.judge(evidence)
    except (EvidenceMissing, LicencePending):
        return None


def wire_name(model: type[Wire], name: str) -> str:
    return model.model_fields[name].alias or name


def is_required(model: type[Wire], name: str) -> bool:
    return model.model_fields[name].is_required()


def is_enumeration(model: type[Wire], name: str) -> bool:
    """Whether its words are a closed set: read by `words` or `named`."""
    info = model.model_fields[name]
    return any(
        isinstance(item, BeforeValidator)
        and getattr(item.func, "__qualname__", "") in _ENUMERATIONS
        for item in [*info.metadata, *_metadata(info.annotation)]
    )


def _metadata(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        yield argument
        yield from _metadata(argument)


def parts(model: type[Wire], known: frozenset[type[Wire]] = frozenset()) -> set[type[Wire]]:
    """The models of everything nested in a row."""
    found: set[type[Wire]] = set()
    for info in model.model_fields.values():
        for item in (info.annotation, *_metadata(info.annotation)):
            if isinstance(item, type) and issubclass(item, Wire) and item not in known | found:
                found |= {item} | parts(item, known | found | {item})
    return found


def keys_named(row: Mapping[str, Any], name: str) -> list[str]:
    return [key for key in row if key.lower() == name.lower()]
