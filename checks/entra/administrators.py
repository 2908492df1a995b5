"""Administrators: their accounts, their number, their licences, and those for an emergency."""

from collections.abc import Iterable, Mapping

from checks.entra.emergency_accounts import designated, judge_accounts, once_each
from checks.entra.role_grants import (
    ACTIVATED,
    ACTIVE,
    ELIGIBLE,
    STANDING,
    Holding,
    active,
    administrator_roles,
    anywhere,
    eligible,
    shown_activated,
    shown_eligible,
    standing,
    tenant_wide,
)
from checks.entra.role_holders import Holders, label, resolve, told
from checks.entra.user_apps import AppPlans
from checks.registry import check
from checks.wording import some_of
from contracts.verdict import Affected, Verdict, errored, failed, manual, passed
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.dataset import EvidenceMissing
from evidence.entra import Domain, User
from evidence.evidence import Evidence
from evidence.licences import SubscribedSku
from evidence.privileged_identity import EmergencyAccountGroups
from evidence.privileged_roles import (
    GLOBAL_ADMINISTRATOR,
    DirectoryRoleAssignment,
    RoleAssignmentInstance,
    RoleDefinition,
    RoleEligibilityInstance,
    RoleGroupMembers,
)

GLOBAL = {GLOBAL_ADMINISTRATOR: "Global Administrator"}
FEWEST, MOST = 2, 4


@check(
    DirectoryRoleAssignment,
    RoleDefinition,
    RoleGroupMembers,
    User,
    if_licensed=(RoleEligibilityInstance,),
)
def admin_accounts_cloud_only(evidence: Evidence) -> Verdict:
    """Passes when nobody who holds an administrator role, or may activate one, is synchronised.

    Disabled users count. A tenant without any user in such a role does not exist: error.
    """
    roles = administrator_roles(evidence)
    assigned = active(evidence, roles, anywhere)
    holders = resolve(evidence, [*assigned, *eligible(evidence, roles, anywhere)])
    held = holders.with_(ACTIVE, ELIGIBLE)
    affected = []
    for identifier, ways in held.items():
        try:
            if holders.users[identifier].is_synchronised:
                affected.append(_synchronised(holders.users[identifier], ways))
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    if affected:
        reason = f"{len(affected)} of {len(held)} administrators come from the local directory"
        return failed(reason, affected, notes=holders.notes)
    evidence.gaps.extend(holders.doubts(ACTIVE, ELIGIBLE))
    if not assigned or not held:
        return _nobody(evidence, "No user holds an administrator role in what was read")
    return passed(f"All {len(held)} administrators are cloud accounts", notes=holders.notes)


def _synchronised(user: User, ways: Iterable[Holding]) -> Affected:
    actual = f"true, {_enabled(user)}; {some_of(str(way) for way in ways)}"
    return Affected(resource=label(user), setting="onPremisesSyncEnabled", actual=actual)


def _enabled(user: User) -> str:
    words = {"True": "enabled", "False": "disabled"}
    return words.get(told(user, "account_enabled"), "enabled or not is unreadable")


def _nobody(evidence: Evidence, why: str) -> Verdict:
    """A gap explains better than the empty list that it leaves."""
    if evidence.gaps:
        raise evidence.gaps[0]
    return errored(why)


@check(
    User,
    DirectoryRoleAssignment,
    RoleGroupMembers,
    ConditionalAccessPolicy,
    EmergencyAccountGroups,
    Domain,
    if_licensed=(RoleAssignmentInstance,),
)
def emergency_access_accounts_defined(evidence: Evidence) -> Verdict:
    """Fails when the accounts that the settings name cannot serve; else a person has to attest.

    Accounts are never guessed: candidates are shown as a hint only.
    """
    return judge_accounts(evidence)


