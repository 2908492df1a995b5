"""Anti-phishing policies: how well impersonation is caught, and for how many."""

from typing import Any

from checks.exchange.applied_policies import (
    ANTI_PHISH,
    Wanted,
    is_on,
    require_policies,
    says,
    wrong_settings,
)
from checks.exchange.effective_policy import (
    Population,
    Share,
    govern,
    mailbox_addresses,
    read_shares,
    refuse_unread_groups,
)
from checks.exchange.plan_gate import unlicensed
from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import DEFENDER
from evidence.mail_protection import AntiPhishPolicy
from evidence.mail_rules import (
    AntiPhishRule,
    DefenderPresetRule,
    ExceptingRule,
    ExchangePresetRule,
    ScopeGroup,
)
from evidence.recipients import Mailbox

AGGRESSIVE = 3


def _aggressive(value: Any) -> bool:
    return isinstance(value, int) and value >= AGGRESSIVE


_WANTED: Wanted = {
    "enabled": is_on,
    "phish_threshold_level": _aggressive,
    "enable_targeted_user_protection": is_on,
    "targeted_users_to_protect": lambda users: any(user.strip() for user in users),
    "enable_organization_domains_protection": is_on,
    "enable_mailbox_intelligence": is_on,
    "enable_mailbox_intelligence_protection": is_on,
    "enable_spoof_intelligence": is_on,
    "targeted_user_protection_action": says("Quarantine"),
    "targeted_domain_protection_action": says("Quarantine"),
    "mailbox_intelligence_protection_action": says("Quarantine"),
    "enable_first_contact_safety_tips": is_on,
    "enable_similar_users_safety_tips": is_on,
    "enable_similar_domains_safety_tips": is_on,
    "enable_unusual_characters_safety_tips": is_on,
    "honor_dmarc_policy": is_on,
}


@check(
    AntiPhishPolicy,
    AntiPhishRule,
    ExchangePresetRule,
    Mailbox,
    ScopeGroup,
    display=(DefenderPresetRule,),
    licence=DEFENDER,
)
def anti_phishing_covers_majority(evidence: Evidence) -> Verdict:
    """Passes when more than half of the user mailboxes are governed, for certain, by a policy
    that has all sixteen settings. Every tenant has anti-phishing policies: only a preset rule of
    the Defender half proves that the licence is there."""
    if refusal := unlicensed(evidence, DEFENDER, proof=DefenderPresetRule):
        return refusal
    require_policies(evidence, AntiPhishPolicy)
    users = (mailbox for mailbox in evidence.each(Mailbox) if mailbox.is_user_mailbox)
    people = Population(mailbox_addresses(evidence, users))
    if not people.addresses and not evidence.gaps:
        return not_applicable("The tenant has no user mailbox")
    applied, shares = read_shares(evidence, ANTI_PHISH)
    governance = govern(shares, people)
    if governance.uncaught and not applied.fallback:
        evidence.gaps.append(EvidenceMissing(AntiPhishPolicy.key, "no default policy came back"))
    wrong = {share.applied.label: _wrong(share) for share in governance.shares}
    good = [share for share in governance.shares if not wrong[share.applied.label]]
    covered = sum(share.certain for share in good)
    notes = [*governance.notes, *_exceptions(good)]
    said = f"{covered} of {governance.total} user mailboxes have full impersonation protection"
    if covered * 2 > governance.total:
        return passed(said, notes=notes)
    if (covered + sum(share.possible for share in good)) * 2 > governance.total:
        refuse_unread_groups(evidence)
    if doubts := [gap for gap in evidence.gaps if gap.dataset != ScopeGroup.key]:
        raise doubts[0]  # what could not be read might make the majority
    return failed(said, [item for found in wrong.values() for item in found], notes=notes)


def _wrong(share: Share[AntiPhishPolicy]) -> list[Affected]:
    if share.applied.policy is None:
        return [Affected(resource=share.applied.name, setting="policy", actual="not returned")]
    return wrong_settings(share.applied.policy, _WANTED)


def _exceptions(shares: list[Share[AntiPhishPolicy]]) -> list[str]:
    return [
        f"{share.applied.label} excepts {name} {value}"
        for share in shares
        if isinstance(share.applied.rule, ExceptingRule)
        for name, value in share.applied.rule.exceptions
    ]
