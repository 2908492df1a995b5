"""The promises that all checks keep, generated over the registry, the datasets and the cases."""

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import pytest

from checks.catalogue import Recommendation, benchmark, words
from checks.evaluate import evaluate
from checks.registry import CHECKS, Check
from contracts.verdict import Outcome, ReasonCode, Verdict
from evidence.dataset import Dataset
from tests.checks.case import Case, shared_evidence
from tests.checks.spoiling import (
    LOST,
    SAME_EVIDENCE,
    UNKNOWN_WORD,
    UNREAD,
    WRONG_TYPE,
    Place,
    lost,
    missing,
)
from tests.checks.test_cases import CASES
from tests.checks.tracing import Trace, is_enumeration, is_required, parts, trace

BY_CHECK: dict[str, list[Case]] = defaultdict(list)
for one in CASES:
    BY_CHECK[one.check.slug].append(one)

# Rules that only customised tenants have; without them default and built-in policies govern.
_RULES = {
    "exchange.anti_phish_rules",
    "exchange.atp_built_in_protection_rules",
    "exchange.atp_protection_policy_rules",
    "exchange.eop_protection_policy_rules",
    "exchange.hosted_outbound_spam_filter_rules",
    "exchange.malware_filter_rules",
    "exchange.safe_attachment_rules",
    "exchange.safe_links_rules",
    "exchange.threat_policy_scope_members",
}
# An empty list is the tenant's answer here, by the catalogue. Everywhere else it is no pass.
EMPTY_MAY_PASS: dict[str, set[str]] = {
    "admin_accounts_cloud_only": {
        "graph.role_eligibility_schedule_instances",
        "graph.role_group_members",
    },
    "admin_accounts_reduced_licences": {"graph.role_group_members"},
    "global_admins_two_to_four": {"graph.role_group_members"},
    "anti_phishing_covers_majority": _RULES,
    "attachment_filter_comprehensive": _RULES,
    "common_attachment_filter_on": _RULES,
    "exchange_external_forwarding_blocked": {"exchange.transport_rules", *_RULES},
    "exchange_no_transport_rule_domain_allowlist": {"exchange.transport_rules"},
    "internal_malware_admins_notified": _RULES,
    "m365_groups_not_public": {"graph.groups"},
    "members_mfa_capable": {"graph.directory_role_assignments"},  # only exempts
    "onedrive_custom_script_blocked": {"sharepoint.personal_sites"},
    "outbound_spam_admins_notified": _RULES,
    "priority_accounts_under_strict_preset": {
        "exchange.priority_users",
        "exchange.threat_policy_scope_members",
    },
    "safe_attachments_cover_everyone": _RULES,
    "safe_links_cover_everyone": _RULES,
    "shared_mailbox_sign_in_blocked": {"exchange.mailboxes"},
    "sspr_enabled_for_all": {"graph.directory_role_assignments"},  # only exempts
    "teams_zero_hour_purge_on": {"exchange.teams_protection_policy_rules"},
}

# Part of it is attested whatever the evidence says.
NEVER_PASSES = {"emergency_access_accounts_defined"}
DECIDED = (Outcome.PASS, Outcome.FAIL)
ROLES = ("required", "if_licensed", "fallback", "display")
FIELDS = ("of a wrong type", "absent", "an unknown word")
ODD: list[Any] = [None, True, 7, "x", [7], {}]
TELLING = [None, True, False, -1, 0, 1, 2, 3, 10**6, "", "x", "Enabled", "Disabled", [], ["x"]]


def _pairs(*roles: str) -> list[tuple[Check, type[Dataset]]]:
    return [
        (check, dataset)
        for role in roles
        for check in CHECKS.values()
        for dataset in getattr(check, role)
    ]


def _id(value: object) -> str:
    if isinstance(value, Check):
        return value.slug
    if isinstance(value, type) and issubclass(value, Dataset):
        return value.key
    return str(value)


def _judged(case: Case) -> Verdict:
    verdict = evaluate(case.check, shared_evidence(case))
    assert verdict.code is not ReasonCode.CHECK_BROKEN, f"broken by a variant of '{case.name}'"
    return verdict


def _told(verdict: Verdict, case: Case) -> str:
    return f"from '{case.name}': {verdict.outcome}: {verdict.reason}"


_TRACES: dict[int, Trace] = {}


def _traced(case: Case) -> Trace:
    if id(case) not in _TRACES:
        _TRACES[id(case)] = trace(case.check, case)
    return _TRACES[id(case)]


