"""Cases of checks/exchange/mail_authentication.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from checks.exchange.mail_authentication import (
    dkim_signing_enabled,
    dmarc_records_published,
    spf_records_published,
)
from evidence.dataset import Dataset
from evidence.dns import TxtRecords
from evidence.exchange import DkimSigningConfig
from evidence.licences import SubscribedSku
from evidence.recipients import AcceptedDomain
from tests.builders.dns import FULL_DMARC, MICROSOFT_SPF, microsoft_host, txt
from tests.builders.exchange import dkim_signing_config
from tests.builders.licences import plan, sku
from tests.builders.recipients import accepted_domain, initial_domain
from tests.checks.case import Case, Rows

_MICROSOFT_INCLUDE = "include:spf.protection.outlook.com"
_DOMAINS = [initial_domain(), accepted_domain()]
_COEXISTENCE = accepted_domain("contoso.mail.onmicrosoft.com", IsCoexistenceDomain=True)
_PARKED = accepted_domain("parked.com", SendingFromDomainDisabled=True)


def _approved(slug: str, name: str) -> dict[str, Any]:
    entry = {"id": name, "reason": "r", "approved_by": "a", "expires": "2026-12-31"}
    return {"approved_exceptions": {slug: [entry]}}


def _dns(
    *rows: Mapping[str, Any], domains: Sequence[Mapping[str, Any]] = _DOMAINS
) -> dict[type[Dataset], Rows]:
    return {AcceptedDomain: list(domains), TxtRecords: [*rows, microsoft_host()]}


def _spf(*strings: str) -> dict[type[Dataset], Rows]:
    return _dns(txt("contoso.com", *strings))


def _dmarc(
    *records: str, domains: Sequence[Mapping[str, Any]] = _DOMAINS
) -> dict[type[Dataset], Rows]:
    """`records` at contoso.com; the initial domain is in order."""
    return _dns(
        txt("_dmarc.contoso.onmicrosoft.com", FULL_DMARC),
        txt("_dmarc.contoso.com", *records),
        domains=domains,
    )


_CHAIN = [
    txt(f"s{n}.contoso.com", f"v=spf1 include:s{n + 1}.contoso.com ?all") for n in range(1, 12)
]
_SUB = accepted_domain("sub.contoso.com")

SPF = [
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
        given={AcceptedDomain: _DOMAINS, TxtRecords: [txt("contoso.com", MICROSOFT_SPF)]},
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
        given=_dns(
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
        given=_dns(
            txt("contoso.com", "v=spf1 include:spf.protection.outlook.com.evil.example -all"),
            txt("spf.protection.outlook.com.evil.example", "v=spf1 -all"),
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "Microsoft's host inside another include",
        given=_dns(
            txt("contoso.com", "v=spf1 include:_spf.contoso.com -all"),
            txt("_spf.contoso.com", f"v=spf1 {_MICROSOFT_INCLUDE} ip4:192.0.2.7 ?all"),
        ),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "a redirect decides",
        given=_dns(
            txt("contoso.com", "v=spf1 redirect=_spf.contoso.com"),
            txt("_spf.contoso.com", MICROSOFT_SPF),
        ),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "a redirect beside an end is ignored",
        given=_dns(
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
        given=_dns(
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
        given=_dns(txt("contoso.com", "v=spf1 include:s1.contoso.com -all"), *_CHAIN),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "an include whose target has no SPF record",
        given=_dns(
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
        given=_dns(
            txt("contoso.com", MICROSOFT_SPF),
            txt("parked.com", MICROSOFT_SPF),
            domains=[accepted_domain(), _PARKED],
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
        given=_dns(txt("contoso.com", status="nxdomain")),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "the name server fails",
        given=_dns(txt("contoso.com", status="servfail")),
        expect="error",
        says="servfail",
    ),
    Case(
        spf_records_published,
        "the name server fails for one domain while another has no record",
        given=_dns(
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
        given=_dns(
            txt("contoso.com", "v=spf1 include:_spf.contoso.com -all"),
            txt("_spf.contoso.com", status="timeout"),
        ),
        expect="error",
        says="_spf.contoso.com",
    ),
    Case(
        spf_records_published,
        "an include was not answered, but everybody may send anyway",
        given=_dns(
            txt("contoso.com", "v=spf1 include:_spf.contoso.com +all"),
            txt("_spf.contoso.com", status="timeout"),
        ),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "a domain nobody looked up",
        given=_dns(),
        expect="error",
        says="was not looked up",
    ),
    Case(
        spf_records_published,
        "two different answers for one name",
        given=_dns(txt("contoso.com", MICROSOFT_SPF), txt("CONTOSO.com.", "v=spf1 +all")),
        expect="error",
    ),
    Case(
        spf_records_published,
        "a status nobody knows",
        given=_dns(txt("contoso.com", MICROSOFT_SPF, status="odd")),
        expect="error",
    ),
    Case(
        spf_records_published,
        "domains of Microsoft's only, additional and coexistence ones among them",
        given=_dns(
            domains=[initial_domain(), accepted_domain("other.onmicrosoft.com"), _COEXISTENCE]
        ),
        expect="not_applicable",
    ),
    Case(
        spf_records_published,
        "no accepted domain at all in a tenant that owns Exchange",
        given=_dns(domains=[]) | {SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))]},
        expect="error",
    ),
    Case(
        spf_records_published,
        "no accepted domain at all in a tenant without Exchange",
        given=_dns(domains=[]) | {SubscribedSku: [sku()]},
        expect="not_applicable",
    ),
    Case(
        spf_records_published,
        "an approved domain is sent by another platform",
        given=_spf("v=spf1 ip4:192.0.2.0/24 ~all"),
        parameters=_approved("spf_records_published", "Contoso.com"),
        expect="pass",
        says="1 approved exceptions: contoso.com",
    ),
    Case(
        spf_records_published,
        "an approved domain still needs an end",
        given=_spf("v=spf1 ip4:192.0.2.0/24 ?all"),
        parameters=_approved("spf_records_published", "contoso.com"),
        expect="fail",
    ),
    Case(
        spf_records_published,
        "the government cloud has its own host",
        given=_dns(
            txt("contoso.com", "v=spf1 include:spf.protection.office365.us -all"),
            domains=[initial_domain("contoso.onmicrosoft.us"), accepted_domain()],
        ),
        expect="pass",
    ),
    Case(
        spf_records_published,
        "the worldwide host in the government cloud",
        given=_dns(
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

DKIM = [
    Case(
        dkim_signing_enabled,
        "valid, the status in other letter case, the row twice",
        given={
            AcceptedDomain: _DOMAINS,
            DkimSigningConfig: [
                dkim_signing_config(Status="VALID"),
                dkim_signing_config(Status="VALID"),
                dkim_signing_config("gone.example", Enabled=False),
            ],
        },
        expect="pass",
    ),
    Case(
        dkim_signing_enabled,
        "never configured",
        given={AcceptedDomain: _DOMAINS, DkimSigningConfig: []},
        expect="fail",
        affected=["contoso.com"],
    ),
    Case(
        dkim_signing_enabled,
        "one of two is not configured, the answer one object",
        given={
            AcceptedDomain: [accepted_domain(), accepted_domain("fab-rikam.com")],
            DkimSigningConfig: [dkim_signing_config()],
        },
        expect="fail",
        affected=["fab-rikam.com"],
    ),
    Case(
        dkim_signing_enabled,
        "enabled while the CNAMEs are missing",
        given={
            AcceptedDomain: _DOMAINS,
            DkimSigningConfig: [dkim_signing_config(Status="CnameMissing")],
        },
        expect="fail",
    ),
    Case(
        dkim_signing_enabled,
        "disabled",
        given={
            AcceptedDomain: _DOMAINS,
            DkimSigningConfig: [dkim_signing_config(Enabled=False)],
        },
        expect="fail",
    ),
    Case(
        dkim_signing_enabled,
        "named by its name only",
        given={
            AcceptedDomain: _DOMAINS,
            DkimSigningConfig: [dkim_signing_config(Domain=None, Name="CONTOSO.COM")],
        },
        expect="pass",
    ),
    Case(
        dkim_signing_enabled,
        "a parked domain is passed over",
        given={
            AcceptedDomain: [accepted_domain(), _PARKED],
            DkimSigningConfig: [dkim_signing_config()],
        },
        expect="pass",
    ),
    Case(
        dkim_signing_enabled,
        "an approved domain signed by a gateway",
        given={AcceptedDomain: _DOMAINS, DkimSigningConfig: []},
        parameters=_approved("dkim_signing_enabled", "contoso.com"),
        expect="pass",
        says="1 approved exceptions",
    ),
    Case(
        dkim_signing_enabled,
        "the initial domain only, signed by Microsoft",
        given={AcceptedDomain: [initial_domain()], DkimSigningConfig: []},
        expect="not_applicable",
    ),
    Case(
        dkim_signing_enabled,
        "the configurations are denied",
        given={AcceptedDomain: _DOMAINS},
        unread={DkimSigningConfig: "denied"},
        expect="error",
    ),
    Case(
        dkim_signing_enabled,
        "a part of the configurations, this domain's not among them",
        given={
            AcceptedDomain: _DOMAINS,
            DkimSigningConfig: [dkim_signing_config("other.example")],
        },
        unread={DkimSigningConfig: "partial"},
        expect="error",
    ),
    Case(
        dkim_signing_enabled,
        "a part of the configurations shows this domain's disabled",
        given={
            AcceptedDomain: _DOMAINS,
            DkimSigningConfig: [dkim_signing_config(Enabled=False)],
        },
        unread={DkimSigningConfig: "partial"},
        expect="fail",
    ),
    Case(
        dkim_signing_enabled,
        "the status is null",
        given={AcceptedDomain: _DOMAINS, DkimSigningConfig: [dkim_signing_config(Status=None)]},
        expect="error",
    ),
    Case(
        dkim_signing_enabled,
        "no accepted domain at all",
        given={AcceptedDomain: [], DkimSigningConfig: []},
        expect="error",
    ),
]

DMARC = [
    Case(
        dmarc_records_published,
        "reject with both reports",
        given=_dmarc("v=DMARC1; p=reject; rua=mailto:a@x; ruf=mailto:a@x"),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "quarantine, pct 100, a closing semicolon",
        given=_dmarc("v=DMARC1;p=quarantine;pct=100;rua=mailto:a@x;ruf=mailto:a@x;"),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "other order, letter case, blanks, unknown tags and several addresses",
        given=_dmarc(
            "v = DMARC1 ; RUF=mailto:a@x ; x=1 ; rua=https://r.example, MAILTO:a@x!10m; P=Reject"
        ),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "half of the mail",
        given=_dmarc("v=DMARC1; p=reject; pct=50; rua=mailto:a@x; ruf=mailto:a@x"),
        expect="fail",
        affected=["contoso.com"],
    ),
    Case(
        dmarc_records_published,
        "policy none",
        given=_dmarc("v=DMARC1; p=none; rua=mailto:a@x; ruf=mailto:a@x"),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "no ruf",
        given=_dmarc("v=DMARC1; p=reject; rua=mailto:a@x"),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "the address stands in a tag that only looks like rua",
        given=_dmarc("v=DMARC1; p=reject; rua2=mailto:a@x; ruf=mailto:a@x"),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "an address without mailto",
        given=_dmarc("v=DMARC1; p=reject; rua=mailto:a@x; ruf=a@x"),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "the version in other letter case is no record",
        given=_dmarc("v=dmarc1; p=reject; rua=mailto:a@x; ruf=mailto:a@x"),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "the version is not the first tag",
        given=_dmarc("p=reject; v=DMARC1; rua=mailto:a@x; ruf=mailto:a@x"),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "the policy given twice",
        given=_dmarc("v=DMARC1; p=reject; p=none; rua=mailto:a@x; ruf=mailto:a@x"),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "two records",
        given=_dmarc(FULL_DMARC, "v=DMARC1; p=reject"),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "a record beside another kind of text",
        given=_dmarc(FULL_DMARC, "v=spf1 -all"),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "a subdomain inherits sp=none",
        given=_dns(
            txt("_dmarc.contoso.com", f"{FULL_DMARC}; sp=none"),
            txt("_dmarc.sub.contoso.com"),
            domains=[accepted_domain(), _SUB],
        ),
        expect="fail",
        affected=["sub.contoso.com"],
    ),
    Case(
        dmarc_records_published,
        "a subdomain inherits the parent's policy",
        given=_dns(
            txt("_dmarc.contoso.com", FULL_DMARC),
            txt("_dmarc.sub.contoso.com", status="nxdomain"),
            domains=[accepted_domain(), _SUB],
        ),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "a subdomain's own record borrows no tag",
        given=_dns(
            txt("_dmarc.contoso.com", FULL_DMARC),
            txt("_dmarc.sub.contoso.com", "v=DMARC1; p=reject"),
            domains=[accepted_domain(), _SUB],
        ),
        expect="fail",
        affected=["sub.contoso.com"],
    ),
    Case(
        dmarc_records_published,
        "the shortest parent with a record counts",
        given=_dns(
            txt("_dmarc.contoso.com", f"{FULL_DMARC}; sp=none"),
            txt("_dmarc.sub.contoso.com", FULL_DMARC),
            txt("_dmarc.a.sub.contoso.com"),
            domains=[accepted_domain(), _SUB, accepted_domain("a.sub.contoso.com")],
        ),
        expect="fail",
        affected=["a.sub.contoso.com"],
    ),
    Case(
        dmarc_records_published,
        "a parent outside the tenant is not consulted",
        given=_dns(
            txt("_dmarc.contoso.com", FULL_DMARC),
            txt("_dmarc.sub.contoso.com"),
            domains=[_SUB],
        ),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "a neighbour that only ends alike is no parent",
        given=_dns(
            txt("_dmarc.contoso.com", FULL_DMARC),
            txt("_dmarc.not-contoso.com"),
            txt("_dmarc.xn--bcher-kva.example", FULL_DMARC),
            domains=[
                accepted_domain(),
                accepted_domain("not-contoso.com"),
                accepted_domain("xn--bcher-kva.example"),
            ],
        ),
        expect="fail",
        affected=["not-contoso.com"],
    ),
    Case(
        dmarc_records_published,
        "the initial domain has none",
        given=_dns(
            txt("_dmarc.contoso.com", FULL_DMARC),
            txt("_dmarc.contoso.onmicrosoft.com"),
        ),
        expect="fail",
        affected=["contoso.onmicrosoft.com"],
    ),
    Case(
        dmarc_records_published,
        "the coexistence domain is not judged",
        given=_dmarc(FULL_DMARC, domains=[*_DOMAINS, _COEXISTENCE]),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "a parked domain that rejects needs no reports",
        given=_dns(txt("_dmarc.parked.com", "v=DMARC1; p=reject"), domains=[_PARKED]),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "a parked domain that only quarantines",
        given=_dns(
            txt("_dmarc.parked.com", FULL_DMARC.replace("reject", "quarantine")),
            domains=[_PARKED],
        ),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "a time-out, all others good",
        given=_dns(
            txt("_dmarc.contoso.com", status="timeout"),
            txt("_dmarc.contoso.onmicrosoft.com", FULL_DMARC),
        ),
        expect="error",
        says="timeout",
    ),
    Case(
        dmarc_records_published,
        "a time-out beside a domain without a record",
        given=_dns(
            txt("_dmarc.contoso.com", status="timeout"),
            txt("_dmarc.contoso.onmicrosoft.com"),
        ),
        expect="fail",
        affected=["contoso.onmicrosoft.com"],
    ),
    Case(
        dmarc_records_published,
        "an SPF record at the domain says nothing about DMARC",
        given=_dns(
            txt("contoso.com", MICROSOFT_SPF, FULL_DMARC),
            txt("_dmarc.contoso.com"),
            txt("_dmarc.contoso.onmicrosoft.com", FULL_DMARC),
        ),
        expect="fail",
        affected=["contoso.com"],
    ),
    Case(
        dmarc_records_published,
        "an approved domain without a record",
        given=_dmarc(),
        parameters=_approved("dmarc_records_published", "contoso.com"),
        expect="pass",
        says="1 approved exceptions",
    ),
    Case(
        dmarc_records_published,
        "no accepted domain at all",
        given=_dns(domains=[]),
        expect="error",
    ),
    Case(
        dmarc_records_published,
        "the look-ups were cut short",
        given=_dmarc(FULL_DMARC),
        unread={TxtRecords: "partial"},
        expect="error",
    ),
    Case(
        dmarc_records_published,
        "a tenant without Exchange",
        given={SubscribedSku: [sku()]},
        unread={AcceptedDomain: "denied", TxtRecords: "other"},
        expect="not_applicable",
    ),
]

CASES = [*SPF, *DKIM, *DMARC]
