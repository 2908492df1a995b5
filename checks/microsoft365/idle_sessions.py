"""Whether idle web sessions end: the organisation's time-out, and where it is enforced."""

from collections.abc import Iterator
from datetime import timedelta

from contracts.verdict import Affected
from evidence.ca_conditions import lowered, shown
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.idle_sessions import ActivityBasedTimeoutPolicy

LONGEST = timedelta(hours=3)
RESTRICTIONS = "sessionControls.applicationEnforcedRestrictions"


def timeout_faults(evidence: Evidence) -> list[Affected]:
    """Empty when one policy in force ends idle sessions in time.

    One that cannot be read is a gap, unless another one does.
    """
    gaps, faults = [], []
    for policy in evidence.all(ActivityBasedTimeoutPolicy):
        try:
            found = list(_too_long(policy))
        except EvidenceMissing as gap:
            gaps.append(gap)
            continue
        if not found:
            return []
        faults += found
    if gaps:
        raise gaps[0]
    none = Affected(resource="Idle session timeout", setting="policy", actual="none")
    return faults or [none]


def _too_long(policy: ActivityBasedTimeoutPolicy) -> Iterator[Affected]:
    resource = policy.display_name or policy.id
    if not policy.is_organization_default:
        yield Affected(resource=resource, setting="isOrganizationDefault", actual="false")
    elif not any(timedelta() < limit <= LONGEST for limit in policy.default_timeouts):
        stated = [
            f"{item.application_id} {item.web_session_idle_timeout}"
            for item in policy.application_policies
        ]
        yield Affected(resource=resource, setting="WebSessionIdleTimeout", actual=shown(stated))


def enforcement_faults(evidence: Evidence) -> list[Affected]:
    """Empty when a policy enforces the time-out for everyone in browsers and Office 365.

    Whom else it leaves out does not matter here.
    """
    gaps, faults = [], []
    for policy in evidence.all(ConditionalAccessPolicy):
        try:
            if not policy.enforces_app_restrictions:
                continue
            fault = _first_fault(policy)
        except EvidenceMissing as gap:
            gaps.append(gap)
            continue
        if fault is None:
            return []
        faults.append(fault)
    if gaps:
        raise gaps[0]
    none = Affected(resource="Conditional Access", setting=RESTRICTIONS, actual="no policy")
    return faults or [none]


def _first_fault(policy: ConditionalAccessPolicy) -> Affected | None:
    conditions = policy.conditions
    users, targets = conditions.users, conditions.applications
    wanted = {
        "state": (policy.is_in_force, policy.state),
        "conditions.users.includeUsers": (users.are_all, shown(users.include_users)),
        "conditions.applications.includeApplications": (
            lowered(targets.include_applications) == {"office365"},
            shown(targets.include_applications),
        ),
        "conditions.clientAppTypes": (
            lowered(conditions.client_app_types) == {"browser"},
            shown(conditions.client_app_types),
        ),
    }
    for setting, (is_met, actual) in wanted.items():
        if not is_met:
            return Affected(resource=policy.label, setting=setting, actual=actual)
    return None
