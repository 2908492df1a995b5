"""Cases of the two checks on emergency access accounts in checks/entra/administrators.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from checks.entra.administrators import (
    emergency_access_accounts_defined,
    emergency_account_activity_monitored,
)
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.dataset import Dataset
from evidence.entra import Domain, User
from evidence.privileged_identity import EmergencyAccountGroups
from evidence.privileged_roles import (
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


def emergency_account(name: str, **changes: Any) -> dict[str, Any]:
    return user(name, **({"userPrincipalName": f"{name}@{TENANT}"} | changes))


def emergency_users(**changes: Any) -> Rows:
    """Account one with the changes, account two, and one of the people."""
    return [emergency_account("one", **changes), emergency_account("two"), user("ada")]


def guarded(*excluded: str, name: str = "MFA", **users: Any) -> dict[str, Any]:
    """MFA for everybody but these accounts."""
    out = [f"id-of-{item}" for item in excluded]
    return policy(name, grant=grant("mfa"), users={"excludeUsers": out} | users)


GOOD_INSTANCES = [instance("one"), instance("two"), activation("ada")]


def emergency_case(name: str, expect: str, *, affected: Any = None, **rest: Any) -> Case:
    """Two good accounts, one of them outside the only policy."""
    assigned = [assignment("one"), assignment("two"), assignment("ada")]
    groups = [account_groups("id-of-one", "Vault"), account_groups(TWO)]
    given = {
        User: rest.pop("users", emergency_users()),
        DirectoryRoleAssignment: rest.pop("assigned", assigned),
        RoleAssignmentInstance: rest.pop("instances", GOOD_INSTANCES),
        RoleGroupMembers: rest.pop("members", []),
        ConditionalAccessPolicy: rest.pop("policies", [guarded("one")]),
        EmergencyAccountGroups: rest.pop("groups", groups),
        Domain: rest.pop("domains", [domain(), domain(TENANT)]),
    }
    for dataset, how in rest.get("unread", {}).items():
        if how != "partial":
            given.pop(dataset)
    rest.setdefault("parameters", NAMED)
    return Case(emergency_access_accounts_defined, name, given, expect, affected, **rest)


NAMING = [
    emergency_case(
        "automated_ok_no_attestation", "manual", affected=[ONE, TWO], says="2 emergency"
    ),
    emergency_case(
        "only_one_designated", "fail", parameters={"emergency_access_accounts": ["id-of-one"]}
    ),
    emergency_case(
        "none is designated, and the most excluded account is only a hint",
        "fail",
        parameters={},
        affected=["Tenant settings"],
        says=f"Candidates, if they are meant for it: {ONE}, {TWO}",
    ),
    emergency_case(
        "no candidate among licensed, synced and disabled ones",
        "fail",
        parameters={},
        users=[
            emergency_account("one", accountEnabled=False),
            emergency_account("two", onPremisesSyncEnabled=True),
        ],
        affected=["Tenant settings"],
    ),
    emergency_case(
        "one account named by id and by principal name",
        "fail",
        parameters={"emergency_access_accounts": ["id-of-one", ONE]},
        affected=["Tenant settings"],
    ),
    emergency_case(
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
    emergency_case(
        "a deleted account",
        "fail",
        users=[emergency_account("one"), user("ada")],
        affected=[TWO, "Tenant settings"],
    ),
    emergency_case(
        "a third account that does not exist",
        "fail",
        parameters={"emergency_access_accounts": [ONE, TWO, "id-of-gone"]},
        affected=["id-of-gone"],
    ),
    emergency_case(
        "a principal name that two users have",
        "fail",
        users=[*emergency_users(), emergency_account("two", id="id-of-another")],
        affected=[TWO, "Tenant settings"],
    ),
    emergency_case("users denied", "error", unread={User: "denied"}),
    emergency_case(
        "users read in part, one account missing",
        "error",
        users=[emergency_account("one")],
        unread={User: "partial"},
    ),
    emergency_case(
        "users denied, and one designated",
        "fail",
        unread={User: "denied"},
        parameters={"emergency_access_accounts": [ONE]},
    ),
]
BUILT = [
    emergency_case(
        "licensed_account",
        "fail",
        users=emergency_users(assignedLicenses=[{"skuId": "sku-of-p2", "disabledPlans": []}]),
        affected=[ONE],
    ),
    emergency_case(
        "a synced account",
        "fail",
        users=emergency_users(onPremisesSyncEnabled=True),
        affected=[ONE],
    ),
    emergency_case(
        "an account on a domain of its own",
        "fail",
        users=emergency_users(userPrincipalName="one@contoso.example"),
        affected=["one@contoso.example"],
    ),
    emergency_case(
        "a domain that only ends alike",
        "fail",
        users=emergency_users(userPrincipalName="one@contosoonmicrosoft.com"),
    ),
    *(
        emergency_case(
            f"accounts in the cloud of {suffix}",
            "manual",
            users=emergency_users(userPrincipalName=f"One@CONTOSO.{suffix}"),
        )
        for suffix in ("OnMicrosoft.us", "partner.onmschina.cn")
    ),
    emergency_case(
        "an account without the role",
        "fail",
        instances=[instance("one"), instance("two", EXCHANGE_ADMINISTRATOR)],
        assigned=[assignment("one")],
        affected=[TWO],
    ),
    emergency_case(
        "a role that is activated",
        "fail",
        instances=[instance("one"), activation("two")],
        affected=[TWO],
    ),
    emergency_case(
        "a role until a date",
        "fail",
        instances=[instance("one"), instance("two", endDateTime="2027-01-01T00:00:00Z")],
        affected=[TWO],
    ),
    emergency_case(
        "a role in an administrative unit",
        "fail",
        instances=[instance("one"), instance("two", directoryScopeId=UNIT)],
        affected=[TWO],
    ),
    emergency_case(
        "a role through a group",
        "manual",
        instances=[instance("one"), instance("Vault", kind="group")],
        members=[group_members("Vault", principal("two"))],
    ),
    emergency_case(
        "a role through a group with other members",
        "fail",
        instances=[instance("one"), instance("Vault", kind="group")],
        assigned=[assignment("one")],
        members=[group_members("Vault", principal("ada"))],
        affected=[TWO],
    ),
    emergency_case(
        "a group of the account whose members were not read",
        "error",
        instances=[instance("one"), instance("Vault", kind="group")],
        groups=[account_groups("id-of-one"), account_groups("id-of-two", "Vault")],
    ),
    emergency_case(
        "somebody else's group whose members were not read",
        "manual",
        instances=[*GOOD_INSTANCES, instance("Others", kind="group")],
    ),
    emergency_case(
        "a partner's group",
        "manual",
        instances=[*GOOD_INSTANCES, instance("Partner", principal=None)],
        members=[partner_group("Partner")],
    ),
    emergency_case("without PIM", "manual", unread={RoleAssignmentInstance: "unlicensed"}),
    emergency_case(
        "without PIM and without the role",
        "fail",
        assigned=[assignment("one")],
        unread={RoleAssignmentInstance: "unlicensed"},
        affected=[TWO],
    ),
    emergency_case("instances denied", "error", unread={RoleAssignmentInstance: "denied"}),
    emergency_case("assignments denied", "error", unread={DirectoryRoleAssignment: "denied"}),
    emergency_case("group members denied", "error", unread={RoleGroupMembers: "denied"}),
    emergency_case("domains denied", "error", unread={Domain: "denied"}),
    emergency_case("no initial domain", "error", domains=[domain()]),
    emergency_case(
        "instances denied, and an account is licensed",
        "fail",
        users=emergency_users(assignedLicenses=[{"skuId": "sku-of-p2"}]),
        unread={RoleAssignmentInstance: "denied"},
        affected=[ONE],
    ),
    emergency_case(
        "whether an account is synced is absent",
        "error",
        users=[
            without(emergency_account("one"), "onPremisesSyncEnabled"),
            emergency_account("two"),
        ],
    ),
]


def _watched(
    name: str,
    affected: list[str],
    parameters: dict[str, Any],
    says: str,
    given: Mapping[type[Dataset], Rows] | None = None,
) -> Case:
    return Case(
        emergency_account_activity_monitored,
        name,
        given=given or {},
        expect="manual",
        affected=affected,
        parameters=parameters,
        says=says,
    )


MONITORED = [
    _watched("no_attestation", ["id-of-one", TWO], NAMED, "these 2 emergency access accounts"),
    _watched("no account is named", [], {}, "No emergency access account is named"),
    _watched(
        "one account by its principal name in the setting, by its id in the register",
        [ONE],
        {
            "emergency_access_accounts": [ONE],
            "exclusion_register": [
                {
                    "kind": "user",
                    "id": emergency_account("one")["id"].upper(),
                    "reason": "emergency account",
                    "reviewed_on": "2026-03-01",
                    "break_glass": True,
                }
            ],
        },
        "these 1 emergency access account",
        {User: [without(emergency_account("two"), "userPrincipalName"), emergency_account("one")]},
    ),
]

CASES = [*NAMING, *BUILT, *MONITORED]
