"""Cases of rules that skip filters, and of the tag, in checks/exchange/mail_flow.py."""

from checks.exchange.mail_flow import (
    exchange_external_senders_tagged,
    exchange_no_transport_rule_domain_allowlist,
)
from evidence.exchange import ExternalInOutlook, TransportRule
from tests.builders.exchange import (
    external_in_outlook,
    transport_rule,
)
from tests.checks.case import Case

CASES = [
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "no rules",
        given={TransportRule: []},
        expect="pass",
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "SCL -1 without a domain",
        given={TransportRule: [transport_rule(SetSCL=-1, FromAddressContainsWords=["boss"])]},
        expect="pass",
        says="words or patterns",
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "an empty list of domains is no condition",
        given={TransportRule: [transport_rule(SetSCL=-1, SenderDomainIs=[])]},
        expect="pass",
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "a domain without SCL -1",
        given={TransportRule: [transport_rule(SetSCL=5, SenderDomainIs=["partner.com"])]},
        expect="pass",
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "one domain is allowed, the number as text",
        given={
            TransportRule: [
                transport_rule(),
                transport_rule(Name="Partner", SetSCL="-1", SenderDomainIs="partner.com"),
            ]
        },
        expect="fail",
        affected=["Partner"],
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "many domains, narrowed by a source address, are still an exception",
        given={
            TransportRule: [
                transport_rule(
                    SetSCL=-1,
                    SenderDomainIs=["partner.com", "contoso.com"],
                    SenderIpRanges=["192.0.2.1"],
                )
            ]
        },
        expect="fail",
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "a disabled rule and one in test mode",
        given={
            TransportRule: [
                transport_rule(State="Disabled", SetSCL=-1, SenderDomainIs=["partner.com"]),
                transport_rule(Mode="Audit", SetSCL=-1, SenderDomainIs=["partner.com"]),
            ]
        },
        expect="pass",
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "conditions that Exchange cannot show",
        given={TransportRule: [transport_rule(SetSCL=-1, IsRuleConfigurationSupported=False)]},
        expect="error",
        says="cannot show",
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "denied",
        given={},
        unread={TransportRule: "denied"},
        expect="error",
    ),
    Case(
        exchange_no_transport_rule_domain_allowlist,
        "a part of the rules, all of them good",
        given={TransportRule: [transport_rule()]},
        unread={TransportRule: "partial"},
        expect="error",
    ),
    Case(
        exchange_external_senders_tagged,
        "enabled, no exceptions",
        given={ExternalInOutlook: [external_in_outlook(AllowList=None)]},
        expect="pass",
    ),
    Case(
        exchange_external_senders_tagged,
        "disabled",
        given={ExternalInOutlook: [external_in_outlook(Enabled=False)]},
        expect="fail",
        affected=["contoso.onmicrosoft.com"],
    ),
    Case(
        exchange_external_senders_tagged,
        "an approved exception",
        given={ExternalInOutlook: [external_in_outlook(AllowList=["News@vendor.com"])]},
        parameters={"outlook_external_tag_approved_entries": ["news@vendor.com"]},
        expect="pass",
    ),
    Case(
        exchange_external_senders_tagged,
        "exceptions that nobody approved",
        given={
            ExternalInOutlook: [
                external_in_outlook(AllowList=["news@vendor.com", "gmail.com", "*.vendor.com"])
            ]
        },
        parameters={"outlook_external_tag_approved_entries": ["news@vendor.com"]},
        expect="manual",
        affected=["gmail.com", "*.vendor.com"],
    ),
    Case(
        exchange_external_senders_tagged,
        "disabled, whatever was approved",
        given={
            ExternalInOutlook: [external_in_outlook(Enabled=False, AllowList=["news@vendor.com"])]
        },
        parameters={"outlook_external_tag_approved_entries": ["news@vendor.com"]},
        expect="fail",
    ),
    Case(
        exchange_external_senders_tagged,
        "enabled is null",
        given={ExternalInOutlook: [external_in_outlook(Enabled=None)]},
        expect="error",
        says="Enabled",
    ),
    Case(
        exchange_external_senders_tagged,
        "nothing came back",
        given={ExternalInOutlook: []},
        expect="error",
    ),
    Case(
        exchange_external_senders_tagged,
        "the cmdlet is denied",
        given={},
        unread={ExternalInOutlook: "denied"},
        expect="error",
        says="permission denied",
    ),
    Case(
        exchange_external_senders_tagged,
        "a part that needs a person is no complete answer",
        given={ExternalInOutlook: [external_in_outlook(AllowList=["gmail.com"])]},
        unread={ExternalInOutlook: "partial"},
        expect="error",
    ),
]
