"""Cases of checks/exchange/defender.py."""

from typing import Any

from checks.exchange.defender import (
    safe_attachments_cover_everyone,
    safe_attachments_for_files_on,
    safe_links_cover_everyone,
    teams_zero_hour_purge_on,
)
from evidence.dataset import Dataset
from evidence.licences import SubscribedSku
from evidence.mail_protection import (
    FileProtectionPolicy,
    SafeAttachmentPolicy,
    SafeLinksPolicy,
    TeamsProtectionPolicy,
)
from evidence.mail_rules import (
    BuiltInProtectionRule,
    DefenderPresetRule,
    SafeAttachmentRule,
    SafeLinksRule,
    ScopeGroup,
    TeamsProtectionRule,
)
from evidence.recipients import AcceptedDomain, Mailbox
from tests.builders.protection import (
    PLAN_1,
    PLAN_2,
    UNLICENSED,
    built_in_links,
    built_in_rule,
    custom,
    defender_preset,
    file_protection,
    people,
    safe_attachment_policy,
    safe_attachment_rule,
    safe_links_policy,
    safe_links_rule,
    scope_group,
    strict,
    teams_protection,
    teams_protection_rule,
)
from tests.builders.recipients import accepted_domain, initial_domain, mailbox
from tests.checks.case import Case, Rows

Given = dict[type[Dataset], Rows]
BUILT_IN_RULES = (built_in_rule(),)
APPROVED = {
    "approved_exceptions": {
        "teams_zero_hour_purge_on": [
            {"id": "research", "reason": "r", "approved_by": "a", "expires": "2027-01-01"}
        ]
    }
}
EXPIRED = {
    "approved_exceptions": {
        "teams_zero_hour_purge_on": [
            {"id": "Research", "reason": "r", "approved_by": "a", "expires": "2026-05-03"}
        ]
    }
}


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


def attachments(
    *policies: dict[str, Any],
    rules: Rows = (),
    presets: Rows = (),
    mailboxes: Rows | None = None,
    groups: Rows = (),
    built_in: Rows = BUILT_IN_RULES,
) -> Given:
    around = surroundings(presets, mailboxes, groups, built_in)
    return around | {SafeAttachmentPolicy: policies, SafeAttachmentRule: rules}


ATTACHMENTS_OFF = custom(safe_attachment_policy(Enable=False))
EVERY_DOMAIN = ["contoso.com", "contoso.onmicrosoft.com"]
BUILT_IN = "Built-In Protection Policy"

