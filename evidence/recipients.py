"""Mailboxes and the domains mail is accepted for."""

from typing import ClassVar

from evidence.dataset import CmdletDataset
from evidence.wire import Bool, Names, Text

_MICROSOFT_DOMAINS = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")


class Mailbox(CmdletDataset):
    """`Get-EXOMailbox` with the property sets Minimum, Audit and Policy, one row a mailbox."""

    key: ClassVar = "exchange.mailboxes"
    time_limit_s: ClassVar = 3600

    external_directory_object_id: Text | None  # null: no account in Entra
    user_principal_name: Text
    display_name: Text | None
    primary_smtp_address: Text
    recipient_type_details: Text
    audit_enabled: Bool
    audit_admin: Names
    audit_delegate: Names
    audit_owner: Names
    role_assignment_policy: Text | None  # null: mailboxes nobody signs in to have none

    @property
    def is_user_mailbox(self) -> bool:
        return self.recipient_type_details.lower() == "usermailbox"

    @property
    def is_shared_mailbox(self) -> bool:
        return self.recipient_type_details.lower() == "sharedmailbox"

    @property
    def is_discovery_mailbox(self) -> bool:
        return self.recipient_type_details.lower() == "discoverymailbox"


class AcceptedDomain(CmdletDataset):
    """`Get-AcceptedDomain`, one row a domain."""

    key: ClassVar = "exchange.accepted_domains"

    domain_name: Text
    initial_domain: Bool
    is_coexistence_domain: Bool
    sending_from_domain_disabled: Bool
    domain_type: Text
    match_sub_domains: Bool

    @property
    def is_custom(self) -> bool:
        """A domain of the tenant's own, whose DNS it controls."""
        return not (
            self.is_coexistence_domain
            or self.initial_domain
            or self.domain_name.lower().endswith(_MICROSOFT_DOMAINS)
        )

    @property
    def is_parked(self) -> bool:
        return self.sending_from_domain_disabled
