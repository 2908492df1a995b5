"""Cases of checks/entra/consent.py."""

from typing import Any

from checks.entra.consent import admin_consent_workflow_enabled, user_app_consent_blocked
from evidence.directory_policies import AdminConsentRequestPolicy
from evidence.entra import AuthorizationPolicy
from tests.builders.entra import (
    TEAM_OWNERS,
    authorization_policy,
    consent_request_policy,
    user_permissions,
    without,
)
from tests.checks.case import Case

SELF = "ManagePermissionGrantsForSelf."


def _consent(name: str, assigned: Any, expect: str, says: str = "") -> Case:
    permissions = user_permissions(permissionGrantPoliciesAssigned=assigned)
    return Case(
        user_app_consent_blocked,
        name,
        given={AuthorizationPolicy: [authorization_policy(defaultUserRolePermissions=permissions)]},
        expect=expect,
        affected=["authorizationPolicy"] if expect == "fail" else None,
        says=says,
    )


def _policies(name: str, rows: list[Any], expect: str) -> Case:
    return Case(user_app_consent_blocked, name, given={AuthorizationPolicy: rows}, expect=expect)


def _workflow(name: str, row: dict[str, Any], expect: str, says: str = "") -> Case:
    return Case(
        admin_consent_workflow_enabled,
        name,
        given={AdminConsentRequestPolicy: [row]},
        expect=expect,
        says=says,
    )


CASES = [
    _consent("only owners of teams", [TEAM_OWNERS], "pass"),
    _consent("an empty list", [], "pass"),
    _consent("owners, unwrapped", TEAM_OWNERS, "pass"),
    *(
        _consent(word, [TEAM_OWNERS, f"{SELF}{word}"], "fail")
        for word in (
            "microsoft-user-default-legacy",
            "microsoft-user-default-low",
            "microsoft-user-default-recommended",
            "our-own-policy",
        )
    ),
    _consent("in capitals", [f"{SELF}microsoft-user-default-low".upper()], "fail"),
    _consent("one, unwrapped", f"{SELF}microsoft-user-default-low", "fail"),
    _consent("of no known kind", ["SomethingNew.microsoft"], "error", "SomethingNew"),
    _consent("the name of an older form", ["microsoft-user-default-legacy"], "error"),
    _consent("of no known kind beside one for oneself", ["New.x", f"{SELF}y"], "fail"),
    _consent("null", None, "error"),
    _consent("an empty text", "", "error"),
    _consent("an empty object", {}, "error"),
    _policies(
        "the key is absent",
        [
            authorization_policy(
                defaultUserRolePermissions=without(
                    user_permissions(), "permissionGrantPoliciesAssigned"
                )
            )
        ],
        "error",
    ),
    _policies(
        "the shape of beta",
        [
            authorization_policy(
                defaultUserRolePermissions=without(
                    user_permissions(), "permissionGrantPoliciesAssigned"
                ),
                permissionGrantPolicyIdsAssignedToDefaultUserRole=[],
            )
        ],
        "error",
    ),
    _policies("no policy", [], "error"),
    Case(
        user_app_consent_blocked,
        "denied",
        given={},
        unread={AuthorizationPolicy: "denied"},
        expect="error",
    ),
    _workflow("enabled", consent_request_policy(), "pass", "expire after 30 days"),
    _workflow("enabled as text", consent_request_policy(isEnabled="True"), "pass"),
    _workflow("nobody reviews", consent_request_policy(reviewers=[]), "pass", "Nobody is named"),
    _workflow(
        "reviewers are not told", consent_request_policy(notifyReviewers=False), "pass", "not told"
    ),
    _workflow(
        "the days come as text", consent_request_policy(requestDurationInDays="5"), "pass", "5 days"
    ),
    _workflow(
        "what is only shown is unreadable",
        consent_request_policy(requestDurationInDays="soon", reviewers="x"),
        "pass",
    ),
    _workflow("disabled", consent_request_policy(isEnabled=False), "fail"),
    _workflow("null", consent_request_policy(isEnabled=None), "error"),
    _workflow("absent", without(consent_request_policy(), "isEnabled"), "error"),
    Case(
        admin_consent_workflow_enabled,
        "nothing returned",
        given={AdminConsentRequestPolicy: []},
        expect="error",
    ),
    Case(
        admin_consent_workflow_enabled,
        "denied",
        given={},
        unread={AdminConsentRequestPolicy: "denied"},
        expect="error",
    ),
]
