# SharePoint: what is read of the admin site, and the properties that are kept.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Get-PersonalSiteFilter {
    [CmdletBinding()]
    [OutputType([string])]
    param()
    "Url -like '-my." + (Get-Endpoint)['Suffix'] + "/personal/'"
}

[ordered]@{
    'sharepoint.personal_sites' = @{
        Read = {
            $options = @{ IncludeOneDriveSites = $true; Detailed = $true; ErrorAction = 'Stop' }
            Get-PnPTenantSite -Filter (Get-PersonalSiteFilter) @options
        }
        Shown = "Get-PnPTenantSite -IncludeOneDriveSites -Detailed -Filter '<personal sites>'"
        Select = @('Url', 'DenyAddAndCustomizePages')
        TimeLimit = 7200
    }
    'sharepoint.sites' = @{
        Read = { Get-PnPTenantSite -Detailed -ErrorAction Stop }
        Select = @('Url', 'Title', 'Template', 'LockState', 'DenyAddAndCustomizePages')
        TimeLimit = 3600
    }
    'sharepoint.tenant' = @{
        Get = '/_api/SPO.Tenant'
        Single = $true
        Select = @(
            'LegacyAuthProtocolsEnabled', 'EnableAzureADB2BIntegration', 'SharingCapability'
            'CoreSharingCapability', 'ODBSharingCapability', 'PreventExternalUsersFromResharing'
            'SharingDomainRestrictionMode', 'SharingAllowedDomainList', 'DefaultSharingLinkType'
            'CoreDefaultShareLinkScope', 'OneDriveDefaultShareLinkScope'
            'GuestSharingGroupAllowListInTenantByGroupId'
            'GuestSharingGroupAllowListInTenantByPrincipalIdentity'
            'GuestSharingGroupAllowListInTenant', 'WhoCanShareAllowListInTenantByGroupId'
            'WhoCanShareAllowListInTenantByPrincipalIdentity', 'WhoCanShareAllowListInTenant'
            'ExternalUserExpirationRequired', 'ExternalUserExpireInDays'
            'EmailAttestationRequired', 'EmailAttestationReAuthDays', 'DefaultLinkPermission'
            'CoreDefaultShareLinkRole', 'OneDriveDefaultShareLinkRole'
            'DisallowInfectedFileDownload', 'IsUnmanagedSyncClientForTenantRestricted'
            'AllowedDomainListForSyncClient', 'BlockMacSync'
            'DelayDenyAddAndCustomizePagesEnforcement', 'LegacyBrowserAuthProtocolsEnabled'
            'OneDriveSharingCapability', 'WhoCanShareAuthenticatedGuestAllowList'
        )
    }
}
