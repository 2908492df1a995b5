"""Good rows of Exchange's own settings in wire shape; a case names only what differs."""

from typing import Any


def organization_config(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "contoso.onmicrosoft.com",
        "AuditDisabled": False,
        "CustomerLockboxEnabled": True,
        "OAuth2ClientProfileEnabled": True,
        "MailTipsAllTipsEnabled": True,
        "MailTipsExternalRecipientsTipsEnabled": True,
        "MailTipsGroupMetricsEnabled": True,
        "MailTipsLargeAudienceThreshold": 25,
    } | changes


def audit_bypass(name: str = "ada", **changes: Any) -> dict[str, Any]:
    return {
        "Identity": name,
        "Name": name,
        "Guid": "22222222-0000-4000-8000-000000000001",
        "AuditBypassEnabled": False,
    } | changes


def transport_rule(**changes: Any) -> dict[str, Any]:
    """A rule that tags outside mail; unused conditions and actions are null."""
    return {
        "Name": "Tag outside mail",
        "Guid": "33333333-0000-4000-8000-000000000001",
        "State": "Enabled",
        "Mode": "Enforce",
        "RedirectMessageTo": None,
        "BlindCopyTo": None,
        "CopyTo": None,
        "AddToRecipients": None,
        "SetSCL": None,
        "SenderDomainIs": None,
        "FromAddressContainsWords": None,
        "FromAddressMatchesPatterns": None,
        "SenderIpRanges": None,
        "HeaderContainsMessageHeader": None,
        "HeaderContainsWords": None,
        "IsRuleConfigurationSupported": True,
    } | changes


def outbound_spam_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Default",
        "Name": "Default",
        "IsDefault": True,
        "BccSuspiciousOutboundMail": False,
        "BccSuspiciousOutboundAdditionalRecipients": [],
        "NotifyOutboundSpam": False,
        "NotifyOutboundSpamRecipients": [],
        "AutoForwardingMode": "Off",
    } | changes


def outbound_spam_rule(**changes: Any) -> dict[str, Any]:
    """Called differently from its policy: names must be joined on the policy's."""
    return {
        "Identity": "Rule of sales",
        "Name": "Rule of sales",
        "State": "Enabled",
        "Priority": 0,
        "HostedOutboundSpamFilterPolicy": "Sales",
        "From": ["sales@contoso.com"],
        "FromMemberOf": None,
        "SenderDomainIs": None,
    } | changes


def external_in_outlook(**changes: Any) -> dict[str, Any]:
    return {"Identity": "contoso.onmicrosoft.com", "Enabled": True, "AllowList": []} | changes


def role_assignment_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "Default Role Assignment Policy",
        "Guid": "44444444-0000-4000-8000-000000000001",
        "IsDefault": True,
        "AssignedRoles": ["MyBaseOptions"],
    } | changes


def owa_mailbox_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "OwaMailboxPolicy-Default",
        "Guid": "55555555-0000-4000-8000-000000000001",
        "IsDefault": True,
        "AdditionalStorageProvidersAvailable": False,
    } | changes


def transport_config(**changes: Any) -> dict[str, Any]:
    return {"SmtpClientAuthenticationDisabled": True} | changes


def sharing_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "Default Sharing Policy",
        "Identity": "Default Sharing Policy",
        "Default": True,
        "Enabled": False,
        "Domains": ["Anonymous:0"],
    } | changes


def dkim_signing_config(name: str = "contoso.com", **changes: Any) -> dict[str, Any]:
    return {
        "Domain": name,
        "Name": name,
        "Enabled": True,
        "Status": "Valid",
        "Selector1CNAME": f"selector1-{name.replace('.', '-')}._domainkey.contoso.onmicrosoft.com",
        "Selector2CNAME": f"selector2-{name.replace('.', '-')}._domainkey.contoso.onmicrosoft.com",
    } | changes


def admin_audit_log_config(**changes: Any) -> dict[str, Any]:
    return {
        "UnifiedAuditLogIngestionEnabled": True,
        "UnifiedAuditLogFirstOptInDate": None,
        "AdminAuditLogEnabled": True,
        "DistinguishedName": "CN=Admin Audit Log Settings,DC=NAMPR09A006,DC=PROD,DC=OUTLOOK,DC=COM",
    } | changes
