"""Two readings of the same checks, side by side."""

import pytest

from contracts.results import Change, JudgedLine
from contracts.verdict import Outcome
from reports.compare import compare

PASS, FAIL, ERROR, MANUAL = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.MANUAL


def line(
    verdict: Outcome | None,
    *,
    check: str = "admins-are-cloud-only",
    recommendation: str = "1.1.1",
    affected: int = 0,
    reason: str = "",
    objects: list[str] | None = None,
) -> JudgedLine:
    return JudgedLine(
        check_id=f"CIS-{recommendation}",
        recommendation=recommendation,
        check=check,
        title=check,
        section=1,
        level=1,
        severity="high",
        service="graph",
        verdict=verdict,
        affected_total=affected,
        reason=reason,
        objects=objects,
    )


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (PASS, FAIL, Change.BROKEN),
        (FAIL, PASS, Change.FIXED),
        (PASS, ERROR, Change.ERROR_CHANGED),
        (ERROR, FAIL, Change.ERROR_CHANGED),
        (None, PASS, Change.ERROR_CHANGED),
        (FAIL, None, Change.ERROR_CHANGED),
        (None, ERROR, Change.ERROR_CHANGED),
        (MANUAL, FAIL, Change.CHANGED),
        (PASS, Outcome.NOT_APPLICABLE, Change.CHANGED),
        (FAIL, FAIL, Change.SAME),
        (ERROR, ERROR, Change.SAME),
        (None, None, Change.SAME),
    ],
)
def test_what_became_of_a_check(
    before: Outcome | None, after: Outcome | None, change: Change
) -> None:
    found = compare([line(before)], [line(after)])

    assert [item.change for item in found.items] == [change]
    assert found.counts == {kind: int(kind is change) for kind in Change}


def test_a_check_without_a_verdict_is_never_fixed_or_broken() -> None:
    for clear in (PASS, FAIL):
        for unclear in (None, ERROR):
            both = compare([line(clear)], [line(unclear)]), compare([line(unclear)], [line(clear)])
            assert {item.change for found in both for item in found.items} == {Change.ERROR_CHANGED}


def test_checks_are_joined_by_name_whatever_their_number() -> None:
    found = compare(
        [line(FAIL, recommendation="1.1.1"), line(PASS, check="gone", recommendation="1.1.2")],
        [line(PASS, check="new", recommendation="1.1.1"), line(PASS, recommendation="1.3.1")],
    )

    assert [(item.check, item.recommendation, item.change) for item in found.items] == [
        ("new", "1.1.1", Change.NEW),
        ("admins-are-cloud-only", "1.3.1", Change.FIXED),
        ("gone", "1.1.2", Change.GONE),
    ]
    assert (found.items[0].before, found.items[2].after) == (None, None)


def test_the_same_verdict_on_another_finding_differs() -> None:
    three = line(FAIL, affected=3, reason="Three accounts are synchronised")
    two = line(FAIL, affected=2, reason="Two accounts are synchronised")
    (changed,) = compare([three], [two]).items
    (kept,) = compare([three], [three]).items

    assert (changed.change, changed.differs) == (Change.SAME, True)
    assert (kept.change, kept.differs) == (Change.SAME, False)


def test_what_appeared_and_disappeared_is_named() -> None:
    before = line(FAIL, affected=2, objects=["ann", "bob"])
    (other,) = compare([before], [line(FAIL, affected=2, objects=["bob", "eve"])]).items
    (fixed,) = compare([before], [line(PASS, objects=[])]).items

    assert (other.appeared, other.disappeared) == (["eve"], ["ann"])
    assert (other.change, other.differs) == (Change.SAME, True)
    assert (fixed.appeared, fixed.disappeared) == ([], ["ann", "bob"])


def test_where_one_side_does_not_know_all_its_resources_none_is_said_to_have_gone() -> None:
    known = line(FAIL, affected=2, objects=["ann", "bob"])
    for unknown in (line(FAIL, affected=2), line(ERROR), line(None)):
        for found in (compare([known], [unknown]), compare([unknown], [known])):
            assert (found.items[0].appeared, found.items[0].disappeared) == (None, None)
