"""From the evidence of a scan to a verdict on Conditional Access: reads, gates and remarks."""

from collections.abc import Callable
from dataclasses import dataclass

from checks.entra.ca_algebra import AccessPolicies, Item, judge
from checks.entra.exclusions import Register, readable, sync_accounts
from checks.entra.licence_gate import unlicensed, unread
from checks.registry import Judge, check
from contracts.verdict import Outcome, Verdict
from evidence.conditional_access import (
    AuthenticationStrength,
    ConditionalAccessPolicy,
    ReferencedGroup,
    SecurityDefaults,
)
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import ENTRA_P1, Licence, lacks
from evidence.privileged_roles import ADMIN_ROLES, DirectoryRoleAssignment


@dataclass(frozen=True)
class Gate:
    """Without the licence and without a single policy of its kind there is nothing to judge."""

    licence: Licence
    concerns: Callable[[ConditionalAccessPolicy], bool]


ANY_POLICY = Gate(ENTRA_P1, lambda policy: True)


def reads_policies(licence: Licence = ENTRA_P1) -> Callable[[Judge], Judge]:
    """Strengths come inline, groups may be registered, sync accounts are seldom excluded: those
    reads are consulted only where the policies leave a question open."""
    return check(
        ConditionalAccessPolicy,
        fallback=(AuthenticationStrength, ReferencedGroup, DirectoryRoleAssignment),
        display=(SecurityDefaults,),
        licence=licence,
    )


def judged(
    evidence: Evidence, slug: str, *items: Item, gates: tuple[Gate, ...] = (ANY_POLICY,)
) -> Verdict:
    """Only a refusal for want of a licence may end as not applicable, no other failed read."""
    try:
        policies = evidence.all(ConditionalAccessPolicy)
    except EvidenceMissing as gap:
        return unread(gap)
    for gate in gates:
        concerned = any(_concerns(gate, policy) for policy in policies)
        if not concerned and lacks(evidence, gate.licence):
            return unlicensed(gate.licence)
    verdict = judge(_access(evidence, slug, policies), *items)
    if verdict.outcome is not Outcome.FAIL:
        return verdict
    return verdict.model_copy(update={"notes": [*verdict.notes, *_fail_notes(evidence, verdict)]})


def _concerns(gate: Gate, policy: ConditionalAccessPolicy) -> bool:
    try:
        return gate.concerns(policy)
    except EvidenceMissing:
        return True  # a policy that cannot be read is one nevertheless


def _access(
    evidence: Evidence, slug: str, policies: list[ConditionalAccessPolicy]
) -> AccessPolicies:
    return AccessPolicies(
        policies=[policy for policy in policies if not _is_for_workloads(policy)],
        register=Register.of(evidence, slug, _ids_by_upn(evidence)),
        strengths={
            strength.id: strength for strength in readable(evidence, AuthenticationStrength, "id")
        },
        sync_accounts=sync_accounts(evidence),
    )


def _is_for_workloads(policy: ConditionalAccessPolicy) -> bool:
    try:
        return policy.conditions.are_for_workloads
    except EvidenceMissing:
        return False


def _ids_by_upn(evidence: Evidence) -> dict[str, str]:
    """Emergency accounts hold a role, so their names stand among the role assignments."""
    rows = readable(evidence, DirectoryRoleAssignment, "principal_id", "principal")
    return {
        row.principal.user_principal_name.lower(): row.principal_id
        for row in rows
        if row.principal and row.principal.user_principal_name
    }


def _fail_notes(evidence: Evidence, verdict: Verdict) -> list[str]:
    notes = []
    people_decide = any("excludeUsers" in item.setting for item in verdict.affected)
    if any(row.is_enabled for row in readable(evidence, SecurityDefaults, "is_enabled")):
        notes.append("Security defaults are on: they cover a part, but are not what is asked")
    if people_decide and not evidence.is_complete(DirectoryRoleAssignment):
        notes.append("Role assignments were not read: no sync account could be recognised")
    return notes


def unmatched_roles(evidence: Evidence) -> Callable[[ConditionalAccessPolicy], str]:
    """Conditional Access matches roles that are held tenant-wide only: a remark, not a fail."""
    fields = ("role_definition_id", "directory_scope_id")
    scoped = sum(
        row.role_definition_id in ADMIN_ROLES and not row.is_tenant_wide
        for row in readable(evidence, DirectoryRoleAssignment, *fields)
    )

    def remark(policy: ConditionalAccessPolicy) -> str:
        if not scoped or policy.conditions.users.are_all:
            return ""
        return (
            f"{scoped} assignments of these roles hold in an administrative unit only;"
            f" {policy.label} does not match them"
        )

    return remark
