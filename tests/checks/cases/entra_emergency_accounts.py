"""Cases of the two checks on emergency access accounts in checks/entra/administrators.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from checks.entra.administrators import (
    emergency_access_accounts_defined,
    emergency_account_activity_monitored,
)
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.entra import Domain, User
from evidence.privileged_identity import EmergencyAccountGroups
from evidence.privileged_roles import (
    GLOBAL_ADMINISTRATOR,
    DirectoryRoleAssignment,
    RoleAssignmentInstance,
    RoleGroupMembers,
)
from tests.builders.conditional_access import grant, policy
from tests.builders.entra import domain, user, without
from tests.builders.privileged import (
    EXCHANGE_ADMINISTRATOR,
    UNIT,
    account_groups,
    activation,
    assignment,
    group_members,
    instance,
    partner_group,
    principal,
)
from tests.checks.case import Case

Rows = Sequence[Mapping[str, Any]]
TENANT = "contoso.onmicrosoft.com"
ONE, TWO = f"one@{TENANT}", f"two@{TENANT}"
NAMED = {"emergency_access_accounts": ["id-of-one", TWO.upper()]}


def _account(name: str, **changes: Any) -> dict[str, Any]:
    return user(name, **({"userPrincipalName": f"{name}@{TENANT}"} | changes))


def _users(**changes: Any) -> Rows:
    """Account one with the changes, account two, and one of the people."""
    return [_account("one", **changes), _account("two"), user("ada")]


def _guarded(*excluded: str, name: str = "MFA", **users: Any) -> dict[str, Any]:
    """MFA for everybody but these accounts."""
    out = [f"id-of-{item}" for item in excluded]
    return policy(name, grant=grant("mfa"), users={"excludeUsers": out} | users)


def _only(**users: Any) -> dict[str, Any]:
    """A policy for the given part of the directory."""
    return policy("Part", grant=grant("mfa"), users={"includeUsers": []} | users)


GOOD_INSTANCES = [instance("one"), instance("two"), activation("ada")]


def _case(name: str, expect: str, *, affected: Any = None, **rest: Any) -> Case:
    """Two good accounts, one of them outside the only policy."""
    assigned = [assignment("one"), assignment("two"), assignment("ada")]
    groups = [account_groups("id-of-one", "Vault"), account_groups(TWO)]
    given = {
        User: rest.pop("users", _users()),
        DirectoryRoleAssignment: rest.pop("assigned", assigned),
        RoleAssignmentInstance: rest.pop("instances", GOOD_INSTANCES),
        RoleGroupMembers: rest.pop("members", []),
        ConditionalAccessPolicy: rest.pop("policies", [_guarded("one")]),
        EmergencyAccountGroups: rest.pop("groups", groups),
        Domain: rest.pop("domains", [domain(), domain(TENANT)]),
    }
    for dataset, how in rest.get("unread", {}).items():
        if how != "partial":
            given.pop(dataset)
    rest.setdefault("parameters", NAMED)
    return Case(emergency_access_accounts_defined, name, given, expect, affected, **rest)


NAMING = [
    _case("automated_ok_no_attestation", "manual", affected=[ONE, TWO], says="2 emergency"),
    _case("only_one_designated", "fail", parameters={"emergency_access_accounts": ["id-of-one"]}),
    _case(
        "none is designated, and the most excluded account is only a hint",
        "fail",
        parameters={},
        affected=["Tenant settings"],
        says=f"Candidates, if they are meant for it: {ONE}, {TWO}",
    ),
    _case(
        "no candidate among licensed, synced and disabled ones",
        "fail",
        parameters={},
        users=[_account("one", accountEnabled=False), _account("two", onPremisesSyncEnabled=True)],
        affected=["Tenant settings"],
    ),
    _case(
        "one account named by id and by principal name",
        "fail",
        parameters={"emergency_access_accounts": ["id-of-one", ONE]},
        affected=["Tenant settings"],
    ),
    _case(
        "the register names the second account",
        "manual",
        parameters={
            "emergency_access_accounts": [ONE],
            "exclusion_register": [
                {
                    "kind": "user",
                    "id": "id-of-two",
                    "reason": "break glass",
                    "reviewed_on": "2026-01-10",
                    "break_glass": True,
                }
            ],
        },
    ),
    _case(
        "a deleted account",
        "fail",
        users=[_account("one"), user("ada")],
        affected=[TWO, "Tenant settings"],
    ),
    _case(
        "a third account that does not exist",
        "fail",
        parameters={"emergency_access_accounts": [ONE, TWO, "id-of-gone"]},
        affected=["id-of-gone"],
    ),
    _case(
        "a principal name that two users have",
        "fail",
        users=[*_users(), _account("two", id="id-of-another")],
        affected=[TWO, "Tenant settings"],
    ),
    _case("users denied", "error", unread={User: "denied"}),
    _case(
        "users read in part, one account missing",
        "error",
        users=[_account("one")],
        unread={User: "partial"},
    ),
    _case(
        "users denied, and one designated",
        "fail",
        unread={User: "denied"},
        parameters={"emergency_access_accounts": [ONE]},
    ),
]
BUILT = [
    _case(
        "licensed_account",
        "fail",
        users=_users(assignedLicenses=[{"skuId": "sku-of-p2", "disabledPlans": []}]),
        affected=[ONE],
    ),
    _case("a synced account", "fail", users=_users(onPremisesSyncEnabled=True), affected=[ONE]),
    _case(
        "an account on a domain of its own",
        "fail",
        users=_users(userPrincipalName="one@contoso.example"),
        affected=["one@contoso.example"],
    ),
    _case(
        "a domain that only ends alike",
        "fail",
        users=_users(userPrincipalName="one@contosoonmicrosoft.com"),
    ),
    *(
        _case(
            f"accounts in the cloud of {suffix}",
            "manual",
            users=_users(userPrincipalName=f"One@CONTOSO.{suffix}"),
        )
        for suffix in ("OnMicrosoft.us", "partner.onmschina.cn")
    ),
    _case(
        "an account without the role",
        "fail",
        instances=[instance("one"), instance("two", EXCHANGE_ADMINISTRATOR)],
        assigned=[assignment("one")],
        affected=[TWO],
    ),
    _case(
        "a role that is activated",
        "fail",
        instances=[instance("one"), activation("two")],
        affected=[TWO],
    ),
    _case(
        "a role until a date",
        "fail",
        instances=[instance("one"), instance("two", endDateTime="2027-01-01T00:00:00Z")],
        affected=[TWO],
    ),
    _case(
        "a role in an administrative unit",
        "fail",
        instances=[instance("one"), instance("two", directoryScopeId=UNIT)],
        affected=[TWO],
    ),
    _case(
        "a role through a group",
        "manual",
        instances=[instance("one"), instance("Vault", kind="group")],
        members=[group_members("Vault", principal("two"))],
    ),
    _case(
        "a role through a group with other members",
        "fail",
        instances=[instance("one"), instance("Vault", kind="group")],
        assigned=[assignment("one")],
        members=[group_members("Vault", principal("ada"))],
        affected=[TWO],
    ),
    _case(
        "a group of the account whose members were not read",
        "error",
        instances=[instance("one"), instance("Vault", kind="group")],
        groups=[account_groups("id-of-one"), account_groups("id-of-two", "Vault")],
    ),
    _case(
        "somebody else's group whose members were not read",
        "manual",
        instances=[*GOOD_INSTANCES, instance("Others", kind="group")],
    ),
    _case(
        "a partner's group",
        "manual",
        instances=[*GOOD_INSTANCES, instance("Partner", principal=None)],
        members=[partner_group("Partner")],
    ),
    _case("without PIM", "manual", unread={RoleAssignmentInstance: "unlicensed"}),
    _case(
        "without PIM and without the role",
        "fail",
        assigned=[assignment("one")],
        unread={RoleAssignmentInstance: "unlicensed"},
        affected=[TWO],
    ),
    _case("instances denied", "error", unread={RoleAssignmentInstance: "denied"}),
    _case("assignments denied", "error", unread={DirectoryRoleAssignment: "denied"}),
    _case("group members denied", "error", unread={RoleGroupMembers: "denied"}),
    _case("domains denied", "error", unread={Domain: "denied"}),
    _case("no initial domain", "error", domains=[domain()]),
    _case(
        "instances denied, and an account is licensed",
        "fail",
        users=_users(assignedLicenses=[{"skuId": "sku-of-p2"}]),
        unread={RoleAssignmentInstance: "denied"},
        affected=[ONE],
    ),
    _case(
        "whether an account is synced is absent",
        "error",
        users=[without(_account("one"), "onPremisesSyncEnabled"), _account("two")],
    ),
]
BOTH = [f"id-of-{name}" for name in ("one", "two")]
OUTSIDE = [
    _case("no policy at all", "manual", policies=[]),
    _case(
        "caught_by_one_policy",
        "fail",
        policies=[
            _guarded("one", name="First"),
            _guarded("one", name="Second"),
            _guarded("two", name="Third"),
        ],
        affected=[ONE, TWO],
    ),
    _case(
        "guest_only_policy_needs_no_exclusion",
        "manual",
        policies=[_only(includeUsers=["GuestsOrExternalUsers"])],
    ),
    _case(
        "a guest policy catches accounts that are guests",
        "fail",
        policies=[_only(includeUsers=["GuestsOrExternalUsers"])],
        users=[_account("one", userType="Guest"), _account("two", userType="Guest")],
        affected=[ONE, TWO],
    ),
    _case(
        "a policy that only reports",
        "manual",
        policies=[_guarded() | {"state": "enabledForReportingButNotEnforced"}],
    ),
    _case("a policy that is off", "manual", policies=[_guarded() | {"state": "disabled"}]),
    _case(
        "a policy in an unknown state", "error", policies=[_guarded() | {"state": "enabledSoon"}]
    ),
    _case("a policy for workloads", "manual", policies=[_only(includeUsers=["None"])]),
    _case("a policy for one of the people", "manual", policies=[_only(includeUsers=["id-of-ada"])]),
    _case(
        "a policy that names both",
        "fail",
        policies=[_only(includeUsers=[item.upper() for item in BOTH])],
    ),
    _case("a policy for the role", "fail", policies=[_only(includeRoles=[GLOBAL_ADMINISTRATOR])]),
    _case(
        "a policy for another role",
        "manual",
        policies=[_only(includeRoles=[EXCHANGE_ADMINISTRATOR])],
    ),
    _case(
        "a policy for a role that the accounts hold in a unit",
        "fail",
        policies=[_only(includeRoles=[EXCHANGE_ADMINISTRATOR])],
        assigned=[
            *(assignment(name) for name in ("one", "two")),
            *(
                assignment(name, EXCHANGE_ADMINISTRATOR, directoryScopeId=UNIT)
                for name in ("one", "two")
            ),
        ],
    ),
    _case(
        "a policy that excludes the role",
        "manual",
        policies=[_guarded(excludeRoles=[GLOBAL_ADMINISTRATOR])],
    ),
    _case(
        "a policy that excludes the group",
        "manual",
        policies=[_guarded(excludeGroups=["ID-OF-VAULT"])],
    ),
    _case(
        "a policy that excludes another group",
        "fail",
        policies=[_guarded(excludeGroups=["id-of-sales"])],
    ),
    _case(
        "a policy for a group of one account",
        "manual",
        policies=[_only(includeGroups=["id-of-vault"])],
    ),
    _case(
        "a policy for a group of both accounts",
        "fail",
        policies=[_only(includeGroups=["id-of-vault"])],
        groups=[account_groups(item, "Vault") for item in BOTH],
    ),
    _case(
        "a group excluded, and the accounts' groups denied",
        "error",
        policies=[_guarded(excludeGroups=["id-of-vault"])],
        unread={EmergencyAccountGroups: "denied"},
    ),
    _case(
        "a group excluded, and no groups of the accounts listed",
        "error",
        policies=[_guarded(excludeGroups=["id-of-vault"])],
        groups=[],
    ),
    _case(
        "the account that is outside is disabled",
        "fail",
        users=_users(accountEnabled=False),
        affected=[ONE, TWO],
    ),
    _case(
        "the account that is not outside is disabled",
        "manual",
        users=[_account("one"), _account("two", accountEnabled=False)],
    ),
    _case("ca_denied", "error", unread={ConditionalAccessPolicy: "denied"}),
    _case(
        "ca_denied, and one designated",
        "fail",
        unread={ConditionalAccessPolicy: "denied"},
        parameters={"emergency_access_accounts": [ONE]},
    ),
    _case(
        "policies read in part, and both accounts are caught",
        "fail",
        policies=[_guarded()],
        unread={ConditionalAccessPolicy: "partial"},
    ),
    _case(
        "policies read in part, and one is outside",
        "error",
        unread={ConditionalAccessPolicy: "partial"},
    ),
    _case(
        "users named in a way that nobody knows",
        "error",
        policies=[_only(includeAgents=["all"])],
    ),
    _case(
        "a policy that cannot be read beside one that catches both",
        "fail",
        policies=[_guarded(), without(_guarded(name="Broken"), "conditions")],
    ),
    _case(
        "a policy that cannot be read",
        "error",
        policies=[_guarded("one"), without(_guarded(name="Broken"), "conditions")],
    ),
]


def _watched(name: str, affected: list[str], parameters: dict[str, Any], says: str) -> Case:
    return Case(
        emergency_account_activity_monitored,
        name,
        given={},
        expect="manual",
        affected=affected,
        parameters=parameters,
        says=says,
    )


MONITORED = [
    _watched("no_attestation", ["id-of-one", TWO], NAMED, "these 2 emergency access accounts"),
    _watched("no account is named", [], {}, "No emergency access account is named"),
]

CASES = [*NAMING, *BUILT, *OUTSIDE, *MONITORED]
