"""The demo tenant's mail protection and information protection policies.

The Standard preset protects Contoso; Fabrikam still lives on the default policies.
"""

from typing import Any

from demo.people import CONTOSO, FABRIKAM, Row, guid, words

STANDARD = "Standard Preset Security Policy"
PRESET = f"{STANDARD}1746339600000"
BUILT_IN = "Built-In Protection Policy"
TEMPLATE_TYPES = words(
    "ace apk app appx ani arj bat cab cmd com deb dex dll docm elf exe hta img iso jar jnlp kext "
    "lha lib library lnk lzh macho msc msi msix msp mst pif ppa ppam reg rev scf scr sct sys uif "
    "vb vbe vbs vxd wsc wsf wsh xll xz z"
)


def protection() -> dict[str, list[Row]]:
    return {**_presets(), **_mail_policies(), **_links_and_attachments(), **_information()}


def _scope(**changes: Any) -> Row:
    return {
        "SentTo": None,
        "SentToMemberOf": None,
        "RecipientDomainIs": None,
        "ExceptIfSentTo": None,
        "ExceptIfSentToMemberOf": None,
        "ExceptIfRecipientDomainIs": None,
    } | changes


def _rule(identity: str, priority: int, **changes: Any) -> Row:
    head = {"Identity": identity, "State": "Enabled", "Priority": priority}
    return head | _scope(RecipientDomainIs=[CONTOSO]) | changes


def _presets() -> dict[str, list[Row]]:
    exceptions = {name: None for name in _scope() if name.startswith("Except")}
    return {
        "exchange.eop_protection_policy_rules": [
            _rule(
                STANDARD,
                0,
                MalwareFilterPolicy=PRESET,
                HostedContentFilterPolicy=PRESET,
                AntiPhishPolicy=PRESET,
            )
        ],
        "exchange.atp_protection_policy_rules": [
            _rule(STANDARD, 0, SafeLinksPolicy=PRESET, SafeAttachmentPolicy=PRESET)
        ],
        "exchange.atp_built_in_protection_rules": [{"State": "Enabled"} | exceptions],
        "exchange.atp_policy_for_o365": [
            {
                "Identity": "Default",
                "Name": "Default",
                "EnableATPForSPOTeamsODB": True,
                "EnableSafeDocs": False,
                "AllowSafeDocsOpen": False,
            }
        ],
        "exchange.threat_policy_scope_members": [],
        "exchange.priority_users": [],
    }


def _mail_policies() -> dict[str, list[Row]]:
    return {
        "exchange.malware_filter_policies": [_malware("Default", "Custom"), _malware(PRESET)],
        "exchange.malware_filter_rules": [],
        "exchange.anti_phish_policies": [_default_anti_phish(), _preset_anti_phish()],
        "exchange.anti_phish_rules": [],
        "exchange.hosted_content_filter_policies": [
            _spam("Default", "Custom"),
            _spam(PRESET),
            _spam("Partner mail", "Custom", ["northwind.example", "tailspin.example"]),
        ],
        "exchange.hosted_content_filter_rules": [
            _rule(
                "Partner mail",
                0,
                RecipientDomainIs=[FABRIKAM],
                HostedContentFilterPolicy="Partner mail",
            )
        ],
        "exchange.hosted_connection_filter_policies": [
            {
                "Identity": "Default",
                "Name": "Default",
                "IsDefault": True,
                "IPAllowList": ["192.0.2.25"],
                "EnableSafeList": False,
            }
        ],
        "exchange.hosted_outbound_spam_filter_policies": [_outbound()],
        "exchange.hosted_outbound_spam_filter_rules": [],
    }


def _named(name: str, kind: str = "Standard") -> Row:
    return {
        "Identity": name,
        "Name": name,
        "IsDefault": name.endswith("Default"),
        "RecommendedPolicyType": kind,
    }


def _malware(name: str, kind: str = "Standard") -> Row:
    return _named(name, kind) | {
        "EnableFileFilter": True,
        "FileTypes": TEMPLATE_TYPES,
        "EnableInternalSenderAdminNotifications": False,
        "InternalSenderAdminAddress": None,
    }


def _spam(name: str, kind: str = "Standard", allowed: list[str] | None = None) -> Row:
    return _named(name, kind) | {"AllowedSenderDomains": allowed or []}


def _preset_anti_phish() -> Row:
    """What Microsoft's Standard preset sets."""
    return _named(PRESET) | {
        "Enabled": True,
        "PhishThresholdLevel": 3,
        "EnableTargetedUserProtection": True,
        "TargetedUsersToProtect": [f"Verity Willowshaw;verity.willowshaw@{CONTOSO}"],
        "EnableOrganizationDomainsProtection": True,
        "EnableMailboxIntelligence": True,
        "EnableMailboxIntelligenceProtection": True,
        "EnableSpoofIntelligence": True,
        "TargetedUserProtectionAction": "Quarantine",
        "TargetedDomainProtectionAction": "Quarantine",
        "MailboxIntelligenceProtectionAction": "MoveToJmf",
        "EnableFirstContactSafetyTips": True,
        "EnableSimilarUsersSafetyTips": True,
        "EnableSimilarDomainsSafetyTips": True,
        "EnableUnusualCharactersSafetyTips": True,
        "HonorDmarcPolicy": True,
    }


