"""Who was given a directory role, and how: standing, activated for a while, or eligible."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from checks.entra.exclusions import readable
from contracts.collector import DatasetStatus
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.privileged_roles import (
    DirectoryRoleAssignment,
    Principal,
    RoleAssignmentInstance,
    RoleDefinition,
    RoleEligibilityInstance,
)

ACTIVE = "active"  # standing or activated: what assignments alone can say
STANDING = "standing"
ACTIVATED = "activated"
ELIGIBLE = "eligible"

RoleRow = DirectoryRoleAssignment | RoleAssignmentInstance | RoleEligibilityInstance
Row = TypeVar("Row", DirectoryRoleAssignment, RoleAssignmentInstance, RoleEligibilityInstance)
Scope = Callable[[RoleRow], bool]
Roles = Mapping[str, str] | None  # names by id; None: every role, named by its id


class Holding(NamedTuple):
    """One way to a role; `through` names the group in between."""

    role: str
    how: str
    through: str = ""

    def __str__(self) -> str:
        way = f"through {self.through}" if self.through else "direct"
        return f"{self.role} ({self.how}, {way})"


class Grant(NamedTuple):
    principal_id: str
    holding: Holding
    principal: Principal | None  # not on the wire for deleted and partner principals


def administrator_roles(evidence: Evidence) -> dict[str, str]:
    """Names of the built-in administrator roles by every id that an assignment may use."""
    roles: dict[str, str] = {}
    for role in evidence.seen(RoleDefinition):
        try:
            if role.is_administrator:
                roles |= dict.fromkeys((role.id, role.template_id or role.id), role.display_name)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return roles


def anywhere(row: RoleRow) -> bool:
    return True


def tenant_wide(row: RoleRow) -> bool:
    return row.is_tenant_wide


def active(evidence: Evidence, roles: Roles, scope: Scope, how: str = ACTIVE) -> list[Grant]:
    return _grants(evidence, evidence.seen(DirectoryRoleAssignment), roles, how, scope)


def standing(
    evidence: Evidence, roles: Roles, scope: Scope, *, only_permanent: bool = False
) -> list[Grant]:
    """Without momentary activations. A tenant without PIM has none: all its assignments stand."""
    if evidence.status(RoleAssignmentInstance) is DatasetStatus.UNLICENSED:
        return active(evidence, roles, scope, STANDING)

    def stands(row: RoleAssignmentInstance) -> bool:
        return (row.is_permanent if only_permanent else row.is_standing) and scope(row)

    return _grants(evidence, evidence.seen(RoleAssignmentInstance), roles, STANDING, stands)


def eligible(evidence: Evidence, roles: Roles, scope: Scope) -> list[Grant]:
    """A tenant without PIM has nobody who is only eligible."""
    if evidence.status(RoleEligibilityInstance) is DatasetStatus.UNLICENSED:
        return []
    return _grants(evidence, evidence.seen(RoleEligibilityInstance), roles, ELIGIBLE, scope)


def shown_eligible(evidence: Evidence, roles: Roles, scope: Scope) -> list[Grant]:
    """As `eligible`, for display: leaves no gap."""
    fields = ("principal_id", "role_definition_id", "directory_scope_id")
    rows = readable(evidence, RoleEligibilityInstance, *fields)
    return _grants(evidence, rows, roles, ELIGIBLE, scope)


def shown_activated(evidence: Evidence, roles: Roles, scope: Scope) -> list[Grant]:
    """Momentary activations, for display: leave no gap."""
    fields = ("principal_id", "role_definition_id", "directory_scope_id", "assignment_type")
    rows = readable(evidence, RoleAssignmentInstance, *fields)
    return _grants(evidence, rows, roles, ACTIVATED, lambda row: scope(row) and not row.is_standing)


def _grants(
    evidence: Evidence,
    rows: Iterable[Row],
    roles: Roles,
    how: str,
    wanted: Callable[[Row], bool],
) -> list[Grant]:
    found = []
    for row in rows:
        try:
            role = row.role_definition_id
            if (roles is None or role in roles) and wanted(row):
                name = role if roles is None else roles[role]
                found.append(Grant(row.principal_id, Holding(name, how), _principal(row)))
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return found


def _principal(row: RoleRow) -> Principal | None:
    """Its id often tells enough; what cannot be read is as good as missing."""
    if isinstance(row, RoleEligibilityInstance):
        return None
    try:
        return row.principal
    except EvidenceMissing:
        return None
