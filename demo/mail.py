"""The demo tenant's Exchange organisation: domains, mailboxes, rules, client settings, DNS."""

from typing import Any

from demo.people import CONTOSO, FABRIKAM, INITIAL, Company, Row, guid

MICROSOFT_SPF = "v=spf1 include:spf.protection.outlook.com -all"
REPORTS = "rua=mailto:dmarc@contoso.example; ruf=mailto:dmarc@contoso.example"
COEXISTENCE = INITIAL.replace(".onmicrosoft", ".mail.onmicrosoft")


def mail(company: Company) -> dict[str, list[Row]]:
    return {
        "exchange.accepted_domains": [
            _accepted(INITIAL, InitialDomain=True),
            _accepted(COEXISTENCE, IsCoexistenceDomain=True),
            _accepted(CONTOSO),
            _accepted(FABRIKAM),
        ],
        "exchange.dkim_signing_configs": [
            _dkim(INITIAL, "Valid"),
            _dkim(CONTOSO, "Valid"),
            _dkim(FABRIKAM, "CnameMissing"),
        ],
        "dns.txt_records": _dns(),
        "exchange.mailboxes": _mailboxes(company),
        "exchange.organization_config": [_organisation()],
        "exchange.admin_audit_log_config": [
            {
                "UnifiedAuditLogIngestionEnabled": True,
                "UnifiedAuditLogFirstOptInDate": "2019-06-04T08:00:12Z",
                "AdminAuditLogEnabled": True,
            }
        ],
        "exchange.transport_rules": _rules(),
        "exchange.transport_config": [{"SmtpClientAuthenticationDisabled": True}],
        "exchange.sharing_policies": [_sharing()],
        "exchange.owa_mailbox_policies": [
            _owa("OwaMailboxPolicy-Default", is_default=True, storage=True),
            _owa("Kiosk", is_default=False, storage=False),
        ],
        "exchange.role_assignment_policies": [_add_ins()],
        "exchange.external_in_outlook": [
            {"Identity": guid("external in outlook"), "Enabled": True, "AllowList": []}
        ],
        **_reporting(),
    }


def _accepted(name: str, **changes: Any) -> Row:
    return {
        "DomainName": name,
        "InitialDomain": False,
        "IsCoexistenceDomain": False,
        "SendingFromDomainDisabled": False,
        "DomainType": "Authoritative",
        "MatchSubDomains": False,
    } | changes


def _dkim(domain: str, status: str) -> Row:
    return {"Domain": domain, "Name": domain, "Enabled": status == "Valid", "Status": status}


def _dns() -> list[Row]:
    """Fabrikam's DMARC record still only watches."""
    strict = f"v=DMARC1; p=reject; pct=100; {REPORTS}"
    answers = {
        INITIAL: [MICROSOFT_SPF],
        f"_dmarc.{INITIAL}": [strict],
        CONTOSO: [MICROSOFT_SPF, "contoso-site-verification=4711"],
        f"_dmarc.{CONTOSO}": [strict],
        FABRIKAM: ["v=spf1 include:spf.protection.outlook.com include:mail.wingtip.example ~all"],
        f"_dmarc.{FABRIKAM}": [f"v=DMARC1; p=none; {REPORTS}"],
        "spf.protection.outlook.com": ["v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"],
        "mail.wingtip.example": ["v=spf1 ip4:198.51.100.0/24 -all"],
    }
    rows = [
        {"name": name, "status": "noerror", "strings": strings, "cname_chain": []}
        for name, strings in answers.items()
    ]
    for name in (COEXISTENCE, f"_dmarc.{COEXISTENCE}"):
        rows.append({"name": name, "status": "nxdomain", "strings": [], "cname_chain": []})
    return rows


