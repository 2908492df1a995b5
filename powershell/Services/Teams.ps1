# Teams: the cmdlets that are read, and the properties that are kept.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function ConvertTo-AllowedDomain {
    # Everybody or a list: as plain JSON the object for everybody is {} and a list loses its end.
    # What is neither stays null: unreadable, and nobody takes it for a list.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([AllowNull()] $Value)
    if ($null -eq $Value) {
        return $null
    }
    if ($null -ne $Value.PSObject.Properties['kind']) {
        return $Value
    }
    if ($Value -is [System.Collections.IList]) {
        if ($Value.Count -eq 0) {
            return $null
        }
        return [ordered]@{ kind = 'AllowList'; domains = @(Get-DomainName -Value $Value) }
    }
    $list = $Value.PSObject.Properties['AllowedDomain']
    if ($null -ne $list) {
        if ($null -eq $list.Value) {
            return $null
        }
        return [ordered]@{ kind = 'AllowList'; domains = @(Get-DomainName -Value $list.Value) }
    }
    [ordered]@{ kind = 'AllowAllKnownDomains'; domains = @() }
}

function Get-DomainName {
    # Entries are texts such as Domain=contoso.com, or objects with a property Domain.
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] $Value)
    foreach ($item in @($Value)) {
        if ($null -eq $item) {
            continue
        }
        $name = $item
        if ($item -isnot [string] -and $null -ne $item.PSObject.Properties['Domain']) {
            $name = $item.Domain
        }
        ([string] $name) -replace '^Domain=', ''
    }
}

[ordered]@{
    'teams.app_permission_policies' = @{
        Read = { Get-CsTeamsAppPermissionPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'DefaultCatalogAppsType', 'GlobalCatalogAppsType', 'GlobalCatalogApps'
            'PrivateCatalogAppsType', 'PrivateCatalogApps'
        )
    }
    'teams.client_configuration' = @{
        Read = { Get-CsTeamsClientConfiguration -Identity 'Global' -ErrorAction Stop }
        Select = @(
            'Identity', 'AllowBox', 'AllowDropBox', 'AllowEgnyte', 'AllowGoogleDrive'
            'AllowShareFile', 'AllowEmailIntoChannel', 'RestrictedSenderList'
        )
    }
    'teams.custom_app_settings' = @{
        Read = { Get-CsTeamsSettingsCustomApp -ErrorAction Stop }
        Select = @('IsSideloadedAppsInteractionEnabled')
    }
    'teams.external_access_policies' = @{
        Read = { Get-CsExternalAccessPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'EnableFederationAccess', 'CommunicationWithExternalOrgs'
            'EnableTeamsConsumerAccess', 'EnableTeamsConsumerInbound'
        )
    }
    'teams.federation_configuration' = @{
        Read = { Get-CsTenantFederationConfiguration -ErrorAction Stop }
        Change = @{
            AllowedDomains = { ConvertTo-AllowedDomain -Value $args[0] }
            BlockedDomains = { , @(Get-DomainName -Value $args[0]) }
        }
        Select = @(
            'Identity', 'AllowFederatedUsers', 'AllowedDomains', 'BlockedDomains'
            'AllowTeamsConsumer', 'AllowTeamsConsumerInbound', 'AllowPublicUsers'
        )
    }
    'teams.meeting_policies' = @{
        Read = { Get-CsTeamsMeetingPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'AllowAnonymousUsersToJoinMeeting', 'AllowAnonymousUsersToStartMeeting'
            'AutoAdmittedUsers', 'AllowPSTNUsersToBypassLobby', 'MeetingChatEnabledType'
            'DesignatedPresenterRoleMode', 'AllowExternalParticipantGiveRequestControl'
            'AllowExternalNonTrustedMeetingChat', 'AllowCloudRecording'
        )
    }
    'teams.messaging_policies' = @{
        Read = { Get-CsTeamsMessagingPolicy -ErrorAction Stop }
        Select = @('Identity', 'AllowSecurityEndUserReporting')
    }
    'teams.tenant' = @{
        Read = { Get-CsTenant -ErrorAction Stop }
        Select = @('TenantId', 'AssignedPlan', 'ServiceInstance')
    }
    'teams.unified_tenant_settings' = @{
        Refusal = 'Teams does not offer these settings to app-only sign-in'
        Shown = 'not offered to app-only sign-in'
        Select = @('SettingName', 'SettingValue')
    }
}
