"""Cases of whom Safe Links reaches, and of what was not read, in checks/exchange/defender.py."""

from checks.exchange.defender import (
    safe_links_cover_everyone,
)
from evidence.licences import SubscribedSku
from evidence.mail_protection import (
    SafeLinksPolicy,
)
from evidence.mail_rules import (
    SafeLinksRule,
)
from evidence.recipients import AcceptedDomain, Mailbox
from tests.builders.protection import (
    UNLICENSED,
    defender_preset,
    people,
    safe_links_policy,
    safe_links_rule,
    strict,
)
from tests.builders.recipients import mailbox
from tests.checks.case import Case
from tests.checks.cases.exchange_defender import BUILT_IN, links

CASES = [
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
        "the mailboxes were read, the domains were not",
        given=links(strict(safe_links_policy()), presets=[defender_preset()])
        | {AcceptedDomain: []},
        unread={AcceptedDomain: "timeout"},
        expect="pass",
    ),
    Case(
        safe_links_cover_everyone,
        "neither a mailbox nor a domain",
        given=links(strict(safe_links_policy()), presets=[defender_preset()], mailboxes=[])
        | {AcceptedDomain: []},
        expect="error",
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
