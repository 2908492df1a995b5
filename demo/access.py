"""The demo tenant's Conditional Access policies and licences."""

from typing import Any

from demo.people import ADMIN_ROLES, E3_SKU, P2_SKU, Company, Row, guid
from demo.privilege import BREAK_GLASS_GROUP

ENROLMENT_APP = "d4ebce55-015a-49b5-a083-c84d1797ae8c"
MODERN = ["all"]
LEGACY = ["exchangeActiveSync", "other"]
STRENGTH = "00000000-0000-0000-0000-00000000000"


def access(company: Company) -> dict[str, list[Row]]:
    return {
        "graph.conditional_access_policies": [*_for_all_resources(), *_for_some(), *_drafts()],
        "graph.authentication_strengths": _strengths(),
        "graph.security_defaults": [{"isEnabled": False}],
        "graph.referenced_groups": [
            {
                "id": BREAK_GLASS_GROUP,
                "displayName": "Conditional Access exclusions",
                "userCount": len(company.emergency),
                "status": 200,
            }
        ],
        "graph.subscribed_skus": _skus(),
    }


def _for_all_resources() -> list[Row]:
    return [
        _policy("All users: multifactor authentication", grant=_grant("mfa")),
        _policy("Block legacy authentication", clients=LEGACY, grant=_grant("block")),
        _policy(
            "Administrators: short sessions",
            users=_users(roles=ADMIN_ROLES),
            session=_session(
                signInFrequency=_frequency("timeBased", hours=4),
                persistentBrowser={"isEnabled": True, "mode": "never"},
            ),
        ),
        _policy(
            "Risky sign-ins: multifactor authentication",
            grant=_grant("mfa"),
            session=_session(signInFrequency=_frequency("everyTime")),
            signInRiskLevels=["high", "medium"],
        ),
    ]


def _for_some() -> list[Row]:
    """Some apps, or some ways of signing in."""
    return [
        _policy(
            "Office 365 in the browser: restricted on unmanaged devices",
            apps=["Office365"],
            clients=["browser"],
            session=_session(applicationEnforcedRestrictions={"isEnabled": True}),
        ),
        _policy(
            "Intune enrolment: sign in again",
            apps=[ENROLMENT_APP],
            grant=_grant("mfa"),
            session=_session(signInFrequency=_frequency("everyTime")),
        ),
        _policy(
            "Block device code flow",
            grant=_grant("block"),
            authenticationFlows={"transferMethods": "deviceCodeFlow,authenticationTransfer"},
        ),
        _policy(
            "Office 365: compliant device",
            apps=["Office365"],
            grant=_grant("compliantDevice", "domainJoinedDevice"),
        ),
    ]


