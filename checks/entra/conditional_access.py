"""What Conditional Access demands: of whom, for what, when."""

from checks.entra.ca_algebra import Item
from checks.entra.ca_demands import (
    INTUNE_ENROLMENT,
    LEGACY_CHECK,
    LEGACY_DEMANDS,
    always,
    blocks,
    every_client,
    every_resource,
    every_resource_but_enrolment,
    every_resource_but_registered,
    every_time,
    for_every_admin_role,
    for_everyone,
    fresh_mfa_or_block,
    intune_enrolment,
    managed_device,
    mfa,
    modern_clients,
    never_persistent,
    only_at_risk,
    only_device_code_flow,
    phishing_resistant_mfa,
    secure_password_change_or_block,
    security_info_registration,
    within_four_hours,
)
from checks.entra.ca_verdicts import ANY_POLICY, Gate, judged, reads_policies, unmatched_roles
from contracts.verdict import Verdict
from evidence.ca_conditions import LEGACY_CLIENTS
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.evidence import Evidence
from evidence.licences import ENTRA_P2, INTUNE

ADMINISTRATORS = "every administrator role"
RISK_LEVELS = ("high", "medium")
RISK_POLICY = Gate(ENTRA_P2, lambda policy: policy.conditions.names_a_risk)
ENROLMENT_POLICY = Gate(
    INTUNE, lambda policy: policy.conditions.applications.names(INTUNE_ENROLMENT)
)


@reads_policies()
def ca_admin_mfa_required(evidence: Evidence) -> Verdict:
    """Passes when for each of the 15 roles a policy demands MFA for every resource, always."""
    demands = for_every_admin_role(every_resource, always, every_client, mfa)
    remark = unmatched_roles(evidence)
    item = Item("demands MFA from holders of {}", ADMINISTRATORS, demands, remark)
    return judged(evidence, "ca_admin_mfa_required", item)


@reads_policies()
def ca_all_users_mfa_required(evidence: Evidence) -> Verdict:
    """Passes when one policy demands MFA from everyone, for every resource, always."""
    demand = for_everyone(every_resource, always, every_client, mfa)
    item = Item("demands MFA from every user for every resource", "", (demand,))
    return judged(evidence, "ca_all_users_mfa_required", item)


@reads_policies()
def ca_legacy_auth_blocked(evidence: Evidence) -> Verdict:
    """Passes when policies block both kinds of legacy client, for everyone and every resource."""
    item = Item("blocks {}", "all legacy clients", LEGACY_DEMANDS, hint=_denies_legacy_otherwise)
    return judged(evidence, LEGACY_CHECK, item)


@reads_policies()
def ca_admin_sessions_limited(evidence: Evidence) -> Verdict:
    """Passes when for each of the 15 roles sessions last four hours at most and do not persist."""
    scope = (every_resource_but_registered, always, modern_clients)
    frequency = for_every_admin_role(*scope, within_four_hours)
    persistence = for_every_admin_role(*scope, never_persistent)
    limits, forbids = (
        "limits sessions of holders of {}",
        "forbids lasting sessions of holders of {}",
    )
    remark = unmatched_roles(evidence)
    return judged(
        evidence,
        "ca_admin_sessions_limited",
        Item(limits, ADMINISTRATORS, frequency, remark),
        Item(forbids, ADMINISTRATORS, persistence, remark),
    )


@reads_policies()
def ca_admin_phishing_resistant_mfa_required(evidence: Evidence) -> Verdict:
    """Passes when for each of the 15 roles a policy accepts phishing-resistant methods only."""
    demands = for_every_admin_role(every_resource, always, every_client, phishing_resistant_mfa)
    claim, remark = "demands phishing-resistant MFA from holders of {}", unmatched_roles(evidence)
    item = Item(claim, ADMINISTRATORS, demands, remark)
    return judged(evidence, "ca_admin_phishing_resistant_mfa_required", item)


@reads_policies(ENTRA_P2)
def ca_user_risk_remediated(evidence: Evidence) -> Verdict:
    """Passes when high user risk, by itself, blocks or forces MFA and a new password at once."""
    demand = for_everyone(
        every_resource_but_registered,
        only_at_risk("userRiskLevels", "high"),
        modern_clients,
        secure_password_change_or_block,
    )
    claim = "forces a secure password change, or blocks, at high user risk"
    item = Item(claim, "", (demand,), hint=_remediates_risk_itself)
    return judged(evidence, "ca_user_risk_remediated", item, gates=(RISK_POLICY,))


