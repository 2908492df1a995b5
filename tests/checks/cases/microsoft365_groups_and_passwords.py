"""Cases of checks/microsoft365/tenant_settings.py: public groups and the age of passwords."""

from typing import Any

from checks.microsoft365.tenant_settings import m365_groups_not_public, passwords_never_expire
from evidence.entra import Domain, Group, Organization
from tests.builders.entra import domain, group, guest_group, organization, without
from tests.checks.case import Case

ALL_COMPANY = group("All Company", visibility="Public")
APPROVED = {
    "approved_exceptions": {
        "m365_groups_not_public": [
            {
                "id": "ID-OF-ALL COMPANY",
                "reason": "Viva Engage",
                "approved_by": "ada",
                "expires": "2026-12-31",
            }
        ]
    }
}


def _expired() -> dict[str, Any]:
    entry = APPROVED["approved_exceptions"]["m365_groups_not_public"][0]
    return {"approved_exceptions": {"m365_groups_not_public": [entry | {"expires": "2026-05-03"}]}}


def _groups(
    name: str,
    rows: list[dict[str, Any]],
    expect: str,
    affected: list[str] | None = None,
    **rest: Any,
) -> Case:
    return Case(
        m365_groups_not_public,
        name,
        given={Group: rows},
        expect=expect,
        affected=affected,
        **rest,
    )


GROUPS = [
    _groups("private and hidden", [group(), group("Board", visibility="HiddenMembership")], "pass"),
    _groups(
        "one public",
        [group(), group("Open", visibility="Public")],
        "fail",
        ["Open <open@contoso.example>"],
    ),
    _groups("public but approved", [ALL_COMPANY], "pass", parameters=APPROVED, says="1 public"),
    _groups("approved until yesterday", [ALL_COMPANY], "fail", parameters=_expired()),
    _groups(
        "another one is approved",
        [ALL_COMPANY, group("Open", visibility="Public")],
        "fail",
        ["Open <open@contoso.example>"],
        parameters=APPROVED,
    ),
    _groups("a public security group", [group(groupTypes=[], visibility="Public")], "pass"),
    _groups("a dynamic security group", [guest_group(visibility="Public")], "pass"),
    _groups(
        "a dynamic Microsoft 365 group",
        [group("All", groupTypes=["Unified", "DynamicMembership"], visibility="Public")],
        "fail",
    ),
    _groups(
        "one type, unwrapped", [group("Open", groupTypes="Unified", visibility="Public")], "fail"
    ),
    _groups("visibility is null", [group(visibility=None)], "fail"),
    _groups("a word nobody knows", [group(visibility="Confidential")], "fail"),
    _groups("lower case", [group(visibility="private")], "pass"),
    _groups(
        "no mail address",
        [group("Open", visibility="Public", mail=None)],
        "fail",
        ["Open (id-of-open)"],
    ),
    _groups("no group at all", [], "pass"),
    _groups(
        "more than one page, the last one public",
        [group(f"Group {number}") for number in range(2500)] + [group("Open", visibility="Public")],
        "fail",
        ["Open <open@contoso.example>"],
    ),
    _groups("visibility is absent", [without(group(), "visibility")], "error"),
    _groups("types are absent", [without(group(), "groupTypes")], "error"),
    _groups(
        "one unreadable, one public",
        [without(group(), "groupTypes"), group("Open", visibility="Public")],
        "fail",
    ),
    _groups("a part, all private", [group()], "error", unread={Group: "partial"}),
    _groups("a part, one public", [ALL_COMPANY], "fail", unread={Group: "partial"}),
    Case(m365_groups_not_public, "denied", given={}, unread={Group: "denied"}, expect="error"),
]

OLD = organization(createdDateTime="2016-05-01T08:00:00Z")
UNDATED = organization(createdDateTime=None)
FEDERATED = domain("fed.example", authenticationType="Federated", passwordValidityPeriodInDays=None)


