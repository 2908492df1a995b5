"""Cases of checks/entra/directory_settings.py."""

from collections.abc import Callable
from typing import Any

from checks.entra.directory_settings import (
    entra_admin_center_restricted,
    keep_me_signed_in_hidden,
    linkedin_connections_disabled,
    password_hash_sync_enabled,
    users_cannot_create_tenants,
    users_cannot_register_apps,
)
from contracts.verdict import Verdict
from evidence.directory_policies import EntraUxSetting, OnPremisesSynchronization
from evidence.entra import AuthorizationPolicy, Domain, Organization
from evidence.evidence import Evidence
from tests.builders.entra import (
    authorization_policy,
    domain,
    hybrid_organization,
    on_premises_synchronization,
    organization,
    user_permissions,
    without,
)
from tests.checks.case import Case

Judge = Callable[[Evidence], Verdict]
INITIAL = domain("contoso.onmicrosoft.com")
FEDERATED = domain("fed.example", authenticationType="Federated")


def _permissions(judge: Judge, name: str, rows: list[Any], expect: str, says: str = "") -> Case:
    return Case(
        judge,
        name,
        given={AuthorizationPolicy: rows},
        expect=expect,
        affected=["authorizationPolicy"] if expect == "fail" else None,
        says=says,
    )


def _permission(judge: Judge, setting: str, other: str) -> list[Case]:
    def policy(permissions: Any) -> dict[str, Any]:
        return authorization_policy(defaultUserRolePermissions=permissions)

    def with_value(value: Any, **changes: Any) -> dict[str, Any]:
        return policy(user_permissions(**{setting: value}, **changes))

    return [
        _permissions(judge, "false", [with_value(False)], "pass"),
        _permissions(judge, "true", [with_value(True)], "fail"),
        _permissions(judge, "false as text", [with_value("False")], "pass"),
        _permissions(judge, "null", [with_value(None)], "error", "cannot be read"),
        _permissions(judge, "a number", [with_value(0)], "error"),
        _permissions(judge, "no permissions at all", [policy({})], "error", "is absent"),
        _permissions(judge, "permissions are null", [policy(None)], "error"),
        _permissions(
            judge,
            "absent",
            [policy(without(user_permissions(), setting))],
            "error",
            f"{setting} is absent",
        ),
        _permissions(judge, "its neighbour is true", [with_value(False, **{other: True})], "pass"),
        _permissions(
            judge,
            "its neighbour is absent",
            [policy(without(user_permissions(), other))],
            "pass",
        ),
        _permissions(
            judge, "two policies, one true", [with_value(False), with_value(True)], "fail"
        ),
        _permissions(judge, "one policy twice", [with_value(False), with_value(False)], "pass"),
        _permissions(judge, "no policy", [], "error"),
        Case(judge, "denied", given={}, unread={AuthorizationPolicy: "denied"}, expect="error"),
    ]


def _ux(name: str, rows: list[Any], expect: str) -> Case:
    return Case(entra_admin_center_restricted, name, given={EntraUxSetting: rows}, expect=expect)


ADMIN_CENTER = [
    _ux("true", [{"restrictNonAdminAccess": "true"}], "pass"),
    _ux("true in capitals", [{"restrictNonAdminAccess": "True"}], "pass"),
    _ux("true as a boolean", [{"restrictNonAdminAccess": True}], "pass"),
    _ux("false", [{"id": "uxSetting", "restrictNonAdminAccess": "false"}], "fail"),
    _ux("a value to come", [{"restrictNonAdminAccess": "unknownFutureValue"}], "error"),
    _ux("null", [{"restrictNonAdminAccess": None}], "error"),
    _ux("a property that does not exist", [{"AllowedToUseEntraIDAdminCenter": None}], "error"),
    _ux("an empty answer", [], "error"),
    *(
        Case(
            entra_admin_center_restricted,
            f"the read ended {status}: a person has to look",
            given={},
            unread={EntraUxSetting: status},
            expect="manual",
        )
        for status in ("denied", "other", "throttled")
    ),
    Case(
        entra_admin_center_restricted,
        "an unfinished read says true",
        given={EntraUxSetting: [{"restrictNonAdminAccess": "true"}]},
        unread={EntraUxSetting: "partial"},
        expect="error",
    ),
]

ATTESTED = [
    Case(judge, "a person has to look", given={}, expect="manual", says="look whether")
    for judge in (keep_me_signed_in_hidden, linkedin_connections_disabled)
]


