# Exchange Online: the cmdlets that are read, and the properties that are kept.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Read-ScopeMember {
    # One row a group that a rule names. A group that is not found is listed as not resolved; a
    # refusal is no answer about a group and fails the read.
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory)] [hashtable] $Source)
    foreach ($group in (Get-ScopeGroup -Source $Source)) {
        $answer = Get-ScopeAnswer -Group $group
        [pscustomobject]@{
            group    = $group
            resolved = $answer['Found']
            members  = $answer['Members']
        }
    }
}

function Get-ScopeGroup {
    # Never an empty name: without an identity the cmdlets return every object.
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [hashtable] $Source)
    $names = foreach ($rows in $Source.Values) {
        foreach ($row in $rows) {
            foreach ($condition in @('SentToMemberOf', 'ExceptIfSentToMemberOf')) {
                foreach ($group in @($row[$condition])) {
                    Get-GroupName -Group $group
                }
            }
        }
    }
    $names | Where-Object { $_ } | Sort-Object -Unique
}

function Get-GroupName {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] $Group)
    if ($Group -is [System.Collections.IDictionary]) {
        foreach ($name in @('PrimarySmtpAddress', 'Name', 'DisplayName')) {
            if ($Group[$name]) {
                return [string] $Group[$name]
            }
        }
        return
    }
    ([string] $Group).Trim()
}

function Get-ScopeAnswer {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [string] $Group)
    if ([string]::IsNullOrWhiteSpace($Group)) {
        return @{ Found = $false; Members = @() }
    }
    $reads = @(
        { Get-DistributionGroupMember -Identity $Group -ResultSize Unlimited -ErrorAction Stop }
        { Get-UnifiedGroupLinks -Identity $Group -LinkType Members -ResultSize Unlimited -ErrorAction Stop }
    )
    $keep = Get-NameSet -Name @('PrimarySmtpAddress', 'Name', 'RecipientTypeDetails')
    foreach ($read in $reads) {
        try {
            $found = @(Read-Patiently -Read $read -Tally @{ Rows = 0 } | Where-Object { $null -ne $_ })
            $members = @($found | ForEach-Object { Select-ObjectMember -Row $_ -Keep $keep })
            return @{ Found = $true; Members = $members }
        } catch {
            if ((Get-ErrorKind -ErrorRecord $_) -ne 'other') {
                throw
            }
        }
    }
    @{ Found = $false; Members = @() }
}

