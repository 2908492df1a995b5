"""Cases of Safe Attachments in checks/exchange/defender.py."""

from typing import Any

from checks.exchange.defender import (
    safe_attachments_cover_everyone,
)
from evidence.licences import SubscribedSku
from evidence.mail_protection import (
    SafeAttachmentPolicy,
)
from evidence.mail_rules import (
    DefenderPresetRule,
    SafeAttachmentRule,
)
from evidence.recipients import AcceptedDomain, Mailbox
from tests.builders.protection import (
    UNLICENSED,
    built_in_rule,
    custom,
    defender_preset,
    people,
    safe_attachment_policy,
    safe_attachment_rule,
    strict,
)
from tests.checks.case import Case, Rows
from tests.checks.cases.exchange_defender import BUILT_IN, BUILT_IN_RULES, Given, surroundings


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


CASES = [
    Case(
        safe_attachments_cover_everyone,
        "the mailboxes were read, the domains were not",
        given=attachments(safe_attachment_policy()) | {AcceptedDomain: []},
        unread={AcceptedDomain: "denied"},
        expect="pass",
    ),
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
