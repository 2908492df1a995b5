"""Spam policies and the connection filter."""

from ipaddress import ip_address, ip_network

from checks.exchange.applied_policies import (
    OUTBOUND_SPAM,
    applied_policies,
    require_fallback,
    require_policies,
    spoken,
)
from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import EXCHANGE
from evidence.mail_protection import ConnectionFilterPolicy, InboundSpamPolicy, OutboundSpamPolicy
from evidence.mail_rules import InboundSpamRule, OutboundSpamRule, object_name


@check(OutboundSpamPolicy, OutboundSpamRule, licence=EXCHANGE)
def outbound_spam_admins_notified(evidence: Evidence) -> Verdict:
    """Passes when the default policy copies suspicious mail to somebody, and it and every custom
    policy in force say whom to notify. Exchange honours the copy in the default policy only."""
    require_policies(evidence, OutboundSpamPolicy)
    applied = applied_policies(evidence, OUTBOUND_SPAM)
    affected: list[Affected] = []
    for item in applied.all:
        if item.policy is None:
            continue
        try:
            affected += _silences(item.policy)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    if affected:
        names = {item.resource for item in affected}
        return failed(
            f"{len(names)} outbound spam policies in force do not tell an administrator", affected
        )
    require_fallback(evidence, OUTBOUND_SPAM, applied)
    return passed("Administrators hear of suspicious outbound mail and of blocked senders")


def _silences(policy: OutboundSpamPolicy) -> list[Affected]:
    found: list[Affected] = []
    if policy.is_fallback and not policy.copies_suspicious_mail:
        found += [
            _setting(policy, "BccSuspiciousOutboundMail", policy.bcc_suspicious_outbound_mail),
            _setting(
                policy,
                "BccSuspiciousOutboundAdditionalRecipients",
                policy.bcc_suspicious_outbound_additional_recipients,
            ),
        ]
    if not policy.notifies_of_blocked_senders:
        found += [
            _setting(policy, "NotifyOutboundSpam", policy.notify_outbound_spam),
            _setting(
                policy, "NotifyOutboundSpamRecipients", policy.notify_outbound_spam_recipients
            ),
        ]
    return found


def _setting(policy: OutboundSpamPolicy, name: str, value: bool | list[str] | None) -> Affected:
    return Affected(resource=policy.name, setting=name, actual=spoken(value))


@check(ConnectionFilterPolicy, licence=EXCHANGE)
def connection_filter_no_ip_allow_list(evidence: Evidence) -> Verdict:
    """Passes when no connection filter policy lists an address whose mail is let through."""
    _require_connection_filter(evidence)
    affected = evidence.affected(ConnectionFilterPolicy, _allowed_addresses)
    if affected:
        return failed(
            f"Mail from {len(set(affected))} listed addresses or ranges skips spam filtering",
            affected,
        )
    return passed("No address skips spam filtering")


def _require_connection_filter(evidence: Evidence) -> None:
    if evidence.is_complete(ConnectionFilterPolicy) and not evidence.count(ConnectionFilterPolicy):
        raise EvidenceMissing(ConnectionFilterPolicy.key, "no policy was returned", kind="empty")


def _allowed_addresses(policy: ConnectionFilterPolicy) -> list[Affected]:
    return [
        Affected(resource=policy.name, setting="IPAllowList", actual=_sized(entry))
        for entry in policy.ip_allow_list
    ]


def _sized(entry: str) -> str:
    """An entry with how many addresses it spans: one, a CIDR block, or `first-last`."""
    first, dash, last = entry.partition("-")
    try:
        if dash:
            span = int(ip_address(last.strip())) - int(ip_address(first.strip())) + 1
        else:
            span = ip_network(entry.strip(), strict=False).num_addresses
    except ValueError:
        return entry
    return entry if span == 1 else f"{entry} ({span} addresses)"


@check(ConnectionFilterPolicy, licence=EXCHANGE)
def connection_filter_safe_list_off(evidence: Evidence) -> Verdict:
    """Passes when no connection filter policy uses Microsoft's own list of safe senders."""
    _require_connection_filter(evidence)
    affected = evidence.affected(ConnectionFilterPolicy, _safe_list)
    if affected:
        return failed("Senders on Microsoft's safe list skip spam filtering", affected)
    return passed("The safe list is off")


def _safe_list(policy: ConnectionFilterPolicy) -> Affected | None:
    if not policy.enable_safe_list:
        return None
    return Affected(resource=policy.name, setting="EnableSafeList", actual="true")


@check(InboundSpamPolicy, display=(InboundSpamRule,), licence=EXCHANGE)
def anti_spam_no_allowed_domains(evidence: Evidence) -> Verdict:
    """Passes when no inbound policy, applied or not, lists an allowed sender domain."""
    require_policies(evidence, InboundSpamPolicy)
    affected = evidence.affected(InboundSpamPolicy, _allowed_domains)
    if affected:
        return failed(
            "Mail from the listed domains skips the spam filter",
            affected,
            notes=_not_applied(evidence, {object_name(item.resource) for item in affected}),
        )
    return passed("No domain skips the spam filter")


def _allowed_domains(policy: InboundSpamPolicy) -> Affected | None:
    if not policy.allowed_sender_domains:
        return None
    return Affected(
        resource=policy.name,
        setting="AllowedSenderDomains",
        actual=", ".join(sorted(policy.allowed_sender_domains, key=str.lower)),
    )


def _not_applied(evidence: Evidence, names: set[str]) -> list[str]:
    """Custom policies whose rule is off: the benchmark counts them, an operator wants to know."""
    try:
        return [
            f"The rule of '{rule.policy_name}' is disabled"
            for rule in evidence.shown(InboundSpamRule)
            if not rule.is_enabled and object_name(rule.policy_name) in names
        ]
    except EvidenceMissing:
        return []
