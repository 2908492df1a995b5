"""The demo tenant's Entra ID, Intune and admin settings, as Microsoft Graph sends them."""

import json
from typing import Any

from demo.people import CONTOSO, FABRIKAM, INITIAL, ROLES, TENANT_ID, Company, Row, guid

NEVER = 2147483647
ALL_USERS = {"id": "all_users", "targetType": "group"}
NOBODY = {"id": "00000000-0000-0000-0000-000000000000", "targetType": "group"}


PLAIN_GROUPS = (
    "Conditional Access exclusions",
    "Helpdesk tier 1",
    "Privileged access approvers",
    "VPN users",
    "Printers Berlin",
    "Printers Leeds",
    "Finance read only",
    "Payroll",
    "Contractors",
    "Kiosk devices",
    "Pilot ring",
    "Broad ring",
    "Power BI authors",
    "Fabric admins",
    "External sharing",
    "Data owners",
    "Legal hold",
    "Retention exceptions",
)


def directory(company: Company) -> dict[str, list[Row]]:
    return _people(company) | _policies(company) | _services()


def _people(company: Company) -> dict[str, list[Row]]:
    return {
        "graph.organization": [
            {
                "id": TENANT_ID,
                "displayName": "Contoso Demo",
                "createdDateTime": "2019-06-03T07:45:00Z",
                "onPremisesSyncEnabled": True,
                "onPremisesLastSyncDateTime": "2026-05-04T07:52:41Z",
            }
        ],
        "graph.domains": [
            _domain(INITIAL, NEVER, isInitial=True),
            _domain(CONTOSO, NEVER),
            _domain(FABRIKAM, 90),
        ],
        "graph.users": [person.user for person in company.everyone],
        "graph.user_registration_details": [
            person.registration for person in company.everyone if person.enabled
        ],
        "graph.per_user_mfa_states": [],
        "graph.groups": _groups(company),
        "graph.role_definitions": [
            {"id": role, "templateId": role, "displayName": name, "isBuiltIn": True}
            for role, name in ROLES.items()
        ],
    }


def _policies(company: Company) -> dict[str, list[Row]]:
    return {
        "graph.authorization_policy": [_authorization()],
        "graph.admin_consent_request_policy": [_admin_consent(company)],
        "graph.b2b_management_policies": [_b2b()],
        "graph.group_settings": [_password_settings()],
        "graph.authentication_methods_policy": [_methods()],
        "graph.activity_based_timeout_policies": [_timeout()],
    }


def _services() -> dict[str, list[Row]]:
    return {
        "graph.apps_and_services_settings": [
            {"isOfficeStoreEnabled": True, "isAppAndServicesTrialEnabled": False}
        ],
        "graph.web_storage_service_principal": [
            {
                "id": guid("app/web storage"),
                "appId": "c1f33bc0-bdb4-4248-ba9b-096807ddb43e",
                "displayName": "Microsoft 365 on the web third-party storage",
                "accountEnabled": False,
            }
        ],
        "graph.device_management_settings": [
            {
                "secureByDefault": True,
                "isScheduledActionEnabled": True,
                "deviceComplianceCheckinThresholdDays": 30,
            }
        ],
        "graph.device_enrollment_configurations": [_enrolment()],
    }


def _domain(name: str, validity: int | None, **changes: Any) -> Row:
    return {
        "id": name,
        "isInitial": False,
        "authenticationType": "Managed",
        "isVerified": True,
        "isRoot": True,
        "passwordValidityPeriodInDays": validity,
    } | changes


def _groups(company: Company) -> list[Row]:
    """The approved public group stands in the pack's parameters; the other one does not."""
    public = ("Sales Projects", "Support Team")
    teams = [
        _unified(
            name,
            visibility="Public" if name in public else "Private",
            resourceProvisioningOptions=["Team"],
        )
        for name in company.team_names
    ]
    unified = [
        _unified(name, visibility="Private")
        for name in ("Board", "Fabrikam Integration", "Works Council", "Canteen", "Newsletter")
    ]
    guests = _group(
        "All guests",
        groupTypes=["DynamicMembership"],
        membershipRule='(user.userType -eq "Guest")',
        membershipRuleProcessingState="On",
    )
    return [*teams, *unified, guests, *(_group(name) for name in PLAIN_GROUPS)]


def _unified(name: str, **changes: Any) -> Row:
    mail = f"{name.lower().replace(' ', '-')}@{CONTOSO}"
    return _group(name, mail=mail, groupTypes=["Unified"], **changes)


