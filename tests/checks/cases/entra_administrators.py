"""Cases of admin_accounts_cloud_only in checks/entra/administrators.py."""

from typing import Any

from checks.entra.administrators import (
    admin_accounts_cloud_only,
)
from evidence.entra import User
from evidence.privileged_roles import (
    DirectoryRoleAssignment,
    RoleDefinition,
    RoleEligibilityInstance,
    RoleGroupMembers,
)
from tests.builders.entra import user, without
from tests.builders.privileged import (
    DIRECTORY_SYNC,
    EXCHANGE_ADMINISTRATOR,
    GLOBAL_READER,
    UNIT,
    assignment,
    eligibility,
    group_members,
    partner_group,
    principal,
    role_definition,
    role_definitions,
)
from tests.checks.case import Case

UNLICENSED = {RoleEligibilityInstance: "unlicensed"}
CUSTOM_ROLE = "5d1e6c1c-0000-4000-8000-000000000001"


def _upn(name: str) -> str:
    return f"{name}@contoso.example"


def _cloud_only(name: str, expect: str, *, affected: Any = None, **rest: Any) -> Case:
    """Ada is a cloud Global Administrator; `rest` may name datasets and fields of the case."""
    given = {
        DirectoryRoleAssignment: rest.pop("assigned", [assignment("ada")]),
        RoleEligibilityInstance: rest.pop("eligible", []),
        RoleDefinition: rest.pop("roles", role_definitions()),
        RoleGroupMembers: rest.pop("groups", []),
        User: rest.pop("users", [user("ada"), user("bob", onPremisesSyncEnabled=True)]),
    }
    for dataset in rest.get("unread", {}):
        if rest["unread"][dataset] != "partial":
            given.pop(dataset)
    return Case(admin_accounts_cloud_only, name, given, expect, affected, **rest)


SYNCED = [user("ada", onPremisesSyncEnabled=True)]
IN_ADMINS = assignment("Admins", kind="group")

