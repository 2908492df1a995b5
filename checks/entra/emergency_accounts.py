"""Emergency access accounts: who they are, how they are built, what could lock them out."""

from collections.abc import Mapping, Sequence

from checks.entra.ca_reach import Account, caught_by
from checks.entra.exclusions import readable
from checks.entra.role_grants import STANDING, active, anywhere, standing, tenant_wide
from checks.entra.role_holders import Holders, label, resolve, told
from checks.wording import some_of
from contracts.verdict import Affected, Verdict, failed, manual
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.dataset import Dataset, EvidenceMissing
from evidence.entra import Domain, User
from evidence.evidence import Evidence
from evidence.privileged_identity import EmergencyAccountGroups
from evidence.privileged_roles import (
    GLOBAL_ADMINISTRATOR,
    DirectoryRoleAssignment,
    RoleAssignmentInstance,
    RoleGroupMembers,
)

FEWEST = 2
MANAGED_BY_MICROSOFT = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")


def designated(evidence: Evidence) -> list[str]:
    """Object ids or principal names in lower case: the setting, and break-glass users of the
    register."""
    evidence.parameter("emergency_access_accounts")
    evidence.parameter("exclusion_register")
    return sorted({name.strip() for name in evidence.parameters.emergency_accounts})


def once_each(evidence: Evidence, names: Sequence[str]) -> list[str]:
    """The names without the object ids of accounts that stand among them by principal name too:
    for display, so a user who cannot be read is left as named."""
    named = set(names)
    if len({"@" in name for name in names}) < 2:
        return sorted(named)
    for user in readable(evidence, User, "id", "user_principal_name"):
        if user.user_principal_name.strip().lower() in named:
            named.discard(user.id)
    return sorted(named)


def judge_accounts(evidence: Evidence) -> Verdict:
    names = frozenset(designated(evidence))
    holders = _holders(evidence, names)
    initial_domains = _initial_domains(evidence)
    named, affected = _look_up(evidence, names, holders.users)
    if len(names) < FEWEST or (len(named) < FEWEST and _was_read(evidence, User)):
        affected.append(_too_few(len(named)))
    if len(named) < FEWEST and affected:
        hint = _candidates(holders, initial_domains)
        return failed(f"Fewer than {FEWEST} emergency access accounts exist", affected, notes=hint)
    groups = _groups(evidence)
    accounts = [_account(user, holders, groups) for user in named]
    for account in accounts:
        affected += _built_wrong(evidence, account, holders)
        evidence.gaps.extend(_hidden_roles(account, holders))
    affected += _locked_out(evidence, accounts)
    if affected:
        return failed("The emergency access accounts cannot be relied on", affected)
    return manual(
        f"{len(accounts)} emergency access accounts are built as they should be; a person has to"
        " confirm the procedure, their names, how the keys are kept, and the last time of use",
        [_to_attest(account.user) for account in accounts],
    )


def _holders(evidence: Evidence, names: frozenset[str]) -> Holders:
    """Of every role, named by id: `standing` means tenant-wide and without an end."""
    permanent = standing(evidence, None, tenant_wide, only_permanent=True)
    return resolve(evidence, [*permanent, *active(evidence, None, anywhere)], names)


def _look_up(
    evidence: Evidence, names: frozenset[str], users: Mapping[str, User]
) -> tuple[list[User], list[Affected]]:
    """Each account once, although it may be named by its id and by its principal name."""
    by_name: dict[str, set[str]] = {}
    for identifier, user in users.items():
        by_name.setdefault(identifier, set()).add(identifier)
        by_name.setdefault(told(user, "user_principal_name").lower(), set()).add(identifier)
    found: set[str] = set()
    affected = []
    for name in sorted(names):
        matches = by_name.get(name, set())
        if len(matches) == 1:
            found |= matches
        elif matches:
            affected.append(_account_is(name, f"{len(matches)} users have this name"))
        elif _was_read(evidence, User):
            affected.append(_account_is(name, "does not exist"))
    return [users[identifier] for identifier in sorted(found)], affected


def _account_is(name: str, actual: str) -> Affected:
    return Affected(resource=name, setting="emergency access account", actual=actual)


def _too_few(count: int) -> Affected:
    setting = "emergency_access_accounts"
    return Affected(resource="Tenant settings", setting=setting, actual=f"{count} accounts")


def _candidates(holders: Holders, initial_domains: frozenset[str]) -> list[str]:
    """A hint for the operator, never more: nothing in the data tells such accounts apart."""
    found = []
    for identifier in _permanent_global_admins(holders):
        user = holders.users[identifier]
        try:
            domain = user.user_principal_name.lower().rpartition("@")[2]
            fits = user.account_enabled and not user.is_synchronised and not user.assigned_licenses
        except EvidenceMissing:
            continue
        if fits and domain in initial_domains:
            found.append(user.user_principal_name)
    return [f"Candidates, if they are meant for it: {some_of(found)}"] if found else []