@reads_policies(ENTRA_P2)
def ca_sign_in_risk_mfa_required(evidence: Evidence) -> Verdict:
    """Passes when medium and high sign-in risk each block or force fresh MFA."""
    demands = tuple(
        for_everyone(
            every_resource_but_registered,
            only_at_risk("signInRiskLevels", level),
            modern_clients,
            fresh_mfa_or_block,
            who=level,
        )
        for level in RISK_LEVELS
    )
    item = Item("forces fresh MFA, or blocks, at {} sign-in risk", "high and medium", demands)
    return judged(evidence, "ca_sign_in_risk_mfa_required", item, gates=(RISK_POLICY,))


@reads_policies(ENTRA_P2)
def ca_sign_in_risk_blocked(evidence: Evidence) -> Verdict:
    """Passes when medium and high sign-in risk are each blocked for every resource."""
    demands = tuple(
        for_everyone(
            every_resource,
            only_at_risk("signInRiskLevels", level),
            modern_clients,
            blocks,
            who=level,
        )
        for level in RISK_LEVELS
    )
    item = Item("blocks sign-ins at {} risk", "high and medium", demands)
    return judged(evidence, "ca_sign_in_risk_blocked", item, gates=(RISK_POLICY,))


@reads_policies()
def ca_managed_device_required(evidence: Evidence) -> Verdict:
    """Passes when one policy lets everyone in from managed devices only, for every resource."""
    demand = for_everyone(every_resource_but_enrolment, always, every_client, managed_device)
    claim = "demands a managed device for every resource"
    item = Item(claim, "", (demand,), remark=_accepts_joined_only, hint=_blocks_by_filter)
    return judged(evidence, "ca_managed_device_required", item)


@reads_policies()
def ca_security_info_needs_managed_device(evidence: Evidence) -> Verdict:
    """Passes when security info is registered from managed devices only; a policy for all
    resources does not reach this user action."""
    demand = for_everyone(security_info_registration, always, modern_clients, managed_device)
    item = Item("demands a managed device for registering security info", "", (demand,))
    return judged(evidence, "ca_security_info_needs_managed_device", item)


@reads_policies()
def ca_intune_enrolment_reauthenticates(evidence: Evidence) -> Verdict:
    """Passes when enrolling a device demands MFA from everyone, every time."""
    demand = for_everyone(intune_enrolment, always, modern_clients, mfa, every_time)
    item = Item("demands fresh MFA for enrolling a device in Intune", "", (demand,))
    return judged(
        evidence,
        "ca_intune_enrolment_reauthenticates",
        item,
        gates=(ANY_POLICY, ENROLMENT_POLICY),
    )


@reads_policies()
def ca_device_code_flow_blocked(evidence: Evidence) -> Verdict:
    """Passes when the device code flow is blocked for everyone and every resource."""
    demand = for_everyone(
        every_resource_but_registered, only_device_code_flow, modern_clients, blocks
    )
    item = Item("blocks the device code flow", "", (demand,))
    return judged(evidence, "ca_device_code_flow_blocked", item)


def _denies_legacy_otherwise(policy: ConditionalAccessPolicy) -> str:
    only_legacy = policy.conditions.clients <= LEGACY_CLIENTS
    if policy.blocks or not policy.grant_controls or not only_legacy:
        return ""
    return f"{policy.label} asks legacy clients for what they cannot do; wanted is a block"


def _remediates_risk_itself(policy: ConditionalAccessPolicy) -> str:
    if "riskremediation" not in policy.built_in_controls:
        return ""
    return f"{policy.label} uses risk remediation, which this benchmark does not know yet"


def _accepts_joined_only(policy: ConditionalAccessPolicy) -> str:
    if "compliantdevice" in policy.built_in_controls:
        return ""
    return f"{policy.label} accepts hybrid joined devices only; later versions want compliant ones"


def _blocks_by_filter(policy: ConditionalAccessPolicy) -> str:
    if not (policy.blocks and policy.conditions.devices):
        return ""
    return f"{policy.label} blocks by device filter, which may come to the same; not judged"
