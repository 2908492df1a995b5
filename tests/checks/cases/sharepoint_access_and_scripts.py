"""Cases of checks/sharepoint/access_and_scripts.py."""

from typing import Any

from checks.sharepoint.access_and_scripts import (
    onedrive_custom_script_blocked,
    onedrive_sync_limited_to_domains,
    sharepoint_entra_b2b_integration_on,
    sharepoint_infected_downloads_blocked,
    sharepoint_legacy_auth_blocked,
    sharepoint_site_custom_script_blocked,
)
from evidence.entra import Organization
from evidence.licences import SubscribedSku
from evidence.sharepoint import PersonalSite, SharePointTenant, Site
from tests.builders.sharepoint import (
    DOMAIN_GUID,
    personal_site,
    sharepoint_tenant,
    site,
    without,
)
from tests.checks.case import Case
from tests.checks.cases.sharepoint_sharing import NO_SHAREPOINT, TENANT, tenant, unread

OTHER_GUID = "877564ff-877b-4760-a749-6b1efbc1190a"
MY_SITE_HOST = site(
    Url="https://contoso-my.sharepoint.com/", Template="SPSMSITEHOST#0", DenyAddAndCustomizePages=1
)

SWITCHES = [
    tenant(sharepoint_legacy_auth_blocked, "blocked", "pass", {}),
    tenant(sharepoint_legacy_auth_blocked, "allowed", "fail", {"LegacyAuthProtocolsEnabled": True}),
    tenant(
        sharepoint_legacy_auth_blocked,
        "browser legacy only",
        "pass",
        {"LegacyBrowserAuthProtocolsEnabled": True},
        says="LegacyBrowserAuthProtocolsEnabled is True",
    ),
    tenant(sharepoint_legacy_auth_blocked, "null", "error", {"LegacyAuthProtocolsEnabled": None}),
    tenant(sharepoint_entra_b2b_integration_on, "integrated", "pass", {}),
    tenant(
        sharepoint_entra_b2b_integration_on,
        "not integrated",
        "fail",
        {"EnableAzureADB2BIntegration": False},
    ),
    tenant(
        sharepoint_entra_b2b_integration_on,
        "a flag beside it does not count",
        "fail",
        {"EnableAzureADB2BIntegration": False, "EnabledFlightAllowAADB2BSkipCheckingOTP": True},
    ),
    tenant(
        sharepoint_entra_b2b_integration_on,
        "absent",
        "error",
        {},
        lacking=["EnableAzureADB2BIntegration"],
        says="EnableAzureADB2BIntegration is absent",
    ),
    tenant(sharepoint_infected_downloads_blocked, "blocked", "pass", {}),
    tenant(
        sharepoint_infected_downloads_blocked,
        "allowed",
        "fail",
        {"DisallowInfectedFileDownload": False},
    ),
    tenant(
        sharepoint_infected_downloads_blocked,
        "absent",
        "error",
        {},
        lacking=["DisallowInfectedFileDownload"],
    ),
]


def sync(name: str, expect: str, changes: dict[str, Any], **more: Any) -> Case:
    """`hybrid` is onPremisesSyncEnabled; without it the organisation was not read."""
    given: dict[Any, Any] = {SharePointTenant: [sharepoint_tenant(**changes)]}
    if "hybrid" in more:
        given[Organization] = [_organization(more.pop("hybrid"), more.pop("last_sync", None))]
    affected = TENANT if expect == "fail" else None
    return Case(onedrive_sync_limited_to_domains, name, given, expect, affected=affected, **more)


def _organization(hybrid: Any, last_sync: str | None = None) -> dict[str, Any]:
    return {
        "id": "ca08493a-c9c8-4db0-a9e8-d3b4bafac269",
        "createdDateTime": "2021-02-18T20:14:04Z",
        "onPremisesSyncEnabled": hybrid,
        "onPremisesLastSyncDateTime": last_sync,
    }


