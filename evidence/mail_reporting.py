"""What users report as suspicious, and where the reports go."""

from typing import ClassVar

from pydantic import Field

from evidence.dataset import CmdletDataset
from evidence.wire import Bool, Names, Text


class ReportSubmissionPolicy(CmdletDataset):
    """`Get-ReportSubmissionPolicy`: no row in a tenant where nobody opened the settings page."""

    key: ClassVar = "exchange.report_submission_policy"

    identity: Text
    enable_report_to_microsoft: Bool | None
    report_junk_to_customized_address: Bool | None
    report_not_junk_to_customized_address: Bool | None
    report_phish_to_customized_address: Bool | None
    report_junk_addresses: Names
    report_not_junk_addresses: Names
    report_phish_addresses: Names
    report_chat_message_enabled: Bool | None
    report_chat_message_to_customized_address_enabled: Bool | None


class ReportSubmissionRule(CmdletDataset):
    """`Get-ReportSubmissionRule`: the mailbox that the reports are sent to."""

    key: ClassVar = "exchange.report_submission_rule"

    name: Text
    state: Text
    sent_to: Names = Field(default_factory=list)
