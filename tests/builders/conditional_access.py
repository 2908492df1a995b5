"""Good rows of Conditional Access in wire shape, nulls included; a case names what differs."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from evidence.conditional_access import (
    AuthenticationStrength,
    ConditionalAccessPolicy,
    ReferencedGroup,
    SecurityDefaults,
)
from evidence.dataset import Dataset
from evidence.licences import ENTRA_P1_ID, ENTRA_P2_ID, SubscribedSku
from evidence.privileged_roles import ADMIN_ROLES, DirectoryRoleAssignment
from tests.builders.licences import plan, sku

Rows = list[dict[str, Any]]
INTUNE_A = "c1ec4a95-1f05-45b3-a911-aa3fa01094f5"
INTUNE_ENROLMENT = "d4ebce55-015a-49b5-a083-c84d1797ae8c"
REGISTER_SECURITY_INFO = "urn:user:registersecurityinfo"
LEGACY = ["exchangeActiveSync", "other"]
MODERN = ["browser", "mobileAppsAndDesktopClients"]
EVERY_TIME = {
    "isEnabled": True,
    "type": None,
    "value": None,
    "authenticationType": "primaryAndSecondaryAuthentication",
    "frequencyInterval": "everyTime",
}
RESISTANT = ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"]


def guid(name: str) -> str:
    return str(uuid5(NAMESPACE_DNS, name))


def label(name: str) -> str:
    """As verdicts name a policy built here."""
    return f"{name} ({guid(name)})"


EVERYONE: dict[str, Any] = {
    "includeUsers": ["All"],
    "excludeUsers": [],
    "includeGroups": [],
    "excludeGroups": [],
    "includeRoles": [],
    "excludeRoles": [],
    "includeGuestsOrExternalUsers": None,
    "excludeGuestsOrExternalUsers": None,
}
EVERY_RESOURCE: dict[str, Any] = {
    "includeApplications": ["All"],
    "excludeApplications": [],
    "includeUserActions": [],
    "includeAuthenticationContextClassReferences": [],
    "applicationFilter": None,
}


def policy(
    name: str = "Policy",
    *,
    users: Mapping[str, Any] | None = None,
    apps: Mapping[str, Any] | None = None,
    grant: Mapping[str, Any] | None = None,
    session: Mapping[str, Any] | None = None,
    state: str = "enabled",
    **conditions: Any,
) -> dict[str, Any]:
    """Everyone, every resource, every client, always; `grant` null makes it session-only."""
    return {
        "id": guid(name),
        "displayName": name,
        "state": state,
        "conditions": {
            "clientAppTypes": ["all"],
            "platforms": None,
            "locations": None,
            "times": None,
            "devices": None,
            "deviceStates": None,
            "agents": None,
            "clientApplications": None,
            "userRiskLevels": [],
            "signInRiskLevels": [],
            "servicePrincipalRiskLevels": [],
            "users": EVERYONE | dict(users or {}),
            "applications": EVERY_RESOURCE | dict(apps or {}),
        }
        | conditions,
        "grantControls": dict(grant) if grant else None,
        "sessionControls": dict(session) if session else None,
    }


def grant(*controls: str, operator: str = "OR", **changes: Any) -> dict[str, Any]:
    return {
        "operator": operator,
        "builtInControls": list(controls),
        "termsOfUse": [],
        "customAuthenticationFactors": [],
        "authenticationStrength": None,
        "authenticationStrength@odata.context": "https://graph.microsoft.com/…/$entity",
    } | changes


def strength(*combinations: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": guid("strength"),
        "displayName": "Strength",
        "policyType": "custom",
        "requirementsSatisfied": "mfa",
        "allowedCombinations": list(combinations),
    } | changes


def demands_strength(*combinations: str, **changes: Any) -> dict[str, Any]:
    return grant(authenticationStrength=strength(*combinations, **changes))


def frequency(value: Any, unit: str = "hours", **changes: Any) -> dict[str, Any]:
    return {
        "isEnabled": True,
        "type": unit,
        "value": value,
        "authenticationType": "primaryAndSecondaryAuthentication",
        "frequencyInterval": "timeBased",
    } | changes


def session(**controls: Any) -> dict[str, Any]:
    return {
        "signInFrequency": None,
        "persistentBrowser": None,
        "applicationEnforcedRestrictions": None,
        "cloudAppSecurity": None,
        "disableResilienceDefaults": None,
    } | controls


def group(name: str, members: int | None = 3, **changes: Any) -> dict[str, Any]:
    return {"id": guid(name), "displayName": name, "userCount": members, "status": 200} | changes


def assignment(user: str, role: str, **changes: Any) -> dict[str, Any]:
    return {
        "principalId": guid(user),
        "roleDefinitionId": role,
        "directoryScopeId": "/",
        "principal": {
            "@odata.type": "#microsoft.graph.user",
            "id": guid(user),
            "displayName": user,
            "userPrincipalName": f"{user}@contoso.onmicrosoft.com",
        },
    } | changes


def licences(*names: str) -> Rows:
    """Entra ID P2 and Intune unless named otherwise."""
    plans = {"P1": ENTRA_P1_ID, "P2": ENTRA_P2_ID, "INTUNE": INTUNE_A}
    return [sku(*(plan(name, plans[name]) for name in names or tuple(plans)))]


def mfa_policy(name: str = "MFA", **changes: Any) -> dict[str, Any]:
    return policy(name, **({"grant": grant("mfa")} | changes))


def roles_only(*roles: str, **changes: Any) -> dict[str, Any]:
    return {"includeUsers": [], "includeRoles": list(roles or ADMIN_ROLES)} | changes


def resistant_policy(name: str = "Phishing-resistant", **changes: Any) -> dict[str, Any]:
    defaults = {"users": roles_only(), "grant": demands_strength(*RESISTANT)}
    return policy(name, **(defaults | changes))


def legacy_block(name: str = "No legacy", **changes: Any) -> dict[str, Any]:
    return policy(name, **({"clientAppTypes": LEGACY, "grant": grant("block")} | changes))


def admin_sessions(name: str = "Admin sessions", **changes: Any) -> dict[str, Any]:
    controls = session(
        signInFrequency=frequency(4), persistentBrowser={"isEnabled": True, "mode": "never"}
    )
    return policy(name, **({"users": roles_only(), "session": controls} | changes))


def user_risk_policy(name: str = "User risk", **changes: Any) -> dict[str, Any]:
    defaults = {
        "userRiskLevels": ["high"],
        "grant": grant("mfa", "passwordChange", operator="AND"),
        "session": session(signInFrequency=EVERY_TIME),
    }
    return policy(name, **(defaults | changes))


def sign_in_risk_policy(name: str = "Sign-in risk", **changes: Any) -> dict[str, Any]:
    defaults = {
        "signInRiskLevels": ["high", "medium"],
        "grant": grant("mfa"),
        "session": session(signInFrequency=EVERY_TIME),
    }
    return policy(name, **(defaults | changes))


def sign_in_risk_block(name: str = "Risk block", **changes: Any) -> dict[str, Any]:
    defaults = {"signInRiskLevels": ["high", "medium"], "grant": grant("block")}
    return policy(name, **(defaults | changes))


def device_policy(name: str = "Managed device", **changes: Any) -> dict[str, Any]:
    return policy(name, **({"grant": grant("compliantDevice", "domainJoinedDevice")} | changes))


def security_info_policy(name: str = "Security info", **changes: Any) -> dict[str, Any]:
    targets = {"includeApplications": [], "includeUserActions": [REGISTER_SECURITY_INFO]}
    return device_policy(name, **({"apps": targets} | changes))


def enrolment_policy(name: str = "Enrolment", **changes: Any) -> dict[str, Any]:
    defaults = {
        "apps": {"includeApplications": [INTUNE_ENROLMENT]},
        "grant": grant("mfa"),
        "session": session(signInFrequency=EVERY_TIME),
    }
    return policy(name, **(defaults | changes))


def device_code_block(name: str = "No device code", **changes: Any) -> dict[str, Any]:
    flows = {"transferMethods": "deviceCodeFlow"}
    return policy(name, **({"authenticationFlows": flows, "grant": grant("block")} | changes))


def access(
    *policies: Mapping[str, Any],
    strengths: Sequence[Mapping[str, Any]] = (),
    groups: Sequence[Mapping[str, Any]] = (),
    roles: Sequence[Mapping[str, Any]] = (),
    defaults: bool = False,
    skus: Sequence[Mapping[str, Any]] | None = None,
) -> dict[type[Dataset], Sequence[Mapping[str, Any]]]:
    """Every dataset that the Conditional Access checks read."""
    return {
        ConditionalAccessPolicy: policies,
        AuthenticationStrength: strengths,
        ReferencedGroup: groups,
        DirectoryRoleAssignment: roles,
        SecurityDefaults: [{"isEnabled": defaults}],
        SubscribedSku: licences() if skus is None else skus,
    }


def registered(kind: str, *ids: str, **changes: Any) -> dict[str, Any]:
    """Tenant parameters with these exclusions, reviewed this year."""
    entry = {"kind": kind, "reason": "documented", "reviewed_on": "2026-01-10"} | changes
    return {"exclusion_register": [entry | {"id": item} for item in ids]}
