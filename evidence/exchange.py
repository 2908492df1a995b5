"""Exchange: the organisation's settings, mail flow rules and what mailboxes are assigned."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import CmdletDataset
from evidence.recipients import AcceptedDomain
from evidence.wire import Bool, Int, Names, Text, named

ADD_IN_ROLES = ("My Custom Apps", "My Marketplace Apps", "My ReadWriteMailbox Apps")
_COMPLIANCE_FOREST = "dc=ffo"
_SKIPS_SPAM_FILTER = -1


def _squeezed(name: str) -> str:
    return name.replace(" ", "").lower()


class OrganizationConfig(CmdletDataset):
    """`Get-OrganizationConfig`: one object with about 250 properties."""

    key: ClassVar = "exchange.organization_config"

    name: Text | None = None
    audit_disabled: Bool  # True is the bad value
    customer_lockbox_enabled: Bool
    o_auth2_client_profile_enabled: Bool = Field(alias="OAuth2ClientProfileEnabled")
    mail_tips_all_tips_enabled: Bool
    mail_tips_external_recipients_tips_enabled: Bool
    mail_tips_group_metrics_enabled: Bool
    mail_tips_large_audience_threshold: Int

    @property
    def label(self) -> str:
        return self.name or "the organisation"


class MailboxAuditBypass(CmdletDataset):
    """`Get-MailboxAuditBypassAssociation`: one row an account, exempt or not, no server filter."""

    key: ClassVar = "exchange.mailbox_audit_bypass"
    time_limit_s: ClassVar = 3600

    identity: Text
    name: Text | None = None
    guid: Text | None = None
    audit_bypass_enabled: Bool

    @property
    def label(self) -> str:
        """Names are not unique and may be a GUID: the identity says who it is."""
        return f"{self.name} ({self.identity})" if self.name else self.identity


class TransportRule(CmdletDataset):
    """`Get-TransportRule`; conditions and actions that are not used are null."""

    key: ClassVar = "exchange.transport_rules"

    name: Text
    guid: Text | None = None
    state: Annotated[str, BeforeValidator(named("Enabled", "Disabled"))]
    mode: Annotated[str, BeforeValidator(named("Audit", "AuditAndNotify", "Enforce"))]
    redirect_message_to: Names
    blind_copy_to: Names
    copy_to: Names
    add_to_recipients: Names
    set_scl: Int | None = Field(alias="SetSCL")
    sender_domain_is: Names
    from_address_contains_words: Names = Field(default_factory=list)
    from_address_matches_patterns: Names = Field(default_factory=list)
    sender_ip_ranges: Names = Field(default_factory=list)
    header_contains_message_header: Text | None = None
    header_contains_words: Names = Field(default_factory=list)
    is_rule_configuration_supported: Bool | None = None

    @property
    def is_active(self) -> bool:
        """Disabled and test-mode rules do not act on mail."""
        return self.state == "Enabled" and self.mode == "Enforce"

    @property
    def is_readable(self) -> bool:
        """Exchange blanks conditions and actions of rules it cannot show."""
        return self.is_rule_configuration_supported is not False

    @property
    def skips_spam_filter(self) -> bool:
        return self.set_scl == _SKIPS_SPAM_FILTER

    @property
    def added_recipients(self) -> dict[str, list[str]]:
        """Targets by the action that sends them the message."""
        return {
            "RedirectMessageTo": self.redirect_message_to,
            "BlindCopyTo": self.blind_copy_to,
            "CopyTo": self.copy_to,
            "AddToRecipients": self.add_to_recipients,
        }


class ExternalInOutlook(CmdletDataset):
    """`Get-ExternalInOutlook`: whether Outlook tags outside senders, and whom it spares."""

    key: ClassVar = "exchange.external_in_outlook"

    identity: Text | None = None
    enabled: Bool
    allow_list: Names  # addresses, domains and *.domain; null: none

    @property
    def label(self) -> str:
        return self.identity or "the organisation"


class RoleAssignmentPolicy(CmdletDataset):
    """`Get-RoleAssignmentPolicy`: what mailbox users may do to their own mailbox."""

    key: ClassVar = "exchange.role_assignment_policies"

    name: Text
    guid: Text | None = None
    is_default: Bool
    assigned_roles: Names

    @property
    def add_in_roles(self) -> list[str]:
        """Output spells the names with blanks, documents without."""
        wanted = {_squeezed(role) for role in ADD_IN_ROLES}
        held = (role.rpartition("\\")[2] for role in self.assigned_roles)
        return sorted({role for role in held if _squeezed(role) in wanted})


class OwaMailboxPolicy(CmdletDataset):
    """`Get-OwaMailboxPolicy`: any of them can be assigned to a mailbox."""

    key: ClassVar = "exchange.owa_mailbox_policies"

    name: Text
    guid: Text | None = None
    is_default: Bool | None = None
    additional_storage_providers_available: Bool


class TransportConfig(CmdletDataset):
    """`Get-TransportConfig`: the organisation's transport settings."""

    key: ClassVar = "exchange.transport_config"

    smtp_client_authentication_disabled: Bool  # True is the good value


class SharingPolicy(CmdletDataset):
    """`Get-SharingPolicy`; entries look like `Anonymous:CalendarSharingFreeBusySimple`."""

    key: ClassVar = "exchange.sharing_policies"

    name: Text
    identity: Text | None = None
    default: Bool | None = None
    enabled: Bool
    domains: Names

    @property
    def shares_calendars(self) -> bool:
        return any("calendarsharing" in entry.lower() for entry in self.domains)


class DkimSigningConfig(CmdletDataset):
    """`Get-DkimSigningConfig`: a domain that was never set up has no row."""

    key: ClassVar = "exchange.dkim_signing_configs"

    domain: Text | None = None
    name: Text | None = None
    enabled: Bool
    status: Text  # Valid, CnameMissing, NoDKIMKeys, ...
    selector1_cname: Text | None = Field(default=None, alias="Selector1CNAME")
    selector2_cname: Text | None = Field(default=None, alias="Selector2CNAME")

    @property
    def signs(self) -> bool:
        """Enabled can be true while keys or CNAMEs are missing."""
        return self.enabled and self.status.lower() == "valid"


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)


class AdminAuditLogConfig(CmdletDataset):
    """`Get-AdminAuditLogConfig`, read in the Exchange session.

    The compliance session has a cmdlet of the same name that always answers False.
    """

    key: ClassVar = "exchange.admin_audit_log_config"

    unified_audit_log_ingestion_enabled: Bool
    unified_audit_log_first_opt_in_date: Annotated[str | None, BeforeValidator(_shown)] = None
    admin_audit_log_enabled: Bool | None = None
    distinguished_name: Text | None = None

    @property
    def is_from_compliance_session(self) -> bool:
        return _COMPLIANCE_FOREST in (self.distinguished_name or "").lower()


class InsideDomains:
    """The accepted domains, for telling inside addresses from outside ones."""

    def __init__(self, accepted: list[AcceptedDomain]) -> None:
        self._domains = {row.domain_name.lower(): row for row in accepted}

    def holds(self, address: str) -> bool:
        """A name that is not an SMTP address cannot be resolved here and counts as outside."""
        user, at, domain = address.strip().lower().removeprefix("smtp:").rpartition("@")
        if not (user and at and domain):
            return False
        if domain in self._domains:
            return True
        parents = (domain.split(".", n)[n] for n in range(1, domain.count(".") + 1))
        return any(
            self._domains[parent].match_sub_domains for parent in parents if parent in self._domains
        )
