"""Cases of Safe Links in checks/exchange/defender.py."""

from typing import Any

from checks.exchange.defender import (
    safe_links_cover_everyone,
)
from evidence.dataset import Dataset
from evidence.licences import SubscribedSku
from evidence.mail_protection import (
    SafeLinksPolicy,
)
from evidence.mail_rules import (
    BuiltInProtectionRule,
    DefenderPresetRule,
    SafeLinksRule,
    ScopeGroup,
)
from evidence.recipients import AcceptedDomain, Mailbox
from tests.builders.protection import (
    PLAN_1,
    built_in_links,
    built_in_rule,
    defender_preset,
    people,
    safe_links_policy,
    safe_links_rule,
    scope_group,
    strict,
)
from tests.builders.recipients import accepted_domain, initial_domain
from tests.checks.case import Case, Rows

Given = dict[type[Dataset], Rows]

BUILT_IN_RULES = (built_in_rule(),)


def surroundings(presets: Rows, mailboxes: Rows | None, groups: Rows, built_in: Rows) -> Given:
    return {
        DefenderPresetRule: presets,
        BuiltInProtectionRule: built_in,
        ScopeGroup: groups,
        Mailbox: people(4) if mailboxes is None else mailboxes,
        AcceptedDomain: [accepted_domain(), initial_domain()],
        SubscribedSku: PLAN_1,
    }


def links(
    *policies: dict[str, Any],
    rules: Rows = (),
    presets: Rows = (),
    mailboxes: Rows | None = None,
    groups: Rows = (),
    built_in: Rows = BUILT_IN_RULES,
) -> Given:
    around = surroundings(presets, mailboxes, groups, built_in)
    return around | {SafeLinksPolicy: [*policies, built_in_links()], SafeLinksRule: rules}


EVERY_DOMAIN = ["contoso.com", "contoso.onmicrosoft.com"]

BUILT_IN = "Built-In Protection Policy"

STRANGE = {"unexpected": {"shape": 1}}

