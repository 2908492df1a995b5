# Security & Compliance: the cmdlets that are read, and the properties that are kept.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

[ordered]@{
    'purview.dlp_policies' = @{
        Read = { Get-DlpCompliancePolicy -ErrorAction Stop }
        Select = @(
            'Name', 'Type', 'Mode', 'Enabled', 'Workload', 'ExchangeLocation'
            'SharePointLocation', 'OneDriveLocation', 'TeamsLocation', 'ExchangeAdaptiveScopes'
            'SharePointAdaptiveScopes', 'OneDriveAdaptiveScopes', 'TeamsAdaptiveScopes'
            'TeamsLocationException'
        )
    }
    'purview.dlp_rules' = @{
        Read = { Get-DlpComplianceRule -ErrorAction Stop }
        Select = @('Name', 'ParentPolicyName', 'Disabled')
    }
    'purview.label_policies' = @{
        Read = { Get-LabelPolicy -WarningAction Ignore -ErrorAction Stop }
        Select = @(
            'Name', 'Type', 'Enabled', 'Mode', 'Labels', 'ExchangeLocation', 'ModernGroupLocation'
            'SharePointLocation', 'OneDriveLocation', 'WhenChangedUTC'
        )
        TimeLimit = 600
    }
    'purview.protection_alerts' = @{
        Read = { Get-ProtectionAlert -ErrorAction Stop }
        Select = @(
            'Name', 'ThreatType', 'Severity', 'Category', 'Disabled', 'NotificationEnabled'
            'NotifyUser', 'RecipientTags', 'Filter', 'IsSystemRule'
        )
    }
}