def _restriction(is_on: Any, *domains: str) -> dict[str, Any]:
    return {
        "IsUnmanagedSyncClientForTenantRestricted": is_on,
        "AllowedDomainListForSyncClient": list(domains),
    }


SYNC = [
    sync("restricted", "pass", _restriction(True, DOMAIN_GUID)),
    sync("list but flag off", "fail", _restriction(False, DOMAIN_GUID, OTHER_GUID), hybrid=True),
    sync("flag but empty list", "fail", _restriction(True)),
    sync("flag and a list of an empty text", "fail", _restriction(True, "")),
    sync(
        "flag and the all-zero domain",
        "fail",
        _restriction(True, "00000000-0000-0000-0000-000000000000"),
    ),
    sync("cloud-only tenant", "not_applicable", _restriction(False), hybrid=None),
    sync("no longer synchronised", "not_applicable", _restriction(False), hybrid=False),
    sync(
        "unknown guid",
        "fail",
        _restriction(True, DOMAIN_GUID),
        parameters={"trusted_ad_domain_guids": [OTHER_GUID]},
        says="do not trust",
    ),
    sync(
        "trusted guid in other letters",
        "pass",
        _restriction(True, f"{{{DOMAIN_GUID}}}"),
        parameters={"trusted_ad_domain_guids": [DOMAIN_GUID.upper()]},
    ),
    sync(
        "one of two is not trusted",
        "fail",
        _restriction(True, DOMAIN_GUID, OTHER_GUID),
        parameters={"trusted_ad_domain_guids": [DOMAIN_GUID]},
    ),
    sync(
        "the last synchronisation was years ago",
        "fail",
        _restriction(False),
        hybrid=True,
        last_sync="2022-08-24T17:29:45Z",
        says="2022-08-24",
    ),
    sync("restriction off and organisation unread", "error", _restriction(False)),
    sync(
        "restriction off and organisation denied",
        "error",
        _restriction(False),
        unread={Organization: "denied"},
    ),
    sync("flag null", "error", _restriction(None, DOMAIN_GUID), hybrid=True),
    Case(
        onedrive_sync_limited_to_domains,
        "list absent",
        given={SharePointTenant: [without(sharepoint_tenant(), "AllowedDomainListForSyncClient")]},
        expect="error",
    ),
    sync(
        "a single domain that was unwrapped",
        "pass",
        {"AllowedDomainListForSyncClient": DOMAIN_GUID},
    ),
    sync(
        "a list wrapped as odata=verbose",
        "pass",
        {"AllowedDomainListForSyncClient": {"results": [DOMAIN_GUID]}},
    ),
]


def personal(name: str, expect: str, rows: Any = None, **more: Any) -> Case:
    """Without `rows` the list of personal sites was not collected."""
    given: dict[Any, Any] = {SharePointTenant: [sharepoint_tenant(**more.pop("changes", {}))]}
    if rows is not None:
        given[PersonalSite] = rows
    return Case(onedrive_custom_script_blocked, name, given, expect, **more)