def _drafts() -> list[Row]:
    """What somebody began and nobody switched on."""
    report_only = "enabledForReportingButNotEnforced"
    strength = {
        "id": f"{STRENGTH}4",
        "displayName": "Phishing-resistant MFA",
        "policyType": "builtIn",
        "requirementsSatisfied": "mfa",
        "allowedCombinations": [
            "windowsHelloForBusiness",
            "fido2",
            "x509CertificateMultiFactor",
        ],
    }
    return [
        _policy(
            "Administrators: phishing-resistant authentication",
            state=report_only,
            users=_users(roles=ADMIN_ROLES),
            grant=_grant() | {"authenticationStrength": strength},
        ),
        _policy(
            "Risky users: change password",
            state=report_only,
            grant=_grant("mfa", "passwordChange", operator="AND"),
            session=_session(signInFrequency=_frequency("everyTime")),
            userRiskLevels=["high"],
        ),
        _policy(
            "Security information: trusted locations only",
            state="disabled",
            actions=["urn:user:registersecurityinfo"],
            grant=_grant("block"),
            locations={"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
        ),
    ]


def _policy(
    name: str,
    *,
    state: str = "enabled",
    users: Row | None = None,
    apps: list[str] | None = None,
    actions: list[str] | None = None,
    clients: list[str] | None = None,
    grant: Row | None = None,
    session: Row | None = None,
    **conditions: Any,
) -> Row:
    applications = {
        "includeApplications": [] if actions else apps or ["All"],
        "excludeApplications": [],
        "includeUserActions": actions or [],
        "includeAuthenticationContextClassReferences": [],
        "applicationFilter": None,
    }
    scope = {
        "users": users or _users(),
        "applications": applications,
        "clientAppTypes": clients or MODERN,
        "platforms": None,
        "locations": None,
        "devices": None,
        "clientApplications": None,
        "userRiskLevels": [],
        "signInRiskLevels": [],
        "insiderRiskLevels": None,
        "authenticationFlows": None,
    }
    return {
        "id": guid(f"policy/{name}"),
        "displayName": name,
        "state": state,
        "conditions": scope | conditions,
        "grantControls": grant,
        "sessionControls": session,
    }


def _users(*, roles: list[str] | None = None) -> Row:
    return {
        "includeUsers": [] if roles else ["All"],
        "excludeUsers": [],
        "includeGroups": [],
        "excludeGroups": [BREAK_GLASS_GROUP],
        "includeRoles": roles or [],
        "excludeRoles": [],
        "includeGuestsOrExternalUsers": None,
        "excludeGuestsOrExternalUsers": None,
    }


def _grant(*controls: str, operator: str = "OR") -> Row:
    return {
        "operator": operator,
        "builtInControls": list(controls),
        "customAuthenticationFactors": [],
        "termsOfUse": [],
        "authenticationStrength": None,
    }


def _session(**controls: Row) -> Row:
    absent = {
        "applicationEnforcedRestrictions": None,
        "cloudAppSecurity": None,
        "persistentBrowser": None,
        "signInFrequency": None,
    }
    return absent | controls


def _frequency(interval: str, hours: int | None = None) -> Row:
    return {
        "isEnabled": True,
        "type": "hours" if hours else None,
        "value": hours,
        "authenticationType": "primaryAndSecondaryAuthentication",
        "frequencyInterval": interval,
    }


def _strengths() -> list[Row]:
    combinations = {
        "Multifactor authentication": ["fido2", "password,microsoftAuthenticatorPush"],
        "Passwordless MFA": ["fido2", "deviceBasedPush"],
        "Phishing-resistant MFA": ["windowsHelloForBusiness", "fido2"],
    }
    return [
        {
            "id": f"{STRENGTH}{number}",
            "displayName": name,
            "policyType": "builtIn",
            "requirementsSatisfied": "mfa",
            "allowedCombinations": allowed,
        }
        for number, (name, allowed) in enumerate(combinations.items(), start=2)
    ]


def _skus() -> list[Row]:
    """Microsoft 365 E3 with Defender Plan 1 for everybody, Entra ID P2 for administrators."""
    entra_1 = ("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM")
    return [
        _sku(
            E3_SKU,
            "SPE_E3",
            entra_1,
            ("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE"),
            ("5dbe027f-2339-4123-9542-606e4d348a72", "SHAREPOINTENTERPRISE"),
            ("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1"),
            ("0feaeb32-d00e-4d66-bd5a-43b5b83db82c", "MCOSTANDARD"),
            ("43de0ff5-c92c-492b-9116-175376d08c38", "OFFICESUBSCRIPTION"),
            ("c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "INTUNE_A"),
            ("5136a095-5cf0-4aff-bec3-e84448b38ea5", "MIP_S_CLP1"),
            ("2789c901-c14e-48ab-a76a-be334d9d793a", "FORMS_PLAN_E3"),
            ("a23b959c-7ce8-4e57-9140-b90eb88a9e97", "SWAY"),
        ),
        _sku(
            "4ef96642-f096-40de-a3e9-d83fb2f90211",
            "ATP_ENTERPRISE",
            ("f20fedf3-f3c3-43c3-8267-2bfdd51c0939", "ATP_ENTERPRISE"),
        ),
        _sku(P2_SKU, "AAD_PREMIUM_P2", entra_1, ("eec0eb4f-6444-4f95-aba0-50c24d67f998", "AAD_P2")),
        _sku(
            "f8a1db68-be16-40ed-86d5-cb42ce701560",
            "POWER_BI_PRO",
            ("70d33638-9c74-4d01-bfd3-562de28bd4ba", "BI_AZURE_P2"),
        ),
    ]


def _sku(sku_id: str, name: str, *plans: tuple[str, str]) -> Row:
    return {
        "skuId": sku_id,
        "skuPartNumber": name,
        "capabilityStatus": "Enabled",
        "servicePlans": [
            {
                "servicePlanId": plan_id,
                "servicePlanName": plan,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
            for plan_id, plan in plans
        ],
    }
