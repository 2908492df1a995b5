"""Good rows of authentication in wire shape; a case names only what differs."""

import json
from typing import Any

from tests.builders.conditional_access import assignment

NOBODY = "00000000-0000-0000-0000-000000000000"
PASSWORD_RULES = "5cf42378-d67d-4f36-ba46-e8b86229381d"
GROUP_UNIFIED = "62375ab9-6b52-47ed-826b-58e47e0e304b"
PORTAL_APP = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"


def target(identifier: str = "all_users", kind: str = "group", **changes: Any) -> dict[str, Any]:
    return {"id": identifier, "targetType": kind, "isRegistrationRequired": False} | changes


def feature(state: str = "enabled", **changes: Any) -> dict[str, Any]:
    return {
        "state": state,
        "includeTarget": {"id": "all_users", "targetType": "group"},
        "excludeTarget": {"id": NOBODY, "targetType": "group"},
    } | changes


def features(**changes: Any) -> dict[str, Any]:
    return {
        "companionAppAllowedState": feature("default"),
        "numberMatchingRequiredState": feature(),
        "displayAppInformationRequiredState": feature(),
        "displayLocationInformationRequiredState": feature(),
    } | changes


def authenticator(**changes: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethodConfiguration",
        "id": "MicrosoftAuthenticator",
        "state": "enabled",
        "includeTargets": [target(authenticationMode="any")],
        "excludeTargets": [],
        "featureSettings": features(),
    } | changes


def method(identifier: str, state: str = "disabled", **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "state": state,
        "includeTargets": [target()],
        "excludeTargets": [],
    } | changes


def email(state: str = "disabled", **changes: Any) -> dict[str, Any]:
    return method("Email", state, **({"allowExternalIdToUseEmailOtp": "default"} | changes))


def methods_policy(*methods: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Authenticator on and well set, phone and e-mail off, unless other methods are given."""
    listed = methods or (authenticator(), method("Sms"), method("Voice"), email())
    return {
        "id": "authenticationMethodsPolicy",
        "policyMigrationState": "migrationComplete",
        "authenticationMethodConfigurations": list(listed),
        "systemCredentialPreferences": preferences(),
    } | changes


def preferences(state: str = "enabled", **changes: Any) -> dict[str, Any]:
    return {"state": state, "includeTargets": [target()], "excludeTargets": []} | changes


def group_setting(template: str = PASSWORD_RULES, **values: Any) -> dict[str, Any]:
    defaults = {
        "BannedPasswordCheckOnPremisesMode": "Enforce",
        "EnableBannedPasswordCheckOnPremises": "True",
        "EnableBannedPasswordCheck": "True",
        "LockoutDurationInSeconds": "60",
        "LockoutThreshold": "10",
        "BannedPasswordList": "contoso\tfabrikam\tredmond\tseattle\tpuget",
    }
    return {
        "id": f"setting-{template[:8]}",
        "displayName": "Password Rule Settings",
        "templateId": template,
        "values": [{"name": name, "value": value} for name, value in (defaults | values).items()],
    }


def registration(name: str = "ada", **changes: Any) -> dict[str, Any]:
    """The report line of `tests.builders.entra.user(name)`."""
    return {
        "id": f"id-of-{name}",
        "userPrincipalName": f"{name}@contoso.example",
        "userType": "member",
        "isMfaCapable": True,
        "isAdmin": False,
        "isSsprEnabled": True,
        "isSsprCapable": True,
        "isSsprRegistered": True,
        "lastUpdatedDateTime": "2026-05-04T03:00:00Z",
    } | changes


def role_holder(name: str, role: str, **changes: Any) -> dict[str, Any]:
    """The assignment of a role to `tests.builders.entra.user(name)`."""
    holder = {"@odata.type": "#microsoft.graph.user", "id": f"id-of-{name}"}
    return assignment(name, role, principalId=f"id-of-{name}", principal=holder) | changes


def timeout_policy(*entries: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """Entries are application id and time span; one of an hour for everything by default."""
    applications = [
        {"ApplicationId": application, "WebSessionIdleTimeout": span}
        for application, span in entries or (("default", "01:00:00"),)
    ]
    rules = {"ActivityBasedTimeoutPolicy": {"Version": 1, "ApplicationPolicies": applications}}
    return {
        "id": "6a7b8c9d-0000-4000-8000-00000000aaaa",
        "displayName": "Idle sessions",
        "isOrganizationDefault": True,
        "definition": [json.dumps(rules)],
    } | changes
