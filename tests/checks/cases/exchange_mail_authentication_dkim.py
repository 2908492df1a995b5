"""Cases of DKIM in checks/exchange/mail_authentication.py."""

from checks.exchange.mail_authentication import (
    dkim_signing_enabled,
)
from evidence.exchange import DkimSigningConfig
from evidence.recipients import AcceptedDomain
from tests.builders.exchange import dkim_signing_config
from tests.builders.recipients import accepted_domain, initial_domain
from tests.checks.case import Case
from tests.checks.cases.exchange_mail_authentication import DOMAINS, PARKED, approved

CASES = [
    Case(
        dkim_signing_enabled,
        "valid, the status in other letter case, the row twice",
        given={
            AcceptedDomain: DOMAINS,
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
        given={AcceptedDomain: DOMAINS, DkimSigningConfig: []},
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
            AcceptedDomain: DOMAINS,
            DkimSigningConfig: [dkim_signing_config(Status="CnameMissing")],
        },
        expect="fail",
    ),
    Case(
        dkim_signing_enabled,
        "disabled",
        given={
            AcceptedDomain: DOMAINS,
            DkimSigningConfig: [dkim_signing_config(Enabled=False)],
        },
        expect="fail",
    ),
    Case(
        dkim_signing_enabled,
        "named by its name only",
        given={
            AcceptedDomain: DOMAINS,
            DkimSigningConfig: [dkim_signing_config(Domain=None, Name="CONTOSO.COM")],
        },
        expect="pass",
    ),
    Case(
        dkim_signing_enabled,
        "a parked domain is passed over",
        given={
            AcceptedDomain: [accepted_domain(), PARKED],
            DkimSigningConfig: [dkim_signing_config()],
        },
        expect="pass",
    ),
    Case(
        dkim_signing_enabled,
        "an approved domain signed by a gateway",
        given={AcceptedDomain: DOMAINS, DkimSigningConfig: []},
        parameters=approved("dkim_signing_enabled", "contoso.com"),
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
        given={AcceptedDomain: DOMAINS},
        unread={DkimSigningConfig: "denied"},
        expect="error",
    ),
    Case(
        dkim_signing_enabled,
        "a part of the configurations, this domain's not among them",
        given={
            AcceptedDomain: DOMAINS,
            DkimSigningConfig: [dkim_signing_config("other.example")],
        },
        unread={DkimSigningConfig: "partial"},
        expect="error",
    ),
    Case(
        dkim_signing_enabled,
        "a part of the configurations shows this domain's disabled",
        given={
            AcceptedDomain: DOMAINS,
            DkimSigningConfig: [dkim_signing_config(Enabled=False)],
        },
        unread={DkimSigningConfig: "partial"},
        expect="fail",
    ),
    Case(
        dkim_signing_enabled,
        "the status is null",
        given={AcceptedDomain: DOMAINS, DkimSigningConfig: [dkim_signing_config(Status=None)]},
        expect="error",
    ),
    Case(
        dkim_signing_enabled,
        "no accepted domain at all",
        given={AcceptedDomain: [], DkimSigningConfig: []},
        expect="error",
    ),
]
