"""Good rows of the directory in wire shape; a case names only what differs."""

import json
from typing import Any

TENANT_ID = "0b1c2d3e-0000-4000-8000-000000000001"
LIMITED_GUESTS = "10dae51f-b6af-4016-8d66-8c2a99b929b3"
TEAM_OWNERS = (
    "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team"
)


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def user(name: str = "ada", **changes: Any) -> dict[str, Any]:
    """A cloud member without a licence; its id is made from the name."""
    return {
        "id": f"id-of-{name}",
        "displayName": name.title(),
        "userPrincipalName": f"{name}@contoso.example",
        "userType": "Member",
        "accountEnabled": True,
        "onPremisesSyncEnabled": None,
        "assignedLicenses": [],
        "createdDateTime": "2024-05-01T08:00:00Z",
        "perUserMfaState": "disabled",
    } | changes


def per_user_mfa_state(name: str = "ada", **changes: Any) -> dict[str, Any]:
    return {"userId": f"id-of-{name}", "perUserMfaState": "disabled", "status": 200} | changes


def organization(**changes: Any) -> dict[str, Any]:
    """A tenant that never synchronised, young enough to have no password expiry by default."""
    return {
        "id": TENANT_ID,
        "displayName": "Contoso",
        "createdDateTime": "2024-05-01T08:00:00Z",
        "onPremisesSyncEnabled": None,
        "onPremisesLastSyncDateTime": None,
    } | changes


def hybrid_organization(**changes: Any) -> dict[str, Any]:
    """Synchronised within the hour before the evidence of the cases was captured."""
    return (
        organization(onPremisesSyncEnabled=True, onPremisesLastSyncDateTime="2026-05-04T17:00:00Z")
        | changes
    )


def on_premises_synchronization(enabled: Any = True, **changes: Any) -> dict[str, Any]:
    return {"id": TENANT_ID, "features": {"passwordSyncEnabled": enabled}} | changes


def domain(name: str = "contoso.example", **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "isInitial": name.endswith(".onmicrosoft.com"),
        "authenticationType": "Managed",
        "isVerified": True,
        "isRoot": True,
        "passwordValidityPeriodInDays": 2147483647,
    } | changes


def group(name: str = "Sales", **changes: Any) -> dict[str, Any]:
    """A private Microsoft 365 group with a team."""
    return {
        "id": f"id-of-{name.lower()}",
        "displayName": name,
        "mail": f"{name.lower()}@contoso.example",
        "groupTypes": ["Unified"],
        "visibility": "Private",
        "resourceProvisioningOptions": ["Team"],
        "membershipRule": None,
        "membershipRuleProcessingState": None,
    } | changes


def guest_group(name: str = "Guests", **changes: Any) -> dict[str, Any]:
    return (
        group(name)
        | {
            "mail": None,
            "groupTypes": ["DynamicMembership"],
            "visibility": None,
            "resourceProvisioningOptions": [],
            "membershipRule": '(user.userType -eq "Guest")',
            "membershipRuleProcessingState": "On",
        }
        | changes
    )


def user_permissions(**changes: Any) -> dict[str, Any]:
    return {
        "allowedToCreateApps": False,
        "allowedToCreateSecurityGroups": True,
        "allowedToCreateTenants": False,
        "allowedToReadOtherUsers": True,
        "permissionGrantPoliciesAssigned": [TEAM_OWNERS],
    } | changes


def authorization_policy(**changes: Any) -> dict[str, Any]:
    return {
        "id": "authorizationPolicy",
        "defaultUserRolePermissions": user_permissions(),
        "allowUserConsentForRiskyApps": False,
        "guestUserRoleId": LIMITED_GUESTS,
        "allowInvitesFrom": "adminsAndGuestInviters",
    } | changes


def consent_request_policy(**changes: Any) -> dict[str, Any]:
    return {
        "isEnabled": True,
        "notifyReviewers": True,
        "remindersEnabled": True,
        "requestDurationInDays": 30,
        "reviewers": [{"query": "/users/id-of-ada", "queryType": "MicrosoftGraph"}],
    } | changes


def b2b_policy(domains: Any, **changes: Any) -> dict[str, Any]:
    """`domains`: the AllowedDomains and BlockedDomains of the policy."""
    definition = {
        "B2BManagementPolicy": {
            "InvitationsAllowedAndBlockedDomainsPolicy": domains,
            "AutoRedeemPolicy": {"AdminConsentedForUsersIntoTenantIds": []},
        }
    }
    return {
        "id": "id-of-b2b",
        "isOrganizationDefault": True,
        "definition": [json.dumps(definition)],
    } | changes


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