LINKS = [
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
    Case(
        safe_links_cover_everyone,
        "no mailbox was read: the domains stand for them",
        given=links(strict(safe_links_policy()), presets=[defender_preset()], mailboxes=[]),
        unread={Mailbox: "timeout"},
        expect="pass",
        says="of 2 addresses",
    ),
    Case(
        safe_links_cover_everyone,
        "no mailbox was read, and one domain is not covered",
        given=links(safe_links_policy(), rules=[safe_links_rule()], mailboxes=[]),
        unread={Mailbox: "timeout"},
        expect="fail",
        affected=[BUILT_IN],
        says="in contoso.onmicrosoft.com",
    ),
    Case(
        safe_links_cover_everyone,
        "no mailbox was read: people that rules name are people",
        given=links(
            strict(safe_links_policy()),
            presets=[defender_preset(ExceptIfSentTo=["ceo@contoso.com"])],
            mailboxes=[],
        ),
        unread={Mailbox: "timeout"},
        expect="fail",
        affected=[BUILT_IN],
    ),
    Case(
        safe_links_cover_everyone,
        "neither mailboxes nor domains were read",
        given=links(strict(safe_links_policy()), presets=[defender_preset()], mailboxes=[])
        | {AcceptedDomain: []},
        unread={Mailbox: "timeout", AcceptedDomain: "timeout"},
        expect="error",
    ),
    Case(
        safe_links_cover_everyone,
        "mailboxes were read in part",
        given=links(strict(safe_links_policy()), presets=[defender_preset()]),
        unread={Mailbox: "partial"},
        expect="error",
    ),
    Case(
        safe_links_cover_everyone,
        "part of the mailboxes already prove a fail",
        given=links(),
        unread={Mailbox: "partial"},
        expect="fail",
    ),
    Case(
        safe_links_cover_everyone,
        "the discovery mailbox is nobody",
        given=links(
            safe_links_policy(),
            rules=[safe_links_rule()],
            mailboxes=[
                *people(2),
                mailbox(
                    PrimarySmtpAddress="d@contoso.onmicrosoft.com",
                    RecipientTypeDetails="DiscoveryMailbox",
                ),
            ],
        ),
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "null is not met",
        given=links(safe_links_policy(TrackClicks=None), rules=[safe_links_rule()]),
        expect="fail",
        affected=["Custom"],
    ),
    Case(
        safe_links_cover_everyone,
        "a property is absent",
        given=links(
            {k: v for k, v in safe_links_policy().items() if k != "TrackClicks"},
            rules=[safe_links_rule()],
        ),
        expect="error",
        says="TrackClicks is absent",
    ),
    Case(
        safe_links_cover_everyone,
        "a rule applies a policy that was not returned",
        given=links(rules=[safe_links_rule()]),
        expect="error",
    ),
    Case(
        safe_links_cover_everyone,
        "rules were not read: the built-in policy may govern nobody",
        given=links(),
        unread={SafeLinksRule: "denied"},
        expect="error",
    ),
    Case(
        safe_links_cover_everyone,
        "no policy at all, not even the built-in one",
        given=links() | {SafeLinksPolicy: []},
        expect="error",
    ),
    Case(
        safe_links_cover_everyone,
        "the command is missing in a tenant that owns the plan",
        given=links(),
        unread={SafeLinksPolicy: "missing-cmdlet", SafeLinksRule: "missing-cmdlet"},
        expect="error",
    ),
    Case(
        safe_links_cover_everyone,
        "no plan",
        given={SubscribedSku: UNLICENSED},
        unread={SafeLinksPolicy: "missing-cmdlet", SafeLinksRule: "missing-cmdlet"},
        expect="not_applicable",
    ),
    Case(
        safe_links_cover_everyone,
        "no plan and nothing returned",
        given=links() | {SafeLinksPolicy: [], SubscribedSku: UNLICENSED},
        expect="not_applicable",
    ),
    Case(
        safe_links_cover_everyone,
        "a read that succeeded is judged, whatever the licence says",
        given=links() | {SubscribedSku: UNLICENSED},
        expect="fail",
    ),
]