def _group(name: str, **changes: Any) -> Row:
    return {
        "id": guid(f"group/{name}"),
        "displayName": name,
        "mail": None,
        "visibility": None,
        "resourceProvisioningOptions": [],
        "groupTypes": [],
        "membershipRule": None,
        "membershipRuleProcessingState": None,
    } | changes


def _authorization() -> Row:
    grants = "ManagePermissionGrantsFor"
    return {
        "id": "authorizationPolicy",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": False,
            "allowedToCreateTenants": True,
            "permissionGrantPoliciesAssigned": [
                f"{grants}Self.microsoft-user-default-low",
                f"{grants}OwnedResource.microsoft-dynamically-managed-permissions-for-team",
            ],
        },
        "allowUserConsentForRiskyApps": False,
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "allowInvitesFrom": "adminsAndGuestInviters",
    }


def _admin_consent(company: Company) -> Row:
    return {
        "isEnabled": True,
        "notifyReviewers": True,
        "remindersEnabled": True,
        "requestDurationInDays": 30,
        "reviewers": [
            {"query": f"/users/{company.admins[0].id}", "queryType": "MicrosoftGraph"},
        ],
    }


def _b2b() -> Row:
    policy = {
        "B2BManagementPolicy": {
            "InvitationsAllowedAndBlockedDomainsPolicy": {"BlockedDomains": ["rival.example"]},
            "AutoRedeemPolicy": {"AdminConsentedForUsersIntoTenantIds": []},
        }
    }
    return {
        "id": guid("policy/b2b"),
        "isOrganizationDefault": True,
        "definition": [json.dumps(policy)],
    }


def _password_settings() -> Row:
    values = {
        "BannedPasswordCheckOnPremisesMode": "Audit",
        "EnableBannedPasswordCheckOnPremises": "True",
        "EnableBannedPasswordCheck": "True",
        "LockoutDurationInSeconds": "60",
        "LockoutThreshold": "10",
        "BannedPasswordList": "contoso\tfabrikam\tcanteen",
    }
    return {
        "id": guid("setting/password rules"),
        "displayName": "Password Rule Settings",
        "templateId": "5cf42378-d67d-4f36-ba46-e8b86229381d",
        "values": [{"name": name, "value": value} for name, value in values.items()],
    }


def _methods() -> Row:
    feature = {"state": "enabled", "includeTarget": ALL_USERS, "excludeTarget": NOBODY}
    authenticator = _method("MicrosoftAuthenticator", "enabled") | {
        "featureSettings": {
            "numberMatchingRequiredState": feature,
            "displayAppInformationRequiredState": feature,
            "displayLocationInformationRequiredState": feature,
        }
    }
    states = {"Fido2": "enabled", "TemporaryAccessPass": "enabled", "SoftwareOath": "disabled"}
    states |= {"Sms": "enabled", "Voice": "disabled", "X509Certificate": "disabled"}
    email = _method("Email", "disabled") | {"allowExternalIdToUseEmailOtp": "default"}
    return {
        "policyMigrationState": "migrationComplete",
        "authenticationMethodConfigurations": [
            authenticator,
            email,
            *(_method(name, state) for name, state in states.items()),
        ],
        "systemCredentialPreferences": {
            "state": "enabled",
            "includeTargets": [ALL_USERS],
            "excludeTargets": [],
        },
    }


def _method(name: str, state: str) -> Row:
    return {"id": name, "state": state, "includeTargets": [ALL_USERS], "excludeTargets": []}


def _timeout() -> Row:
    policy = {
        "ActivityBasedTimeoutPolicy": {
            "Version": 1,
            "ApplicationPolicies": [
                {"ApplicationId": "default", "WebSessionIdleTimeout": "03:00:00"}
            ],
        }
    }
    return {
        "id": guid("policy/timeout"),
        "displayName": "Idle sessions",
        "isOrganizationDefault": True,
        "definition": [json.dumps(policy)],
    }


def _enrolment() -> Row:
    def platform(personal_blocked: bool) -> Row:
        return {"platformBlocked": False, "personalDeviceEnrollmentBlocked": personal_blocked}

    return {
        "id": f"{guid('intune')}_DefaultPlatformRestrictions",
        "displayName": "All users and all devices",
        "priority": 0,
        "deviceEnrollmentConfigurationType": "defaultPlatformRestrictions",
        "windowsRestriction": platform(True),
        "iosRestriction": platform(False),
        "androidRestriction": platform(True),
        "androidForWorkRestriction": platform(False),
        "macOSRestriction": platform(True),
    }
