"""Who may let an application into the tenant, and how people ask for one."""

from collections.abc import Iterator

from checks.entra.authorization import judge_authorization, shortfall_of
from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.dataset import EvidenceMissing
from evidence.directory_policies import AdminConsentRequestPolicy
from evidence.entra import AuthorizationPolicy
from evidence.evidence import Evidence

SETTING = "defaultUserRolePermissions.permissionGrantPoliciesAssigned"
FOR_SELF = "managepermissiongrantsforself."
FOR_OWNED = "managepermissiongrantsforownedresource."
KNOWN = {
    "microsoft-user-default-legacy": "every application",
    "microsoft-user-default-low": "applications of verified publishers, low-impact permissions",
    "microsoft-user-default-recommended": "whatever Microsoft recommends at the time",
}


@check(AuthorizationPolicy)
def user_app_consent_blocked(evidence: Evidence) -> Verdict:
    """Passes when no assigned policy lets users consent for themselves.

    Owners may still consent for their teams, chats and groups. A policy of neither kind is not
    understood and blocks a pass.
    """
    return judge_authorization(
        evidence,
        lambda policy: list(_consents(evidence, policy)),
        good="Users cannot consent to applications on their own behalf",
        bad="Users can consent to applications on their own behalf",
    )


@check(AdminConsentRequestPolicy)
def admin_consent_workflow_enabled(evidence: Evidence) -> Verdict:
    """Passes when people can ask for an application; who reviews is only noted."""
    policy = evidence.one(AdminConsentRequestPolicy)
    if not policy.is_enabled:
        return failed(
            "People have no way to ask an administrator for an application",
            [Affected(resource="adminConsentRequestPolicy", setting="isEnabled", actual="false")],
        )
    return passed("People can ask an administrator for an application", notes=_review(policy))


def _consents(evidence: Evidence, policy: AuthorizationPolicy) -> Iterator[Affected]:
    for assigned in policy.default_user_role_permissions.permission_grant_policies_assigned:
        name = assigned.strip().lower()
        if name.startswith(FOR_SELF):
            meaning = KNOWN.get(name.removeprefix(FOR_SELF), "a custom policy")
            yield shortfall_of(policy, SETTING, f"{assigned} ({meaning})")
        elif not name.startswith(FOR_OWNED):
            why = f"{SETTING} holds {assigned!r}, which is of no known kind"
            evidence.gaps.append(EvidenceMissing(AuthorizationPolicy.key, why))


def _review(policy: AdminConsentRequestPolicy) -> list[str]:
    """Informational fields; a gap in one of them changes nothing."""
    try:
        notes = []
        if policy.reviewers is not None and not policy.reviewers:
            notes.append("Nobody is named to review the requests")
        if policy.notify_reviewers is False:
            notes.append("Reviewers are not told about new requests")
        if policy.request_duration_in_days is not None:
            notes.append(f"Requests expire after {policy.request_duration_in_days} days")
    except EvidenceMissing:
        return ["Reviewers and reminders of the workflow could not be read"]
    return notes
