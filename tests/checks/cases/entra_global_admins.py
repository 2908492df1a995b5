"""Cases of global_admins_two_to_four in checks/entra/administrators.py."""

from typing import Any

from checks.entra.administrators import (
    global_admins_two_to_four,
)
from evidence.entra import User
from evidence.privileged_roles import (
    DirectoryRoleAssignment,
    RoleAssignmentInstance,
    RoleEligibilityInstance,
    RoleGroupMembers,
)
from tests.builders.entra import user
from tests.builders.privileged import (
    EXCHANGE_ADMINISTRATOR,
    UNIT,
    activation,
    assignment,
    eligibility,
    group_members,
    instance,
    partner_group,
    principal,
)
from tests.checks.case import Case

Rows = list[dict[str, Any]]
PEOPLE = ("ada", "bob", "cyd", "dan", "eve", "fay")


def _upn(name: str) -> str:
    return f"{name}@contoso.example"


def _global(
    name: str,
    expect: str,
    instances: Rows | None,
    *,
    affected: Any = None,
    **rest: Any,
) -> Case:
    """Without `instances` the tenant has no PIM. Everybody is in the directory."""
    given: dict[Any, Any] = {
        DirectoryRoleAssignment: rest.pop("assigned", [assignment(item) for item in PEOPLE]),
        RoleEligibilityInstance: rest.pop("eligible", []),
        RoleGroupMembers: rest.pop("groups", []),
        User: rest.pop("users", [user(item) for item in PEOPLE]),
    }
    unread = rest.pop("unread", {})
    if instances is None:
        unread = {RoleAssignmentInstance: "unlicensed", **unread}
    else:
        given[RoleAssignmentInstance] = instances
    for dataset, how in unread.items():
        if how != "partial":
            given.pop(dataset, None)
    return Case(global_admins_two_to_four, name, given, expect, affected, unread, **rest)


def _instances(count: int) -> Rows:
    return [instance(name) for name in PEOPLE[:count]]


def _members(*names: str) -> Rows:
    return [principal(name) for name in names]


GROUP_INSTANCE = instance("Admins", kind="group")

