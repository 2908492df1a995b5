"""Cases of SPF in checks/exchange/mail_authentication.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from checks.exchange.mail_authentication import (
    spf_records_published,
)
from evidence.dataset import Dataset
from evidence.dns import TxtRecords
from evidence.licences import SubscribedSku
from evidence.recipients import AcceptedDomain
from tests.builders.dns import MICROSOFT_SPF, microsoft_host, txt
from tests.builders.licences import plan, sku
from tests.builders.recipients import accepted_domain, initial_domain
from tests.checks.case import Case, Rows

_MICROSOFT_INCLUDE = "include:spf.protection.outlook.com"

DOMAINS = [initial_domain(), accepted_domain()]

COEXISTENCE = accepted_domain("contoso.mail.onmicrosoft.com", IsCoexistenceDomain=True)

PARKED = accepted_domain("parked.com", SendingFromDomainDisabled=True)


def approved(slug: str, name: str) -> dict[str, Any]:
    entry = {"id": name, "reason": "r", "approved_by": "a", "expires": "2026-12-31"}
    return {"approved_exceptions": {slug: [entry]}}


def dns(
    *rows: Mapping[str, Any], domains: Sequence[Mapping[str, Any]] = DOMAINS
) -> dict[type[Dataset], Rows]:
    return {AcceptedDomain: list(domains), TxtRecords: [*rows, microsoft_host()]}


def _spf(*strings: str) -> dict[type[Dataset], Rows]:
    return dns(txt("contoso.com", *strings))


_CHAIN = [
    txt(f"s{n}.contoso.com", f"v=spf1 include:s{n + 1}.contoso.com ?all") for n in range(1, 12)
]


CASES = [
    Case(
        spf_records_published,
        "the standard record",
        given=_spf("google-site-verification=x", MICROSOFT_SPF),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "a soft fail, other letter case and extra blanks",
        given=_spf("V=SPF1  include:SPF.Protection.Outlook.com.  ~ALL "),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "Microsoft's own host was not looked up",
        given={AcceptedDomain: DOMAINS, TxtRecords: [txt("contoso.com", MICROSOFT_SPF)]},
        expect="pass",
    ),
    Case(
        spf_records_published,
        "two records",
        given=_spf(MICROSOFT_SPF, "v=spf1 include:other.example -all"),
        expect="fail",
        affected=["contoso.com"],
    ),
    Case(
        spf_records_published,
        "a neutral end",
        given=_spf(f"v=spf1 {_MICROSOFT_INCLUDE} ?all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "everybody may send",
        given=_spf(f"v=spf1 {_MICROSOFT_INCLUDE} all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "no end",
        given=_spf(f"v=spf1 {_MICROSOFT_INCLUDE}"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "an end that is only part of a name",
        given=dns(
            txt("contoso.com", f"v=spf1 {_MICROSOFT_INCLUDE} include:x-all.com"),
            txt("x-all.com", "v=spf1 ip4:192.0.2.1 -all"),
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "an include after the end is never tested",
        given=_spf(f"v=spf1 -all {_MICROSOFT_INCLUDE}"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "an include that does not pass its senders",
        given=_spf(f"v=spf1 ?{_MICROSOFT_INCLUDE} -all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "another text that starts alike",
        given=_spf("v=spf10 include:spf.protection.outlook.com -all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "a host that only starts like Microsoft's",
        given=dns(
            txt("contoso.com", "v=spf1 include:spf.protection.outlook.com.evil.example -all"),
            txt("spf.protection.outlook.com.evil.example", "v=spf1 -all"),
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "Microsoft's host inside another include",
        given=dns(
            txt("contoso.com", "v=spf1 include:_spf.contoso.com -all"),
            txt("_spf.contoso.com", f"v=spf1 {_MICROSOFT_INCLUDE} ip4:192.0.2.7 ?all"),
        ),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "a redirect decides",
        given=dns(
            txt("contoso.com", "v=spf1 redirect=_spf.contoso.com"),
            txt("_spf.contoso.com", MICROSOFT_SPF),
        ),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "a redirect beside an end is ignored",
        given=dns(
            txt("contoso.com", "v=spf1 redirect=_spf.contoso.com -all"),
            txt("_spf.contoso.com", MICROSOFT_SPF),
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "a record that includes itself",
        given=_spf(f"v=spf1 include:contoso.com {_MICROSOFT_INCLUDE} -all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "two records that include each other",
        given=dns(
            txt("contoso.com", f"v=spf1 include:_spf.contoso.com {_MICROSOFT_INCLUDE} -all"),
            txt("_spf.contoso.com", "v=spf1 include:contoso.com -all"),
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "ten look-ups",
        given=_spf(f"v=spf1 mx a {'exists:e.example ' * 7}{_MICROSOFT_INCLUDE} -all"),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "eleven look-ups",
        given=_spf(f"v=spf1 mx a {'exists:e.example ' * 8}{_MICROSOFT_INCLUDE} -all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "eleven look-ups over nested includes",
        given=dns(txt("contoso.com", "v=spf1 include:s1.contoso.com -all"), *_CHAIN),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "an include whose target has no SPF record",
        given=dns(
            txt("contoso.com", f"v=spf1 include:old.example {_MICROSOFT_INCLUDE} -all"),
            txt("old.example", status="nxdomain"),
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "a word that is no term",
        given=_spf(f"v=spf1 {_MICROSOFT_INCLUDE}, -all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "include and its target are torn apart",
        given=_spf("v=spf1 include: spf.protection.outlook.com -all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "modifiers nobody knows are ignored",
        given=_spf(f"v=spf1 {_MICROSOFT_INCLUDE} exp=why.contoso.com -all"),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "an include made by a macro names no host",
        given=_spf("v=spf1 include:%{i}._spf.vendor.example -all"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "a domain that sends nothing",
        given=_spf("v=spf1 -all"),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "a parked domain with the record of a sending one",
        given=dns(
            txt("contoso.com", MICROSOFT_SPF),
            txt("parked.com", MICROSOFT_SPF),
            domains=[accepted_domain(), PARKED],
        ),
        expect="fail",
        affected=["parked.com"],
    ),
    Case(
        spf_records_published,
        "no record",
        given=_spf(),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "the domain does not exist",
        given=dns(txt("contoso.com", status="nxdomain")),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "the name server fails",
        given=dns(txt("contoso.com", status="servfail")),
        expect="error",
        says="servfail",
    ),
    Case(
        spf_records_published,
        "the name server fails for one domain while another has no record",
        given=dns(
            txt("contoso.com", status="servfail"),
            txt("fabrikam.com"),
            domains=[accepted_domain(), accepted_domain("fabrikam.com")],
        ),
        expect="fail",
        affected=["fabrikam.com"],
    ),
    Case(
        spf_records_published,
        "an include was not answered",
        given=dns(
            txt("contoso.com", "v=spf1 include:_spf.contoso.com -all"),
            txt("_spf.contoso.com", status="timeout"),
        ),
        expect="error",
        says="_spf.contoso.com",
    ),
    Case(
        spf_records_published,
        "an include was not answered, but everybody may send anyway",
        given=dns(
            txt("contoso.com", "v=spf1 include:_spf.contoso.com +all"),
            txt("_spf.contoso.com", status="timeout"),
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "a domain nobody looked up",
        given=dns(),
        expect="error",
        says="was not looked up",
    ),
    Case(
        spf_records_published,
        "two different answers for one name",
        given=dns(txt("contoso.com", MICROSOFT_SPF), txt("CONTOSO.com.", "v=spf1 +all")),
        expect="error",
    ),
    Case(
        spf_records_published,
        "a status nobody knows",
        given=dns(txt("contoso.com", MICROSOFT_SPF, status="odd")),
        expect="error",
    ),
    Case(
        spf_records_published,
        "domains of Microsoft's only, additional and coexistence ones among them",
        given=dns(
            domains=[initial_domain(), accepted_domain("other.onmicrosoft.com"), COEXISTENCE]
        ),
        expect="not_applicable",
    ),
    Case(
        spf_records_published,
        "no accepted domain at all in a tenant that owns Exchange",
        given=dns(domains=[]) | {SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))]},
        expect="error",
    ),
    Case(
        spf_records_published,
        "no accepted domain at all in a tenant without Exchange",
        given=dns(domains=[]) | {SubscribedSku: [sku()]},
        expect="not_applicable",
    ),
    Case(
        spf_records_published,
        "an approved domain is sent by another platform",
        given=_spf("v=spf1 ip4:192.0.2.0/24 ~all"),
        parameters=approved("spf_records_published", "Contoso.com"),
        expect="pass",
        says="1 approved exceptions: contoso.com",
    ),
    Case(
        spf_records_published,
        "an approved domain still needs an end",
        given=_spf("v=spf1 ip4:192.0.2.0/24 ?all"),
        parameters=approved("spf_records_published", "contoso.com"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "the government cloud has its own host",
        given=dns(
            txt("contoso.com", "v=spf1 include:spf.protection.office365.us -all"),
            domains=[initial_domain("contoso.onmicrosoft.us"), accepted_domain()],
        ),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "the worldwide host in the government cloud",
        given=dns(
            txt("contoso.com", MICROSOFT_SPF),
            domains=[initial_domain("contoso.onmicrosoft.us"), accepted_domain()],
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "the look-ups were cut short",
        given=_spf(MICROSOFT_SPF),
        unread={TxtRecords: "timeout"},
        expect="error",
    ),
    Case(
        spf_records_published,
        "the accepted domains are denied",
        given={TxtRecords: [txt("contoso.com", MICROSOFT_SPF)]},
        unread={AcceptedDomain: "denied"},
        expect="error",
    ),
]
