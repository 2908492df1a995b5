"""Cases of checks/exchange/antispam.py."""

from typing import Any

from checks.exchange.antispam import (
    anti_spam_no_allowed_domains,
    connection_filter_no_ip_allow_list,
    connection_filter_safe_list_off,
    outbound_spam_admins_notified,
)
from evidence.licences import SubscribedSku
from evidence.mail_protection import ConnectionFilterPolicy, InboundSpamPolicy, OutboundSpamPolicy
from evidence.mail_rules import InboundSpamRule, OutboundSpamRule
from tests.builders.exchange import outbound_spam_policy, outbound_spam_rule
from tests.builders.licences import sku
from tests.builders.protection import connection_filter, spam_policy, spam_rule
from tests.checks.case import Case


def notifying(**changes: Any) -> dict[str, Any]:
    return (
        outbound_spam_policy(
            BccSuspiciousOutboundMail=True,
            BccSuspiciousOutboundAdditionalRecipients=["soc@contoso.com"],
            NotifyOutboundSpam=True,
            NotifyOutboundSpamRecipients=["soc@contoso.com"],
        )
        | changes
    )


def sales(**changes: Any) -> dict[str, Any]:
    return notifying(Identity="Sales", Name="Sales", IsDefault=False) | changes


ALLOWED_DOMAINS = [
    Case(
        anti_spam_no_allowed_domains,
        "the default policy allows nobody",
        given={InboundSpamPolicy: [spam_policy(), spam_policy(Name="Strict", IsDefault=False)]},
        expect="pass",
    ),
    Case(
        anti_spam_no_allowed_domains,
        "null is an empty list",
        given={InboundSpamPolicy: [spam_policy(AllowedSenderDomains=None)]},
        expect="pass",
    ),
    Case(
        anti_spam_no_allowed_domains,
        "the default policy allows a partner",
        given={InboundSpamPolicy: [spam_policy(AllowedSenderDomains=["fabrikam.example"])]},
        expect="fail",
        affected=["Default"],
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
        "a custom policy that is not applied counts, and the note says so",
        given={
            InboundSpamPolicy: [
                spam_policy(),
                spam_policy(
                    Identity="Custom",
                    Name="Custom",
                    IsDefault=False,
                    AllowedSenderDomains=["fabrikam.example"],
                ),
            ],
            InboundSpamRule: [spam_rule(State="Disabled")],
        },
        expect="fail",
        affected=["Custom"],
        says="The rule of 'Custom' is disabled",
    ),
    Case(
        anti_spam_no_allowed_domains,
        "entries are objects",
        given={InboundSpamPolicy: [spam_policy(AllowedSenderDomains=[{"Domain": "x.example"}])]},
        expect="fail",
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
        "a partly read list proves no pass",
        given={InboundSpamPolicy: [spam_policy()]},
        unread={InboundSpamPolicy: "partial"},
        expect="error",
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
    Case(
        anti_spam_no_allowed_domains,
        "no policy and no Exchange plan",
        given={InboundSpamPolicy: [], SubscribedSku: [sku()]},
        expect="not_applicable",
    ),
]

CONNECTION_FILTER = [
    Case(
        connection_filter_no_ip_allow_list,
        "the list is empty",
        given={ConnectionFilterPolicy: [connection_filter()]},
        expect="pass",
    ),
    Case(
        connection_filter_no_ip_allow_list,
        "the list is null",
        given={ConnectionFilterPolicy: [connection_filter(IPAllowList=None)]},
        expect="pass",
    ),
    Case(
        connection_filter_no_ip_allow_list,
        "one entry",
        given={ConnectionFilterPolicy: [connection_filter(IPAllowList=["203.0.113.5"])]},
        expect="fail",
        affected=["Default"],
        says="1 listed",
    ),
    Case(
        connection_filter_no_ip_allow_list,
        "two entries are counted, not the object that holds them",
        given={
            ConnectionFilterPolicy: [
                connection_filter(IPAllowList=["203.0.113.5", "198.51.100.0/24"])
            ]
        },
        expect="fail",
        says="2 listed",
    ),
    Case(
        connection_filter_no_ip_allow_list,
        "one entry that lost its list",
        given={ConnectionFilterPolicy: [connection_filter(IPAllowList="203.0.113.1-203.0.113.9")]},
        expect="fail",
    ),
    Case(
        connection_filter_no_ip_allow_list,
        "the list is absent",
        given={ConnectionFilterPolicy: [{"Identity": "Default", "Name": "Default"}]},
        expect="error",
    ),
    Case(
        connection_filter_no_ip_allow_list,
        "nothing was returned",
        given={ConnectionFilterPolicy: []},
        expect="error",
    ),
    Case(
        connection_filter_no_ip_allow_list,
        "the permission is missing",
        given={},
        unread={ConnectionFilterPolicy: "denied"},
        expect="error",
    ),
    Case(
        connection_filter_safe_list_off,
        "the safe list is off",
        given={ConnectionFilterPolicy: [connection_filter()]},
        expect="pass",
    ),
    Case(
        connection_filter_safe_list_off,
        "off as text",
        given={ConnectionFilterPolicy: [connection_filter(EnableSafeList="False")]},
        expect="pass",
    ),
    Case(
        connection_filter_safe_list_off,
        "the safe list is on",
        given={ConnectionFilterPolicy: [connection_filter(EnableSafeList=True)]},
        expect="fail",
        affected=["Default"],
    ),
    Case(
        connection_filter_safe_list_off,
        "on as text",
        given={ConnectionFilterPolicy: [connection_filter(EnableSafeList="True")]},
        expect="fail",
    ),
    Case(
        connection_filter_safe_list_off,
        "null is neither on nor off",
        given={ConnectionFilterPolicy: [connection_filter(EnableSafeList=None)]},
        expect="error",
    ),
    Case(
        connection_filter_safe_list_off,
        "the property is absent",
        given={ConnectionFilterPolicy: [{"Identity": "Default", "Name": "Default"}]},
        expect="error",
    ),
    Case(
        connection_filter_safe_list_off,
        "nothing was returned",
        given={ConnectionFilterPolicy: []},
        expect="error",
    ),
    Case(
        connection_filter_safe_list_off,
        "the permission is missing",
        given={},
        unread={ConnectionFilterPolicy: "denied"},
        expect="error",
    ),
]

OUTBOUND = [
    Case(
        outbound_spam_admins_notified,
        "the default policy copies and notifies",
        given={OutboundSpamPolicy: [notifying()], OutboundSpamRule: []},
        expect="pass",
    ),
    Case(
        outbound_spam_admins_notified,
        "a default policy that was renamed",
        given={OutboundSpamPolicy: [notifying(Identity="Ours", Name="Ours")], OutboundSpamRule: []},
        expect="pass",
    ),
    Case(
        outbound_spam_admins_notified,
        "a switch without a recipient",
        given={
            OutboundSpamPolicy: [notifying(BccSuspiciousOutboundAdditionalRecipients=[])],
            OutboundSpamRule: [],
        },
        expect="fail",
        affected=["Default"],
    ),
    Case(
        outbound_spam_admins_notified,
        "empty strings are no recipients",
        given={
            OutboundSpamPolicy: [notifying(NotifyOutboundSpamRecipients=["", " "])],
            OutboundSpamRule: [],
        },
        expect="fail",
    ),
    Case(
        outbound_spam_admins_notified,
        "a custom policy need not copy",
        given={
            OutboundSpamPolicy: [
                notifying(),
                sales(
                    BccSuspiciousOutboundMail=False, BccSuspiciousOutboundAdditionalRecipients=[]
                ),
            ],
            OutboundSpamRule: [outbound_spam_rule()],
        },
        expect="pass",
    ),
    Case(
        outbound_spam_admins_notified,
        "a custom policy in force has to notify, whatever its rule is called",
        given={
            OutboundSpamPolicy: [notifying(), sales(NotifyOutboundSpam=False)],
            OutboundSpamRule: [outbound_spam_rule()],
        },
        expect="fail",
        affected=["Sales"],
    ),
    Case(
        outbound_spam_admins_notified,
        "a custom policy whose rule is off does not count",
        given={
            OutboundSpamPolicy: [notifying(), sales(NotifyOutboundSpam=False)],
            OutboundSpamRule: [outbound_spam_rule(State="Disabled")],
        },
        expect="pass",
    ),
    Case(
        outbound_spam_admins_notified,
        "a tenant as Microsoft made it",
        given={OutboundSpamPolicy: [outbound_spam_policy()], OutboundSpamRule: []},
        expect="fail",
    ),
    Case(
        outbound_spam_admins_notified,
        "null is not on",
        given={OutboundSpamPolicy: [notifying(NotifyOutboundSpam=None)], OutboundSpamRule: []},
        expect="fail",
    ),
    Case(
        outbound_spam_admins_notified,
        "unread rules hide no fail of the default policy",
        given={OutboundSpamPolicy: [outbound_spam_policy()]},
        unread={OutboundSpamRule: "denied"},
        expect="fail",
    ),
    Case(
        outbound_spam_admins_notified,
        "unread rules",
        given={OutboundSpamPolicy: [notifying()]},
        unread={OutboundSpamRule: "denied"},
        expect="error",
    ),
    Case(
        outbound_spam_admins_notified,
        "a rule applies a policy that was not returned",
        given={OutboundSpamPolicy: [notifying()], OutboundSpamRule: [outbound_spam_rule()]},
        expect="error",
        says="'Sales', which was not returned",
    ),
    Case(
        outbound_spam_admins_notified,
        "no default policy",
        given={OutboundSpamPolicy: [sales()], OutboundSpamRule: [outbound_spam_rule()]},
        expect="error",
    ),
    Case(
        outbound_spam_admins_notified,
        "no policy at all",
        given={OutboundSpamPolicy: [], OutboundSpamRule: []},
        expect="error",
    ),
]

CASES = [*ALLOWED_DOMAINS, *CONNECTION_FILTER, *OUTBOUND]
