"""Which threat policies of a tenant are applied, and in which order their rules are tried."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from contracts.verdict import Affected
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.mail_protection import (
    AntiPhishPolicy,
    MailPolicy,
    MalwarePolicy,
    OutboundSpamPolicy,
    SafeAttachmentPolicy,
    SafeLinksPolicy,
)
from evidence.mail_rules import (
    AntiPhishRule,
    BuiltInProtectionRule,
    DefenderPresetRule,
    ExchangePresetRule,
    MalwareRule,
    OutboundSpamRule,
    PresetRule,
    RecipientRule,
    SafeAttachmentRule,
    SafeLinksRule,
    object_name,
    policy_of_preset,
)

Policy = TypeVar("Policy", bound=MailPolicy)
STRICT, STANDARD, CUSTOM = "Strict preset", "Standard preset", "custom"
_ORDER = {STRICT: 0, STANDARD: 1, CUSTOM: 2}


@dataclass(frozen=True)
class Family(Generic[Policy]):
    """The policies of one kind of threat, and what names them."""

    policies: type[Policy]
    rules: type[RecipientRule] | type[OutboundSpamRule]
    presets: type[PresetRule] | None = None
    preset_policy: Callable[[Any], str | None] = lambda rule: None
    built_in: type[BuiltInProtectionRule] | None = None

    @property
    def fallback(self) -> str:
        return "built-in" if self.built_in else "default"


OUTBOUND_SPAM = Family(OutboundSpamPolicy, OutboundSpamRule)
MALWARE = Family(
    MalwarePolicy, MalwareRule, ExchangePresetRule, lambda rule: rule.malware_filter_policy
)
MALWARE_WITHOUT_PRESETS = Family(MalwarePolicy, MalwareRule)
ANTI_PHISH = Family(
    AntiPhishPolicy, AntiPhishRule, ExchangePresetRule, lambda rule: rule.anti_phish_policy
)
SAFE_LINKS = Family(
    SafeLinksPolicy,
    SafeLinksRule,
    DefenderPresetRule,
    lambda rule: rule.safe_links_policy,
    BuiltInProtectionRule,
)
SAFE_ATTACHMENTS = Family(
    SafeAttachmentPolicy,
    SafeAttachmentRule,
    DefenderPresetRule,
    lambda rule: rule.safe_attachment_policy,
    BuiltInProtectionRule,
)


@dataclass(frozen=True)
class Applied(Generic[Policy]):
    """A policy that an enabled rule applies, or the fallback, which has no rule.

    `policy` is None when the rule names one that was not returned.
    """

    policy: Policy | None
    kind: str
    name: str
    priority: int | None = None
    rule: RecipientRule | OutboundSpamRule | None = None

    @property
    def label(self) -> str:
        rank = f", priority {self.priority}" if self.kind == CUSTOM else ""
        return f"{self.name} ({self.kind}{rank})"


@dataclass
class AppliedPolicies(Generic[Policy]):
    """In the order in which they are tried, the fallback last. `unclear` rows could not be read:
    what they hide may come before anything listed."""

    tried: list[Applied[Policy]] = field(default_factory=list)
    fallback: Applied[Policy] | None = None
    unclear: list[EvidenceMissing] = field(default_factory=list)

    def add(self, item: Applied[Policy]) -> None:
        """A row that arrived twice is one rule."""
        if item not in self.tried:
            self.tried.append(item)

    @property
    def all(self) -> list[Applied[Policy]]:
        return [*self.tried, self.fallback] if self.fallback else self.tried


def applied_policies(evidence: Evidence, family: Family[Policy]) -> AppliedPolicies[Policy]:
    """Over what was read; every doubt is left in the evidence's gaps."""
    found: AppliedPolicies[Policy] = AppliedPolicies()
    by_name: dict[str, Policy] = {}
    for policy in evidence.seen(family.policies):
        try:
            by_name |= dict.fromkeys(policy.names, policy)
            if policy.is_fallback:
                _set_fallback(found, family, policy)
        except EvidenceMissing as gap:
            found.unclear.append(gap)
    for rule in evidence.seen(family.rules):
        try:
            if rule.is_enabled:
                found.add(_custom(rule, by_name))
        except EvidenceMissing as gap:
            found.unclear.append(gap)
    if family.presets:
        for preset in evidence.seen(family.presets):
            try:
                if preset.is_enabled:
                    found.add(_preset(preset, family, by_name))
            except EvidenceMissing as gap:
                found.unclear.append(gap)
    found.tried.sort(key=lambda item: (_ORDER[item.kind], item.priority or 0, item.name))
    evidence.gaps += found.unclear
    evidence.gaps += [
        EvidenceMissing(
            family.policies.key, f"a rule applies '{item.name}', which was not returned"
        )
        for item in found.tried
        if item.policy is None
    ]
    return found


def _set_fallback(found: AppliedPolicies[Policy], family: Family[Policy], policy: Policy) -> None:
    if found.fallback and found.fallback.policy != policy:
        raise EvidenceMissing(policy.key, f"more than one {family.fallback} policy")
    found.fallback = Applied(policy, family.fallback, policy.name)


def _custom(rule: RecipientRule | OutboundSpamRule, by_name: dict[str, Policy]) -> Applied[Policy]:
    if rule.priority is None:
        raise EvidenceMissing(rule.key, f"'{rule.identity}' has no priority")
    policy = by_name.get(object_name(rule.policy_name))
    name = policy.name if policy else rule.policy_name
    return Applied(policy, CUSTOM, name, rule.priority, rule)


def _preset(
    rule: PresetRule, family: Family[Policy], by_name: dict[str, Policy]
) -> Applied[Policy]:
    if not (rule.is_strict or rule.is_standard):
        raise EvidenceMissing(rule.key, f"'{rule.identity}' is no preset that is known")
    wanted = policy_of_preset(rule, family.preset_policy(rule))
    policy = by_name.get(object_name(wanted))
    kind = STRICT if rule.is_strict else STANDARD
    return Applied(policy, kind, policy.name if policy else wanted, rule.priority, rule)


def require_policies(evidence: Evidence, dataset: type[MailPolicy]) -> None:
    """Every tenant that owns the feature has at least the policy Microsoft made."""
    if evidence.is_complete(dataset) and not evidence.count(dataset):
        raise EvidenceMissing(dataset.key, "not a single policy was returned", kind="empty")


def require_fallback(
    evidence: Evidence, family: Family[Policy], applied: AppliedPolicies[Policy]
) -> None:
    """No tenant is without its default policy: not to see it is never an answer."""
    if applied.fallback is None:
        unseen = EvidenceMissing(family.policies.key, f"no {family.fallback} policy was returned")
        raise evidence.gaps[0] if evidence.gaps else unseen


def is_on(value: Any) -> bool:
    return value is True


def is_off(value: Any) -> bool:
    """Null is not off."""
    return value is False


def says(word: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value.strip().lower() == word.lower()


Wanted = Mapping[str, Callable[[Any], bool]]


def wrong_settings(policy: MailPolicy, wanted: Wanted) -> list[Affected]:
    """What of a policy is not as wanted; `wanted` goes by attribute, the answer by wire name."""
    found = []
    for attribute, is_right in wanted.items():
        value = getattr(policy, attribute)
        if not is_right(value):
            setting = type(policy).model_fields[attribute].alias or attribute
            found.append(Affected(resource=policy.name, setting=setting, actual=spoken(value)))
    return found


def spoken(value: Any) -> str:
    """A value as an operator reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(item for item in value if item.strip()) or "empty"
    if value is None:
        return "not set"
    return str(value).strip() or "empty"
