"""Mail flow: forwarding to the outside, rules that skip filters, the tag on outside mail."""

from collections.abc import Iterator

from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, manual, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.exchange import ExternalInOutlook, InsideDomains, TransportRule
from evidence.licences import EXCHANGE
from evidence.mail_protection import OutboundSpamPolicy
from evidence.mail_rules import OutboundSpamRule, object_name
from evidence.recipients import AcceptedDomain


@check(TransportRule, OutboundSpamPolicy, OutboundSpamRule, AcceptedDomain, licence=EXCHANGE)
def exchange_external_forwarding_blocked(evidence: Evidence) -> Verdict:
    """Passes when no active rule sends mail outside and automatic forwarding is Off in the
    default outbound policy and in every custom one whose rule is enabled.

    Automatic is not Off: in older tenants it may act like On.
    """
    rerouted = _rerouted_outside(evidence)
    forwarding = _forwarding_policies(evidence)
    notes = _idle_notes(evidence)
    if rerouted or forwarding:
        counts = {
            "mail flow rules that send mail outside": rerouted,
            "outbound policies that allow forwarding": forwarding,
        }
        parts = [
            f"{len({item.resource for item in items})} {what}"
            for what, items in counts.items()
            if items
        ]
        return failed(f"There are {' and '.join(parts)}", [*rerouted, *forwarding], notes=notes)
    return passed("No rule sends mail outside and automatic forwarding is off", notes=notes)


def _rerouted_outside(evidence: Evidence) -> list[Affected]:
    """Without the whole list of accepted domains no target can be called an outside one."""
    accepted = _accepted(evidence)
    if accepted is None:
        return []

    def judge(rule: TransportRule) -> list[Affected]:
        if not rule.is_active:
            return []
        outside = [
            Affected(resource=rule.name, setting=action, actual=", ".join(sorted(targets)))
            for action, addresses in rule.added_recipients.items()
            if (targets := {item for item in addresses if not accepted.holds(item)})
        ]
        if not (outside or rule.is_readable):
            raise _unreadable(rule)
        return outside

    return evidence.affected(TransportRule, judge)


def _accepted(evidence: Evidence) -> InsideDomains | None:
    domains = list(evidence.seen(AcceptedDomain))
    if not evidence.is_complete(AcceptedDomain):
        return None
    if not domains:
        evidence.gaps.append(
            EvidenceMissing(AcceptedDomain.key, "the read returned nothing", kind="empty")
        )
        return None
    try:
        return InsideDomains(domains)
    except EvidenceMissing as gap:
        evidence.gaps.append(gap)
        return None


def _unreadable(rule: TransportRule) -> EvidenceMissing:
    return EvidenceMissing(
        TransportRule.key, f"Exchange cannot show conditions and actions of the rule {rule.name}"
    )


def _forwarding_policies(evidence: Evidence) -> list[Affected]:
    rules = _enabled_rules(evidence)
    met: set[str] = set()
    defaults: list[str] = []

    def judge(policy: OutboundSpamPolicy) -> Affected | None:
        met.update(policy.names)
        applied = [rules[name] for name in sorted(policy.names) if name in rules]
        if policy.is_default:
            defaults.append(policy.name)
        if not (policy.is_default or applied) or policy.auto_forwarding_mode.lower() == "off":
            return None
        scope = "the default" if policy.is_default else _scope(applied[0])
        return Affected(
            resource=policy.name,
            setting="AutoForwardingMode",
            actual=f"{policy.auto_forwarding_mode} ({scope})",
        )

    affected = evidence.affected(OutboundSpamPolicy, judge)
    if evidence.is_complete(OutboundSpamPolicy):
        evidence.gaps.extend(_missing_policies(met, set(rules), defaults))
    return affected


def _enabled_rules(evidence: Evidence) -> dict[str, OutboundSpamRule]:
    """By the name of the policy they apply."""
    rules: dict[str, OutboundSpamRule] = {}
    for rule in evidence.seen(OutboundSpamRule):
        try:
            if rule.is_enabled:
                rules[object_name(rule.policy_name)] = rule
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return rules