CASES = [
    Case(
        safe_links_cover_everyone,
        "the strict preset for everybody",
        given=links(strict(safe_links_policy()), presets=[defender_preset()]),
        expect="pass",
        says="(Strict preset) governs 4 of 4 mailboxes",
    ),
    Case(
        safe_links_cover_everyone,
        "the strict preset alone, without a built-in policy to fall back to",
        given=links(presets=[defender_preset()]) | {SafeLinksPolicy: [strict(safe_links_policy())]},
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "the preset exists but its rule is off",
        given=links(strict(safe_links_policy()), presets=[defender_preset(State="Disabled")]),
        expect="fail",
        affected=[BUILT_IN],
    ),
    Case(
        safe_links_cover_everyone,
        "only the built-in policy",
        given=links(),
        expect="fail",
        affected=[BUILT_IN],
        says="No preset or custom policy covers 4 of them, in contoso.com",
    ),
    Case(
        safe_links_cover_everyone,
        "a hardened built-in policy",
        given=links()
        | {
            SafeLinksPolicy: [
                built_in_links(
                    EnableForInternalSenders=True, AllowClickThrough=False, DisableUrlRewrite=False
                )
            ]
        },
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "a custom policy for every domain, whatever its rule is called",
        given=links(safe_links_policy(), rules=[safe_links_rule(RecipientDomainIs=EVERY_DOMAIN)]),
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "a rule called like the good policy applies another",
        given=links(
            safe_links_policy(),
            safe_links_policy(Identity="Weak", Name="Weak", TrackClicks=False),
            rules=[safe_links_rule(Identity="Custom", SafeLinksPolicy="Weak")],
        ),
        expect="fail",
        affected=["Weak"],
    ),
    Case(
        safe_links_cover_everyone,
        "a pilot group, then the built-in policy",
        given=links(
            safe_links_policy(),
            rules=[safe_links_rule(RecipientDomainIs=None, SentToMemberOf=["pilot@contoso.com"])],
            groups=[scope_group("Pilot@contoso.com", "p0@contoso.com", "p1@contoso.com")],
            mailboxes=people(50),
        ),
        expect="fail",
        affected=[BUILT_IN],
        says="No preset or custom policy covers 48",
    ),
    Case(
        safe_links_cover_everyone,
        "a bad custom policy behind a strict preset for everybody",
        given=links(
            strict(safe_links_policy()),
            safe_links_policy(AllowClickThrough=True),
            rules=[safe_links_rule()],
            presets=[defender_preset()],
        ),
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "a bad custom policy for one domain in front of a good one",
        given=links(
            safe_links_policy(),
            safe_links_policy(Identity="Bad", Name="Bad", DisableUrlRewrite=True),
            rules=[
                safe_links_rule(Priority=1, RecipientDomainIs=[*EVERY_DOMAIN, "fabrikam.example"]),
                safe_links_rule(
                    Priority=0,
                    Identity="Rule 0",
                    SafeLinksPolicy="Bad",
                    RecipientDomainIs=["fabrikam.example"],
                ),
            ],
            mailboxes=[*people(4), *people(1, "fabrikam.example")],
        ),
        expect="fail",
        affected=["Bad"],
    ),
    Case(
        safe_links_cover_everyone,
        "the same bad policy behind the good one",
        given=links(
            safe_links_policy(),
            safe_links_policy(Identity="Bad", Name="Bad", DisableUrlRewrite=True),
            rules=[
                safe_links_rule(
                    Priority=1,
                    Identity="Rule 0",
                    SafeLinksPolicy="Bad",
                    RecipientDomainIs=["fabrikam.example"],
                ),
                safe_links_rule(Priority=0, RecipientDomainIs=["contoso.com", "fabrikam.example"]),
            ],
            mailboxes=[*people(4), *people(1, "fabrikam.example")],
        ),
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "two kinds of condition both have to match",
        given=links(
            safe_links_policy(),
            rules=[safe_links_rule(SentToMemberOf=["pilot"])],
            groups=[scope_group("pilot", "p0@contoso.com", "p1@contoso.com")],
        ),
        expect="fail",
        says="No preset or custom policy covers 2",
    ),
    Case(
        safe_links_cover_everyone,
        "values of one kind are alternatives, and subdomains count",
        given=links(
            safe_links_policy(),
            rules=[safe_links_rule(RecipientDomainIs=["fabrikam.example", "Contoso.com"])],
            mailboxes=[*people(2), *people(1, "eu.contoso.com"), *people(1, "fabrikam.example")],
        ),
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "a domain that only ends alike is no subdomain",
        given=links(
            safe_links_policy(),
            rules=[safe_links_rule()],
            mailboxes=[*people(1), *people(1, "notcontoso.com")],
        ),
        expect="fail",
    ),
    Case(
        safe_links_cover_everyone,
        "one exception leaves its people to the built-in policy",
        given=links(
            strict(safe_links_policy()),
            presets=[
                defender_preset(
                    ExceptIfSentTo=["p3@contoso.com"], ExceptIfRecipientDomainIs=["other.example"]
                )
            ],
        ),
        expect="fail",
        says="No preset or custom policy covers 1",
    ),
    Case(
        safe_links_cover_everyone,
        "a group that was not found may hide people",
        given=links(
            strict(safe_links_policy()),
            presets=[defender_preset(SentToMemberOf=["all"])],
            groups=[scope_group("all", resolved=False)],
        ),
        expect="fail",
        affected=[BUILT_IN],
        says="perhaps 4 more",
    ),
    Case(
        safe_links_cover_everyone,
        "a nested group hides who its members are",
        given=links(
            strict(safe_links_policy()),
            presets=[defender_preset(ExceptIfSentToMemberOf=["some"])],
            groups=[
                scope_group(
                    "some",
                    members=[
                        {
                            "PrimarySmtpAddress": "nested@contoso.com",
                            "RecipientTypeDetails": "MailUniversalDistributionGroup",
                        }
                    ],
                )
            ],
        ),
        expect="fail",
        affected=[BUILT_IN],
    ),
    Case(
        safe_links_cover_everyone,
        "the members of a group are of no known shape",
        given=links(
            strict(safe_links_policy()),
            presets=[defender_preset(ExceptIfSentToMemberOf=["some"])],
            groups=[scope_group("some", members=[STRANGE])],
        ),
        expect="error",
        says="members cannot be read",
    ),
    Case(
        safe_links_cover_everyone,
        "the members of a group are of no known shape, but what needs none is wrong",
        given=links(groups=[scope_group("some", members=[STRANGE])]),
        expect="fail",
        affected=[BUILT_IN],
    ),
    Case(
        safe_links_cover_everyone,
        "a member who may be a group",
        given=links(
            strict(safe_links_policy()),
            presets=[defender_preset(ExceptIfSentToMemberOf=["some"])],
            groups=[scope_group("some", members=[{"PrimarySmtpAddress": "a@contoso.com"}])],
        ),
        expect="fail",
        affected=[BUILT_IN],
    ),
    Case(
        safe_links_cover_everyone,
        "an empty group covers nobody",
        given=links(
            safe_links_policy(AllowClickThrough=True),
            strict(safe_links_policy()),
            presets=[defender_preset(ExceptIfSentToMemberOf=["nobody"])],
            groups=[scope_group("nobody")],
        ),
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "groups were not read",
        given=links(strict(safe_links_policy()), presets=[defender_preset(SentToMemberOf=["all"])]),
        unread={ScopeGroup: "denied"},
        expect="error",
    ),
    Case(
        safe_links_cover_everyone,
        "groups were not read, but what needs none is wrong",
        given=links(),
        unread={ScopeGroup: "denied"},
        expect="fail",
    ),
]
