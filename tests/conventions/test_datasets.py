"""Evidence models against the reference of what collectors read, where that lies beside us."""

import json
from typing import Any

import pytest

import checks  # noqa: F401  (fills the registry)
from checks.registry import datasets
from evidence.dataset import Dataset
from tests.conventions.tree import ROOT

_FILE = ROOT.parent / "shared" / "reference" / "datasets.json"


def _reference() -> dict[str, dict[str, Any]]:
    if not _FILE.exists():
        return {}
    return {item["dataset"]: item for item in json.loads(_FILE.read_text("utf-8"))}


REFERENCE = _reference()
present = pytest.mark.skipif(not REFERENCE, reason="the reference is not beside this checkout")
each = pytest.mark.parametrize("key", sorted(set(REFERENCE) & set(datasets())))


@present
def test_every_dataset_of_the_reference_is_read_by_a_check_and_no_other() -> None:
    assert sorted(datasets()) == sorted(REFERENCE)


@each
def test_a_model_selects_every_property_of_the_reference(key: str) -> None:
    selected = {name.lower() for name in datasets()[key].select()}

    assert [name for name in REFERENCE[key]["select"] if name.lower() not in selected] == []


@each
def test_a_read_starts_from_what_the_reference_says(key: str) -> None:
    model = datasets()[key]

    assert model.service() == REFERENCE[key]["service"]
    assert sorted(model.depends_on) == sorted(REFERENCE[key].get("depends_on", []))
    assert model.phase == REFERENCE[key].get("phase", 1)


def test_what_a_read_starts_from_is_read_before_it() -> None:
    known = datasets()

    assert [key for key, model in known.items() if not _comes_later(model, known)] == []


def _comes_later(model: type[Dataset], known: dict[str, type[Dataset]]) -> bool:
    return all(known[name].phase < model.phase for name in model.depends_on)