def _default_anti_phish() -> Row:
    weak = {
        "PhishThresholdLevel": 1,
        "EnableTargetedUserProtection": False,
        "TargetedUsersToProtect": [],
        "EnableOrganizationDomainsProtection": False,
        "EnableMailboxIntelligenceProtection": False,
        "TargetedUserProtectionAction": "NoAction",
        "TargetedDomainProtectionAction": "NoAction",
        "MailboxIntelligenceProtectionAction": "NoAction",
        "EnableFirstContactSafetyTips": False,
        "EnableSimilarUsersSafetyTips": False,
        "EnableSimilarDomainsSafetyTips": False,
        "EnableUnusualCharactersSafetyTips": False,
    }
    return _preset_anti_phish() | _named("Office365 AntiPhish Default", "Custom") | weak


def _outbound() -> Row:
    return {
        "Identity": "Default",
        "Name": "Default",
        "IsDefault": True,
        "BccSuspiciousOutboundMail": True,
        "BccSuspiciousOutboundAdditionalRecipients": [f"security@{CONTOSO}"],
        "NotifyOutboundSpam": True,
        "NotifyOutboundSpamRecipients": [f"security@{CONTOSO}"],
        "AutoForwardingMode": "Off",
    }


def _links_and_attachments() -> dict[str, list[Row]]:
    return {
        "exchange.safe_links_policies": [
            _links(PRESET, "Standard"),
            _links(
                BUILT_IN,
                "Custom",
                EnableSafeLinksForEmail=True,
                AllowClickThrough=True,
                EnableForInternalSenders=False,
                DisableUrlRewrite=True,
            ),
        ],
        "exchange.safe_links_rules": [],
        "exchange.safe_attachment_policies": [
            _attachments(PRESET, "Standard"),
            _attachments(BUILT_IN, "Custom"),
        ],
        "exchange.safe_attachment_rules": [],
    }


def _built_in(name: str, kind: str) -> Row:
    return {
        "Identity": name,
        "Name": name,
        "IsBuiltInProtection": name == BUILT_IN,
        "RecommendedPolicyType": kind,
    }


def _links(name: str, kind: str, **changes: Any) -> Row:
    return (
        _built_in(name, kind)
        | {
            "EnableSafeLinksForEmail": True,
            "EnableSafeLinksForTeams": True,
            "EnableSafeLinksForOffice": True,
            "TrackClicks": True,
            "AllowClickThrough": False,
            "ScanUrls": True,
            "EnableForInternalSenders": True,
            "DeliverMessageAfterScan": True,
            "DisableUrlRewrite": False,
        }
        | changes
    )


def _attachments(name: str, kind: str) -> Row:
    quarantine = {"Enable": True, "Action": "Block", "QuarantineTag": "AdminOnlyAccessPolicy"}
    return _built_in(name, kind) | quarantine


def _information() -> dict[str, list[Row]]:
    name = "Finance data stays inside"
    return {
        "purview.dlp_policies": [
            _loss_policy(name, "Exchange, SharePoint, OneDriveForBusiness"),
            _loss_policy("Teams trial", "Teams", mode="TestWithNotifications")
            | {"ExchangeLocation": [], "SharePointLocation": [], "TeamsLocation": ["All"]},
        ],
        "purview.dlp_rules": [
            {"Name": "Bank account numbers", "ParentPolicyName": name, "Disabled": False},
            {"Name": "Teams trial rule", "ParentPolicyName": "Teams trial", "Disabled": False},
        ],
        "purview.protection_alerts": [
            _alert("Phish delivered due to an override", "Phish", "High"),
            _alert("Malware campaign detected after delivery", "Malware", "High"),
            _alert("Unusual volume of file deletion", "Activity", "Medium"),
        ],
    }


def _loss_policy(name: str, workload: str, mode: str = "Enable") -> Row:
    scopes = ("Exchange", "SharePoint", "OneDrive", "Teams")
    return {
        "Name": name,
        "Type": "Dlp",
        "Mode": mode,
        "Enabled": True,
        "Workload": workload,
        "ExchangeLocation": ["All"],
        "SharePointLocation": ["All"],
        "OneDriveLocation": [],
        "TeamsLocation": [],
        "TeamsLocationException": [],
    } | {f"{scope}AdaptiveScopes": [] for scope in scopes}


def _alert(name: str, threat: str, severity: str) -> Row:
    return {
        "Name": name,
        "ThreatType": threat,
        "Severity": severity,
        "Category": "ThreatManagement",
        "Disabled": False,
        "NotificationEnabled": True,
        "NotifyUser": ["TenantAdmins"],
        "RecipientTags": None,
        "Filter": None,
        "IsSystemRule": True,
        "Guid": guid(f"alert/{name}"),
    }
