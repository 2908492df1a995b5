"""Cases of checks/exchange/antiphishing.py."""

from typing import Any

from checks.exchange.antiphishing import anti_phishing_covers_majority
from evidence.dataset import Dataset
from evidence.licences import SubscribedSku
from evidence.mail_protection import AntiPhishPolicy
from evidence.mail_rules import AntiPhishRule, DefenderPresetRule, ExchangePresetRule, ScopeGroup
from evidence.recipients import Mailbox
from tests.builders.protection import (
    PLAN_1,
    STANDARD_POLICY,
    UNLICENSED,
    anti_phish_policy,
    anti_phish_rule,
    custom,
    defender_preset,
    exchange_preset,
    people,
    scope_group,
    standard_exchange_preset,
    strict,
)
from tests.checks.case import Case, Rows

WEAK_DEFAULT = anti_phish_policy(PhishThresholdLevel=1)


def tenant(
    *policies: dict[str, Any],
    rules: Rows = (),
    presets: Rows = (),
    mailboxes: Rows | None = None,
    groups: Rows = (),
    skus: Rows = PLAN_1,
) -> dict[type[Dataset], Rows]:
    return {
        AntiPhishPolicy: policies,
        AntiPhishRule: rules,
        ExchangePresetRule: presets,
        Mailbox: people(8) if mailboxes is None else mailboxes,
        ScopeGroup: groups,
        SubscribedSku: skus,
    }


def for_first(count: int, **changes: Any) -> dict[str, Any]:
    """A rule for the first mailboxes, by address."""
    names = [f"p{number}@contoso.com" for number in range(count)]
    return anti_phish_rule(RecipientDomainIs=None, SentTo=names) | changes


def judged(name: str, expect: str, given: dict[type[Dataset], Rows], **more: Any) -> Case:
    return Case(anti_phishing_covers_majority, name, given=given, expect=expect, **more)


GOOD = custom(anti_phish_policy())
STANDARD = custom(
    anti_phish_policy(MailboxIntelligenceProtectionAction="MoveToJmf"),
    STANDARD_POLICY,
    RecommendedPolicyType="Standard",
)

WRONG_VALUES: dict[str, Any] = {
    "Enabled": False,
    "PhishThresholdLevel": 2,
    "EnableTargetedUserProtection": False,
    "TargetedUsersToProtect": [],
    "EnableOrganizationDomainsProtection": False,
    "EnableMailboxIntelligence": False,
    "EnableMailboxIntelligenceProtection": None,
    "EnableSpoofIntelligence": False,
    "TargetedUserProtectionAction": "NoAction",
    "TargetedDomainProtectionAction": "Redirect",
    "MailboxIntelligenceProtectionAction": "MoveToJmf",
    "EnableFirstContactSafetyTips": False,
    "EnableSimilarUsersSafetyTips": False,
    "EnableSimilarDomainsSafetyTips": False,
    "EnableUnusualCharactersSafetyTips": False,
    "HonorDmarcPolicy": False,
}