def _mailboxes(company: Company) -> list[Row]:
    """Three mailboxes moved from the old server kept its short audit list."""
    rows = [person.mailbox_row for person in company.mailboxes]
    for number in (5, 17, 29):
        rows[number] |= {"AuditOwner": ["HardDelete", "MailboxLogin", "SoftDelete", "Update"]}
    discovery = {
        "ExternalDirectoryObjectId": guid("discovery"),
        "UserPrincipalName": f"DiscoverySearchMailbox@{INITIAL}",
        "DisplayName": "Discovery Search Mailbox",
        "PrimarySmtpAddress": f"DiscoverySearchMailbox@{INITIAL}",
        "RecipientTypeDetails": "DiscoveryMailbox",
    }
    return [*rows, rows[0] | discovery]


def _organisation() -> Row:
    return {
        "Name": INITIAL,
        "CustomerLockboxEnabled": False,
        "AuditDisabled": False,
        "OAuth2ClientProfileEnabled": True,
        "MailTipsAllTipsEnabled": True,
        "MailTipsExternalRecipientsTipsEnabled": False,
        "MailTipsGroupMetricsEnabled": True,
        "MailTipsLargeAudienceThreshold": 25,
    }


def _rules() -> list[Row]:
    return [
        _rule("Mark external senders"),
        _rule("Journal copies to the archive", BlindCopyTo=[f"archive@{FABRIKAM}"]),
        _rule("Wingtip newsletters are never spam", SetSCL=-1, SenderDomainIs=["wingtip.example"]),
        _rule(
            "Old provider, switched off",
            State="Disabled",
            RedirectMessageTo=["postmaster@northwind.example"],
        ),
    ]


def _rule(name: str, **changes: Any) -> Row:
    return {
        "Name": name,
        "Guid": guid(f"rule/{name}"),
        "State": "Enabled",
        "Mode": "Enforce",
        "RedirectMessageTo": None,
        "BlindCopyTo": None,
        "CopyTo": None,
        "AddToRecipients": None,
        "SetSCL": None,
        "SenderDomainIs": None,
        "FromAddressContainsWords": None,
        "FromAddressMatchesPatterns": None,
        "SenderIpRanges": None,
        "HeaderContainsMessageHeader": None,
        "HeaderContainsWords": None,
        "IsRuleConfigurationSupported": True,
    } | changes


def _sharing() -> Row:
    name = "Default Sharing Policy"
    return {
        "Name": name,
        "Identity": name,
        "Default": True,
        "Enabled": True,
        "Domains": ["Anonymous:CalendarSharingFreeBusyReviewer", "*:CalendarSharingFreeBusySimple"],
    }


def _owa(name: str, *, is_default: bool, storage: bool) -> Row:
    return {
        "Name": name,
        "Guid": guid(f"owa/{name}"),
        "IsDefault": is_default,
        "AdditionalStorageProvidersAvailable": storage,
    }


def _add_ins() -> Row:
    return {
        "Name": "Default Role Assignment Policy",
        "Guid": guid("role assignment policy"),
        "IsDefault": True,
        "AssignedRoles": ["MyBaseOptions", "MyContactInformation", "My Marketplace Apps"],
    }


def _reporting() -> dict[str, list[Row]]:
    address = [f"phishing@{CONTOSO}"]
    return {
        "exchange.report_submission_policy": [
            {
                "Identity": "DefaultReportSubmissionPolicy",
                "EnableReportToMicrosoft": False,
                "ReportJunkToCustomizedAddress": True,
                "ReportNotJunkToCustomizedAddress": True,
                "ReportPhishToCustomizedAddress": True,
                "ReportJunkAddresses": address,
                "ReportNotJunkAddresses": address,
                "ReportPhishAddresses": address,
                "ReportChatMessageEnabled": False,
                "ReportChatMessageToCustomizedAddressEnabled": True,
            }
        ],
        "exchange.report_submission_rule": [
            {"Name": "DefaultReportSubmissionRule", "State": "Enabled", "SentTo": address}
        ],
    }
