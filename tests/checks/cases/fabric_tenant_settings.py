"""Cases of checks/fabric/tenant_settings.py."""

from collections.abc import Callable
from typing import Any

from checks.fabric.tenant_settings import (
    fabric_api_access_restricted,
    fabric_external_data_sharing_restricted,
    fabric_guest_access_restricted,
    fabric_guest_browsing_restricted,
    fabric_guest_invitations_restricted,
    fabric_org_wide_links_restricted,
    fabric_publish_to_web_restricted,
    fabric_r_python_visuals_off,
    fabric_resourcekey_auth_blocked,
    fabric_sensitivity_labels_on,
    fabric_service_principal_profiles_restricted,
)
from contracts.verdict import Verdict
from evidence.evidence import Evidence
from evidence.fabric import TenantSetting
from evidence.licences import SubscribedSku
from tests.builders.fabric import BI_TEAM, create_codes, setting
from tests.builders.licences import plan, sku
from tests.checks.case import Case

RESTRICTED = {
    fabric_guest_access_restricted: "AllowGuestUserToAccessSharedContent",
    fabric_guest_invitations_restricted: "ExternalSharingV2",
    fabric_guest_browsing_restricted: "ElevatedGuestsTenant",
    fabric_org_wide_links_restricted: "ShareLinkToEntireOrg",
    fabric_external_data_sharing_restricted: "EnableDatasetInPlaceSharing",
    fabric_service_principal_profiles_restricted: "AllowServicePrincipalsCreateAndUseProfiles",
}
WEB = "PublishToWeb"
PERMISSION = "ServicePrincipalAccessPermissionAPIs"
GLOBAL = "ServicePrincipalAccessGlobalAPIs"
OTHER = setting("AnotherSetting", enabled=True)
OPEN = "is on for the whole organisation"
Judge = Callable[[Evidence], Verdict]


def case(judge: Judge, name: str, expect: str, *rows: dict[str, Any], **more: Any) -> Case:
    return Case(judge, name, {TenantSetting: [OTHER, *rows]}, expect, **more)


def restricted(judge: Judge, name: str) -> list[Case]:
    """A setting that is good when it is off, or on for named groups only."""
    return [
        case(judge, "disabled", "pass", setting(name, enabled=False)),
        case(judge, "disabled, as text", "pass", setting(name, enabled="False")),
        case(
            judge,
            "groups only",
            "pass",
            setting(name, enabled=True, enabledSecurityGroups=[BI_TEAM]),
            says="on for BI team",
        ),
        case(
            judge,
            "one group that was unwrapped, delegated",
            "pass",
            setting(name, enabled=True, enabledSecurityGroups=BI_TEAM, delegateToWorkspace=True),
            says="delegated",
        ),
        case(
            judge,
            "whole organisation",
            "fail",
            setting(name, enabled=True),
            affected=[name],
            says=OPEN,
        ),
        case(
            judge,
            "an empty list of groups",
            "fail",
            setting(name, enabled=True, enabledSecurityGroups=[]),
            affected=[name],
        ),
        case(
            judge,
            "everyone except",
            "fail",
            setting(name, enabled=True, excludedSecurityGroups=[{"graphId": "g2"}]),
            affected=[name],
            says="but 1 excluded group",
        ),
        case(
            judge,
            "a group without an id",
            "error",
            setting(name, enabled=True, enabledSecurityGroups=[{"name": "BI team"}]),
        ),
    ]


def unread(judge: Judge, name: str) -> list[Case]:
    """What every check says when its setting is not there."""
    lacking = [sku(plan("EXCHANGE_S_STANDARD"))]
    government = [sku(plan("BI_AZURE_P_2_GOV"))]
    return [
        case(judge, "setting absent", "error", says="is not in the answer"),
        case(judge, "the title is not the name", "error", setting("Renamed") | {"title": name}),
        case(judge, "enabled absent", "error", {"settingName": name, "title": name}),
        case(judge, "enabled is no boolean", "error", setting(name, enabled="Yes")),
        case(
            judge,
            "paging not completed",
            "error",
            unread={TenantSetting: "partial"},
        ),
        Case(
            judge,
            "the token is of a kind that the service refuses",
            given={},
            unread={TenantSetting: "denied"},
            expect="error",
            says="permission denied",
        ),
        Case(
            judge,
            "refused in a government tenant with Power BI",
            given={SubscribedSku: government},
            unread={TenantSetting: "other"},
            expect="error",
        ),
        Case(
            judge,
            "refused in a tenant without Fabric",
            given={SubscribedSku: lacking},
            unread={TenantSetting: "denied"},
            expect="not_applicable",
        ),
        Case(
            judge,
            "no settings in a tenant without Fabric",
            given={SubscribedSku: lacking, TenantSetting: []},
            expect="not_applicable",
        ),
        Case(
            judge,
            "no settings in a tenant with Fabric",
            given={SubscribedSku: government, TenantSetting: []},
            expect="error",
        ),
    ]