@cache
def _telling(slug: str) -> list[Case]:
    """Cases of a check that look, for their outcome, at something that those before do not."""
    seen: set[object] = set()
    chosen: list[Case] = []
    for case in BY_CHECK[slug]:
        traced = _traced(case)
        looked_at = {(case.expect, what) for what in {*traced.fields, *traced.datasets}}
        if not looked_at <= seen:
            chosen.append(case)
            seen |= looked_at
    return chosen


def _passing(slug: str) -> list[Case]:
    return [case for case in _telling(slug) if case.expect == "pass"]


@pytest.mark.parametrize(("check", "dataset"), _pairs("required"), ids=_id)
def test_a_required_read_that_failed_is_neither_a_pass_nor_a_fail(
    check: Check, dataset: type[Dataset]
) -> None:
    for case, how in product(_passing(check.slug), LOST):
        verdict = _judged(lost(case, dataset, how))

        assert verdict.outcome not in DECIDED, f"{how}, {_told(verdict, case)}"


@pytest.mark.parametrize(("check", "dataset"), _pairs("if_licensed"), ids=_id)
def test_a_read_that_only_a_licence_may_refuse_is_missed_like_any_other(
    check: Check, dataset: type[Dataset]
) -> None:
    for case, how in product(_passing(check.slug), set(LOST) - {"unlicensed"}):
        verdict = _judged(lost(case, dataset, how))

        assert verdict.outcome not in DECIDED, f"{how}, {_told(verdict, case)}"


@pytest.mark.parametrize(("check", "dataset"), _pairs("required", "if_licensed"), ids=_id)
def test_an_empty_required_read_passes_only_where_the_catalogue_says_so(
    check: Check, dataset: type[Dataset]
) -> None:
    may_pass = dataset.key in EMPTY_MAY_PASS.get(check.slug, set())
    for case in _passing(check.slug):
        verdict = _judged(lost(case, dataset, "empty"))

        assert may_pass or verdict.outcome is not Outcome.PASS, _told(verdict, case)


@pytest.mark.parametrize(("check", "dataset"), _pairs("fallback"), ids=_id)
def test_a_failed_fallback_is_worth_no_more_than_none(check: Check, dataset: type[Dataset]) -> None:
    for case in _passing(check.slug):
        if _judged(missing(case, dataset)).outcome is Outcome.PASS:
            continue
        for how in (*UNREAD, "partial, half"):
            verdict = _judged(lost(case, dataset, how))

            assert verdict.outcome is not Outcome.PASS, f"{how}, {_told(verdict, case)}"


@pytest.mark.parametrize("check", CHECKS.values(), ids=_id)
def test_a_check_without_its_datasets_does_not_pass(check: Check) -> None:
    for case in _passing(check.slug):
        bare = case
        for dataset in check.datasets:
            bare = missing(bare, dataset)

        assert _judged(bare).outcome is not Outcome.PASS, case.name


@pytest.mark.parametrize(("check", "dataset"), _pairs("display"), ids=_id)
def test_a_displayed_dataset_never_decides(check: Check, dataset: type[Dataset]) -> None:
    for case, how in product(_telling(check.slug), (*LOST, "empty", *FIELDS)):
        for spoilt in _displayed(case, dataset, how):
            verdict = _judged(spoilt)

            assert verdict.outcome == case.expect, f"{how}, {_told(verdict, case)}"


def _displayed(case: Case, dataset: type[Dataset], how: str) -> Iterator[Case]:
    if how not in FIELDS:
        yield lost(case, dataset, how)
        return
    for place in _touched(case, dataset):
        if _applies(place, how):
            yield _spoilt(place, case, how)


@pytest.mark.parametrize(
    ("check", "dataset"), _pairs("required", "if_licensed", "fallback"), ids=_id
)
def test_an_unreadable_field_is_worth_no_more_than_its_worst_value(
    check: Check, dataset: type[Dataset]
) -> None:
    for case in _passing(check.slug):
        for place, how in product(_touched(case, dataset), FIELDS):
            if not _applies(place, how):
                continue
            verdict = _judged(_spoilt(place, case, how))

            if verdict.outcome is Outcome.PASS:
                worst = _worst(place, case)
                assert worst is None, f"{place} {how}, while {worst}; {_told(verdict, case)}"


@pytest.mark.parametrize(("check", "dataset"), _pairs(*ROLES), ids=_id)
def test_no_odd_value_breaks_a_check(check: Check, dataset: type[Dataset]) -> None:
    for case in _telling(check.slug)[:1]:
        for place in _touched(case, dataset):
            for value in ODD:
                verdict = evaluate(check, place.holding(case, value).evidence())

                assert verdict.code is not ReasonCode.CHECK_BROKEN, f"{place} is {value!r}"