CASES = [
    _cloud_only(
        "synced_global_admin_direct", "fail", affected=[_upn("ada")], users=SYNCED, says="1 of 1"
    ),
    _cloud_only(
        "formerly_synced_is_ok",
        "pass",
        assigned=[assignment("ada"), assignment("bob")],
        users=[user("ada", onPremisesSyncEnabled=False), user("bob", onPremisesSyncEnabled=None)],
        says="All 2 administrators",
    ),
    _cloud_only("a synced user without a role does not matter", "pass"),
    _cloud_only(
        "synced_user_inside_role_group",
        "fail",
        assigned=[assignment("ada"), IN_ADMINS],
        groups=[group_members("Admins", principal("bob"))],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "cloud users inside a role group",
        "pass",
        assigned=[IN_ADMINS],
        groups=[group_members("Admins", principal("ada"))],
    ),
    _cloud_only(
        "eligible_synced_user",
        "fail",
        eligible=[eligibility("bob", EXCHANGE_ADMINISTRATOR)],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "an eligible cloud user",
        "pass",
        eligible=[eligibility("cyd", EXCHANGE_ADMINISTRATOR)],
        users=[user("ada"), user("cyd")],
    ),
    _cloud_only(
        "a synced user eligible through a group",
        "fail",
        eligible=[eligibility("Admins")],
        groups=[group_members("Admins", principal("bob"))],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "partner_group_404",
        "pass",
        assigned=[assignment("ada"), assignment("Partner", kind="group")],
        groups=[partner_group("Partner")],
        says="Partner (GDAP)",
    ),
    _cloud_only(
        "a foreign principal of which the wire says nothing",
        "pass",
        assigned=[assignment("ada"), assignment("Partner", principal=None)],
        groups=[partner_group("Partner")],
        says="id-of-partner",
    ),
    _cloud_only("no_p2_licence", "pass", unread=UNLICENSED),
    _cloud_only(
        "no_p2_licence with a synced administrator",
        "fail",
        users=SYNCED,
        unread=UNLICENSED,
        affected=[_upn("ada")],
    ),
    _cloud_only("users_denied", "error", unread={User: "denied"}),
    _cloud_only("assignments denied", "error", unread={DirectoryRoleAssignment: "denied"}),
    _cloud_only("role definitions denied", "error", unread={RoleDefinition: "denied"}),
    _cloud_only("eligible assignments denied", "error", unread={RoleEligibilityInstance: "denied"}),
    _cloud_only("group members denied", "error", unread={RoleGroupMembers: "denied"}),
    _cloud_only(
        "eligible assignments denied and a synced administrator",
        "fail",
        users=SYNCED,
        unread={RoleEligibilityInstance: "denied"},
        affected=[_upn("ada")],
    ),
    _cloud_only("no administrator at all", "error", assigned=[], says="No user holds"),
    _cloud_only("only eligible ones", "error", assigned=[], eligible=[eligibility("ada")]),
    _cloud_only(
        "nothing but a service principal",
        "error",
        assigned=[assignment("Sync", kind="servicePrincipal")],
    ),
    _cloud_only(
        "a service principal beside a user",
        "pass",
        assigned=[assignment("ada"), assignment("Sync", kind="servicePrincipal")],
        says="Service principals with such a role: Sync",
    ),
    _cloud_only(
        "an administrator who was deleted",
        "error",
        assigned=[assignment("ada"), assignment("gone")],
        says="gone@contoso.example",
    ),
    _cloud_only(
        "a deleted administrator beside a synced one",
        "fail",
        assigned=[assignment("ada"), assignment("gone")],
        users=SYNCED,
        affected=[_upn("ada")],
    ),
    _cloud_only(
        "a principal that nobody can place",
        "error",
        assigned=[assignment("ada"), assignment("gone", principal=None)],
    ),
    _cloud_only(
        "a user of whom the wire says no type",
        "fail",
        assigned=[assignment("bob", principal=None)],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "a group whose members were not read",
        "error",
        assigned=[assignment("ada"), IN_ADMINS],
        says="members of Admins",
    ),
    _cloud_only(
        "members without a type are found among the users",
        "fail",
        assigned=[IN_ADMINS],
        groups=[group_members("Admins", {"id": "id-of-bob"}, {"id": "ID-OF-ADA"})],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "a member without a type who is not among the users",
        "error",
        assigned=[assignment("ada"), IN_ADMINS],
        groups=[group_members("Admins", {"id": "id-of-gone"})],
    ),
    _cloud_only(
        "a synced user two groups deep",
        "fail",
        assigned=[IN_ADMINS],
        groups=[
            group_members(
                "Admins", principal("Tier two", "group"), principal("bob"), principal("ada")
            )
        ],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "cloud users two groups deep",
        "pass",
        assigned=[IN_ADMINS],
        groups=[
            group_members(
                "Admins",
                principal("Tier two", "group"),
                principal("Kiosk", "device"),
                principal("ada"),
            )
        ],
    ),
    _cloud_only(
        "a group that has owners only",
        "pass",
        assigned=[assignment("ada"), IN_ADMINS],
        groups=[group_members("Admins")],
    ),
    _cloud_only(
        "a deleted member of a role group",
        "error",
        assigned=[assignment("ada"), IN_ADMINS],
        groups=[group_members("Admins", principal("gone"))],
    ),
    _cloud_only(
        "a group without its list of members",
        "error",
        assigned=[assignment("ada"), IN_ADMINS],
        groups=[without(group_members("Admins"), "members")],
    ),
    _cloud_only(
        "a disabled synced administrator",
        "fail",
        users=[user("ada", onPremisesSyncEnabled=True, accountEnabled=False)],
        affected=[_upn("ada")],
    ),
    _cloud_only(
        "an administrator of one administrative unit",
        "fail",
        assigned=[assignment("ada"), assignment("bob", directoryScopeId=UNIT)],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "a synced global reader",
        "fail",
        assigned=[assignment("ada"), assignment("bob", GLOBAL_READER)],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "the synchronisation account is no administrator",
        "pass",
        assigned=[assignment("ada"), assignment("bob", DIRECTORY_SYNC)],
    ),
    _cloud_only(
        "a custom role is none of the benchmark's",
        "pass",
        assigned=[assignment("ada"), assignment("bob", CUSTOM_ROLE)],
        roles=[
            *role_definitions(),
            role_definition(CUSTOM_ROLE, "Our Administrator", isBuiltIn=False),
        ],
    ),
    _cloud_only(
        "the assignment names the role by its template",
        "fail",
        assigned=[assignment("ada"), assignment("bob", EXCHANGE_ADMINISTRATOR.upper())],
        roles=[
            *role_definitions()[:1],
            role_definition(
                CUSTOM_ROLE, "Exchange Administrator", templateId=EXCHANGE_ADMINISTRATOR
            ),
        ],
        affected=[_upn("bob")],
    ),
    _cloud_only(
        "whether an administrator is synced is absent",
        "error",
        users=[without(user("ada"), "onPremisesSyncEnabled")],
    ),
]
