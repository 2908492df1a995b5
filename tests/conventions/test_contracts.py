"""What crosses processes changes on purpose only: readers of another version rely on it."""

import json
from typing import Any

import pytest

from assay.documents import CONTRACTS, contract_snapshots

_ACCEPT = "python -m assay.documents --schemas"


@pytest.mark.parametrize("path", sorted(contract_snapshots()), ids=lambda path: path.stem)
def test_a_contract_is_what_was_accepted_last(path: Any) -> None:
    now = contract_snapshots()[path]
    accepted = path.read_text("utf-8") if path.exists() else "{}"

    assert now == accepted, _explain(path.name, json.loads(accepted), json.loads(now))


def test_no_snapshot_is_left_of_a_contract_that_is_gone() -> None:
    assert set(CONTRACTS.glob("*.json")) == set(contract_snapshots())


_OLD = {
    "$defs": {
        "Line": {"properties": {"name": {"type": "string"}}, "required": ["name"]},
        "Level": {"enum": ["low", "high"]},
    }
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"Line": {"properties": {"title": {}}, "required": ["name"]}}, ["Line.name is gone"]),
        (
            {"Line": {"properties": {"name": {"type": "integer"}}, "required": ["name"]}},
            ["Line.name is of another type"],
        ),
        (
            {"Line": {**_OLD["$defs"]["Line"], "required": ["name", "id"]}},
            ["Line.id is required and was not"],
        ),
        ({"Level": {"enum": ["low"]}}, ["Level no longer knows high"]),
        ({"Level": {"enum": ["low", "middle", "high"]}}, []),
    ],
)
def test_a_change_that_breaks_a_reader_is_told_from_an_addition(
    changes: dict[str, Any], expected: list[str]
) -> None:
    assert _breaks(_OLD, {"$defs": _OLD["$defs"] | changes}) == expected


def _explain(name: str, accepted: dict[str, Any], now: dict[str, Any]) -> str:
    found = _breaks(accepted, now)
    hint = (
        "It breaks readers of an older version: " + "; ".join(found) + ". Add a field with a"
        " default instead, and leave the old one."
        if found
        else "Nothing in it breaks a reader: additions have defaults."
    )
    return f"{name} has changed. {hint} To accept it on purpose: {_ACCEPT}"


def _breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = [
        f"{name} is no longer {value!r}"
        for name, value in old.items()
        if name not in ("$defs", "types") and new.get(name) != value
    ]
    for name, before in old.get("$defs", {}).items():
        after = new.get("$defs", {}).get(name)
        found += [f"{name} is gone"] if after is None else _breaks_of_type(name, before, after)
    return found


def _breaks_of_type(name: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = [f"{name} no longer knows {v}" for v in old.get("enum", []) if v not in new["enum"]]
    for field, before in old.get("properties", {}).items():
        after = new.get("properties", {}).get(field)
        if after is None:
            found.append(f"{name}.{field} is gone")
        elif _shape(after) != _shape(before):
            found.append(f"{name}.{field} is of another type")
    demanded = set(new.get("required", [])) - set(old.get("required", []))
    return found + [f"{name}.{field} is required and was not" for field in sorted(demanded)]


def _shape(field: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in field.items() if key not in ("title", "default")}