def _missing_policies(
    met: set[str], wanted: set[str], defaults: list[str]
) -> Iterator[EvidenceMissing]:
    if not met:
        yield EvidenceMissing(OutboundSpamPolicy.key, "the read returned nothing", kind="empty")
    elif not defaults:
        yield EvidenceMissing(OutboundSpamPolicy.key, "no default policy was returned")
    if met and wanted - met:
        names = ", ".join(sorted(wanted - met))
        yield EvidenceMissing(OutboundSpamPolicy.key, f"rules apply {names}, not returned")


def _scope(rule: OutboundSpamRule) -> str:
    senders = [*rule.sender, *rule.from_member_of, *rule.sender_domain_is]
    return f"rule priority {rule.priority}, for {', '.join(senders) or 'all senders'}"


def _idle_notes(evidence: Evidence) -> list[str]:
    """Rules that would reroute mail but do not act; shown, never judged."""
    return sorted(
        f"The rule {rule.name} adds recipients but is disabled or in test mode"
        for rule in _readable_rules(evidence)
        if not rule.is_active and any(rule.added_recipients.values())
    )


def _readable_rules(evidence: Evidence) -> Iterator[TransportRule]:
    for rule in evidence.shown(TransportRule):
        try:
            _ = rule.name, rule.is_active, rule.added_recipients, rule.set_scl
        except EvidenceMissing:
            continue
        yield rule


@check(TransportRule, licence=EXCHANGE)
def exchange_no_transport_rule_domain_allowlist(evidence: Evidence) -> Verdict:
    """Passes when no active rule sets SCL -1 for sender domains, the tenant's own included.

    A narrowing condition makes such a rule an exception to be accepted, not a pass. No rule at
    all passes.
    """
    affected = evidence.affected(TransportRule, _skips_filter_for_domains)
    notes = sorted(
        f"The rule {rule.name} sets SCL -1 by words or patterns in the sender's address"
        for rule in _readable_rules(evidence)
        if rule.is_active and rule.skips_spam_filter and not rule.sender_domain_is
        if rule.from_address_contains_words or rule.from_address_matches_patterns
    )
    if affected:
        return failed(
            f"{len(affected)} mail flow rules exempt sender domains from spam filtering",
            affected,
            notes=notes,
        )
    return passed("No mail flow rule exempts a sender domain from spam filtering", notes=notes)


def _skips_filter_for_domains(rule: TransportRule) -> Affected | None:
    if not rule.is_active:
        return None
    if not (rule.sender_domain_is and rule.skips_spam_filter):
        if not rule.is_readable:
            raise _unreadable(rule)
        return None
    domains = ", ".join(sorted(rule.sender_domain_is, key=str.lower))
    narrowed = " (narrowed by a source address or a header)" if _is_narrowed(rule) else ""
    return Affected(
        resource=rule.name, setting="SetSCL -1 for SenderDomainIs", actual=f"{domains}{narrowed}"
    )


def _is_narrowed(rule: TransportRule) -> bool:
    return bool(rule.sender_ip_ranges or rule.header_contains_words)


@check(ExternalInOutlook, licence=EXCHANGE)
def exchange_external_senders_tagged(evidence: Evidence) -> Verdict:
    """Passes when the External tag is on and every exception to it is approved; exceptions that
    are not approved need a person."""
    rows = list(evidence.seen(ExternalInOutlook)) or evidence.all(ExternalInOutlook)
    if not rows:
        raise EvidenceMissing(ExternalInOutlook.key, "the read returned nothing", kind="empty")
    off = [row for row in rows if not row.enabled]
    if off:
        return failed(
            "Outlook does not mark mail from outside senders",
            [Affected(resource=row.label, setting="Enabled", actual="False") for row in off],
        )
    names = evidence.parameter("outlook_external_tag_approved_entries")
    approved = {name.strip().lower() for name in names}
    open_entries = {
        entry for row in rows for entry in row.allow_list if entry.strip().lower() not in approved
    }
    if open_entries:
        return manual(
            f"Confirm that {len(open_entries)} senders and domains may appear without the tag",
            [_exempt(entry) for entry in open_entries],
        )
    return passed("Outlook marks mail from outside senders")


def _exempt(entry: str) -> Affected:
    if entry.startswith("*."):
        kind = "all subdomains"
    else:
        kind = "one sender" if "@" in entry else "a whole domain"
    return Affected(resource=entry, setting="AllowList", actual=f"not approved: {kind}")
