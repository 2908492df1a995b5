"""Cases of forwarding to the outside in checks/exchange/mail_flow.py."""

from collections.abc import Mapping
from typing import Any

from checks.exchange.mail_flow import (
    exchange_external_forwarding_blocked,
)
from evidence.dataset import Dataset
from evidence.exchange import TransportRule
from evidence.licences import SubscribedSku
from evidence.mail_protection import OutboundSpamPolicy
from evidence.mail_rules import OutboundSpamRule
from evidence.recipients import AcceptedDomain
from tests.builders.exchange import (
    outbound_spam_policy,
    outbound_spam_rule,
    transport_rule,
)
from tests.builders.licences import plan, sku
from tests.builders.recipients import accepted_domain
from tests.checks.case import Case, Rows


def _tenant(
    *rules: Mapping[str, Any], but: Mapping[type[Dataset], Rows] | None = None
) -> dict[type[Dataset], Rows]:
    good: dict[type[Dataset], Rows] = {
        TransportRule: list(rules),
        OutboundSpamPolicy: [outbound_spam_policy()],
        OutboundSpamRule: [],
        AcceptedDomain: [accepted_domain()],
    }
    return good | dict(but or {})


_SALES = outbound_spam_policy(
    Identity="contoso\\Sales", Name="Sales", IsDefault=False, AutoForwardingMode="On"
)

CASES = [
    Case(
        exchange_external_forwarding_blocked,
        "no rules and forwarding off",
        given=_tenant(),
        expect="pass",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a redirect to the inside",
        given=_tenant(transport_rule(RedirectMessageTo=["ops@CONTOSO.com"])),
        expect="pass",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a redirect to the outside",
        given=_tenant(transport_rule(Name="Leak", RedirectMessageTo=["x@gmail.com"])),
        expect="fail",
        affected=["Leak"],
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a blind copy to the outside",
        given=_tenant(transport_rule(BlindCopyTo="a@partner.org")),
        expect="fail",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a copy to the outside, the target an object",
        given=_tenant(transport_rule(CopyTo=[{"PrimarySmtpAddress": "a@partner.org"}])),
        expect="fail",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "an added recipient outside beside one inside",
        given=_tenant(transport_rule(AddToRecipients=["in@contoso.com", "out@partner.org"])),
        expect="fail",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a bare name cannot be called inside",
        given=_tenant(transport_rule(RedirectMessageTo=["Archive contact"])),
        expect="fail",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a subdomain that is not accepted",
        given=_tenant(transport_rule(CopyTo=["a@eu.contoso.com"])),
        expect="fail",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a subdomain of a domain accepted with its subdomains",
        given=_tenant(
            transport_rule(CopyTo=["a@eu.contoso.com"]),
            but={AcceptedDomain: [accepted_domain(MatchSubDomains=True)]},
        ),
        expect="pass",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a domain that only ends like ours",
        given=_tenant(
            transport_rule(CopyTo=["a@notcontoso.com"]),
            but={AcceptedDomain: [accepted_domain(MatchSubDomains=True)]},
        ),
        expect="fail",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "disabled and test-mode rules do not act",
        given=_tenant(
            transport_rule(State="Disabled", RedirectMessageTo=["x@gmail.com"]),
            transport_rule(Mode="AuditAndNotify", RedirectMessageTo=["x@gmail.com"]),
        ),
        expect="pass",
        says="disabled or in test mode",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a rule in a mode nobody knows",
        given=_tenant(transport_rule(Mode="Shadow", RedirectMessageTo=["x@gmail.com"])),
        expect="error",
        says="Mode",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "an active rule whose actions Exchange cannot show",
        given=_tenant(transport_rule(IsRuleConfigurationSupported=False)),
        expect="error",
        says="cannot show",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "the default policy says Automatic",
        given=_tenant(
            but={OutboundSpamPolicy: [outbound_spam_policy(AutoForwardingMode="Automatic")]}
        ),
        expect="fail",
        affected=["Default"],
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a renamed default policy that forwards",
        given=_tenant(
            but={
                OutboundSpamPolicy: [
                    outbound_spam_policy(Name="Ours", Identity="Ours", AutoForwardingMode="On"),
                    outbound_spam_policy(IsDefault=False),
                ]
            }
        ),
        expect="fail",
        affected=["Ours"],
    ),
    Case(
        exchange_external_forwarding_blocked,
        "off in other letter case",
        given=_tenant(but={OutboundSpamPolicy: [outbound_spam_policy(AutoForwardingMode="OFF")]}),
        expect="pass",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a custom policy forwards but its rule is disabled",
        given=_tenant(
            but={
                OutboundSpamPolicy: [outbound_spam_policy(), _SALES],
                OutboundSpamRule: [outbound_spam_rule(State="Disabled")],
            }
        ),
        expect="pass",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "a custom policy forwards and its rule, called otherwise, is enabled",
        given=_tenant(
            but={
                OutboundSpamPolicy: [outbound_spam_policy(), _SALES],
                OutboundSpamRule: [outbound_spam_rule()],
            }
        ),
        expect="fail",
        affected=["Sales"],
    ),
    Case(
        exchange_external_forwarding_blocked,
        "an enabled rule applies a policy that was not returned",
        given=_tenant(but={OutboundSpamRule: [outbound_spam_rule()]}),
        expect="error",
        says="not returned",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "no default policy",
        given=_tenant(but={OutboundSpamPolicy: [outbound_spam_policy(IsDefault=False)]}),
        expect="error",
        says="no default policy",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "the mode is null",
        given=_tenant(but={OutboundSpamPolicy: [outbound_spam_policy(AutoForwardingMode=None)]}),
        expect="error",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "the outbound policies are denied",
        given=_tenant(but={OutboundSpamPolicy: []}),
        unread={OutboundSpamPolicy: "denied"},
        expect="error",
        says="permission denied",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "the policies are denied but a rule already leaks",
        given=_tenant(transport_rule(CopyTo=["a@partner.org"]), but={OutboundSpamPolicy: []}),
        unread={OutboundSpamPolicy: "denied"},
        expect="fail",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "the accepted domains are unread, so no target can be called outside",
        given=_tenant(transport_rule(CopyTo=["a@partner.org"]), but={AcceptedDomain: []}),
        unread={AcceptedDomain: "timeout"},
        expect="error",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "no accepted domain at all",
        given=_tenant(but={AcceptedDomain: []}),
        expect="error",
    ),
    Case(
        exchange_external_forwarding_blocked,
        "every read fails in a tenant without Exchange",
        given={SubscribedSku: [sku(plan("SHAREPOINTSTANDARD"))]},
        unread={
            TransportRule: "denied",
            OutboundSpamPolicy: "denied",
            OutboundSpamRule: "denied",
            AcceptedDomain: "denied",
        },
        expect="not_applicable",
    ),
]