def _hashes(
    name: str,
    expect: str,
    *,
    tenant: dict[str, Any] | None = None,
    sync: list[dict[str, Any]] | None = None,
    domains: list[dict[str, Any]] | None = None,
    says: str = "",
) -> Case:
    return Case(
        password_hash_sync_enabled,
        name,
        given={
            Organization: [tenant or hybrid_organization()],
            OnPremisesSynchronization: [on_premises_synchronization()] if sync is None else sync,
            Domain: [INITIAL, domain()] if domains is None else domains,
        },
        expect=expect,
        says=says,
    )


def _hybrid_unread(name: str, unread: Any, expect: str, given: Any = None) -> Case:
    return Case(
        password_hash_sync_enabled,
        name,
        given={
            Organization: [hybrid_organization()],
            OnPremisesSynchronization: [on_premises_synchronization()],
            Domain: [INITIAL, domain()],
        }
        | {dataset: [] for dataset in unread}
        | (given or {}),
        unread=unread,
        expect=expect,
    )


OFF = [on_premises_synchronization(False)]
HASHES = [
    _hashes("hashes are synchronised", "pass"),
    _hashes("hashes are not synchronised", "fail", sync=OFF, says="Cloud Sync"),
    _hashes("cloud only, null", "not_applicable", tenant=organization()),
    _hashes(
        "cloud only, false", "not_applicable", tenant=organization(onPremisesSyncEnabled=False)
    ),
    _hashes(
        "synchronisation is absent",
        "error",
        tenant=without(organization(), "onPremisesSyncEnabled"),
    ),
    _hashes("all custom domains federated", "not_applicable", domains=[INITIAL, FEDERATED]),
    _hashes(
        "all custom domains federated, hashes off",
        "not_applicable",
        domains=[INITIAL, FEDERATED],
        sync=OFF,
    ),
    _hashes("federated and managed", "fail", domains=[INITIAL, FEDERATED, domain()], sync=OFF),
    _hashes(
        "federated, and managed but not verified",
        "not_applicable",
        domains=[FEDERATED, domain(isVerified=False)],
    ),
    _hashes("Microsoft's own domain alone", "fail", domains=[INITIAL], sync=OFF),
    _hashes("Microsoft's own domain alone, hashes on", "pass", domains=[INITIAL]),
    _hashes("no domain at all", "error", domains=[]),
    _hashes("one object of two has it on", "pass", sync=[*OFF, on_premises_synchronization()]),
    _hashes("hybrid without an object", "manual", sync=[]),
    _hashes("the property is null", "manual", sync=[on_premises_synchronization(None)]),
    _hashes("no features", "manual", sync=[{"id": "x", "features": None}]),
    _hashes("a word nobody knows", "error", sync=[on_premises_synchronization("perhaps")]),
    _hashes(
        "the last synchronisation is years ago",
        "pass",
        tenant=hybrid_organization(onPremisesLastSyncDateTime="2022-08-24T17:29:45Z"),
        says="2022-08-24",
    ),
    _hashes(
        "the last synchronisation is unknown",
        "pass",
        tenant=hybrid_organization(onPremisesLastSyncDateTime=None),
    ),
    _hashes(
        "a kind of sign-in nobody knows", "error", domains=[domain(authenticationType="Quantum")]
    ),
    _hybrid_unread("the read was refused", {OnPremisesSynchronization: "denied"}, "manual"),
    _hybrid_unread("the read was throttled", {OnPremisesSynchronization: "throttled"}, "error"),
    _hybrid_unread("the domains were denied", {Domain: "denied"}, "error"),
    _hybrid_unread(
        "the domains were denied, hashes off",
        {Domain: "denied"},
        "error",
        {OnPremisesSynchronization: OFF},
    ),
    _hybrid_unread(
        "a part of the domains holds a managed one, hashes off",
        {Domain: "partial"},
        "fail",
        {OnPremisesSynchronization: OFF, Domain: [domain()]},
    ),
    _hybrid_unread(
        "a part of the domains is federated",
        {Domain: "partial"},
        "error",
        {OnPremisesSynchronization: OFF, Domain: [FEDERATED]},
    ),
    _hybrid_unread("the organisation was denied", {Organization: "denied"}, "error"),
]

CASES = [
    *_permission(users_cannot_register_apps, "allowedToCreateApps", "allowedToCreateTenants"),
    *_permission(users_cannot_create_tenants, "allowedToCreateTenants", "allowedToCreateApps"),
    *ADMIN_CENTER,
    *ATTESTED,
    *HASHES,
]
