"""Runs every case of every check."""

from importlib import import_module
from pathlib import Path

import pytest

import checks  # noqa: F401  (fills the registry)
from checks.evaluate import evaluate
from tests.checks.case import Case

MODULES = sorted(path.stem for path in (Path(__file__).parent / "cases").glob("*_*.py"))
CASES: list[Case] = [
    case for name in MODULES for case in import_module(f"tests.checks.cases.{name}").CASES
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check.slug}: {case.name}")
def test_case(case: Case) -> None:
    verdict = evaluate(case.check, case.evidence())

    assert verdict.outcome == case.expect, verdict
    if case.affected is not None:
        assert sorted({item.resource for item in verdict.affected}) == sorted(set(case.affected))
    assert case.says in " ".join([verdict.reason, *verdict.notes])
