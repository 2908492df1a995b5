"""Rules: whom a mail protection policy applies to, and in which order rules are tried."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import CmdletDataset, CmdletPart, EvidenceMissing
from evidence.wire import Bool, Int, Listed, Names, Text, named

State = Annotated[str, BeforeValidator(named("Enabled", "Disabled"))]


def object_name(identity: str) -> str:
    """What names are joined on: an Identity may carry the tenant before a backslash."""
    return identity.rpartition("\\")[2].strip().lower()


class ExceptingRule(CmdletDataset):
    """A rule that exempts people. Values are alternatives; null and [] are the same."""

    state: State
    except_if_sent_to: Names
    except_if_sent_to_member_of: Names
    except_if_recipient_domain_is: Names

    @property
    def is_enabled(self) -> bool:
        return self.state == "Enabled"

    @property
    def exceptions(self) -> list[tuple[str, str]]:
        """Property and value of each exception."""
        lists = {
            "ExceptIfSentTo": self.except_if_sent_to,
            "ExceptIfSentToMemberOf": self.except_if_sent_to_member_of,
            "ExceptIfRecipientDomainIs": self.except_if_recipient_domain_is,
        }
        return [(name, value) for name, values in lists.items() for value in values]


class RecipientRule(ExceptingRule):
    """A rule with conditions: kinds of condition are ANDed, the values of one are alternatives."""

    identity: Text
    priority: Int | None
    sent_to: Names
    sent_to_member_of: Names
    recipient_domain_is: Names

    @property
    def policy_name(self) -> str:
        """The policy this rule applies, which need not be called like the rule."""
        raise NotImplementedError


class InboundSpamRule(RecipientRule):
    """`Get-HostedContentFilterRule`, one row a custom inbound policy's rule."""

    key: ClassVar = "exchange.hosted_content_filter_rules"

    hosted_content_filter_policy: Text

    @property
    def policy_name(self) -> str:
        return self.hosted_content_filter_policy


class MalwareRule(RecipientRule):
    """`Get-MalwareFilterRule`, one row a custom policy's rule."""

    key: ClassVar = "exchange.malware_filter_rules"

    malware_filter_policy: Text

    @property
    def policy_name(self) -> str:
        return self.malware_filter_policy


class AntiPhishRule(RecipientRule):
    """`Get-AntiPhishRule`, one row a custom policy's rule."""

    key: ClassVar = "exchange.anti_phish_rules"

    anti_phish_policy: Text

    @property
    def policy_name(self) -> str:
        return self.anti_phish_policy


class SafeLinksRule(RecipientRule):
    """`Get-SafeLinksRule`, one row a custom policy's rule."""

    key: ClassVar = "exchange.safe_links_rules"

    safe_links_policy: Text

    @property
    def policy_name(self) -> str:
        return self.safe_links_policy


class SafeAttachmentRule(RecipientRule):
    """`Get-SafeAttachmentRule`, one row a custom policy's rule."""

    key: ClassVar = "exchange.safe_attachment_rules"

    safe_attachment_policy: Text

    @property
    def policy_name(self) -> str:
        return self.safe_attachment_policy


class PresetRule(RecipientRule):
    """Applies the policies of a preset; there is none before the preset is first switched on."""

    @property
    def is_strict(self) -> bool:
        return object_name(self.identity) == "strict preset security policy"

    @property
    def is_standard(self) -> bool:
        return object_name(self.identity) == "standard preset security policy"


class ExchangePresetRule(PresetRule):
    """`Get-EOPProtectionPolicyRule`: spam, malware and phishing of the two presets."""

    key: ClassVar = "exchange.eop_protection_policy_rules"

    malware_filter_policy: Text | None
    hosted_content_filter_policy: Text | None
    anti_phish_policy: Text | None


class DefenderPresetRule(PresetRule):
    """`Get-ATPProtectionPolicyRule`: links and attachments of the two presets."""

    key: ClassVar = "exchange.atp_protection_policy_rules"

    safe_links_policy: Text | None
    safe_attachment_policy: Text | None


class BuiltInProtectionRule(ExceptingRule):
    """`Get-ATPBuiltInProtectionRule`: who is exempt from Defender's built-in protection."""

    key: ClassVar = "exchange.atp_built_in_protection_rules"


class TeamsProtectionRule(ExceptingRule):
    """`Get-TeamsProtectionPolicyRule`: absent while Teams protection has no exception."""

    key: ClassVar = "exchange.teams_protection_policy_rules"

    identity: Text


class OutboundSpamRule(CmdletDataset):
    """`Get-HostedOutboundSpamFilterRule`, one row a custom outbound policy's rule."""

    key: ClassVar = "exchange.hosted_outbound_spam_filter_rules"

    identity: Text
    name: Text | None = None
    state: State
    priority: Int | None
    hosted_outbound_spam_filter_policy: Text
    sender: Names = Field(alias="From")
    from_member_of: Names
    sender_domain_is: Names

    @property
    def is_enabled(self) -> bool:
        return self.state == "Enabled"

    @property
    def policy_name(self) -> str:
        return self.hosted_outbound_spam_filter_policy


class ScopeMember(CmdletPart):
    primary_smtp_address: Text | None  # null: receives no mail
    recipient_type_details: Text | None = None  # not every collector keeps it

    @property
    def may_be_group(self) -> bool:
        kind = self.recipient_type_details
        return kind is None or "group" in kind.lower()


class ScopeGroup(CmdletDataset):
    """Members of the groups that rules name: `Get-DistributionGroupMember`, for Microsoft 365
    groups `Get-UnifiedGroupLinks`. Direct members only; a group that was not found is listed
    as not resolved."""

    key: ClassVar = "exchange.threat_policy_scope_members"
    phase: ClassVar = 2
    depends_on: ClassVar = (
        SafeLinksRule.key,
        SafeAttachmentRule.key,
        AntiPhishRule.key,
        MalwareRule.key,
        InboundSpamRule.key,
        ExchangePresetRule.key,
        DefenderPresetRule.key,
        BuiltInProtectionRule.key,
    )
    time_limit_s: ClassVar = 900

    group: Text = Field(alias="group")
    resolved: Bool = Field(alias="resolved")
    members: Annotated[list[ScopeMember], Listed] = Field(alias="members")

    @property
    def is_fully_known(self) -> bool:
        """A nested group hides who else is a member."""
        return self.resolved and not any(member.may_be_group for member in self.members)

    @property
    def addresses(self) -> set[str]:
        if not self.resolved:
            return set()
        return {m.primary_smtp_address.lower() for m in self.members if m.primary_smtp_address}


def policy_of_preset(rule: PresetRule, name: str | None) -> str:
    if not name:
        raise EvidenceMissing(rule.key, f"'{rule.identity}' does not say which policy it applies")
    return name