def _passwords(
    name: str,
    rows: list[dict[str, Any]],
    expect: str,
    affected: list[str] | None = None,
    *,
    tenant: dict[str, Any] | None = None,
    says: str = "",
) -> Case:
    return Case(
        passwords_never_expire,
        name,
        given={Domain: rows, Organization: [tenant or organization()]},
        expect=expect,
        affected=affected,
        says=says,
    )


def _unset(name: str = "contoso.example", **changes: Any) -> dict[str, Any]:
    return domain(name, passwordValidityPeriodInDays=None, **changes)


PASSWORDS = [
    _passwords("never", [domain()], "pass", tenant=OLD),
    _passwords("never, as text", [domain(passwordValidityPeriodInDays="2147483647")], "pass"),
    _passwords(
        "ninety days",
        [domain(), domain("old.example", passwordValidityPeriodInDays=90)],
        "fail",
        ["old.example"],
    ),
    _passwords("ninety days, as text", [domain(passwordValidityPeriodInDays="90")], "fail"),
    _passwords("zero", [domain(passwordValidityPeriodInDays=0)], "fail"),
    _passwords("one day short of never", [domain(passwordValidityPeriodInDays=2147483646)], "fail"),
    _passwords("not a number", [domain(passwordValidityPeriodInDays="never")], "error"),
    _passwords("unset in a new tenant", [_unset()], "pass"),
    _passwords("unset in an old tenant", [_unset()], "fail", tenant=OLD),
    _passwords(
        "unset, on the day of the change",
        [_unset()],
        "pass",
        tenant=organization(createdDateTime="2021-10-01T00:00:00Z"),
    ),
    _passwords(
        "unset, the second before",
        [_unset()],
        "fail",
        tenant=organization(createdDateTime="2021-09-30T23:59:59Z"),
    ),
    _passwords("unset in a tenant of unknown age", [_unset()], "error", tenant=UNDATED),
    _passwords(
        "unset in a tenant of unknown age, ninety days elsewhere",
        [_unset(), domain("old.example", passwordValidityPeriodInDays=90)],
        "fail",
        ["old.example"],
        tenant=UNDATED,
    ),
    _passwords(
        "a subdomain inherits",
        [domain(), _unset("sub.contoso.example", isRoot=False)],
        "pass",
        tenant=OLD,
    ),
    _passwords("a subdomain alone", [_unset("sub.contoso.example", isRoot=False)], "error"),
    _passwords("federated only", [FEDERATED], "not_applicable"),
    _passwords("federated beside managed", [FEDERATED, domain()], "pass", says="fed.example"),
    _passwords("a federated subdomain alone", [FEDERATED | {"isRoot": False}], "error"),
    _passwords(
        "unverified beside verified",
        [_unset(isVerified=False), domain("b.example")],
        "pass",
        tenant=OLD,
        says="unverified: contoso.example",
    ),
    _passwords("unverified only", [_unset(isVerified=False)], "error"),
    _passwords("managed in another case", [domain(authenticationType="managed")], "pass"),
    _passwords("a kind of sign-in nobody knows", [domain(authenticationType="Quantum")], "error"),
    _passwords(
        "the initial domain never, the custom one unset, new tenant",
        [domain("contoso.onmicrosoft.com"), _unset()],
        "pass",
    ),
    _passwords("no domain at all", [], "error"),
    Case(
        passwords_never_expire,
        "never, the organisation unread",
        given={Domain: [domain()]},
        unread={Organization: "denied"},
        expect="pass",
    ),
    Case(
        passwords_never_expire,
        "unset, the organisation unread",
        given={Domain: [_unset()]},
        unread={Organization: "denied"},
        expect="error",
    ),
    Case(
        passwords_never_expire,
        "denied",
        given={Organization: [organization()]},
        unread={Domain: "denied"},
        expect="error",
    ),
    Case(
        passwords_never_expire,
        "a part of the domains, all never",
        given={Domain: [domain()]},
        unread={Domain: "partial"},
        expect="error",
    ),
]

CASES = [*GROUPS, *PASSWORDS]