def _permanent_global_admins(holders: Holders) -> list[str]:
    return [
        identifier
        for identifier, ways in holders.with_(STANDING).items()
        if any(way.role == GLOBAL_ADMINISTRATOR for way in ways)
    ]


def _initial_domains(evidence: Evidence) -> frozenset[str]:
    """Every tenant has one; a list without it was not read as it is."""
    found = set()
    for domain in evidence.seen(Domain):
        try:
            if domain.is_initial:
                found.add(domain.id.lower())
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    if not found:
        evidence.gaps.append(EvidenceMissing(Domain.key, "no initial domain", kind="empty"))
    return frozenset(found)


def _groups(evidence: Evidence) -> dict[str, frozenset[str]]:
    """By what the settings call the account. What cannot be read stays unknown."""
    found = {}
    for row in evidence.seen(EmergencyAccountGroups):
        try:
            found[row.user_id] = frozenset(group.id for group in row.groups)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return found


def _account(user: User, holders: Holders, groups: Mapping[str, frozenset[str]]) -> Account:
    ways = holders.holdings.get(user.id, [])
    name = told(user, "user_principal_name").lower()
    return Account(
        user=user,
        may_hold=frozenset(way.role for way in ways),
        surely_holds=frozenset(way.role for way in ways if way.how == STANDING),
        groups=groups.get(user.id, groups.get(name)),
    )


def _built_wrong(evidence: Evidence, account: Account, holders: Holders) -> list[Affected]:
    user = account.user
    wrong: list[tuple[str, str]] = []
    try:
        if not user.user_principal_name.lower().endswith(MANAGED_BY_MICROSOFT):
            wrong.append(("userPrincipalName", user.user_principal_name))
        if user.is_synchronised:
            wrong.append(("onPremisesSyncEnabled", "true"))
        if user.assigned_licenses:
            skus = some_of(item.sku_id for item in user.assigned_licenses)
            wrong.append(("assignedLicenses", skus))
    except EvidenceMissing as gap:
        evidence.gaps.append(gap)
    wrong += _not_global_admin(evidence, account, holders)
    return [
        Affected(resource=label(user), setting=setting, actual=actual) for setting, actual in wrong
    ]


def _not_global_admin(
    evidence: Evidence, account: Account, holders: Holders
) -> list[tuple[str, str]]:
    """Proven only where every source of roles was read and no group may give the role."""
    sources = (DirectoryRoleAssignment, RoleAssignmentInstance, RoleGroupMembers)
    if GLOBAL_ADMINISTRATOR in account.surely_holds or not _was_read(evidence, *sources):
        return []
    if _hidden_roles(account, holders):
        return []
    held = GLOBAL_ADMINISTRATOR in account.may_hold
    return [("Global Administrator", "activated, or until a date" if held else "not held")]


def _hidden_roles(account: Account, holders: Holders) -> list[EvidenceMissing]:
    """Grants to what may be a group that the account is in, with members that nobody read."""
    return [
        item.gap
        for item in holders.unsure
        if not item.is_one_user and (account.groups is None or item.principal_id in account.groups)
    ]


def _was_read(evidence: Evidence, *datasets: type[Dataset]) -> bool:
    return not {gap.dataset for gap in evidence.gaps} & {dataset.key for dataset in datasets}


def _locked_out(evidence: Evidence, accounts: Sequence[Account]) -> list[Affected]:
    """Nothing when one account that may sign in is outside every policy that is enforced."""
    policies = list(evidence.seen(ConditionalAccessPolicy))
    affected: list[Affected] = []
    doubts: list[EvidenceMissing] = []
    for account in accounts:
        caught, unclear = _obstacles(policies, account)
        if not caught and not unclear:
            return []
        affected += caught
        if not caught:
            doubts += unclear
    evidence.gaps.extend(doubts)
    return [] if doubts else affected


def _obstacles(
    policies: Sequence[ConditionalAccessPolicy], account: Account
) -> tuple[list[Affected], list[EvidenceMissing]]:
    found: dict[str, str] = {}
    unclear = []
    try:
        if not account.user.account_enabled:
            found["accountEnabled"] = "false"
    except EvidenceMissing as gap:
        unclear.append(gap)
    for policy in policies:
        try:
            if why := caught_by(policy, account):
                found[f"Conditional Access: {policy.label}"] = why
        except EvidenceMissing as gap:
            unclear.append(gap)
    name = label(account.user)
    caught = [Affected(resource=name, setting=key, actual=why) for key, why in found.items()]
    return caught, unclear


def _to_attest(user: User) -> Affected:
    state = "enabled" if told(user, "account_enabled") == "True" else "disabled"
    actual = f"{state}, without licence, permanent Global Administrator"
    return Affected(resource=label(user), setting="emergency access account", actual=actual)
