"""Mail protection: the policies of Exchange and Defender, and what goes with them."""

import re
from typing import ClassVar

from pydantic import Field

from evidence.dataset import CmdletDataset
from evidence.mail_rules import object_name
from evidence.wire import Bool, Int, Names, Text

_INBOUND = re.compile(
    r"Mail\.(Antispam)?Direction\s+-eq\s+'(Inbound|ToInternalRecipient)'", re.IGNORECASE
)
_PRIORITY_TAG = "priority account"


class MailPolicy(CmdletDataset):
    identity: Text
    name: Text

    @property
    def is_fallback(self) -> bool:
        """Applies to whom no rule applies another policy."""
        raise NotImplementedError

    @property
    def names(self) -> set[str]:
        """What a rule may call this policy."""
        return {object_name(self.identity), object_name(self.name)}


class DefaultedPolicy(MailPolicy):
    is_default: Bool

    @property
    def is_fallback(self) -> bool:
        return self.is_default


class BuiltInPolicy(MailPolicy):
    is_built_in_protection: Bool

    @property
    def is_fallback(self) -> bool:
        return self.is_built_in_protection


class InboundSpamPolicy(DefaultedPolicy):
    """`Get-HostedContentFilterPolicy`, one row a policy."""

    key: ClassVar = "exchange.hosted_content_filter_policies"

    recommended_policy_type: Text | None
    allowed_sender_domains: Names  # null: none set


class OutboundSpamPolicy(DefaultedPolicy):
    """`Get-HostedOutboundSpamFilterPolicy`, one row a policy; there are no presets."""

    key: ClassVar = "exchange.hosted_outbound_spam_filter_policies"

    bcc_suspicious_outbound_mail: Bool | None
    bcc_suspicious_outbound_additional_recipients: Names
    notify_outbound_spam: Bool | None
    notify_outbound_spam_recipients: Names
    auto_forwarding_mode: Text

    @property
    def copies_suspicious_mail(self) -> bool:
        """Exchange honours this in the default policy only."""
        recipients = self.bcc_suspicious_outbound_additional_recipients
        return self.bcc_suspicious_outbound_mail is True and _names_somebody(recipients)

    @property
    def notifies_of_blocked_senders(self) -> bool:
        recipients = self.notify_outbound_spam_recipients
        return self.notify_outbound_spam is True and _names_somebody(recipients)


def _names_somebody(recipients: list[str]) -> bool:
    return any(recipient.strip() for recipient in recipients)


class MalwarePolicy(DefaultedPolicy):
    """`Get-MalwareFilterPolicy`, one row a policy; presets appear as policies too."""

    key: ClassVar = "exchange.malware_filter_policies"

    recommended_policy_type: Text | None
    enable_file_filter: Bool | None
    file_types: Names  # filled while the filter is off, and null in some presets
    enable_internal_sender_admin_notifications: Bool | None
    internal_sender_admin_address: Text | None  # "" when unset

    @property
    def is_preset(self) -> bool:
        return (self.recommended_policy_type or "").lower() in ("standard", "strict")

    @property
    def filtered_types(self) -> set[str]:
        return {entry.strip().lower().removeprefix(".") for entry in self.file_types}

    @property
    def notifies_admins(self) -> bool:
        return (
            self.enable_internal_sender_admin_notifications is True
            and "@" in (self.internal_sender_admin_address or "").strip()
        )


class AntiPhishPolicy(DefaultedPolicy):
    """`Get-AntiPhishPolicy`, one row a policy. Without Defender for Office 365 the impersonation
    properties are absent."""

    key: ClassVar = "exchange.anti_phish_policies"

    recommended_policy_type: Text | None
    enabled: Bool | None  # stays true while the policy's rule is disabled
    phish_threshold_level: Int | None
    enable_targeted_user_protection: Bool | None
    targeted_users_to_protect: Names  # "Display Name;address"
    enable_organization_domains_protection: Bool | None
    enable_mailbox_intelligence: Bool | None
    enable_mailbox_intelligence_protection: Bool | None
    enable_spoof_intelligence: Bool | None
    targeted_user_protection_action: Text | None
    targeted_domain_protection_action: Text | None
    mailbox_intelligence_protection_action: Text | None
    enable_first_contact_safety_tips: Bool | None
    enable_similar_users_safety_tips: Bool | None
    enable_similar_domains_safety_tips: Bool | None
    enable_unusual_characters_safety_tips: Bool | None
    honor_dmarc_policy: Bool | None


