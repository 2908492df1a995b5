"""Good rows of mail protection in wire shape; a case names only what differs."""

from typing import Any

from tests.builders.licences import plan, sku
from tests.builders.recipients import mailbox

DEFENDER_PLAN = plan("ATP_ENTERPRISE", "f20fedf3-f3c3-43c3-8267-2bfdd51c0939")
DEFENDER_PLAN_2 = plan("THREAT_INTELLIGENCE", "8e0c0a52-6a6c-4d40-8370-dd62790dcd70")
SAFE_DOCUMENTS_PLAN = plan("SAFEDOCS", "bf6f5520-59e3-4f82-974b-7dbbc4fd27c7")
EXCHANGE_PLAN = plan("EXCHANGE_S_STANDARD", "9aaf7827-d63c-4b61-89c3-182f06f82e5c")

UNLICENSED = [sku(EXCHANGE_PLAN)]
PLAN_1 = [sku(EXCHANGE_PLAN, DEFENDER_PLAN)]
PLAN_2 = [sku(EXCHANGE_PLAN, DEFENDER_PLAN, DEFENDER_PLAN_2, SAFE_DOCUMENTS_PLAN)]

STRICT_POLICY = "Strict Preset Security Policy1681329955447"
STANDARD_POLICY = "Standard Preset Security Policy1659535429826"

_EVERYBODY = {
    "SentTo": None,
    "SentToMemberOf": None,
    "RecipientDomainIs": None,
    "ExceptIfSentTo": None,
    "ExceptIfSentToMemberOf": None,
    "ExceptIfRecipientDomainIs": None,
}


def people(count: int, domain: str = "contoso.com", **changes: Any) -> list[dict[str, Any]]:
    """User mailboxes p0, p1, … of one domain."""
    return [
        mailbox(
            ExternalDirectoryObjectId=f"11111111-0000-4000-8000-{number:012d}",
            UserPrincipalName=f"p{number}@{domain}",
            PrimarySmtpAddress=f"p{number}@{domain}",
            **changes,
        )
        for number in range(count)
    ]


def spam_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Default",
        "Name": "Default",
        "IsDefault": True,
        "RecommendedPolicyType": "Custom",
        "AllowedSenderDomains": [],
    } | changes


def custom_rule(policy_field: str, **changes: Any) -> dict[str, Any]:
    """Called differently from its policy: names must be joined on the policy's."""
    return (
        {"Identity": "Rule 1", "State": "Enabled", "Priority": 0, policy_field: "Custom"}
        | _EVERYBODY
        | {"RecipientDomainIs": ["contoso.com"]}
        | changes
    )


def spam_rule(**changes: Any) -> dict[str, Any]:
    return custom_rule("HostedContentFilterPolicy", **changes)


def malware_rule(**changes: Any) -> dict[str, Any]:
    return custom_rule("MalwareFilterPolicy", **changes)


def anti_phish_rule(**changes: Any) -> dict[str, Any]:
    return custom_rule("AntiPhishPolicy", **changes)


def safe_links_rule(**changes: Any) -> dict[str, Any]:
    return custom_rule("SafeLinksPolicy", **changes)


def safe_attachment_rule(**changes: Any) -> dict[str, Any]:
    return custom_rule("SafeAttachmentPolicy", **changes)


def exchange_preset(**changes: Any) -> dict[str, Any]:
    """The Strict preset's Exchange half, enabled for everybody."""
    return (
        {
            "Identity": "Strict Preset Security Policy",
            "State": "Enabled",
            "Priority": 0,
            "MalwareFilterPolicy": STRICT_POLICY,
            "HostedContentFilterPolicy": STRICT_POLICY,
            "AntiPhishPolicy": STRICT_POLICY,
        }
        | _EVERYBODY
        | changes
    )


def standard_exchange_preset(**changes: Any) -> dict[str, Any]:
    return (
        exchange_preset(
            Identity="Standard Preset Security Policy",
            Priority=1,
            MalwareFilterPolicy=STANDARD_POLICY,
            HostedContentFilterPolicy=STANDARD_POLICY,
            AntiPhishPolicy=STANDARD_POLICY,
        )
        | changes
    )


def defender_preset(**changes: Any) -> dict[str, Any]:
    """The Strict preset's Defender half, enabled for everybody."""
    return (
        {
            "Identity": "Strict Preset Security Policy",
            "State": "Enabled",
            "Priority": 0,
            "SafeLinksPolicy": STRICT_POLICY,
            "SafeAttachmentPolicy": STRICT_POLICY,
        }
        | _EVERYBODY
        | changes
    )


def built_in_rule(**changes: Any) -> dict[str, Any]:
    return {
        "State": "Enabled",
        "ExceptIfSentTo": None,
        "ExceptIfSentToMemberOf": None,
        "ExceptIfRecipientDomainIs": None,
    } | changes


def scope_group(name: str, *addresses: str, **changes: Any) -> dict[str, Any]:
    members = [
        {"PrimarySmtpAddress": address, "RecipientTypeDetails": "UserMailbox"}
        for address in addresses
    ]
    return {"group": name, "resolved": True, "members": members} | changes


