"""Data loss prevention policies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from checks.registry import check
from contracts.verdict import Affected, ReasonCode, Verdict, failed, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import (
    DATA_LOSS_PREVENTION,
    TEAMS_DATA_LOSS_PREVENTION,
    Licence,
    lacks,
)
from evidence.purview import DlpPolicy, DlpRule

EnabledRules = dict[str, set[str]]  # names of enabled rules, by lower-case name of the policy


@dataclass
class _Assessed:
    """One good policy is enough, so a row that cannot be judged matters only without one."""

    good: dict[str, set[str]] = field(default_factory=dict)
    affected: list[Affected] = field(default_factory=list)
    unknown: list[EvidenceMissing] = field(default_factory=list)


@check(DlpPolicy, DlpRule, licence=DATA_LOSS_PREVENTION)
def dlp_policy_enforced(evidence: Evidence) -> Verdict:
    """Passes when one enforced policy with an enabled rule covers mail, sites, OneDrive or Teams.

    No policy fails, unless the tenant has no plan with DLP either.
    """
    policies = evidence.all(DlpPolicy)
    assessed = _assess(evidence, policies, _general_faults)
    if assessed.good:
        return _enforced(assessed)
    if assessed.unknown:
        raise assessed.unknown[0]
    if not policies and lacks(evidence, DATA_LOSS_PREVENTION):
        return _unlicensed(DATA_LOSS_PREVENTION)
    return failed("No data loss prevention policy is enforced", assessed.affected)


def _general_faults(policy: DlpPolicy) -> list[str]:
    covers = policy.covered_workloads
    return [] if covers else ["covers neither Exchange, SharePoint, OneDrive nor Teams"]


@check(DlpPolicy, DlpRule, licence=TEAMS_DATA_LOSS_PREVENTION)
def dlp_policy_teams_enforced(evidence: Evidence) -> Verdict:
    """Passes when one enforced policy with an enabled rule covers all of Teams, with approved
    exceptions only. Locations decide: the list of workloads names more than is covered."""
    approved = evidence.approved("dlp_policy_teams_enforced")
    policies = evidence.all(DlpPolicy)
    assessed = _assess(evidence, policies, lambda policy: _teams_faults(policy, approved))
    if assessed.good:
        return _enforced(assessed)
    if assessed.unknown:
        raise assessed.unknown[0]
    in_teams = {policy.name for policy in policies if policy.teams_location}
    if not in_teams and lacks(evidence, TEAMS_DATA_LOSS_PREVENTION):
        return _unlicensed(TEAMS_DATA_LOSS_PREVENTION)
    mentioned = in_teams | {p.name for p in policies if "teams" in (p.workload or "").lower()}
    return failed(
        "No enforced data loss prevention policy covers all of Teams",
        [item for item in assessed.affected if item.resource in mentioned],
    )


def _teams_faults(policy: DlpPolicy, approved: frozenset[str]) -> list[str]:
    faults = []
    if not policy.covers_all_teams:
        covered = ", ".join(sorted(policy.teams_location)) or "nothing"
        faults.append(f"TeamsLocation is {covered}, not All")
    spared = sorted(
        entry for entry in policy.teams_location_exception if entry.lower() not in approved
    )
    if spared:
        faults.append(f"exceptions not approved: {', '.join(spared)}")
    return faults


def _assess(
    evidence: Evidence,
    policies: Sequence[DlpPolicy],
    scope_faults: Callable[[DlpPolicy], list[str]],
) -> _Assessed:
    found = _Assessed()
    rules, unread = _enabled_rules(evidence)
    for policy in policies:
        try:
            enabled = rules.get(policy.name.lower(), set())
            faults = [*_mode_faults(policy), *scope_faults(policy)]
            if not enabled and unread and not faults:
                raise unread
        except EvidenceMissing as gap:
            found.unknown.append(gap)
            continue
        if not (enabled or unread):
            faults.append("no enabled rule")
        if faults:
            found.affected.append(_described(policy, faults))
        else:
            found.good[policy.name] = enabled
    return found


def _enabled_rules(evidence: Evidence) -> tuple[EnabledRules, EvidenceMissing | None]:
    """The rules that were read, and why there may be more."""
    rules: EnabledRules = {}
    unread = None
    for rule in evidence.seen(DlpRule):
        try:
            if not rule.disabled:
                rules.setdefault(rule.parent_policy_name.lower(), set()).add(rule.name or "")
        except EvidenceMissing as gap:
            unread = gap
    if not evidence.is_complete(DlpRule):
        unread = evidence.gaps[-1]
    return rules, unread


def _mode_faults(policy: DlpPolicy) -> list[str]:
    if policy.is_enforced:
        return []
    switched_off = ", Enabled False" if policy.enabled is False else ""
    return [f"Mode {policy.mode}{switched_off}"]


def _described(policy: DlpPolicy, faults: Sequence[str]) -> Affected:
    return Affected(resource=policy.name, setting="DLP policy", actual="; ".join(faults))


def _enforced(assessed: _Assessed) -> Verdict:
    """Whether the rules suit the organisation is for a person to see."""
    return passed(
        f"Enforced: {', '.join(sorted(assessed.good))}",
        notes=[
            f"Enabled rules of {name}: {', '.join(sorted(rules))}"
            for name, rules in sorted(assessed.good.items())
        ],
    )


def _unlicensed(licence: Licence) -> Verdict:
    return not_applicable(f"The tenant has no {licence.name}", ReasonCode.UNLICENSED)
