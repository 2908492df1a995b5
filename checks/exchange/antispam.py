"""Spam policies and the connection filter."""

from checks.registry import check
from contracts.verdict import Affected, Verdict, errored, failed, passed
from evidence.evidence import Evidence
from evidence.mail_protection import InboundSpamPolicy, InboundSpamRule


@check(InboundSpamPolicy, display=(InboundSpamRule,))
def anti_spam_no_allowed_domains(evidence: Evidence) -> Verdict:
    """Passes when no inbound policy, applied or not, lists an allowed sender domain."""
    if evidence.is_complete(InboundSpamPolicy) and not evidence.count(InboundSpamPolicy):
        return errored("Exchange returned no inbound policy, not even the default one")
    affected = evidence.affected(InboundSpamPolicy, _allowed_domains)
    if affected:
        return failed("Mail from the listed domains skips the spam filter", affected)
    return passed("No domain skips the spam filter")


def _allowed_domains(policy: InboundSpamPolicy) -> Affected | None:
    if not policy.allowed_sender_domains:
        return None
    return Affected(
        resource=policy.name,
        setting="AllowedSenderDomains",
        actual=", ".join(sorted(policy.allowed_sender_domains, key=str.lower)),
    )