def malware_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Default",
        "Name": "Default",
        "IsDefault": True,
        "RecommendedPolicyType": "Custom",
        "EnableFileFilter": True,
        "FileTypes": ["exe", "iso"],
        "EnableInternalSenderAdminNotifications": True,
        "InternalSenderAdminAddress": "sec@contoso.com",
    } | changes


def custom(policy: dict[str, Any], name: str = "Custom", **changes: Any) -> dict[str, Any]:
    """The same policy as one that only a rule applies."""
    flag = "IsBuiltInProtection" if "IsBuiltInProtection" in policy else "IsDefault"
    return policy | {"Identity": name, "Name": name, flag: False} | changes


def strict(policy: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return custom(policy, STRICT_POLICY, RecommendedPolicyType="Strict") | changes


def anti_phish_policy(**changes: Any) -> dict[str, Any]:
    """Full impersonation protection."""
    return {
        "Identity": "Office365 AntiPhish Default",
        "Name": "Office365 AntiPhish Default",
        "IsDefault": True,
        "RecommendedPolicyType": "Custom",
        "Enabled": True,
        "PhishThresholdLevel": 3,
        "EnableTargetedUserProtection": True,
        "TargetedUsersToProtect": ["Ada; ada@contoso.com"],
        "EnableOrganizationDomainsProtection": True,
        "EnableMailboxIntelligence": True,
        "EnableMailboxIntelligenceProtection": True,
        "EnableSpoofIntelligence": True,
        "TargetedUserProtectionAction": "Quarantine",
        "TargetedDomainProtectionAction": "Quarantine",
        "MailboxIntelligenceProtectionAction": "Quarantine",
        "EnableFirstContactSafetyTips": True,
        "EnableSimilarUsersSafetyTips": True,
        "EnableSimilarDomainsSafetyTips": True,
        "EnableUnusualCharactersSafetyTips": True,
        "HonorDmarcPolicy": True,
    } | changes


def safe_links_policy(**changes: Any) -> dict[str, Any]:
    """The nine settings as recommended."""
    return {
        "Identity": "Custom",
        "Name": "Custom",
        "IsBuiltInProtection": False,
        "RecommendedPolicyType": "Custom",
        "EnableSafeLinksForEmail": True,
        "EnableSafeLinksForTeams": True,
        "EnableSafeLinksForOffice": True,
        "TrackClicks": True,
        "AllowClickThrough": False,
        "ScanUrls": True,
        "EnableForInternalSenders": True,
        "DeliverMessageAfterScan": True,
        "DisableUrlRewrite": False,
    } | changes


def built_in_links(**changes: Any) -> dict[str, Any]:
    """As Microsoft ships it: three of the nine are wrong."""
    return (
        safe_links_policy(
            Identity="Built-In Protection Policy",
            Name="Built-In Protection Policy",
            IsBuiltInProtection=True,
            EnableForInternalSenders=False,
            AllowClickThrough=True,
            DisableUrlRewrite=True,
        )
        | changes
    )


def safe_attachment_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Built-In Protection Policy",
        "Name": "Built-In Protection Policy",
        "IsBuiltInProtection": True,
        "RecommendedPolicyType": "Custom",
        "Enable": True,
        "Action": "Block",
        "QuarantineTag": "AdminOnlyAccessPolicy",
    } | changes


def connection_filter(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Default",
        "Name": "Default",
        "IsDefault": True,
        "IPAllowList": [],
        "EnableSafeList": False,
    } | changes


def file_protection(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Default",
        "Name": "Default",
        "EnableATPForSPOTeamsODB": True,
        "EnableSafeDocs": True,
        "AllowSafeDocsOpen": False,
    } | changes


def teams_protection(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Teams Protection Policy",
        "Name": "Teams Protection Policy",
        "ZapEnabled": True,
    } | changes


def teams_protection_rule(**changes: Any) -> dict[str, Any]:
    return {"Identity": "Teams Protection Policy Rule"} | built_in_rule() | changes


def email_tenant_settings(**changes: Any) -> dict[str, Any]:
    return {"Identity": "Default", "EnablePriorityAccountProtection": True} | changes


def priority_user(name: str = "ceo", **changes: Any) -> dict[str, Any]:
    return {
        "UserPrincipalName": f"{name}@contoso.com",
        "DisplayName": name,
        "WindowsEmailAddress": f"{name}@contoso.com",
        "ExternalDirectoryObjectId": f"id-of-{name}",
    } | changes


def threat_alert(threat: str, **changes: Any) -> dict[str, Any]:
    """An alert that watches the mail of priority accounts."""
    return {
        "Name": f"{threat} for priority accounts",
        "ThreatType": threat,
        "Severity": "High",
        "Category": "ThreatManagement",
        "Disabled": False,
        "NotificationEnabled": True,
        "NotifyUser": ["soc@contoso.com"],
        "RecipientTags": ["Priority account"],
        "Filter": "(Mail.Direction -eq 'Inbound') -and (Mail.IsMalware -eq 1)",
        "IsSystemRule": False,
    } | changes
