"""Checks of an organisation's own: what is taken, and what is refused before it is used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import checks  # noqa: F401  (fills the registry)
from checks import catalogue
from checks.catalogue import planned_checks, words
from checks.custom import CustomCheckRefused, install, load
from checks.registry import CHECKS
from contracts.scan import Profile

WORDS = """
number = 1
level = 1
title = "No mail flow rule is switched off"
severity = "low"
rationale = "A rule nobody runs is a rule nobody reads."
remediation = "Remove it."
passes_when = "Every mail flow rule is enabled."
version = "3"
"""
CODE = """
from checks.custom import CustomCase
from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.evidence import Evidence
from evidence.exchange import TransportRule


@check(TransportRule)
def custom_rules_enabled(evidence: Evidence) -> Verdict:
    found = evidence.affected(TransportRule, _off)
    return failed("Rules are off", found) if found else passed("All rules run")


def _off(rule):
    if rule.state.lower() == "enabled":
        return None
    return Affected(resource=rule.name, setting="State", actual=rule.state)


CASES = [
    CustomCase(given={TransportRule: [{"Name": "a", "State": "Enabled"}]}, expect="pass"),
    CustomCase(given={TransportRule: [{"Name": "a", "State": "Disabled"}]}, expect="fail"),
]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "custom_rules_enabled.py").write_text(CODE, "utf-8")
    (tmp_path / "custom_rules_enabled.toml").write_text(WORDS, "utf-8")
    before = set(CHECKS)
    yield tmp_path
    for slug in set(CHECKS) - before:
        del CHECKS[slug]
    catalogue._CUSTOM.clear()


def test_a_valid_check_is_part_of_every_plan_of_its_level(folder: Path) -> None:
    assert install(folder) == []

    lines = planned_checks(Profile(level=1))
    assert len(lines) == 92
    assert lines[-1].check_id == "CUSTOM_100_1"
    assert lines[-1].service == "exchange"
    assert words()["custom_rules_enabled"].version == "3"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("def custom_rules_enabled", "def other_name"), "must register one check"),
        (("from evidence.evidence", "import os\nfrom evidence.evidence"), "imports os"),
        (('return failed("Rules', 'open("x")\n    return failed("Rules'), "uses open"),
        (('expect="fail"', 'expect="pass"'), "a passing and a failing"),
        (('expect="pass"', 'expect="manual"'), "a passing and a failing"),
        (('"Disabled"}]', '"Enabled"}]'), "case 2 comes to pass, not fail"),
        (("@check(TransportRule)", "@check()"), "require at least one dataset"),
        (("found = evidence", "found = = evidence"), "is not Python"),
        (("CASES = [", "1 / 0\nCASES = ["), "fails when it is loaded"),
    ],
)
def test_a_mistake_is_refused_by_name_and_leaves_nothing(
    folder: Path, change: tuple[str, str], why: str
) -> None:
    (folder / "custom_rules_enabled.py").write_text(CODE.replace(*change), "utf-8")
    before = set(CHECKS)

    with pytest.raises(CustomCheckRefused, match=why):
        load(folder / "custom_rules_enabled.py")

    assert set(CHECKS) == before
    assert len(planned_checks(Profile(level=1))) == 91


def test_a_careless_check_cannot_pass_on_unread_evidence(folder: Path) -> None:
    careless = CODE.replace(
        "    found = evidence.affected(TransportRule, _off)\n",
        "    found = [_off(row) for row in evidence.shown(TransportRule) if _off(row)]\n",
    ).replace("@check(TransportRule)", "@check(TransportRule, fallback=(TransportRule,))")
    (folder / "custom_rules_enabled.py").write_text(careless, "utf-8")

    # The judge itself turns such a pass into an error: the promise holds whatever the check does.
    load(folder / "custom_rules_enabled.py")
    refused = CODE.replace("@check(TransportRule)", "@check(fallback=(TransportRule,))")
    del CHECKS["custom_rules_enabled"]
    (folder / "custom_rules_enabled.py").write_text(refused, "utf-8")
    with pytest.raises(CustomCheckRefused, match="require at least one dataset"):
        load(folder / "custom_rules_enabled.py")


def test_words_that_are_missing_or_wrong_are_named(folder: Path) -> None:
    (folder / "custom_rules_enabled.toml").write_text(WORDS.replace('"low"', '"tiny"'), "utf-8")

    refusals = install(folder)

    assert len(refusals) == 1
    assert refusals[0].startswith("custom_rules_enabled.toml: its words cannot be used")
