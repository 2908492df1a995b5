"""Whether a Conditional Access policy catches one account."""

from dataclasses import dataclass

from evidence.ca_conditions import WHOLE_GUEST_GROUP, Users, lowered
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.dataset import EvidenceMissing
from evidence.entra import User
from evidence.privileged_identity import EmergencyAccountGroups

_NOT_ENFORCED = frozenset(("disabled", "enabledforreportingbutnotenforced"))


@dataclass(frozen=True)
class Account:
    """`may_hold` are roles by whose inclusion a policy may reach the account, `surely_holds`
    those whose exclusion surely frees it. `groups` is None when they were not read."""

    user: User
    may_hold: frozenset[str]
    surely_holds: frozenset[str]
    groups: frozenset[str] | None


def caught_by(policy: ConditionalAccessPolicy, account: Account) -> str:
    """Why the policy is enforced on the account; empty when the account stays outside.

    Raises EvidenceMissing when what was read does not tell, also for an unknown state.
    """
    state = policy.state.strip().lower()
    if state in _NOT_ENFORCED or policy.conditions.are_for_workloads:
        return ""
    if state != "enabled":
        raise EvidenceMissing(policy.key, f"{policy.label} is in the unknown state {policy.state}")
    users = policy.conditions.users
    if account.user.id in lowered(users.exclude_users):
        return ""
    if account.surely_holds & lowered(users.exclude_roles):
        return ""
    why = _included(users, account)
    if not why and users.unknown:
        raise EvidenceMissing(policy.key, f"{policy.label} names users in an unknown way")
    if not why or _groups_among(users.exclude_groups, account):
        return ""
    return why


def _included(users: Users, account: Account) -> str:
    if users.are_all:
        return "includes all users"
    if account.user.id in lowered(users.include_users):
        return "names the account"
    if account.may_hold & lowered(users.include_roles):
        return "includes a role of the account"
    if _names_guests(users) and account.user.is_guest:
        return "includes guests"
    if _groups_among(users.include_groups, account):
        return "includes a group of the account"
    return ""


def _names_guests(users: Users) -> bool:
    named = WHOLE_GUEST_GROUP in lowered(users.include_users)
    return named or users.include_guests_or_external_users is not None


def _groups_among(named: list[str], account: Account) -> bool:
    if not named:
        return False
    if account.groups is None:
        raise EvidenceMissing(
            EmergencyAccountGroups.key, "the groups of an emergency account were not read"
        )
    return bool(account.groups & lowered(named))