ADA = "https://contoso-my.sharepoint.com/personal/ada_contoso_com"
PERSONAL = [
    personal("all denied", "pass", [personal_site(), personal_site("bob")]),
    personal(
        "one allowed",
        "fail",
        [personal_site(DenyAddAndCustomizePages=1), personal_site("bob")],
        affected=[ADA],
    ),
    personal(
        "one allowed, by name",
        "fail",
        [personal_site(DenyAddAndCustomizePages="Disabled")],
        affected=[ADA],
    ),
    personal("unknown", "error", [personal_site(DenyAddAndCustomizePages=0)], says="details"),
    personal(
        "one unknown, one allowed",
        "fail",
        [
            personal_site("bob", DenyAddAndCustomizePages=0),
            personal_site(DenyAddAndCustomizePages=1),
        ],
        affected=[ADA],
    ),
    personal("null", "error", [personal_site(DenyAddAndCustomizePages=None)]),
    personal("no personal sites", "pass", []),
    personal(
        "no personal sites, but enforcement is delayed",
        "fail",
        [],
        changes={"DelayDenyAddAndCustomizePagesEnforcement": True},
        affected=TENANT,
    ),
    personal("the list was not collected", "manual"),
    personal(
        "not collected, but enforcement is delayed",
        "fail",
        changes={"DelayDenyAddAndCustomizePagesEnforcement": True},
        affected=TENANT,
    ),
    personal("the list is denied", "error", unread={PersonalSite: "denied"}),
    personal("the list is cut off", "error", [personal_site()], unread={PersonalSite: "partial"}),
    personal(
        "a cut-off list still proves a fail",
        "fail",
        [personal_site(DenyAddAndCustomizePages=1)],
        unread={PersonalSite: "partial"},
        affected=[ADA],
    ),
    personal(
        "the tenant flag is null",
        "error",
        [personal_site()],
        changes={"DelayDenyAddAndCustomizePagesEnforcement": None},
    ),
    Case(
        onedrive_custom_script_blocked,
        "the tenant settings are denied and nobody read the sites",
        given={},
        unread={SharePointTenant: "denied"},
        expect="error",
    ),
    Case(
        onedrive_custom_script_blocked,
        "a site proves a fail although the tenant settings are denied",
        given={PersonalSite: [personal_site(DenyAddAndCustomizePages=1)]},
        unread={SharePointTenant: "denied"},
        expect="fail",
        affected=[ADA],
    ),
]


def sites(name: str, expect: str, *rows: dict[str, Any], **more: Any) -> Case:
    return Case(sharepoint_site_custom_script_blocked, name, {Site: rows}, expect, **more)


LEGACY = site("legacy", DenyAddAndCustomizePages="Disabled")
SITES = [
    sites("all denied", "pass", site(), site("hr"), MY_SITE_HOST),
    sites("one allowed", "fail", site(), LEGACY, affected=[LEGACY["Url"]]),
    sites("unknown values", "error", site(), site("hr", DenyAddAndCustomizePages=0)),
    sites("null values", "error", site(), site("hr", DenyAddAndCustomizePages=None)),
    sites("no rows", "error"),
    sites("only the host of personal sites", "error", MY_SITE_HOST),
    sites(
        "a site below the host of personal sites counts",
        "fail",
        site(Url="https://contoso-my.sharepoint.com/sites/x", DenyAddAndCustomizePages=1),
        affected=["https://contoso-my.sharepoint.com/sites/x"],
    ),
    sites(
        "a fail stands beside an unknown value",
        "fail",
        site("hr", DenyAddAndCustomizePages=0),
        LEGACY,
        affected=[LEGACY["Url"]],
    ),
    sites("a list cut off", "error", site(), unread={Site: "partial"}),
    sites("a cut-off list still proves a fail", "fail", LEGACY, unread={Site: "partial"}),
    sites("denied", "error", unread={Site: "denied"}, says="permission denied"),
    sites("an unknown word", "error", site(DenyAddAndCustomizePages="Sometimes")),
    Case(
        sharepoint_site_custom_script_blocked,
        "denied in a tenant without SharePoint",
        given={SubscribedSku: NO_SHAREPOINT},
        unread={Site: "denied"},
        expect="not_applicable",
    ),
    Case(
        sharepoint_site_custom_script_blocked,
        "nothing there in a tenant without SharePoint",
        given={SubscribedSku: NO_SHAREPOINT, Site: []},
        expect="not_applicable",
    ),
]

CASES = [
    *SWITCHES,
    *SYNC,
    *PERSONAL,
    *SITES,
    *(
        case
        for judge in (
            sharepoint_legacy_auth_blocked,
            sharepoint_entra_b2b_integration_on,
            sharepoint_infected_downloads_blocked,
        )
        for case in unread(judge)
    ),
]
