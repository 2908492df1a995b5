"""Cases of checks/teams/external_access.py: shapes of the allowed domains, and consumer Skype."""

from checks.teams.external_access import (
    teams_external_domains_restricted,
    teams_skype_consumer_blocked,
)
from evidence.licences import SubscribedSku
from evidence.teams import ExternalAccessPolicy, FederationConfiguration
from tests.builders.licences import plan, sku
from tests.builders.teams import (
    EVERYBODY,
    PARTNERS,
    federation,
    open_external_access_policy,
    open_federation,
)
from tests.checks.case import Case


def _domains(name: str, shape: object, expect: str) -> Case:
    """Federation is on and only the shape of AllowedDomains decides."""
    return Case(
        teams_external_domains_restricted,
        f"allowed domains: {name}",
        given={
            ExternalAccessPolicy: [open_external_access_policy()],
            FederationConfiguration: [open_federation(AllowedDomains=shape)],
        },
        expect=expect,
    )


CASES = [
    _domains("the normal form, a list", PARTNERS, "pass"),
    _domains("the normal form, an empty list", {"kind": "AllowList", "domains": []}, "pass"),
    _domains("the normal form, all", EVERYBODY, "fail"),
    _domains("an object without members", {}, "fail"),
    _domains("the word", "AllowAllKnownDomains", "fail"),
    _domains("the name of the type", "Microsoft.Rtc.Management.AllowAllKnownDomains", "fail"),
    _domains("one domain", {"AllowedDomain": "Domain=partner.example"}, "pass"),
    _domains(
        "several domains", {"AllowedDomain": ["Domain=a.example", "Domain=b.example"]}, "pass"
    ),
    _domains("domains as records", {"AllowedDomain": [{"Domain": "a.example"}]}, "pass"),
    _domains("a bare list of records", [{"Domain": "a.example"}, {"Domain": "b.example"}], "pass"),
    _domains("a bare list of texts", ["Domain=a.example"], "pass"),
    _domains("a bare list without entries", [], "error"),
    _domains("a list cut off at its depth", {"AllowedDomain": None}, "error"),
    _domains("a member nobody knows", {"Domains": ["a.example"]}, "error"),
    _domains("another kind", {"kind": "BlockList", "domains": ["a.example"]}, "error"),
    _domains("another word", "partner.example", "error"),
    _domains("null", None, "error"),
    _domains("a number", 7, "error"),
    *(
        Case(
            teams_skype_consumer_blocked,
            name,
            given={FederationConfiguration: [federation(**changes)]},
            expect=expect,
            says=says,
        )
        for name, changes, expect, says in (
            ("the setting is gone", {}, "pass", "retired"),
            ("the setting is null", {"AllowPublicUsers": None}, "pass", "retired"),
            ("off", {"AllowPublicUsers": False}, "pass", "off"),
            ("on", {"AllowPublicUsers": True}, "fail", "Skype"),
            ("on as text", {"AllowPublicUsers": "True"}, "fail", ""),
            ("another word", {"AllowPublicUsers": "perhaps"}, "error", "cannot be read"),
        )
    ),
    Case(
        teams_skype_consumer_blocked,
        "an answer without any setting does not show that this one is gone",
        given={FederationConfiguration: [{"Identity": "Global"}]},
        expect="error",
    ),
    Case(
        teams_skype_consumer_blocked,
        "no configuration returned",
        given={FederationConfiguration: []},
        expect="error",
    ),
    Case(
        teams_skype_consumer_blocked,
        "not collected",
        given={},
        unread={FederationConfiguration: "denied"},
        expect="error",
    ),
    Case(
        teams_skype_consumer_blocked,
        "a tenant without Teams",
        given={SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))]},
        unread={FederationConfiguration: "denied"},
        expect="not_applicable",
    ),
]
