"""Sensitive roles that somebody holds for good, and who may."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from checks.entra.exclusions import readable
from checks.entra.role_holders import told
from checks.wording import some_of
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.privileged_roles import (
    GLOBAL_ADMINISTRATOR,
    PIM_ROLES,
    Principal,
    RoleAssignmentInstance,
    RoleEligibilityInstance,
)

EMERGENCY_ACCOUNTS = 2
UNREGISTERED = (
    "Emergency accounts are exempt once they are named in the tenant's settings:"
    f" {EMERGENCY_ACCOUNTS} permanent Global Administrators at most"
)


@dataclass
class _Found:
    """`emergency` are registered accounts by object id, each exempt while they are few."""

    offending: list[RoleAssignmentInstance] = field(default_factory=list)
    emergency: dict[str, list[RoleAssignmentInstance]] = field(default_factory=dict)
    service_principals: list[RoleAssignmentInstance] = field(default_factory=list)
    time_bound: list[RoleAssignmentInstance] = field(default_factory=list)


def judge_permanent_roles(evidence: Evidence, slug: str) -> Verdict:
    found = _sorted_out(evidence, _registered(evidence, slug))
    crowd = len(found.emergency) > EMERGENCY_ACCOUNTS
    too_many = [row for rows in found.emergency.values() for row in rows] if crowd else []
    affected = [
        *(_permanent(row) for row in _folded(found.offending)),
        *(_permanent(row, " although named as emergency account") for row in too_many),
    ]
    notes = _notes(evidence, found)
    if not affected:
        exempt = f", but for {len(found.emergency)} emergency accounts" if found.emergency else ""
        return passed(f"Nobody holds a sensitive role for good{exempt}", notes=notes)
    holds_all = any(row.role_definition_id == GLOBAL_ADMINISTRATOR for row in found.offending)
    if holds_all and not found.emergency:
        notes.append(UNREGISTERED)
    return failed(f"{len(set(affected))} sensitive roles are held for good", affected, notes=notes)


def _registered(evidence: Evidence, slug: str) -> frozenset[str]:
    """Ids or principal names of the tenant's emergency accounts; a stale entry no longer counts."""
    register = [
        entry.id
        for entry in evidence.parameter("exclusion_register")
        if entry.break_glass
        and entry.kind == "user"
        and entry.serves(slug)
        and entry.is_current(evidence.today)
    ]
    named = evidence.parameter("emergency_access_accounts")
    return frozenset(name.strip().lower() for name in [*named, *register])


def _sorted_out(evidence: Evidence, registered: frozenset[str]) -> _Found:
    found = _Found()
    for row in evidence.seen(RoleAssignmentInstance):
        try:
            if row.role_definition_id in PIM_ROLES and row.is_standing:
                _file(row, registered, found)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return found


def _file(row: RoleAssignmentInstance, registered: frozenset[str], found: _Found) -> None:
    if not row.is_permanent:
        found.time_bound.append(row)
    elif _kind(row.principal) == "serviceprincipal":
        found.service_principals.append(row)
    elif row.role_definition_id == GLOBAL_ADMINISTRATOR and _names(row) & registered:
        found.emergency.setdefault(row.principal_id, []).append(row)
    else:
        found.offending.append(row)


def _kind(principal: Principal | None) -> str:
    return principal.kind.lower() if principal else ""


def _names(row: RoleAssignmentInstance) -> set[str]:
    upn = row.principal.user_principal_name if row.principal else None
    return {row.principal_id, (upn or row.principal_id).lower()}


def _folded(rows: list[RoleAssignmentInstance]) -> Iterator[RoleAssignmentInstance]:
    """PIM may list the members of a group beside the group: the group's own row stands for them."""
    groups = {row.role_definition_id for row in rows if _kind(row.principal) == "group"}
    for row in rows:
        through_group = told(row, "member_type").lower() == "group"
        if not (through_group and row.role_definition_id in groups):
            yield row


def _permanent(row: RoleAssignmentInstance, remark: str = "") -> Affected:
    kind = _kind(row.principal) or "principal of an unknown kind"
    since = told(row, "start_date_time")[:10]
    origin = f"since {since}" if since else "assigned outside PIM"
    actual = (
        f"permanent, {kind}, scope {told(row, 'directory_scope_id')},"
        f" {told(row, 'member_type') or 'Direct'}, {origin}{remark}"
    )
    setting = PIM_ROLES[row.role_definition_id]
    return Affected(resource=_label(row), setting=setting, actual=actual)


def _label(row: RoleAssignmentInstance) -> str:
    return (row.principal.label if row.principal else "") or row.principal_id


def _notes(evidence: Evidence, found: _Found) -> list[str]:
    eligible = {
        (row.principal_id, row.role_definition_id)
        for row in readable(evidence, RoleEligibilityInstance, "principal_id", "role_definition_id")
        if row.role_definition_id in PIM_ROLES
    }
    kinds = {
        "Service principals that hold one for good": _listed(found.service_principals),
        "Assigned until a date": _listed(found.time_bound),
    }
    notes = [f"{kind}: {names}" for kind, names in kinds.items() if names]
    if eligible:
        notes.append(f"{len(eligible)} eligible assignments of these roles")
    return notes


def _listed(rows: list[RoleAssignmentInstance]) -> str:
    names = set()
    for row in rows:
        try:
            names.add(f"{_label(row)} ({PIM_ROLES[row.role_definition_id]})")
        except EvidenceMissing:
            names.add("one that cannot be read")
    return some_of(names)