class SafeLinksPolicy(BuiltInPolicy):
    """`Get-SafeLinksPolicy`, one row a policy."""

    key: ClassVar = "exchange.safe_links_policies"

    recommended_policy_type: Text | None
    enable_safe_links_for_email: Bool | None
    enable_safe_links_for_teams: Bool | None
    enable_safe_links_for_office: Bool | None
    track_clicks: Bool | None
    allow_click_through: Bool | None
    scan_urls: Bool | None
    enable_for_internal_senders: Bool | None
    deliver_message_after_scan: Bool | None
    disable_url_rewrite: Bool | None


class SafeAttachmentPolicy(BuiltInPolicy):
    """`Get-SafeAttachmentPolicy`, one row a policy."""

    key: ClassVar = "exchange.safe_attachment_policies"

    recommended_policy_type: Text | None
    enable: Bool | None
    action: Text | None
    quarantine_tag: Text | None


class ConnectionFilterPolicy(CmdletDataset):
    """`Get-HostedConnectionFilterPolicy`: one object, Default."""

    key: ClassVar = "exchange.hosted_connection_filter_policies"

    identity: Text
    name: Text
    is_default: Bool
    ip_allow_list: Names = Field(alias="IPAllowList")
    enable_safe_list: Bool


class FileProtectionPolicy(CmdletDataset):
    """`Get-AtpPolicyForO365`: one object; unknown without Defender for Office 365."""

    key: ClassVar = "exchange.atp_policy_for_o365"

    identity: Text
    name: Text
    scans_files: Bool = Field(alias="EnableATPForSPOTeamsODB")
    enable_safe_docs: Bool
    allow_safe_docs_open: Bool


class TeamsProtectionPolicy(CmdletDataset):
    """`Get-TeamsProtectionPolicy`: at most one object, created on first use."""

    key: ClassVar = "exchange.teams_protection_policies"

    identity: Text
    name: Text
    zap_enabled: Bool


class EmailTenantSettings(CmdletDataset):
    """`Get-EmailTenantSettings`: one object."""

    key: ClassVar = "exchange.email_tenant_settings"

    identity: Text
    enable_priority_account_protection: Bool


class PriorityUser(CmdletDataset):
    """`Get-User -IsVIP`: the only bulk read of the Priority account tag."""

    key: ClassVar = "exchange.priority_users"

    user_principal_name: Text
    display_name: Text | None
    windows_email_address: Text | None  # "" without a mailbox
    external_directory_object_id: Text | None

    @property
    def ids(self) -> set[str]:
        """What an operator may call this user, lower case."""
        names = (
            self.user_principal_name,
            self.windows_email_address,
            self.external_directory_object_id,
        )
        return {name.strip().lower() for name in names if name and name.strip()}


class ProtectionAlert(CmdletDataset):
    """`Get-ProtectionAlert` of the compliance session, one row an alert policy."""

    key: ClassVar = "purview.protection_alerts"

    name: Text
    threat_type: Text | None
    severity: Text | None
    category: Text | None
    disabled: Bool | None
    notification_enabled: Bool | None
    notify_user: Names
    recipient_tags: Names  # null on ordinary alerts
    filter: Text | None
    is_system_rule: Bool | None

    @property
    def shown_name(self) -> str:
        """Some system alerts end in a zero width space."""
        return self.name.strip("\u200b ")

    @property
    def is_about_priority_accounts(self) -> bool:
        return any(_PRIORITY_TAG in tag.lower() for tag in self.recipient_tags)

    @property
    def is_about_inbound_mail(self) -> bool:
        return bool(self.filter and _INBOUND.search(self.filter))

    def is_threat(self, kind: str) -> bool:
        return (self.threat_type or "").lower() == kind.lower()
