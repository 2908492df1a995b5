"""Who stays outside one Conditional Access policy, and whether that is acceptable."""

from collections.abc import Iterable
from dataclasses import dataclass

from checks.entra.exclusions import Register
from checks.wording import some_of
from evidence.ca_conditions import Reached
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.privileged_roles import ADMIN_ROLES, SYNC_ROLES

_SETTINGS = {
    "user": "conditions.users.excludeUsers",
    "group": "conditions.users.excludeGroups",
    "role": "conditions.users.excludeRoles",
    "guest_type": "conditions.users.excludeGuestsOrExternalUsers",
}
_EVERYBODY = Reached("user", "all")


@dataclass(frozen=True)
class Unmet:
    """One thing that keeps a policy from qualifying, or that nobody can tell."""

    setting: str
    actual: str
    is_unknown: bool = False


@dataclass(frozen=True)
class Outside:
    unmet: tuple[Unmet, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Covered:
    """What other policies with the same demand include by id; `possibly`: nobody can tell."""

    surely: frozenset[Reached] = frozenset()
    possibly: frozenset[Reached] = frozenset()


def left_outside(
    policy: ConditionalAccessPolicy,
    register: Register,
    sync_accounts: frozenset[str],
    covered: Covered,
) -> Outside:
    """Excluded things that are not registered, not recognised and not covered elsewhere.

    Roles and guest types among them are never acceptable; users and groups are when few.
    """
    excluded = policy.conditions.users.excluded
    registered = {item for item in excluded if register.holds(*item)} - {_EVERYBODY}
    left = {
        item
        for item in excluded - registered - covered.surely
        if not _is_recognised(item, sync_accounts)
    }
    if _EVERYBODY in excluded:
        return Outside((Unmet(_SETTINGS["user"], "All"),))
    unmet = [*_kinds(left, covered.possibly), *_crowd(left, covered.possibly, register)]
    notes = _register_notes(policy, registered)
    if not unmet:
        notes += _small_notes(policy, left, register)
    return Outside(tuple(unmet), tuple(notes))


def _is_recognised(item: Reached, sync_accounts: frozenset[str]) -> bool:
    """Directory synchronisation cannot do MFA."""
    if item.kind == "role":
        return item.id in SYNC_ROLES
    return item.kind == "user" and item.id in sync_accounts


def _kinds(left: Iterable[Reached], possibly: frozenset[Reached]) -> list[Unmet]:
    return [
        Unmet(_SETTINGS[item.kind], ADMIN_ROLES.get(item.id, item.id), item in possibly)
        for item in sorted(left)
        if item.kind in ("role", "guest_type")
    ]


def _crowd(left: set[Reached], possibly: frozenset[Reached], register: Register) -> list[Unmet]:
    setting = " and ".join(
        _SETTINGS[kind] for kind in ("user", "group") if any(item.kind == kind for item in left)
    )
    weighed = register.weigh(*_users_and_groups(left))
    surely = register.weigh(*_users_and_groups(left - possibly))
    if register.is_too_much(weighed):
        actual = f"{weighed.accounts} accounts, {register.allowance} allowed"
        doubtful = not register.is_too_much(surely)
        return [Unmet(setting, f"{actual}: {some_of(weighed.members)}", doubtful)]
    if weighed.unknown:
        actual = f"the size of {some_of(weighed.unknown)} is not known"
        return [Unmet(setting, actual, is_unknown=True)]
    return []


def _users_and_groups(items: Iterable[Reached]) -> tuple[list[str], list[str]]:
    listed = list(items)
    return (
        [item.id for item in listed if item.kind == "user"],
        [item.id for item in listed if item.kind == "group"],
    )


def _register_notes(policy: ConditionalAccessPolicy, registered: set[Reached]) -> list[str]:
    if not registered:
        return []
    return [f"{len(registered)} exclusions of {policy.label} stand in the register"]


def _small_notes(
    policy: ConditionalAccessPolicy, left: set[Reached], register: Register
) -> list[str]:
    weighed = register.weigh(*_users_and_groups(left))
    notes = []
    if weighed.members:
        notes.append(
            f"Review: outside {policy.label} and not registered: {some_of(weighed.members)}"
        )
    if weighed.gone:
        names = some_of(weighed.gone)
        notes.append(f"{policy.label} excludes what no longer exists: {names}")
    return notes
