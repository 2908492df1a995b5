"""Mail protection: policies of Exchange and Defender, and the rules that apply them."""

from typing import ClassVar

from evidence.dataset import CmdletDataset
from evidence.wire import Bool, Names, Text


class InboundSpamPolicy(CmdletDataset):
    """`Get-HostedContentFilterPolicy`, one row a policy."""

    key: ClassVar = "exchange.hosted_content_filter_policies"

    identity: Text
    name: Text
    is_default: Bool
    recommended_policy_type: Text | None
    allowed_sender_domains: Names  # null: none set


class InboundSpamRule(CmdletDataset):
    """`Get-HostedContentFilterRule`: which custom policy applies to whom."""

    key: ClassVar = "exchange.hosted_content_filter_rules"

    identity: Text
    state: Text
    hosted_content_filter_policy: Text