[ordered]@{
    'exchange.accepted_domains' = @{
        Read = { Get-AcceptedDomain -ResultSize Unlimited -ErrorAction Stop }
        Select = @(
            'DomainName', 'InitialDomain', 'IsCoexistenceDomain', 'SendingFromDomainDisabled'
            'DomainType', 'MatchSubDomains'
        )
    }
    'exchange.admin_audit_log_config' = @{
        Read = { Get-AdminAuditLogConfig -ErrorAction Stop }
        Select = @(
            'UnifiedAuditLogIngestionEnabled', 'UnifiedAuditLogFirstOptInDate'
            'AdminAuditLogEnabled', 'DistinguishedName'
        )
    }
    'exchange.anti_phish_policies' = @{
        Read = { Get-AntiPhishPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'Name', 'IsDefault', 'RecommendedPolicyType', 'Enabled'
            'PhishThresholdLevel', 'EnableTargetedUserProtection', 'TargetedUsersToProtect'
            'EnableOrganizationDomainsProtection', 'EnableMailboxIntelligence'
            'EnableMailboxIntelligenceProtection', 'EnableSpoofIntelligence'
            'TargetedUserProtectionAction', 'TargetedDomainProtectionAction'
            'MailboxIntelligenceProtectionAction', 'EnableFirstContactSafetyTips'
            'EnableSimilarUsersSafetyTips', 'EnableSimilarDomainsSafetyTips'
            'EnableUnusualCharactersSafetyTips', 'HonorDmarcPolicy'
        )
    }
    'exchange.anti_phish_rules' = @{
        Read = { Get-AntiPhishRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'Priority', 'SentTo', 'SentToMemberOf', 'RecipientDomainIs'
            'ExceptIfSentTo', 'ExceptIfSentToMemberOf', 'ExceptIfRecipientDomainIs'
            'AntiPhishPolicy'
        )
    }
    'exchange.atp_built_in_protection_rules' = @{
        Read = { Get-ATPBuiltInProtectionRule -ErrorAction Stop }
        Select = @('State', 'ExceptIfSentTo', 'ExceptIfSentToMemberOf', 'ExceptIfRecipientDomainIs')
    }
    'exchange.atp_policy_for_o365' = @{
        Read = { Get-AtpPolicyForO365 -ErrorAction Stop }
        Select = @(
            'Identity', 'Name', 'EnableATPForSPOTeamsODB', 'EnableSafeDocs', 'AllowSafeDocsOpen'
        )
    }
    'exchange.atp_protection_policy_rules' = @{
        Read = { Get-ATPProtectionPolicyRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'Priority', 'SentTo', 'SentToMemberOf', 'RecipientDomainIs'
            'ExceptIfSentTo', 'ExceptIfSentToMemberOf', 'ExceptIfRecipientDomainIs'
            'SafeLinksPolicy', 'SafeAttachmentPolicy'
        )
    }
    'exchange.dkim_signing_configs' = @{
        Read = { Get-DkimSigningConfig -ErrorAction Stop }
        Select = @('Domain', 'Name', 'Enabled', 'Status', 'Selector1CNAME', 'Selector2CNAME')
    }
    'exchange.email_tenant_settings' = @{
        Read = { Get-EmailTenantSettings -ErrorAction Stop }
        Select = @('Identity', 'EnablePriorityAccountProtection')
    }
    'exchange.eop_protection_policy_rules' = @{
        Read = { Get-EOPProtectionPolicyRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'MalwareFilterPolicy', 'Priority', 'SentTo', 'SentToMemberOf'
            'RecipientDomainIs', 'ExceptIfSentTo', 'ExceptIfSentToMemberOf'
            'ExceptIfRecipientDomainIs', 'HostedContentFilterPolicy', 'AntiPhishPolicy'
        )
    }
    'exchange.external_in_outlook' = @{
        Read = { Get-ExternalInOutlook -ErrorAction Stop }
        Select = @('Identity', 'Enabled', 'AllowList')
    }
    'exchange.hosted_connection_filter_policies' = @{
        Read = { Get-HostedConnectionFilterPolicy -ErrorAction Stop }
        Select = @('Identity', 'Name', 'IsDefault', 'IPAllowList', 'EnableSafeList')
    }
    'exchange.hosted_content_filter_policies' = @{
        Read = { Get-HostedContentFilterPolicy -ErrorAction Stop }
        Select = @('Identity', 'Name', 'IsDefault', 'RecommendedPolicyType', 'AllowedSenderDomains')
    }
    'exchange.hosted_content_filter_rules' = @{
        Read = { Get-HostedContentFilterRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'Priority', 'SentTo', 'SentToMemberOf', 'RecipientDomainIs'
            'ExceptIfSentTo', 'ExceptIfSentToMemberOf', 'ExceptIfRecipientDomainIs'
            'HostedContentFilterPolicy'
        )
    }
    'exchange.hosted_outbound_spam_filter_policies' = @{
        Read = { Get-HostedOutboundSpamFilterPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'Name', 'IsDefault', 'BccSuspiciousOutboundMail'
            'BccSuspiciousOutboundAdditionalRecipients', 'NotifyOutboundSpam'
            'NotifyOutboundSpamRecipients', 'AutoForwardingMode'
        )
    }
    'exchange.hosted_outbound_spam_filter_rules' = @{
        Read = { Get-HostedOutboundSpamFilterRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'Priority', 'HostedOutboundSpamFilterPolicy', 'Name', 'From'
            'FromMemberOf', 'SenderDomainIs'
        )
    }
    'exchange.mailbox_audit_bypass' = @{
        Read = { Get-MailboxAuditBypassAssociation -ResultSize Unlimited -ErrorAction Stop }
        Select = @('Identity', 'Name', 'Guid', 'AuditBypassEnabled')
        TimeLimit = 3600
    }
    'exchange.mailboxes' = @{
        Read = { Get-EXOMailbox -ResultSize Unlimited -PropertySets 'Minimum','Audit','Policy' -ErrorAction Stop }
        Select = @(
            'ExternalDirectoryObjectId', 'UserPrincipalName', 'DisplayName', 'PrimarySmtpAddress'
            'RecipientTypeDetails', 'AuditEnabled', 'AuditAdmin', 'AuditDelegate', 'AuditOwner'
            'RoleAssignmentPolicy'
        )
        TimeLimit = 3600
    }
    'exchange.malware_filter_policies' = @{
        Read = { Get-MalwareFilterPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'Name', 'IsDefault', 'RecommendedPolicyType', 'EnableFileFilter'
            'FileTypes', 'EnableInternalSenderAdminNotifications', 'InternalSenderAdminAddress'
        )
    }
    'exchange.malware_filter_rules' = @{
        Read = { Get-MalwareFilterRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'Priority', 'SentTo', 'SentToMemberOf', 'RecipientDomainIs'
            'ExceptIfSentTo', 'ExceptIfSentToMemberOf', 'ExceptIfRecipientDomainIs'
            'MalwareFilterPolicy'
        )
    }
    'exchange.organization_config' = @{
        Read = { Get-OrganizationConfig -ErrorAction Stop }
        Select = @(
            'CustomerLockboxEnabled', 'AuditDisabled', 'Name', 'OAuth2ClientProfileEnabled'
            'MailTipsAllTipsEnabled', 'MailTipsExternalRecipientsTipsEnabled'
            'MailTipsGroupMetricsEnabled', 'MailTipsLargeAudienceThreshold'
        )
    }
    'exchange.owa_mailbox_policies' = @{
        Read = { Get-OwaMailboxPolicy -ErrorAction Stop }
        Select = @('Name', 'Guid', 'IsDefault', 'AdditionalStorageProvidersAvailable')
    }
    'exchange.priority_users' = @{
        Read = { Get-User -IsVIP -ResultSize Unlimited -ErrorAction Stop }
        Select = @(
            'UserPrincipalName', 'DisplayName', 'WindowsEmailAddress', 'ExternalDirectoryObjectId'
        )
    }
    'exchange.report_submission_policy' = @{
        Read = { Get-ReportSubmissionPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'EnableReportToMicrosoft', 'ReportJunkToCustomizedAddress'
            'ReportNotJunkToCustomizedAddress', 'ReportPhishToCustomizedAddress'
            'ReportJunkAddresses', 'ReportNotJunkAddresses', 'ReportPhishAddresses'
            'ReportChatMessageEnabled', 'ReportChatMessageToCustomizedAddressEnabled'
        )
    }
    'exchange.report_submission_rule' = @{
        Read = { Get-ReportSubmissionRule -ErrorAction Stop }
        Select = @('Name', 'State', 'SentTo')
    }
    'exchange.role_assignment_policies' = @{
        Read = { Get-RoleAssignmentPolicy -ErrorAction Stop }
        Select = @('Name', 'Guid', 'IsDefault', 'AssignedRoles')
    }
    'exchange.safe_attachment_policies' = @{
        Read = { Get-SafeAttachmentPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'Name', 'IsBuiltInProtection', 'RecommendedPolicyType', 'Enable', 'Action'
            'QuarantineTag'
        )
    }
    'exchange.safe_attachment_rules' = @{
        Read = { Get-SafeAttachmentRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'Priority', 'SentTo', 'SentToMemberOf', 'RecipientDomainIs'
            'ExceptIfSentTo', 'ExceptIfSentToMemberOf', 'ExceptIfRecipientDomainIs'
            'SafeAttachmentPolicy'
        )
    }
    'exchange.safe_links_policies' = @{
        Read = { Get-SafeLinksPolicy -ErrorAction Stop }
        Select = @(
            'Identity', 'Name', 'IsBuiltInProtection', 'RecommendedPolicyType'
            'EnableSafeLinksForEmail', 'EnableSafeLinksForTeams', 'EnableSafeLinksForOffice'
            'TrackClicks', 'AllowClickThrough', 'ScanUrls', 'EnableForInternalSenders'
            'DeliverMessageAfterScan', 'DisableUrlRewrite'
        )
    }
    'exchange.safe_links_rules' = @{
        Read = { Get-SafeLinksRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'Priority', 'SentTo', 'SentToMemberOf', 'RecipientDomainIs'
            'ExceptIfSentTo', 'ExceptIfSentToMemberOf', 'ExceptIfRecipientDomainIs'
            'SafeLinksPolicy'
        )
    }
    'exchange.sharing_policies' = @{
        Read = { Get-SharingPolicy -ErrorAction Stop }
        Select = @('Name', 'Identity', 'Default', 'Enabled', 'Domains')
    }
    'exchange.teams_protection_policies' = @{
        Read = { Get-TeamsProtectionPolicy -ErrorAction Stop }
        Select = @('Identity', 'Name', 'ZapEnabled')
    }
    'exchange.teams_protection_policy_rules' = @{
        Read = { Get-TeamsProtectionPolicyRule -ErrorAction Stop }
        Select = @(
            'Identity', 'State', 'ExceptIfSentTo', 'ExceptIfSentToMemberOf'
            'ExceptIfRecipientDomainIs'
        )
    }
    'exchange.threat_policy_scope_members' = @{
        DependsOn = @(
            'exchange.safe_links_rules'
            'exchange.safe_attachment_rules'
            'exchange.anti_phish_rules'
            'exchange.malware_filter_rules'
            'exchange.hosted_content_filter_rules'
            'exchange.eop_protection_policy_rules'
            'exchange.atp_protection_policy_rules'
            'exchange.atp_built_in_protection_rules'
        )
        Commands = @('Get-DistributionGroupMember', 'Get-UnifiedGroupLinks')
        Read = { Read-ScopeMember -Source $args[0] }
        Shown = 'Get-DistributionGroupMember, for Microsoft 365 groups Get-UnifiedGroupLinks, for each group'
        Select = @('group', 'resolved', 'members')
        TimeLimit = 900
    }
    'exchange.transport_config' = @{
        Read = { Get-TransportConfig -ErrorAction Stop }
        Select = @('SmtpClientAuthenticationDisabled')
    }
    'exchange.transport_rules' = @{
        Read = { Get-TransportRule -ResultSize Unlimited -ErrorAction Stop }
        Select = @(
            'Name', 'Guid', 'State', 'Mode', 'RedirectMessageTo', 'BlindCopyTo', 'CopyTo'
            'AddToRecipients', 'SetSCL', 'SenderDomainIs', 'FromAddressContainsWords'
            'FromAddressMatchesPatterns', 'SenderIpRanges', 'HeaderContainsMessageHeader'
            'HeaderContainsWords', 'IsRuleConfigurationSupported'
        )
    }
}
