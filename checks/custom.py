"""Checks of an organisation's own: two files each in a folder, validated before they are used.

`custom_<name>.py` registers one check with `@check(…)` and lists CASES; `custom_<name>.toml`
holds its words, `number`, `level`, `licences` and `version`. The folder's owner is trusted with
Python; what is refused here are mistakes: a check that is impure, untested, or would pass on
evidence that was not read.
"""

import ast
import importlib.util
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from pydantic import ValidationError

from checks.catalogue import CheckText, Recommendation, add_custom
from checks.evaluate import evaluate
from checks.registry import CHECKS, Check
from contracts.collector import DatasetStatus
from contracts.parameters import TenantParameters
from contracts.verdict import Outcome, Verdict
from evidence.dataset import Dataset
from evidence.evidence import Evidence, Recorded

PREFIX = "custom_"
SECTION = 100  # of their own: no benchmark has so many
_MAY_IMPORT = (
    "checks.custom",
    "checks.registry",
    "checks.wording",
    "collections",
    "contracts.verdict",
    "dataclasses",
    "datetime",
    "evidence",
    "functools",
    "itertools",
    "re",
    "typing",
)
_MAY_NOT_CALL = frozenset({"open", "eval", "exec", "compile", "__import__", "input", "print"})
_CAPTURED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CustomCase:
    """Rows in wire shape by dataset, and what they must come to."""

    given: Mapping[type[Dataset], Sequence[Mapping[str, Any]]]
    expect: Literal["pass", "fail", "manual", "not_applicable", "error"]
    parameters: Mapping[str, Any] = field(default_factory=dict)


class CustomCheckRefused(Exception):
    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file.name}: {why}")


def install(folder: Path) -> list[str]:
    """Adds every valid check of the folder; answers with a sentence for each that is refused."""
    refusals = []
    for file in sorted(folder.glob("*.py")):
        try:
            add_custom(*load(file))
        except CustomCheckRefused as reason:
            refusals.append(str(reason))
    return refusals


def load(file: Path) -> tuple[Recommendation, CheckText]:
    """Registers the check of one file. Raises CustomCheckRefused, and then leaves nothing."""
    slug = file.stem
    if not slug.startswith(PREFIX):
        raise CustomCheckRefused(file, f"its name must begin with {PREFIX}")
    if slug in CHECKS:
        raise CustomCheckRefused(file, "a check of this name is there already")
    _must_be_pure(file)
    recommendation, text = _words(file)
    before = set(CHECKS)
    try:
        module = _execute(file)
        added = set(CHECKS) - before
        if added != {slug}:
            raise CustomCheckRefused(file, f"must register one check, called {slug}")
        _must_keep_promises(file, CHECKS[slug], getattr(module, "CASES", []))
    except CustomCheckRefused:
        for name in set(CHECKS) - before:
            del CHECKS[name]
        raise
    return recommendation, text


def _must_be_pure(file: Path) -> None:
    try:
        tree = ast.parse(file.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        raise CustomCheckRefused(file, f"is not Python: {error}") from None
    for node in ast.walk(tree):
        for name in _imported(node):
            if not any(name == known or name.startswith(f"{known}.") for known in _MAY_IMPORT):
                raise CustomCheckRefused(file, f"imports {name}; a check only judges evidence")
        if isinstance(node, ast.Name) and node.id in _MAY_NOT_CALL:
            raise CustomCheckRefused(file, f"uses {node.id}; a check only judges evidence")


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return []


def _words(file: Path) -> tuple[Recommendation, CheckText]:
    words = file.with_suffix(".toml")
    try:
        raw = tomllib.loads(words.read_text("utf-8"))
        number = raw.pop("number")
        placed = {name: raw.pop(name) for name in ("level", "licences") if name in raw}
        recommendation = Recommendation(
            id=f"{SECTION}.{int(number)}",
            check=file.stem,
            assessment="automated",
            prefix="CUSTOM",
            **({"level": 1, "licences": ["E3", "E5"]} | placed),
        )
        return recommendation, CheckText.model_validate(raw)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise CustomCheckRefused(words, f"its words cannot be used: {why}") from None


def _execute(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"custom_checks.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise CustomCheckRefused(file, "cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001  (foreign code: whatever it raises is its refusal)
        raise CustomCheckRefused(file, f"fails when it is loaded: {error!r}") from None
    return module


def _must_keep_promises(file: Path, check: Check, cases: Sequence[CustomCase]) -> None:
    if not check.required:
        raise CustomCheckRefused(file, "must require at least one dataset")
    wanted = {case.expect for case in cases if isinstance(case, CustomCase)}
    if not {"pass", "fail"} <= wanted:
        raise CustomCheckRefused(file, "CASES must hold a passing and a failing CustomCase")
    for position, case in enumerate(cases, 1):
        verdict = _judged(check, case, {})
        if verdict.outcome != case.expect:
            raise CustomCheckRefused(
                file, f"case {position} comes to {verdict.outcome}, not {case.expect}"
            )
    for case in cases:
        for dataset in check.required:
            for status in DatasetStatus:
                if status is DatasetStatus.OK:
                    continue
                if _judged(check, case, {dataset: status}).outcome is Outcome.PASS:
                    raise CustomCheckRefused(
                        file, f"passes although {dataset.key} was read as {status.value}"
                    )


def _judged(
    check: Check, case: CustomCase, unread: Mapping[type[Dataset], DatasetStatus]
) -> Verdict:
    recorded = {dataset.key: Recorded.of(rows) for dataset, rows in case.given.items()}
    for dataset, status in unread.items():
        rows = case.given.get(dataset, ()) if status is DatasetStatus.PARTIAL else ()
        recorded[dataset.key] = Recorded.of(rows, status, "unread")
    parameters = TenantParameters.model_validate(dict(case.parameters))
    return evaluate(check, Evidence(recorded, _CAPTURED_AT, parameters))