ATTACHMENTS = [
    Case(
        safe_attachments_cover_everyone,
        "only the built-in policy",
        given=attachments(safe_attachment_policy()),
        expect="pass",
    ),
    Case(
        safe_attachments_cover_everyone,
        "only the built-in policy, and its rule was not listed",
        given=attachments(safe_attachment_policy(), built_in=[]),
        expect="pass",
    ),
    Case(
        safe_attachments_cover_everyone,
        "dynamic delivery for every domain",
        given=attachments(
            safe_attachment_policy(),
            custom(safe_attachment_policy(Action="DynamicDelivery")),
            rules=[safe_attachment_rule()],
        ),
        expect="fail",
        affected=["Custom"],
    ),
    Case(
        safe_attachments_cover_everyone,
        "scanning is off for one domain",
        given=attachments(
            safe_attachment_policy(),
            ATTACHMENTS_OFF,
            rules=[safe_attachment_rule(RecipientDomainIs=["fabrikam.example"])],
            mailboxes=[*people(3), *people(1, "fabrikam.example")],
        ),
        expect="fail",
        affected=["Custom"],
        says="governs 1 of 4",
    ),
    Case(
        safe_attachments_cover_everyone,
        "a weak policy whose rule is off",
        given=attachments(
            safe_attachment_policy(),
            custom(safe_attachment_policy(Action="Allow")),
            rules=[safe_attachment_rule(State="Disabled")],
        ),
        expect="pass",
    ),
    Case(
        safe_attachments_cover_everyone,
        "people who may release what was caught",
        given=attachments(safe_attachment_policy(QuarantineTag="DefaultFullAccessPolicy")),
        expect="fail",
        affected=[BUILT_IN],
    ),
    Case(
        safe_attachments_cover_everyone,
        "words in another case",
        given=attachments(
            safe_attachment_policy(Action="block", QuarantineTag="adminonlyaccesspolicy")
        ),
        expect="pass",
    ),
    Case(
        safe_attachments_cover_everyone,
        "two kinds of condition keep a weak policy from everybody",
        given=attachments(
            safe_attachment_policy(),
            ATTACHMENTS_OFF,
            rules=[
                safe_attachment_rule(
                    SentTo=["p0@contoso.com"], RecipientDomainIs=["fabrikam.example"]
                )
            ],
        ),
        expect="pass",
    ),
    Case(
        safe_attachments_cover_everyone,
        "one person is excepted from the built-in policy and under no other",
        given=attachments(
            safe_attachment_policy(), built_in=[built_in_rule(ExceptIfSentTo=["P1@contoso.com"])]
        ),
        expect="fail",
        affected=["p1@contoso.com"],
        says="1 mailboxes are under no Safe Attachments policy",
    ),
    Case(
        safe_attachments_cover_everyone,
        "the excepted person is under a preset",
        given=attachments(
            safe_attachment_policy(),
            strict(safe_attachment_policy()),
            presets=[defender_preset(SentTo=["p1@contoso.com"])],
            built_in=[built_in_rule(ExceptIfSentTo=["p1@contoso.com"])],
        ),
        expect="pass",
    ),
    Case(
        safe_attachments_cover_everyone,
        "the built-in rule is off",
        given=attachments(safe_attachment_policy(), built_in=[built_in_rule(State="Disabled")]),
        expect="fail",
        says="4 mailboxes",
    ),
    Case(
        safe_attachments_cover_everyone,
        "somebody falls through to a built-in policy that was not returned",
        given=attachments(
            custom(safe_attachment_policy()),
            rules=[safe_attachment_rule(RecipientDomainIs=["fabrikam.example"])],
        ),
        expect="error",
    ),
    Case(
        safe_attachments_cover_everyone,
        "no policy at all",
        given=attachments(),
        expect="error",
    ),
    Case(
        safe_attachments_cover_everyone,
        "presets were not read",
        given=attachments(safe_attachment_policy()),
        unread={DefenderPresetRule: "throttled"},
        expect="error",
    ),
    Case(
        safe_attachments_cover_everyone,
        "no mailbox was read",
        given=attachments(safe_attachment_policy(), mailboxes=[]),
        unread={Mailbox: "denied"},
        expect="pass",
    ),
    Case(
        safe_attachments_cover_everyone,
        "the command is missing although the plan is there",
        given=attachments(safe_attachment_policy()),
        unread={SafeAttachmentPolicy: "missing-cmdlet"},
        expect="error",
    ),
    Case(
        safe_attachments_cover_everyone,
        "no plan",
        given={SubscribedSku: UNLICENSED},
        unread={SafeAttachmentPolicy: "missing-cmdlet", SafeAttachmentRule: "missing-cmdlet"},
        expect="not_applicable",
    ),
]


def files(policy: dict[str, Any], skus: Rows = PLAN_2) -> Given:
    return {FileProtectionPolicy: [policy], SubscribedSku: skus}


FILES = [
    Case(
        safe_attachments_for_files_on,
        "all three as recommended",
        given=files(file_protection()),
        expect="pass",
    ),
    Case(
        safe_attachments_for_files_on,
        "an identity with the tenant before a backslash",
        given=files(file_protection(Identity="contoso.onmicrosoft.com\\Default")),
        expect="pass",
    ),
    Case(
        safe_attachments_for_files_on,
        "files are not scanned",
        given=files(file_protection(EnableATPForSPOTeamsODB=False)),
        expect="fail",
        affected=["Default"],
    ),
    Case(
        safe_attachments_for_files_on,
        "people may click through",
        given=files(file_protection(AllowSafeDocsOpen=True)),
        expect="fail",
        says="can be bypassed",
    ),
    Case(
        safe_attachments_for_files_on,
        "only Safe Documents is wanting, and the tenant does not own it",
        given=files(file_protection(EnableSafeDocs=False), PLAN_1),
        expect="not_applicable",
    ),
    Case(
        safe_attachments_for_files_on,
        "files are not scanned in a tenant without Safe Documents",
        given=files(file_protection(EnableATPForSPOTeamsODB=False, EnableSafeDocs=False), PLAN_1),
        expect="fail",
    ),
    Case(
        safe_attachments_for_files_on,
        "an unread inventory applies no gate",
        given={FileProtectionPolicy: [file_protection(EnableSafeDocs=False)]},
        unread={SubscribedSku: "denied"},
        expect="fail",
    ),
    Case(
        safe_attachments_for_files_on,
        "null",
        given=files(file_protection(EnableSafeDocs=None)),
        expect="error",
    ),
    Case(
        safe_attachments_for_files_on,
        "empty with the plan",
        given={FileProtectionPolicy: [], SubscribedSku: PLAN_1},
        expect="error",
    ),
    Case(
        safe_attachments_for_files_on,
        "the command is missing without the plan",
        given={SubscribedSku: UNLICENSED},
        unread={FileProtectionPolicy: "missing-cmdlet"},
        expect="not_applicable",
    ),
    Case(
        safe_attachments_for_files_on,
        "the command is missing with the plan",
        given={SubscribedSku: PLAN_1},
        unread={FileProtectionPolicy: "missing-cmdlet"},
        expect="error",
    ),
]