CASES = [
    judged(
        "a custom policy for every domain",
        "pass",
        tenant(WEAK_DEFAULT, GOOD, rules=[anti_phish_rule()]),
        says="8 of 8",
    ),
    judged(
        "exactly half",
        "fail",
        tenant(WEAK_DEFAULT, GOOD, rules=[for_first(4)]),
        affected=["Office365 AntiPhish Default"],
        says="4 of 8",
    ),
    judged(
        "just over half",
        "pass",
        tenant(WEAK_DEFAULT, GOOD, rules=[for_first(5)]),
        says="5 of 8",
    ),
    judged(
        "two good policies together",
        "pass",
        tenant(
            WEAK_DEFAULT,
            GOOD,
            custom(anti_phish_policy(), "Other"),
            rules=[
                for_first(3),
                for_first(5, Identity="Rule 2", Priority=1, AntiPhishPolicy="Other"),
            ],
        ),
    ),
    judged(
        "the standard preset moves mail to the junk folder",
        "fail",
        tenant(WEAK_DEFAULT, STANDARD, presets=[standard_exchange_preset()]),
        affected=[STANDARD_POLICY],
    ),
    judged(
        "the strict preset protects nobody by name",
        "fail",
        tenant(
            WEAK_DEFAULT,
            strict(anti_phish_policy(TargetedUsersToProtect=[])),
            presets=[exchange_preset()],
        ),
    ),
    judged(
        "the strict preset with protected users",
        "pass",
        tenant(
            WEAK_DEFAULT,
            strict(anti_phish_policy(PhishThresholdLevel=4)),
            presets=[exchange_preset()],
        ),
    ),
    judged(
        "the strict preset is tried before the standard one",
        "pass",
        tenant(
            WEAK_DEFAULT,
            STANDARD,
            strict(anti_phish_policy()),
            presets=[standard_exchange_preset(Priority=0), exchange_preset(Priority=1)],
        ),
    ),
    judged(
        "the preset's rule is off",
        "fail",
        tenant(
            WEAK_DEFAULT, strict(anti_phish_policy()), presets=[exchange_preset(State="Disabled")]
        ),
    ),
    judged(
        "the custom rule is off, though the policy says enabled",
        "fail",
        tenant(WEAK_DEFAULT, GOOD, rules=[anti_phish_rule(State="Disabled")]),
    ),
    judged(
        "a hardened default policy under another name",
        "pass",
        tenant(anti_phish_policy(Identity="Ours", Name="Ours")),
    ),
    judged(
        "a level as text",
        "pass",
        tenant(anti_phish_policy(PhishThresholdLevel="4")),
    ),
    *(
        judged(
            f"{setting} alone is wrong",
            "fail",
            tenant(anti_phish_policy(**{setting: value})),
            affected=["Office365 AntiPhish Default"],
        )
        for setting, value in WRONG_VALUES.items()
    ),
    judged(
        "people whose policy hangs on a group that was not found do not count",
        "fail",
        tenant(
            WEAK_DEFAULT,
            GOOD,
            rules=[anti_phish_rule(ExceptIfSentToMemberOf=["some"])],
            groups=[scope_group("some", resolved=False)],
        ),
        says="0 of 8",
    ),
    judged(
        "exceptions of a good policy are shown",
        "pass",
        tenant(WEAK_DEFAULT, GOOD, rules=[anti_phish_rule(ExceptIfSentTo=["p0@contoso.com"])]),
        says="excepts ExceptIfSentTo p0@contoso.com",
    ),
    judged(
        "shared mailboxes do not count",
        "fail",
        tenant(
            WEAK_DEFAULT,
            GOOD,
            rules=[for_first(1)],
            mailboxes=[
                *people(2),
                *people(9, "shared.example", RecipientTypeDetails="SharedMailbox"),
            ],
        ),
        says="1 of 2",
    ),
    judged(
        "groups were not read, and might make the majority",
        "error",
        tenant(WEAK_DEFAULT, GOOD, rules=[anti_phish_rule(SentToMemberOf=["all"])]),
        unread={ScopeGroup: "denied"},
    ),
    judged(
        "groups were not read, and would not help",
        "fail",
        tenant(WEAK_DEFAULT),
        unread={ScopeGroup: "denied"},
    ),
    judged(
        "a type of mailbox that cannot be read",
        "error",
        tenant(WEAK_DEFAULT, mailboxes=people(3, RecipientTypeDetails=None)),
    ),
    judged("no user mailbox", "not_applicable", tenant(WEAK_DEFAULT, mailboxes=[])),
    judged(
        "no plan, though the default policy was returned",
        "not_applicable",
        tenant(WEAK_DEFAULT, skus=UNLICENSED),
    ),
    judged(
        "a preset of the Defender half proves the plan that the inventory lacks",
        "fail",
        tenant(WEAK_DEFAULT, skus=UNLICENSED) | {DefenderPresetRule: [defender_preset()]},
    ),
    judged(
        "an unread inventory applies no gate",
        "fail",
        tenant(WEAK_DEFAULT),
        unread={SubscribedSku: "denied"},
    ),
    judged("not a single licence", "error", tenant(WEAK_DEFAULT, skus=[])),
    judged(
        "mailboxes were not read",
        "error",
        tenant(WEAK_DEFAULT),
        unread={Mailbox: "timeout"},
    ),
    judged("rules were not read", "error", tenant(WEAK_DEFAULT), unread={AntiPhishRule: "denied"}),
    judged(
        "a rule applies a policy that was not returned",
        "error",
        tenant(WEAK_DEFAULT, rules=[anti_phish_rule()]),
    ),
    judged("no policy at all", "error", tenant()),
]