CASES = [
    _global("two", "pass", _instances(2), says="2 users are Global Administrators"),
    _global("three", "pass", _instances(3)),
    _global(
        "four",
        "pass",
        [*_instances(4), GROUP_INSTANCE],
        groups=[group_members("Admins", *_members("ada"))],
        says="4 users",
    ),
    _global("five", "fail", _instances(5), affected=[_upn(name) for name in PEOPLE[:5]]),
    _global(
        "one",
        "fail",
        _instances(1),
        eligible=[eligibility(name) for name in PEOPLE[1:4]],
        affected=[_upn("ada")],
        says="Eligible users: 3; with the standing ones 4",
    ),
    _global(
        "group_of_five",
        "fail",
        [GROUP_INSTANCE],
        groups=[group_members("Admins", *_members(*PEOPLE[:5]))],
        affected=[_upn(name) for name in PEOPLE[:5]],
    ),
    _global(
        "a group of two and one user",
        "pass",
        [instance("ada"), GROUP_INSTANCE],
        groups=[group_members("Admins", *_members("ada", "bob"))],
        says="2 users",
    ),
    _global(
        "two groups with three members each",
        "fail",
        [GROUP_INSTANCE, instance("More", kind="group")],
        groups=[
            group_members("Admins", *_members(*PEOPLE[:3])),
            group_members("More", *_members(*PEOPLE[3:])),
        ],
        affected=[_upn(name) for name in PEOPLE],
    ),
    _global(
        "a nested group brings the fifth",
        "fail",
        [*_instances(4), GROUP_INSTANCE],
        groups=[group_members("Admins", principal("Inner", "group"), *_members("eve"))],
        affected=[_upn(name) for name in PEOPLE[:5]],
    ),
    _global(
        "PIM lists the members of the group as well",
        "pass",
        [GROUP_INSTANCE, *(instance(name, memberType="Group") for name in PEOPLE[:3])],
        groups=[group_members("Admins", *_members(*PEOPLE[:3]))],
        says="3 users",
    ),
    _global(
        "activated_not_counted",
        "pass",
        [*_instances(2), *(activation(name) for name in PEOPLE[2:5])],
        says="not counted: cyd@contoso.example, dan@contoso.example, eve@contoso.example",
    ),
    _global(
        "all but one are activated",
        "fail",
        [*_instances(1), *(activation(name) for name in PEOPLE[1:5])],
        affected=[_upn("ada")],
    ),
    _global(
        "partner_group_and_sp_ignored",
        "pass",
        [
            *_instances(2),
            instance("Backup", kind="servicePrincipal"),
            instance("Partner", kind="group"),
        ],
        groups=[partner_group("Partner")],
        says="Partner (GDAP) access to such a role: Partner",
    ),
    _global(
        "a partner group does not lift one to two",
        "fail",
        [*_instances(1), instance("Partner", principal=None)],
        groups=[partner_group("Partner")],
        affected=[_upn("ada")],
    ),
    _global("denied", "error", _instances(2), unread={DirectoryRoleAssignment: "denied"}),
    _global(
        "one, and assignments denied",
        "error",
        _instances(1),
        unread={DirectoryRoleAssignment: "denied"},
    ),
    _global("everything denied", "error", None, unread={DirectoryRoleAssignment: "denied"}),
    _global("instances denied", "error", [], unread={RoleAssignmentInstance: "denied"}),
    _global(
        "five in the part of the instances that was read",
        "fail",
        _instances(5),
        unread={RoleAssignmentInstance: "partial"},
    ),
    _global(
        "one in the part of the instances that was read",
        "error",
        _instances(1),
        unread={RoleAssignmentInstance: "partial"},
    ),
    _global(
        "eligible ones were not read",
        "pass",
        _instances(2),
        unread={RoleEligibilityInstance: "denied"},
    ),
    _global("without PIM two", "pass", None, assigned=[assignment("ada"), assignment("bob")]),
    _global("without PIM six", "fail", None),
    _global(
        "without PIM nobody",
        "fail",
        None,
        assigned=[assignment("ada", EXCHANGE_ADMINISTRATOR)],
        affected=["Global Administrator"],
        says="Too few: 0",
    ),
    _global("nothing at all", "fail", [], assigned=[], affected=["Global Administrator"]),
    _global("instances are empty beside assignments", "error", [], says="contradict"),
    _global("assignments are empty beside instances", "error", _instances(2), assigned=[]),
    _global(
        "a group whose members were not read",
        "error",
        [*_instances(2), GROUP_INSTANCE],
        says="members of Admins were not read",
    ),
    _global(
        "a group whose members were not read beside five users",
        "fail",
        [*_instances(5), GROUP_INSTANCE],
    ),
    _global(
        "a group with owners only",
        "pass",
        [*_instances(2), GROUP_INSTANCE],
        groups=[group_members("Admins")],
    ),
    _global("a deleted user", "error", [*_instances(2), instance("gone")]),
    _global(
        "disabled users and guests count",
        "fail",
        _instances(5),
        users=[user(name, accountEnabled=False, userType="Guest") for name in PEOPLE],
    ),
    _global(
        "another role does not count",
        "pass",
        [*_instances(4), instance("eve", EXCHANGE_ADMINISTRATOR)],
    ),
    _global(
        "an administrative unit does not count",
        "pass",
        [*_instances(4), instance("eve", directoryScopeId=UNIT)],
    ),
    _global(
        "assigned until a date counts",
        "fail",
        [*_instances(4), instance("eve", endDateTime="2026-12-31T00:00:00Z")],
    ),
    _global(
        "an unknown kind of assignment",
        "error",
        [*_instances(2), instance("cyd", assignmentType="Borrowed")],
    ),
    _global(
        "kinds of assignment as numbers",
        "pass",
        [
            instance("ada", assignmentType=0),
            instance("bob", assignmentType=0),
            *(activation(name, assignmentType=1) for name in PEOPLE[2:5]),
        ],
    ),
]
