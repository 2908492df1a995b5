"""Cases of checks/exchange/antispam.py."""

from checks.exchange.antispam import anti_spam_no_allowed_domains
from evidence.mail_protection import InboundSpamPolicy
from tests.builders.protection import spam_policy
from tests.checks.case import Case

CASES = [
    Case(
        anti_spam_no_allowed_domains,
        "the default policy allows nobody",
        given={InboundSpamPolicy: [spam_policy()]},
        expect="pass",
    ),
    Case(
        anti_spam_no_allowed_domains,
        "a custom policy allows a partner",
        given={
            InboundSpamPolicy: [
                spam_policy(),
                spam_policy(Name="Partners", AllowedSenderDomains=["fabrikam.example"]),
            ]
        },
        expect="fail",
        affected=["Partners"],
    ),
    Case(
        anti_spam_no_allowed_domains,
        "a partly read list still proves a fail",
        given={InboundSpamPolicy: [spam_policy(AllowedSenderDomains="fabrikam.example")]},
        unread={InboundSpamPolicy: "partial"},
        expect="fail",
    ),
    Case(
        anti_spam_no_allowed_domains,
        "the permission is missing",
        given={},
        unread={InboundSpamPolicy: "denied"},
        expect="error",
        says="permission denied",
    ),
    Case(
        anti_spam_no_allowed_domains,
        "the property is absent from one row",
        given={InboundSpamPolicy: [{"Identity": "Default", "Name": "Default"}]},
        expect="error",
        says="AllowedSenderDomains is absent",
    ),
    Case(
        anti_spam_no_allowed_domains,
        "no policy at all",
        given={InboundSpamPolicy: []},
        expect="error",
    ),
]