def publish(name: str, expect: str, **changes: Any) -> Case:
    affected = [WEB] if expect == "fail" else None
    return case(
        fabric_publish_to_web_restricted, name, expect, setting(WEB, **changes), affected=affected
    )


PUBLISH = [
    publish("disabled", "pass", enabled=False),
    publish(
        "existing codes for a group",
        "pass",
        enabled=True,
        enabledSecurityGroups=[BI_TEAM],
        properties=create_codes("false"),
    ),
    publish(
        "existing codes as a boolean under another spelling",
        "pass",
        enabled=True,
        enabledSecurityGroups=[BI_TEAM],
        properties=[{"name": "createP2W", "value": False}],
    ),
    publish(
        "new codes for a group",
        "fail",
        enabled=True,
        enabledSecurityGroups=[BI_TEAM],
        properties=create_codes("true"),
    ),
    publish("existing codes for everyone", "fail", enabled=True, properties=create_codes("false")),
    publish("no word on codes", "fail", enabled=True, enabledSecurityGroups=[BI_TEAM]),
]

SWITCHES = [
    case(fabric_r_python_visuals_off, "disabled", "pass", setting("RScriptVisual")),
    case(
        fabric_r_python_visuals_off,
        "enabled",
        "fail",
        setting("RScriptVisual", enabled=True),
        affected=["RScriptVisual"],
    ),
    case(
        fabric_r_python_visuals_off,
        "groups cannot limit it",
        "fail",
        setting("RScriptVisual", enabled=True, enabledSecurityGroups=[BI_TEAM]),
        affected=["RScriptVisual"],
    ),
    case(
        fabric_sensitivity_labels_on,
        "everybody",
        "pass",
        setting("EimInformationProtectionEdit", enabled=True),
    ),
    case(
        fabric_sensitivity_labels_on,
        "groups",
        "pass",
        setting("EimInformationProtectionEdit", enabled=True, enabledSecurityGroups=[BI_TEAM]),
    ),
    case(
        fabric_sensitivity_labels_on,
        "disabled",
        "fail",
        setting("EimInformationProtectionEdit"),
        affected=["EimInformationProtectionEdit"],
    ),
    case(
        fabric_resourcekey_auth_blocked,
        "blocked",
        "pass",
        setting("BlockResourceKeyAuthentication", enabled=True),
    ),
    case(
        fabric_resourcekey_auth_blocked,
        "not blocked",
        "fail",
        setting("BlockResourceKeyAuthentication"),
        affected=["BlockResourceKeyAuthentication"],
    ),
]

API_ACCESS = [
    case(
        fabric_api_access_restricted,
        "both limited",
        "pass",
        setting(PERMISSION, enabled=True, enabledSecurityGroups=[BI_TEAM]),
        setting(GLOBAL),
    ),
    case(
        fabric_api_access_restricted,
        "permission half open",
        "fail",
        setting(PERMISSION, enabled=True),
        setting(GLOBAL),
        affected=[PERMISSION],
    ),
    case(
        fabric_api_access_restricted,
        "global half open",
        "fail",
        setting(PERMISSION),
        setting(GLOBAL, enabled=True),
        affected=[GLOBAL],
    ),
    case(
        fabric_api_access_restricted,
        "both halves open",
        "fail",
        setting(PERMISSION, enabled=True),
        setting(GLOBAL, enabled=True),
        affected=[PERMISSION, GLOBAL],
    ),
    case(
        fabric_api_access_restricted,
        "legacy disabled",
        "pass",
        setting("ServicePrincipalAccess"),
    ),
    case(
        fabric_api_access_restricted,
        "legacy open",
        "fail",
        setting("ServicePrincipalAccess", enabled=True),
        affected=["ServicePrincipalAccess"],
    ),
    case(fabric_api_access_restricted, "only the global half", "error", setting(GLOBAL)),
    case(
        fabric_api_access_restricted,
        "one half cannot be read, the other is open",
        "fail",
        setting(PERMISSION, enabled="Yes"),
        setting(GLOBAL, enabled=True),
        affected=[GLOBAL],
    ),
]

NAMES = {
    **RESTRICTED,
    fabric_publish_to_web_restricted: WEB,
    fabric_r_python_visuals_off: "RScriptVisual",
    fabric_sensitivity_labels_on: "EimInformationProtectionEdit",
    fabric_resourcekey_auth_blocked: "BlockResourceKeyAuthentication",
    fabric_api_access_restricted: PERMISSION,
}

CASES = [
    *(found for judge, name in RESTRICTED.items() for found in restricted(judge, name)),
    *PUBLISH,
    *SWITCHES,
    *API_ACCESS,
    *(found for judge, name in NAMES.items() for found in unread(judge, name)),
]
