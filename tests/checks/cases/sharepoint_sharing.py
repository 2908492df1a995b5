"""Cases of checks/sharepoint/sharing.py."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from checks.sharepoint.sharing import (
    onedrive_external_sharing_off,
    sharepoint_external_sharing_restricted,
    sharepoint_sharing_domains_allowlisted,
    sharepoint_sharing_limited_to_groups,
)
from contracts.verdict import Verdict
from evidence.evidence import Evidence
from evidence.licences import SubscribedSku
from evidence.sharepoint import SharePointTenant
from tests.builders.licences import plan, sku
from tests.builders.sharepoint import GROUP_ID, acl, sharepoint_tenant, without
from tests.checks.case import Case

TENANT = ["SharePoint tenant"]
NO_SHAREPOINT = [sku(plan("EXCHANGE_S_STANDARD"))]
WITH_SHAREPOINT = [sku(plan("SHAREPOINTSTANDARD"))]
GROUP_LISTS = (
    "WhoCanShareAuthenticatedGuestAllowList",
    "GuestSharingGroupAllowListInTenantByGroupId",
    "GuestSharingGroupAllowListInTenantByPrincipalIdentity",
    "GuestSharingGroupAllowListInTenant",
)
NO_GROUPS = {
    "GuestSharingGroupAllowListInTenantByGroupId": [],
    "GuestSharingGroupAllowListInTenantByPrincipalIdentity": None,
    "GuestSharingGroupAllowListInTenant": "",
}
CHECKS = (
    sharepoint_external_sharing_restricted,
    onedrive_external_sharing_off,
    sharepoint_sharing_domains_allowlisted,
    sharepoint_sharing_limited_to_groups,
)
Judge = Callable[[Evidence], Verdict]


def tenant(
    judge: Judge,
    name: str,
    expect: str,
    changes: Mapping[str, Any],
    *,
    lacking: Sequence[str] = (),
    says: str = "",
    **parameters: Any,
) -> Case:
    """One tenant object; a fail is always about it."""
    return Case(
        judge,
        name,
        given={SharePointTenant: [without(sharepoint_tenant(**changes), *lacking)]},
        expect=expect,
        affected=TENANT if expect == "fail" else None,
        parameters=parameters,
        says=says,
    )


def unread(judge: Judge) -> list[Case]:
    """What every check over the tenant's settings says when they are not there."""
    return [
        Case(
            judge,
            "the admin site answers 401",
            given={},
            unread={SharePointTenant: "denied"},
            expect="error",
            says="permission denied",
        ),
        Case(
            judge,
            "refused in a tenant with SharePoint",
            given={SubscribedSku: WITH_SHAREPOINT},
            unread={SharePointTenant: "denied"},
            expect="error",
        ),
        Case(
            judge,
            "refused in a tenant without SharePoint",
            given={SubscribedSku: NO_SHAREPOINT},
            unread={SharePointTenant: "denied"},
            expect="not_applicable",
        ),
        Case(
            judge,
            "not an object of SPO.Tenant",
            given={SharePointTenant: [{"error": {"code": "-1"}}]},
            expect="error",
            says="is absent",
        ),
        Case(
            judge,
            "two objects that differ",
            given={SharePointTenant: [sharepoint_tenant(), sharepoint_tenant(SharingCapability=2)]},
            expect="error",
            says="2 objects",
        ),
    ]


EXTERNAL = [
    tenant(
        sharepoint_external_sharing_restricted,
        "new and existing guests",
        "pass",
        {"SharingCapability": 1},
    ),
    tenant(
        sharepoint_external_sharing_restricted,
        "anyone",
        "fail",
        {"SharingCapability": 2, "CoreSharingCapability": 2},
        says="CoreSharingCapability is 2",
    ),
    tenant(
        sharepoint_external_sharing_restricted,
        "existing guests, by name",
        "pass",
        {"SharingCapability": "existingExternalUserSharingOnly"},
    ),
    tenant(
        sharepoint_external_sharing_restricted,
        "anyone, as an enumeration object",
        "fail",
        {"SharingCapability": {"value": 2, "Value": "ExternalUserAndGuestSharing"}},
    ),
    tenant(sharepoint_external_sharing_restricted, "off", "pass", {"SharingCapability": 0}),
    tenant(
        sharepoint_external_sharing_restricted,
        "an unknown number",
        "error",
        {"SharingCapability": 9},
        says="SharingCapability cannot be read",
    ),
    tenant(sharepoint_external_sharing_restricted, "null", "error", {"SharingCapability": None}),
    tenant(
        sharepoint_external_sharing_restricted,
        "the number of the information beside it is unknown",
        "pass",
        {"CoreSharingCapability": {"odd": 1}},
    ),
    Case(
        sharepoint_external_sharing_restricted,
        "wrapped as odata=verbose",
        given={SharePointTenant: [{"d": sharepoint_tenant(SharingCapability=2)}]},
        expect="fail",
        affected=TENANT,
    ),
]

