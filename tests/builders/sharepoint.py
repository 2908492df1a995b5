"""Good rows of SharePoint in wire shape; a case names only what differs."""

from typing import Any

DOMAIN_GUID = "786548dd-877b-4760-a749-6b1efbc1190a"
GROUP_ID = "d7a0de5c-b25a-460a-b0b1-1e177187bfa9"


def sharepoint_tenant(**changes: Any) -> dict[str, Any]:
    """Numbers for enumerations, as `_api/SPO.Tenant` sends them."""
    return {
        "LegacyAuthProtocolsEnabled": False,
        "EnableAzureADB2BIntegration": True,
        "SharingCapability": 1,
        "CoreSharingCapability": 1,
        "ODBSharingCapability": 0,
        "PreventExternalUsersFromResharing": True,
        "SharingDomainRestrictionMode": 1,
        "SharingAllowedDomainList": "fabrikam.example partner.example",
        "DefaultSharingLinkType": 1,
        "CoreDefaultShareLinkScope": -1,
        "OneDriveDefaultShareLinkScope": -1,
        "GuestSharingGroupAllowListInTenantByGroupId": [GROUP_ID],
        "GuestSharingGroupAllowListInTenantByPrincipalIdentity": [f"c:0t.c|tenant|{GROUP_ID}"],
        "GuestSharingGroupAllowListInTenant": acl(GROUP_ID),
        "WhoCanShareAllowListInTenantByGroupId": [],
        "WhoCanShareAllowListInTenantByPrincipalIdentity": None,
        "WhoCanShareAllowListInTenant": "",
        "ExternalUserExpirationRequired": True,
        "ExternalUserExpireInDays": 30,
        "EmailAttestationRequired": True,
        "EmailAttestationReAuthDays": 15,
        "DefaultLinkPermission": 1,
        "CoreDefaultShareLinkRole": 0,
        "OneDriveDefaultShareLinkRole": 0,
        "DisallowInfectedFileDownload": True,
        "IsUnmanagedSyncClientForTenantRestricted": True,
        "AllowedDomainListForSyncClient": [DOMAIN_GUID],
        "BlockMacSync": False,
        "DelayDenyAddAndCustomizePagesEnforcement": False,
    } | changes


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def acl(group_id: str) -> str:
    return (
        f'<acl><ace identityName="c:0t.c|tenant|{group_id}" sid="" allowRights="3"'
        ' denyRights="0" /></acl>'
    )


def site(name: str = "sales", **changes: Any) -> dict[str, Any]:
    return {
        "Url": f"https://contoso.sharepoint.com/sites/{name}",
        "Title": name.title(),
        "Template": "STS#3",
        "LockState": "Unlock",
        "DenyAddAndCustomizePages": 2,
    } | changes


def personal_site(name: str = "ada", **changes: Any) -> dict[str, Any]:
    return {
        "Url": f"https://contoso-my.sharepoint.com/personal/{name}_contoso_com",
        "DenyAddAndCustomizePages": 2,
    } | changes
