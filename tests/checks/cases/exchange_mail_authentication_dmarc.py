"""Cases of DMARC in checks/exchange/mail_authentication.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from checks.exchange.mail_authentication import (
    dmarc_records_published,
)
from evidence.dataset import Dataset
from evidence.dns import TxtRecords
from evidence.licences import SubscribedSku
from evidence.recipients import AcceptedDomain
from tests.builders.dns import FULL_DMARC, MICROSOFT_SPF, txt
from tests.builders.licences import sku
from tests.builders.recipients import accepted_domain
from tests.checks.case import Case, Rows
from tests.checks.cases.exchange_mail_authentication import (
    COEXISTENCE,
    DOMAINS,
    PARKED,
    approved,
    dns,
)


def _dmarc(
    *records: str, domains: Sequence[Mapping[str, Any]] = DOMAINS
) -> dict[type[Dataset], Rows]:
    """`records` at contoso.com; the initial domain is in order."""
    return dns(
        txt("_dmarc.contoso.onmicrosoft.com", FULL_DMARC),
        txt("_dmarc.contoso.com", *records),
        domains=domains,
    )


_SUB = accepted_domain("sub.contoso.com")

CASES = [
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
        given=dns(
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
        given=dns(
            txt("_dmarc.contoso.com", FULL_DMARC),
            txt("_dmarc.sub.contoso.com", status="nxdomain"),
            domains=[accepted_domain(), _SUB],
        ),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "a subdomain's own record borrows no tag",
        given=dns(
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
        given=dns(
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
        given=dns(
            txt("_dmarc.contoso.com", FULL_DMARC),
            txt("_dmarc.sub.contoso.com"),
            domains=[_SUB],
        ),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "a neighbour that only ends alike is no parent",
        given=dns(
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
        given=dns(
            txt("_dmarc.contoso.com", FULL_DMARC),
            txt("_dmarc.contoso.onmicrosoft.com"),
        ),
        expect="fail",
        affected=["contoso.onmicrosoft.com"],
    ),
    Case(
        dmarc_records_published,
        "the coexistence domain is not judged",
        given=_dmarc(FULL_DMARC, domains=[*DOMAINS, COEXISTENCE]),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "a parked domain that rejects needs no reports",
        given=dns(txt("_dmarc.parked.com", "v=DMARC1; p=reject"), domains=[PARKED]),
        expect="pass",
    ),
    Case(
        dmarc_records_published,
        "a parked domain that only quarantines",
        given=dns(
            txt("_dmarc.parked.com", FULL_DMARC.replace("reject", "quarantine")),
            domains=[PARKED],
        ),
        expect="fail",
    ),
    Case(
        dmarc_records_published,
        "a time-out, all others good",
        given=dns(
            txt("_dmarc.contoso.com", status="timeout"),
            txt("_dmarc.contoso.onmicrosoft.com", FULL_DMARC),
        ),
        expect="error",
        says="timeout",
    ),
    Case(
        dmarc_records_published,
        "a time-out beside a domain without a record",
        given=dns(
            txt("_dmarc.contoso.com", status="timeout"),
            txt("_dmarc.contoso.onmicrosoft.com"),
        ),
        expect="fail",
        affected=["contoso.onmicrosoft.com"],
    ),
    Case(
        dmarc_records_published,
        "an SPF record at the domain says nothing about DMARC",
        given=dns(
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
        parameters=approved("dmarc_records_published", "contoso.com"),
        expect="pass",
        says="1 approved exceptions",
    ),
    Case(
        dmarc_records_published,
        "no accepted domain at all",
        given=dns(domains=[]),
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