ONEDRIVE = [
    tenant(
        onedrive_external_sharing_off,
        "disabled",
        "pass",
        {"ODBSharingCapability": 0, "SharingCapability": 1},
    ),
    tenant(
        onedrive_external_sharing_off,
        "existing guests",
        "fail",
        {"ODBSharingCapability": 3, "SharingCapability": 1},
    ),
    tenant(
        onedrive_external_sharing_off,
        "new and existing guests",
        "fail",
        {"ODBSharingCapability": 1, "SharingCapability": 1},
    ),
    tenant(
        onedrive_external_sharing_off,
        "sharepoint closed",
        "pass",
        {"ODBSharingCapability": 2, "SharingCapability": 0},
    ),
    tenant(
        onedrive_external_sharing_off,
        "both off: two sufficient conditions at once",
        "pass",
        {"ODBSharingCapability": 0, "SharingCapability": 0},
    ),
    tenant(
        onedrive_external_sharing_off,
        "absent",
        "error",
        {"SharingCapability": 1},
        lacking=["ODBSharingCapability"],
        says="ODBSharingCapability is absent",
    ),
    tenant(
        onedrive_external_sharing_off,
        "absent, but sharepoint is closed",
        "pass",
        {"SharingCapability": 0},
        lacking=["ODBSharingCapability"],
    ),
    tenant(
        onedrive_external_sharing_off,
        "under the name of the cmdlets",
        "pass",
        {"OneDriveSharingCapability": "Disabled"},
        lacking=["ODBSharingCapability"],
    ),
    tenant(
        onedrive_external_sharing_off,
        "anyone, under the name of the cmdlets",
        "fail",
        {"OneDriveSharingCapability": "ExternalUserAndGuestSharing", "ODBSharingCapability": None},
    ),
    tenant(onedrive_external_sharing_off, "unknown", "error", {"ODBSharingCapability": 7}),
]

DOMAINS = [
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "allow-list",
        "pass",
        {"SharingDomainRestrictionMode": 1, "SharingAllowedDomainList": "a.com b.org"},
        says="a.com, b.org",
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "allow-list as an array, mode by name",
        "pass",
        {"SharingDomainRestrictionMode": "allowList", "SharingAllowedDomainList": ["a.com"]},
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "none with stale list",
        "fail",
        {"SharingDomainRestrictionMode": 0, "SharingAllowedDomainList": "a.com"},
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "block list",
        "fail",
        {"SharingDomainRestrictionMode": 2},
        lacking=["SharingAllowedDomainList"],
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "sharing off",
        "pass",
        {"SharingDomainRestrictionMode": 0, "SharingCapability": 0},
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "sharing off and an allow-list: two sufficient conditions at once",
        "pass",
        {"SharingDomainRestrictionMode": 1, "SharingCapability": 0},
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "empty allow-list",
        "fail",
        {"SharingDomainRestrictionMode": 1, "SharingAllowedDomainList": ""},
        says="empty",
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "an allow-list of blanks",
        "fail",
        {"SharingDomainRestrictionMode": 1, "SharingAllowedDomainList": "  "},
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "an allow-list that was never set",
        "fail",
        {"SharingDomainRestrictionMode": 1, "SharingAllowedDomainList": None},
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "allow-list mode without the list in the answer",
        "error",
        {"SharingDomainRestrictionMode": 1},
        lacking=["SharingAllowedDomainList"],
        says="SharingAllowedDomainList is absent",
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "unknown mode",
        "error",
        {"SharingDomainRestrictionMode": 3},
    ),
    tenant(
        sharepoint_sharing_domains_allowlisted,
        "mode absent",
        "error",
        {},
        lacking=["SharingDomainRestrictionMode"],
    ),
]


GROUPS = [
    tenant(
        sharepoint_sharing_limited_to_groups,
        "group set",
        "pass",
        NO_GROUPS | {"GuestSharingGroupAllowListInTenantByGroupId": [GROUP_ID]},
        says=GROUP_ID,
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "group by principal identity only",
        "pass",
        NO_GROUPS
        | {"GuestSharingGroupAllowListInTenantByPrincipalIdentity": [f"c:0t.c|tenant|{GROUP_ID}"]},
        says=f"review: {GROUP_ID}",
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "group in the access list only",
        "pass",
        NO_GROUPS | {"GuestSharingGroupAllowListInTenant": acl(GROUP_ID)},
        says=f"review: {GROUP_ID}",
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "group under the name of the cmdlet",
        "pass",
        NO_GROUPS | {"WhoCanShareAuthenticatedGuestAllowList": GROUP_ID},
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "lists wrapped as odata=verbose",
        "pass",
        NO_GROUPS | {"GuestSharingGroupAllowListInTenantByGroupId": {"results": [GROUP_ID]}},
    ),
    tenant(sharepoint_sharing_limited_to_groups, "no group", "fail", NO_GROUPS),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "an access list without entries",
        "fail",
        NO_GROUPS | {"GuestSharingGroupAllowListInTenant": "<acl></acl>"},
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "the id of no group",
        "fail",
        NO_GROUPS
        | {"GuestSharingGroupAllowListInTenantByGroupId": ["00000000-0000-0000-0000-000000000000"]},
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "sharing off",
        "pass",
        {"SharingCapability": 0},
        lacking=GROUP_LISTS,
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "only anyone list",
        "fail",
        NO_GROUPS | {"SharingCapability": 2, "WhoCanShareAllowListInTenantByGroupId": [GROUP_ID]},
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "fields unknown",
        "error",
        {},
        lacking=GROUP_LISTS,
        says="look at the SharePoint admin centre",
    ),
    tenant(
        sharepoint_sharing_limited_to_groups,
        "a list that cannot be read",
        "error",
        {"GuestSharingGroupAllowListInTenantByGroupId": {"odd": 1}},
    ),
]


CASES = [
    *EXTERNAL,
    *ONEDRIVE,
    *DOMAINS,
    *GROUPS,
    *(case for judge in CHECKS for case in unread(judge)),
]