def teams(*policies: dict[str, Any], rules: Rows = (), skus: Rows = PLAN_2) -> Given:
    return {TeamsProtectionPolicy: policies, TeamsProtectionRule: rules, SubscribedSku: skus}


RESEARCH = teams_protection_rule(ExceptIfSentToMemberOf=["Research"])

TEAMS = [
    Case(
        teams_zero_hour_purge_on,
        "on, without a rule",
        given=teams(teams_protection()),
        expect="pass",
    ),
    Case(
        teams_zero_hour_purge_on,
        "on, with a rule that excepts nobody",
        given=teams(teams_protection(), rules=[teams_protection_rule()]),
        expect="pass",
    ),
    Case(
        teams_zero_hour_purge_on,
        "off",
        given=teams(teams_protection(ZapEnabled=False)),
        expect="fail",
        affected=["Teams Protection Policy"],
    ),
    Case(
        teams_zero_hour_purge_on,
        "an exception nobody approved",
        given=teams(teams_protection(), rules=[RESEARCH]),
        expect="fail",
        affected=["Teams Protection Policy Rule"],
    ),
    Case(
        teams_zero_hour_purge_on,
        "an approved exception",
        given=teams(teams_protection(), rules=[RESEARCH]),
        parameters=APPROVED,
        expect="pass",
        says="1 approved exceptions",
    ),
    Case(
        teams_zero_hour_purge_on,
        "an approval that ran out yesterday",
        given=teams(teams_protection(), rules=[RESEARCH]),
        parameters=EXPIRED,
        expect="fail",
    ),
    Case(
        teams_zero_hour_purge_on,
        "one of two exceptions is approved",
        given=teams(teams_protection(), rules=[RESEARCH | {"ExceptIfSentTo": ["ceo@contoso.com"]}]),
        parameters=APPROVED,
        expect="fail",
    ),
    Case(
        teams_zero_hour_purge_on,
        "null is neither on nor off",
        given=teams(teams_protection(ZapEnabled=None)),
        expect="error",
    ),
    Case(
        teams_zero_hour_purge_on,
        "no policy with the plan",
        given=teams(),
        expect="error",
    ),
    Case(
        teams_zero_hour_purge_on,
        "no policy without the plan",
        given=teams(skus=PLAN_1),
        expect="not_applicable",
    ),
    Case(
        teams_zero_hour_purge_on,
        "the command is missing with the plan",
        given={SubscribedSku: PLAN_2},
        unread={TeamsProtectionPolicy: "missing-cmdlet", TeamsProtectionRule: "missing-cmdlet"},
        expect="error",
    ),
    Case(
        teams_zero_hour_purge_on,
        "the command is missing without the plan",
        given={SubscribedSku: PLAN_1},
        unread={TeamsProtectionPolicy: "missing-cmdlet", TeamsProtectionRule: "missing-cmdlet"},
        expect="not_applicable",
    ),
    Case(
        teams_zero_hour_purge_on,
        "a policy is judged, whatever the licence says",
        given=teams(teams_protection(ZapEnabled=False), skus=PLAN_1),
        expect="fail",
    ),
    Case(
        teams_zero_hour_purge_on,
        "rules were not read",
        given=teams(teams_protection()),
        unread={TeamsProtectionRule: "denied"},
        expect="error",
    ),
]

CASES = [*LINKS, *ATTACHMENTS, *FILES, *TEAMS]
