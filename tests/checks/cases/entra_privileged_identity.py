"""Cases of pim_no_permanent_privileged_roles in checks/entra/privileged_identity.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from checks.entra.privileged_identity import (
    pim_no_permanent_privileged_roles,
)
from evidence.licences import ENTRA_P2_ID, SubscribedSku
from evidence.privileged_roles import (
    RoleAssignmentInstance,
    RoleEligibilityInstance,
)
from tests.builders.licences import plan, sku
from tests.builders.privileged import (
    EXCHANGE_ADMINISTRATOR,
    GLOBAL_READER,
    UNIT,
    activation,
    eligibility,
    instance,
)
from tests.checks.case import Case

Rows = Sequence[Mapping[str, Any]]
P2 = [sku(plan("AAD_PREMIUM_P2", ENTRA_P2_ID))]
BUSINESS_PREMIUM = [sku(plan("AAD_PREMIUM", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"))]
BREAK_GLASS = {"emergency_access_accounts": ["ID-OF-ONE", "two@contoso.example"]}
ENTRY = {
    "kind": "user",
    "id": "id-of-one",
    "reason": "break glass",
    "reviewed_on": "2026-01-10",
    "break_glass": True,
}


def _held(name: str, expect: str, rows: Rows, *, affected: Any = None, **rest: Any) -> Case:
    given = {
        RoleAssignmentInstance: rows,
        RoleEligibilityInstance: rest.pop("eligible", [eligibility("ada"), eligibility("bob")]),
        SubscribedSku: rest.pop("skus", P2),
    }
    for dataset, how in rest.get("unread", {}).items():
        if how != "partial":
            given.pop(dataset)
    return Case(pim_no_permanent_privileged_roles, name, given, expect, affected, **rest)


def _register(**changes: Any) -> dict[str, Any]:
    return {"exclusion_register": [ENTRY | changes]}


ONE_AND_TWO = [instance("one"), instance("two")]
EXCHANGE = instance("ada", EXCHANGE_ADMINISTRATOR)

CASES = [
    _held(
        "all eligible, two registered break-glass GAs",
        "pass",
        ONE_AND_TWO,
        parameters=BREAK_GLASS,
        says="2 eligible assignments of these roles",
    ),
    _held(
        "third permanent GA",
        "fail",
        [*ONE_AND_TWO, instance("ada")],
        parameters=BREAK_GLASS,
        affected=["ada@contoso.example"],
    ),
    _held(
        "two permanent ones and no register",
        "fail",
        ONE_AND_TWO,
        affected=["one@contoso.example", "two@contoso.example"],
        says="Emergency accounts are exempt once they are named",
    ),
    _held(
        "three registered accounts",
        "fail",
        [*ONE_AND_TWO, instance("ada")],
        parameters={"emergency_access_accounts": ["id-of-one", "id-of-two", "id-of-ada"]},
        affected=[f"{name}@contoso.example" for name in ("one", "two", "ada")],
    ),
    _held(
        "a registered account with another role",
        "fail",
        [instance("one"), instance("one", EXCHANGE_ADMINISTRATOR)],
        parameters=BREAK_GLASS,
        affected=["one@contoso.example"],
    ),
    _held("the register's break-glass entry", "pass", [instance("one")], parameters=_register()),
    _held(
        "an entry that was not reviewed for a year",
        "fail",
        [instance("one")],
        parameters=_register(reviewed_on="2025-01-10"),
    ),
    _held(
        "an entry that is not break-glass",
        "fail",
        [instance("one")],
        parameters=_register(break_glass=False),
    ),
    _held(
        "an entry for another check",
        "fail",
        [instance("one")],
        parameters=_register(checks=["members_mfa_capable"]),
    ),
    _held("activated", "pass", [activation("ada"), activation("bob", EXCHANGE_ADMINISTRATOR)]),
    _held("activated without an end", "pass", [activation("ada", endDateTime=None)]),
    _held(
        "time-bound assigned",
        "pass",
        [instance("ada", endDateTime="2026-12-31T00:00:00Z")],
        says="Assigned until a date: ada@contoso.example (Global Administrator)",
    ),
    _held(
        "permanent Exchange Administrator",
        "fail",
        [*ONE_AND_TWO, EXCHANGE],
        parameters=BREAK_GLASS,
        affected=["ada@contoso.example"],
    ),
    _held("role outside the list", "pass", [instance("ada", GLOBAL_READER)]),
    _held(
        "service principal permanent",
        "pass",
        [instance("Backup", EXCHANGE_ADMINISTRATOR, "servicePrincipal")],
        says="Service principals that hold one for good: Backup (Exchange Administrator)",
    ),
    _held(
        "permanent through PIM, with a start",
        "fail",
        [instance("ada", startDateTime="2023-10-24T21:42:35.703Z")],
        affected=["ada@contoso.example"],
    ),
    _held(
        "permanent in an administrative unit",
        "fail",
        [activation("bob"), instance("ada", EXCHANGE_ADMINISTRATOR, directoryScopeId=UNIT)],
        affected=["ada@contoso.example"],
    ),
    _held(
        "a group whose members PIM manages, assigned permanently",
        "fail",
        [activation("bob"), instance("Admins", EXCHANGE_ADMINISTRATOR, "group")],
        affected=["Admins"],
    ),
    _held(
        "a group whose members PIM manages, eligible only",
        "pass",
        [activation("bob")],
        eligible=[eligibility("Admins", EXCHANGE_ADMINISTRATOR)],
    ),
    _held(
        "members that PIM lists beside their group",
        "fail",
        [
            instance("Admins", EXCHANGE_ADMINISTRATOR, "group"),
            instance("ada", EXCHANGE_ADMINISTRATOR, memberType="Group"),
            instance("bob", EXCHANGE_ADMINISTRATOR, memberType="Group"),
        ],
        affected=["Admins"],
    ),
    _held(
        "members that PIM lists without their group",
        "fail",
        [instance("ada", EXCHANGE_ADMINISTRATOR, memberType="Group")],
        affected=["ada@contoso.example"],
    ),
    _held(
        "a principal of which the wire says nothing",
        "fail",
        [instance("ada", EXCHANGE_ADMINISTRATOR, principal=None)],
        affected=["id-of-ada"],
    ),
    _held(
        "a registered account of which the wire says nothing",
        "pass",
        [instance("one", principal=None)],
        parameters=BREAK_GLASS,
    ),
    _held(
        "a kind of assignment that nobody knows", "error", [instance("ada", assignmentType="Lent")]
    ),
    _held("an end that cannot be read", "error", [instance("ada", endDateTime="some day")]),
    _held(
        "no P2",
        "not_applicable",
        [],
        unread={RoleAssignmentInstance: "unlicensed"},
        skus=BUSINESS_PREMIUM,
    ),
    _held(
        "refused for want of a licence although P2 is there",
        "not_applicable",
        [],
        unread={RoleAssignmentInstance: "unlicensed"},
    ),
    _held(
        "denied in a tenant without P2",
        "not_applicable",
        [],
        unread={RoleAssignmentInstance: "denied"},
        skus=BUSINESS_PREMIUM,
        says="no Entra ID P2",
    ),
    _held("denied", "error", [], unread={RoleAssignmentInstance: "denied"}),
    _held(
        "denied, and the inventory too",
        "error",
        [],
        unread={RoleAssignmentInstance: "denied", SubscribedSku: "denied"},
    ),
    _held("an empty list", "error", []),
    _held("an empty list in a tenant without P2", "not_applicable", [], skus=BUSINESS_PREMIUM),
    _held("rows in a tenant without P2", "fail", [EXCHANGE], skus=BUSINESS_PREMIUM),
    _held(
        "read in part, one found", "fail", [EXCHANGE], unread={RoleAssignmentInstance: "partial"}
    ),
    _held(
        "read in part, none found",
        "error",
        [activation("ada")],
        unread={RoleAssignmentInstance: "partial"},
    ),
    _held(
        "eligible ones denied",
        "pass",
        [activation("ada")],
        unread={RoleEligibilityInstance: "denied"},
    ),
]