def _touched(case: Case, dataset: type[Dataset]) -> list[Place]:
    """Where the case's verdict looked: each field in all rows, and in each row that it met."""
    seen, models = _traced(case), {dataset, *parts(dataset)}
    places = [Place(dataset, model, name) for model, name in seen.fields if model in models]
    places += [
        Place(dataset, model, name, row)
        for (model, name), rows in seen.rows.items()
        for row in rows
        if model is dataset and len(case.given.get(dataset, ())) > 1
    ]
    return sorted((place for place in places if place.found(case)), key=str)


def _applies(place: Place, how: str) -> bool:
    """A field with a default may be absent; only closed sets have unknown words."""
    if how == "absent":
        return is_required(place.model, place.name)
    return how != "an unknown word" or is_enumeration(place.model, place.name)


def _spoilt(place: Place, case: Case, how: str) -> Case:
    if how == "absent":
        return place.without(case)
    return place.holding(case, WRONG_TYPE if how == "of a wrong type" else UNKNOWN_WORD)


_WORST: dict[tuple[int, Place], str | None] = {}


def _worst(place: Place, case: Case) -> str | None:
    """A value, of those that any case of the check has there, with which the check fails."""
    if (id(case), place) not in _WORST:
        _WORST[id(case), place] = _searched(place, case)
    return _WORST[id(case), place]


def _searched(place: Place, case: Case) -> str | None:
    everywhere = Place(place.dataset, place.model, place.name)
    known = [value for other in BY_CHECK[case.check.slug] for value in everywhere.found(other)]
    distinct: dict[str, Any] = {json.dumps(value): value for value in [*known, *TELLING]}
    for text, value in distinct.items():
        verdict = evaluate(case.check, place.holding(case, value).evidence())
        if verdict.outcome is Outcome.FAIL:
            return f"{text} fails with: {verdict.reason}"
    return None


@pytest.mark.parametrize("check", CHECKS.values(), ids=_id)
def test_the_form_of_the_evidence_does_not_change_the_verdict(check: Check) -> None:
    for case, form in product(BY_CHECK[check.slug], SAME_EVIDENCE):
        changed = SAME_EVIDENCE[form](case)
        if changed.given == {key: list(rows) for key, rows in case.given.items()}:
            continue
        verdict = _judged(changed)

        assert verdict.outcome == case.expect, f"{form}, {_told(verdict, case)}"
        assert _affected(verdict) == _affected(_judged(case)), f"{form}, '{case.name}'"


def _affected(verdict: Verdict) -> list[str]:
    """Letter case aside: what is shown of a value may hold property names."""
    return sorted(
        f"{item.resource} {item.setting} {item.actual}".casefold() for item in verdict.affected
    )


@pytest.mark.parametrize("check", CHECKS.values(), ids=_id)
def test_a_verdict_is_the_same_twice_and_names_what_it_is_about(check: Check) -> None:
    for case in BY_CHECK[check.slug]:
        evidence = case.evidence()
        first, second = _judged(case), evaluate(check, evidence)
        order = [(item.resource, item.setting, item.actual) for item in first.affected]

        assert first == second == evaluate(check, evidence), case.name
        assert first.reason.strip() == first.reason != "", case.name
        assert "\n" not in first.reason, case.name
        assert order == sorted(order), case.name
        assert first.affected_total >= len(order), case.name
        assert all(text.strip() for item in order for text in item), f"{case.name}: {order}"
        assert first.outcome in (Outcome.FAIL, Outcome.MANUAL) or not order, case.name


@pytest.mark.parametrize("check", CHECKS.values(), ids=_id)
def test_a_check_looks_at_every_dataset_it_declares(check: Check) -> None:
    looked_at = {key for case in BY_CHECK[check.slug] for key in _traced(case).datasets}

    assert {dataset.key for dataset in check.datasets} <= looked_at


@pytest.mark.parametrize("item", benchmark().recommendations, ids=lambda item: item.id)
def test_a_recommendation_has_a_check_with_words_and_cases(item: Recommendation) -> None:
    outcomes = {case.expect for case in BY_CHECK[item.check]}
    demanded = {"manual"} if item.assessment == "attested" else {"pass", "fail"}
    if item.check in NEVER_PASSES:
        demanded = {"manual", "fail"}

    assert item.check in CHECKS, f"{item.check} is not written"
    assert item.check in words()
    assert outcomes >= demanded
    assert item.assessment == "automated" or words()[item.check].prompt


def test_every_check_and_every_text_serves_a_recommendation() -> None:
    asked = {item.check for item in benchmark().recommendations}

    assert set(CHECKS) <= asked
    assert set(words()) == asked
