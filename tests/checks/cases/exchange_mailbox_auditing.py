"""Cases of checks/exchange/mailbox_auditing.py."""

from checks.exchange.mailbox_auditing import (
    exchange_mailbox_audit_actions_complete,
    exchange_no_mailbox_audit_bypass,
    exchange_org_mailbox_auditing_enabled,
)
from evidence.exchange import MailboxAuditBypass, OrganizationConfig
from evidence.licences import SubscribedSku
from evidence.recipients import Mailbox
from tests.builders.exchange import audit_bypass, organization_config
from tests.builders.licences import plan, sku
from tests.builders.recipients import mailbox
from tests.checks.case import Case

_COMPLETE = mailbox()
_DEFAULTS = mailbox(
    UserPrincipalName="default@contoso.com",
    AuditAdmin=[a for a in _COMPLETE["AuditAdmin"] if a not in ("Copy", "FolderBind", "Move")],
    AuditDelegate=[a for a in _COMPLETE["AuditDelegate"] if a not in ("FolderBind", "Move")],
    AuditOwner=[a for a in _COMPLETE["AuditOwner"] if a not in ("Create", "MailboxLogin", "Move")],
)
_WITHOUT_AUDIT_SET = {
    name: value for name, value in _COMPLETE.items() if not name.startswith("Audit")
}


def _shouted(name: str) -> list[str]:
    return [action.upper() for action in reversed(_COMPLETE[name])]


CASES = [
    Case(
        exchange_org_mailbox_auditing_enabled,
        "auditing is on",
        given={OrganizationConfig: [organization_config()]},
        expect="pass",
    ),
    Case(
        exchange_org_mailbox_auditing_enabled,
        "auditing is off",
        given={OrganizationConfig: [organization_config(AuditDisabled=True)]},
        expect="fail",
        affected=["contoso.onmicrosoft.com"],
    ),
    Case(
        exchange_org_mailbox_auditing_enabled,
        "auditing is off, written as text, in an organisation without a name",
        given={OrganizationConfig: [organization_config(AuditDisabled="true", Name=None)]},
        expect="fail",
        affected=["the organisation"],
    ),
    Case(
        exchange_org_mailbox_auditing_enabled,
        "the property is null",
        given={OrganizationConfig: [organization_config(AuditDisabled=None)]},
        expect="error",
        says="AuditDisabled",
    ),
    Case(
        exchange_org_mailbox_auditing_enabled,
        "two organisations that differ",
        given={OrganizationConfig: [organization_config(), organization_config(Name="other")]},
        expect="error",
    ),
    Case(
        exchange_org_mailbox_auditing_enabled,
        "the read is denied and the tenant owns Exchange",
        given={SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))]},
        unread={OrganizationConfig: "denied"},
        expect="error",
        says="permission denied",
    ),
    Case(
        exchange_org_mailbox_auditing_enabled,
        "nothing came back and the tenant owns no Exchange",
        given={OrganizationConfig: [], SubscribedSku: [sku()]},
        expect="not_applicable",
        says="no Exchange Online",
    ),
    Case(
        exchange_org_mailbox_auditing_enabled,
        "a successful read is judged whatever the licences say",
        given={
            OrganizationConfig: [organization_config(AuditDisabled=True)],
            SubscribedSku: [sku()],
        },
        expect="fail",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "a fully configured mailbox, in other order and case",
        given={
            Mailbox: [
                mailbox(
                    AuditAdmin=[*_shouted("AuditAdmin"), "RecordDelete"],
                    AuditDelegate=_shouted("AuditDelegate"),
                    AuditOwner=_shouted("AuditOwner"),
                )
            ]
        },
        expect="pass",
        says="All 1",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "Microsoft's defaults lack eight actions",
        given={Mailbox: [mailbox(), _DEFAULTS]},
        expect="fail",
        affected=["default@contoso.com"],
        says="AuditAdmin lacks Copy, FolderBind, Move; AuditDelegate lacks FolderBind, Move; "
        "AuditOwner lacks Create, MailboxLogin, Move",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "one action short",
        given={
            Mailbox: [
                mailbox(
                    AuditOwner=[a for a in _COMPLETE["AuditOwner"] if a != "MailboxLogin"],
                )
            ]
        },
        expect="fail",
        says="1 of 1 user mailboxes",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "complete lists while auditing of the mailbox is off",
        given={Mailbox: [mailbox(AuditEnabled=False)]},
        expect="fail",
        says="AuditEnabled is False",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "a null list audits nothing",
        given={Mailbox: [mailbox(AuditDelegate=None)]},
        expect="fail",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "only a shared mailbox, with empty lists",
        given={
            Mailbox: [mailbox(RecipientTypeDetails="SharedMailbox", AuditAdmin=[], AuditOwner=[])]
        },
        expect="not_applicable",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "a mailbox of an unreadable type",
        given={Mailbox: [mailbox(RecipientTypeDetails=None)]},
        expect="error",
        says="RecipientTypeDetails",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "the audit property set was not asked for",
        given={Mailbox: [_WITHOUT_AUDIT_SET]},
        expect="error",
        says="AuditEnabled is absent",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "the stream was cut after good mailboxes",
        given={Mailbox: [mailbox()]},
        unread={Mailbox: "partial"},
        expect="error",
    ),
    Case(
        exchange_mailbox_audit_actions_complete,
        "the stream was cut after a bad mailbox",
        given={Mailbox: [_DEFAULTS]},
        unread={Mailbox: "partial"},
        expect="fail",
    ),
    Case(
        exchange_no_mailbox_audit_bypass,
        "nobody is exempt",
        given={MailboxAuditBypass: [audit_bypass(f"user{n}") for n in range(42)]},
        expect="pass",
        says="42 accounts",
    ),
    Case(
        exchange_no_mailbox_audit_bypass,
        "a service account is exempt",
        given={
            MailboxAuditBypass: [
                audit_bypass(),
                audit_bypass("svc-backup", AuditBypassEnabled=True),
            ]
        },
        expect="fail",
        affected=["svc-backup (svc-backup)"],
    ),
    Case(
        exchange_no_mailbox_audit_bypass,
        "the exempt account stands beyond the first thousand",
        given={
            MailboxAuditBypass: [
                *[audit_bypass(f"user{n}") for n in range(2500)],
                audit_bypass("svc-backup", AuditBypassEnabled=True),
            ]
        },
        expect="fail",
    ),
    Case(
        exchange_no_mailbox_audit_bypass,
        "nothing returned",
        given={MailboxAuditBypass: []},
        expect="error",
        says="returned nothing",
    ),
    Case(
        exchange_no_mailbox_audit_bypass,
        "the stream ended without its end marker",
        given={MailboxAuditBypass: [audit_bypass(f"user{n}") for n in range(1000)]},
        unread={MailboxAuditBypass: "partial"},
        expect="error",
        says="read only in part",
    ),
    Case(
        exchange_no_mailbox_audit_bypass,
        "a cut stream that already shows an exempt account",
        given={MailboxAuditBypass: [audit_bypass(AuditBypassEnabled="True")]},
        unread={MailboxAuditBypass: "timeout"},
        expect="fail",
    ),
    Case(
        exchange_no_mailbox_audit_bypass,
        "a row without the value",
        given={MailboxAuditBypass: [audit_bypass(), {"Identity": "bob", "Name": "bob"}]},
        expect="error",
        says="AuditBypassEnabled is absent",
    ),
    Case(
        exchange_no_mailbox_audit_bypass,
        "denied",
        given={},
        unread={MailboxAuditBypass: "denied"},
        expect="error",
    ),
]
