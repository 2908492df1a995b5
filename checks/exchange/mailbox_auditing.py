"""Mailbox auditing: the organisation's switch, each mailbox's actions, exempt accounts."""

from collections import Counter

from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.exchange import MailboxAuditBypass, OrganizationConfig
from evidence.licences import EXCHANGE
from evidence.recipients import Mailbox

_EVERYONE = (
    "ApplyRecord",
    "Create",
    "HardDelete",
    "MailItemsAccessed",
    "Move",
    "MoveToDeletedItems",
    "SoftDelete",
    "Update",
    "UpdateFolderPermissions",
    "UpdateInboxRules",
)
_ADMIN = (
    *_EVERYONE,
    "Copy",
    "FolderBind",
    "Send",
    "SendAs",
    "SendOnBehalf",
    "UpdateCalendarDelegation",
)
_DELEGATE = (*_EVERYONE, "FolderBind", "SendAs", "SendOnBehalf")
_OWNER = (*_EVERYONE, "MailboxLogin", "Send", "UpdateCalendarDelegation")
_SHOWN_PATTERNS = 5


@check(OrganizationConfig, licence=EXCHANGE)
def exchange_org_mailbox_auditing_enabled(evidence: Evidence) -> Verdict:
    """Passes when auditing is not disabled for the organisation."""
    config = evidence.one(OrganizationConfig)
    if not config.audit_disabled:
        return passed("Mailbox auditing is on for the organisation")
    return failed(
        "Mailbox auditing is switched off for the whole organisation",
        [Affected(resource=config.label, setting="AuditDisabled", actual="True")],
    )


@check(Mailbox, licence=EXCHANGE)
def exchange_mailbox_audit_actions_complete(evidence: Evidence) -> Verdict:
    """Passes when every user mailbox audits all actions; other mailbox types are out of scope.

    Without any user mailbox there is nothing to judge.
    """
    patterns: Counter[str] = Counter()

    def judge(mailbox: Mailbox) -> Affected | None:
        if not mailbox.is_user_mailbox:
            return None
        gap = _audit_gap(mailbox)
        patterns[gap] += 1
        if not gap:
            return None
        return Affected(resource=mailbox.user_principal_name, setting="Mailbox audit", actual=gap)

    affected = evidence.affected(Mailbox, judge)
    judged, complete = patterns.total(), patterns.pop("", 0)
    if affected:
        return failed(
            f"{judged - complete} of {judged} user mailboxes do not audit every action",
            affected,
            notes=_pattern_notes(patterns),
        )
    if not judged:
        return not_applicable("The tenant has no user mailbox")
    return passed(f"All {judged} user mailboxes audit the full set of actions")


def _audit_gap(mailbox: Mailbox) -> str:
    """What a mailbox lacks, in words; empty when it audits everything."""
    lacks = [] if mailbox.audit_enabled else ["AuditEnabled is False"]
    for setting, wanted, audited in (
        ("AuditAdmin", _ADMIN, mailbox.audit_admin),
        ("AuditDelegate", _DELEGATE, mailbox.audit_delegate),
        ("AuditOwner", _OWNER, mailbox.audit_owner),
    ):
        found = {action.strip().lower() for action in audited}
        missing = sorted(action for action in wanted if action.lower() not in found)
        if missing:
            lacks.append(f"{setting} lacks {', '.join(missing)}")
    return "; ".join(lacks)


def _pattern_notes(patterns: Counter[str]) -> list[str]:
    common = [f"{count} mailboxes: {gap}" for gap, count in patterns.most_common(_SHOWN_PATTERNS)]
    more = len(patterns) - len(common)
    return [*common, f"{more} further patterns"] if more else common


@check(MailboxAuditBypass, licence=EXCHANGE)
def exchange_no_mailbox_audit_bypass(evidence: Evidence) -> Verdict:
    """Passes when accounts were listed and none is exempt from mailbox auditing."""
    affected = evidence.affected(MailboxAuditBypass, _bypassed)
    if affected:
        return failed(
            f"{len(affected)} accounts leave no trace in the mailboxes they touch", affected
        )
    if evidence.is_complete(MailboxAuditBypass) and not evidence.count(MailboxAuditBypass):
        raise EvidenceMissing(MailboxAuditBypass.key, "the read returned nothing", kind="empty")
    return passed(f"None of {evidence.count(MailboxAuditBypass)} accounts is exempt from auditing")


def _bypassed(row: MailboxAuditBypass) -> Affected | None:
    if not row.audit_bypass_enabled:
        return None
    return Affected(resource=row.label, setting="AuditBypassEnabled", actual="True")