@check(
    DirectoryRoleAssignment,
    RoleGroupMembers,
    User,
    if_licensed=(RoleAssignmentInstance,),
    display=(RoleEligibilityInstance,),
)
def global_admins_two_to_four(evidence: Evidence) -> Verdict:
    """Passes when two to four users hold Global Administrator tenant-wide by standing assignment.

    Each user counts once, disabled or guest. Momentary activations do not count, or the minute
    of the scan would decide; nobody at all is too few.
    """
    stands = standing(evidence, GLOBAL, tenant_wide)
    shown = [
        *shown_activated(evidence, GLOBAL, tenant_wide),
        *shown_eligible(evidence, GLOBAL, tenant_wide),
    ]
    holders = resolve(evidence, [*stands, *shown])
    held = holders.with_(STANDING)
    notes = [*_beside(holders), *holders.notes]
    affected = [_holder(holders.users[identifier], ways) for identifier, ways in held.items()]
    if len(held) > MOST:
        reason = f"{len(held)} users are Global Administrators, {MOST} at most may be"
        return failed(reason, affected, notes=notes)
    evidence.each(DirectoryRoleAssignment)
    evidence.gaps.extend(holders.doubts(STANDING))
    if evidence.gaps:
        raise evidence.gaps[0]
    if _lists_contradict(evidence):
        return errored("Role assignments and their schedule contradict each other: one is empty")
    if len(held) < FEWEST:
        reason = f"Too few: {len(held)} users are Global Administrators, {FEWEST} have to be"
        return failed(reason, affected or [_none()], notes=notes)
    return passed(f"{len(held)} users are Global Administrators", notes=notes)


def _holder(user: User, ways: Iterable[Holding]) -> Affected:
    actual = f"{_enabled(user)}; {some_of(str(way) for way in ways)}"
    return Affected(resource=label(user), setting="Global Administrator", actual=actual)


def _none() -> Affected:
    return Affected(resource="Global Administrator", setting="standing holders", actual="none")


def _beside(holders: Holders) -> list[str]:
    """What other tools add to the number."""
    activated, may_activate = holders.with_(ACTIVATED), holders.with_(ELIGIBLE)
    total = len({*holders.with_(STANDING), *may_activate})
    notes = []
    if may_activate:
        notes.append(f"Eligible users: {len(may_activate)}; with the standing ones {total}")
    if activated:
        names = some_of(label(holders.users[identifier]) for identifier in activated)
        notes.append(f"Activated at the time of the scan, not counted: {names}")
    return notes


def _lists_contradict(evidence: Evidence) -> bool:
    """A tenant has at least one assignment, and with PIM it stands in both lists."""
    if not evidence.is_complete(RoleAssignmentInstance):
        return False
    return bool(evidence.count(RoleAssignmentInstance)) != bool(
        evidence.count(DirectoryRoleAssignment)
    )


@check(
    DirectoryRoleAssignment,
    RoleDefinition,
    RoleGroupMembers,
    User,
    SubscribedSku,
    if_licensed=(RoleAssignmentInstance,),
)
def admin_accounts_reduced_licences(evidence: Evidence) -> Verdict:
    """Passes when no standing administrator has a service plan with mail, files, chat or Office.

    Plans decide, not products: switched-off ones do not count. Who is only eligible or activated
    is exempt. Nobody at all, or no product at all, is an error.
    """
    plans = AppPlans.of(evidence)
    holders = resolve(evidence, standing(evidence, administrator_roles(evidence), anywhere))
    held = holders.with_(STANDING)
    affected = _licensed(evidence, plans, holders, held)
    if affected:
        reason = f"{len(affected)} of {len(held)} standing administrators have applications"
        return failed(reason, affected, notes=holders.notes)
    evidence.gaps.extend(holders.doubts(STANDING))
    if not held or not evidence.count(DirectoryRoleAssignment):
        return _nobody(evidence, "No user holds an administrator role in what was read")
    if not evidence.count(SubscribedSku):
        return _nobody(evidence, "The tenant has not a single product in its licence inventory")
    unread_mail = "Alerts sent to tenant administrators need another, monitored mailbox"
    reason = f"None of {len(held)} standing administrators has mail, files, chat or Office"
    return passed(reason, notes=[unread_mail, *holders.notes])


def _licensed(
    evidence: Evidence, plans: AppPlans, holders: Holders, held: Mapping[str, list[Holding]]
) -> list[Affected]:
    affected = []
    for identifier, ways in held.items():
        user = holders.users[identifier]
        try:
            apps = plans.of_user(user)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
            continue
        if apps:
            roles = some_of({way.role for way in ways})
            actual = f"{apps}; {roles}"
            affected.append(
                Affected(resource=label(user), setting="assignedLicenses", actual=actual)
            )
    return affected


@check(display=(User,))
def emergency_account_activity_monitored(evidence: Evidence) -> Verdict:
    """No API shows the alerts of every tool that may raise them, so a person has to attest."""
    accounts = once_each(evidence, designated(evidence))
    if not accounts:
        return manual(
            "No emergency access account is named in the tenant's settings, so nobody can say"
            " whether one is watched"
        )
    return manual(
        f"No API shows it: look whether any sign-in by these {len(accounts)} emergency access"
        " accounts raises an alert of high severity",
        [Affected(resource=name, setting="alert on sign-in", actual="?") for name in accounts],
    )
