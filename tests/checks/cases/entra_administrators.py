"""Cases of the checks in checks/entra/administrators.py, but for the emergency accounts."""

from typing import Any

from checks.entra.administrators import (
    admin_accounts_cloud_only,
    admin_accounts_reduced_licences,
    global_admins_two_to_four,
)
from evidence.entra import User
from evidence.licences import SubscribedSku
from evidence.privileged_roles import (
    DirectoryRoleAssignment,
    RoleAssignmentInstance,
    RoleDefinition,
    RoleEligibilityInstance,
    RoleGroupMembers,
)
from tests.builders.entra import user, without
from tests.builders.licences import plan, sku
from tests.builders.privileged import (
    DIRECTORY_SYNC,
    EXCHANGE_ADMINISTRATOR,
    GLOBAL_READER,
    UNIT,
    activation,
    assignment,
    eligibility,
    group_members,
    instance,
    partner_group,
    principal,
    role_definition,
    role_definitions,
)
from tests.checks.case import Case

Rows = list[dict[str, Any]]
UNLICENSED = {RoleEligibilityInstance: "unlicensed"}
PEOPLE = ("ada", "bob", "cyd", "dan", "eve", "fay")
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

CLOUD_ONLY = [
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

GLOBAL_ADMINS = [
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
        says="3 users are eligible; with the standing ones 4",
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

FOUNDATION = plan("EXCHANGE_S_FOUNDATION", "113feb6c-3fe4-4440-bddc-54d774bf0318")
MAIL, CHAT = plan("EXCHANGE_S_ENTERPRISE", "plan-of-mail"), plan("TEAMS1", "plan-of-chat")
E5 = sku(
    plan("AAD_PREMIUM_P2", "plan-of-p2"), MAIL, CHAT, skuId="SKU-OF-E5", skuPartNumber="SPE_E5"
)
P2 = sku(
    plan("AAD_PREMIUM"),
    plan("MFA_PREMIUM"),
    plan("ADALLOM_S_DISCOVERY"),
    FOUNDATION,
    skuId="sku-of-p2",
    skuPartNumber="AAD_PREMIUM_P2",
)
FREE = sku(plan("FLOW_P2_VIRAL"), plan("BI_AZURE_P0"), FOUNDATION, skuId="sku-of-free")


def _licence(product: str, *disabled: str) -> dict[str, Any]:
    return {"skuId": f"sku-of-{product}", "disabledPlans": list(disabled)}


def _admin(*licences: dict[str, Any], name: str = "ada") -> dict[str, Any]:
    return user(name, assignedLicenses=list(licences))


def _reduced(name: str, expect: str, users: Rows, *, affected: Any = None, **rest: Any) -> Case:
    """Ada is the only standing administrator unless `instances` say otherwise."""
    given = {
        DirectoryRoleAssignment: rest.pop("assigned", [assignment("ada")]),
        RoleAssignmentInstance: rest.pop("instances", [instance("ada")]),
        RoleDefinition: role_definitions(),
        RoleGroupMembers: rest.pop("groups", []),
        User: users,
        SubscribedSku: rest.pop("skus", [E5, P2, FREE]),
    }
    for dataset, how in rest.get("unread", {}).items():
        if how != "partial":
            given.pop(dataset)
    return Case(admin_accounts_reduced_licences, name, given, expect, affected, **rest)


WITH_E5 = [_admin(_licence("e5"))]

REDUCED = [
    _reduced("no_licence", "pass", [_admin()], says="None of 1 standing administrators"),
    _reduced("p2_only", "pass", [_admin(_licence("p2"))]),
    _reduced("free products", "pass", [_admin(_licence("p2"), _licence("free"))]),
    _reduced("e5_licence", "fail", WITH_E5, affected=[_upn("ada")]),
    _reduced(
        "the application is in the second product",
        "fail",
        [_admin(_licence("p2"), _licence("e5"))],
        affected=[_upn("ada")],
    ),
    _reduced(
        "e5_all_apps_switched_off",
        "pass",
        [_admin(_licence("e5", "PLAN-OF-MAIL", "plan-of-chat"))],
    ),
    _reduced(
        "one application is left on",
        "fail",
        [_admin(_licence("e5", "plan-of-mail"))],
        affected=[_upn("ada")],
    ),
    _reduced(
        "the product's application plan is disabled",
        "pass",
        [_admin(_licence("mail"))],
        skus=[sku(MAIL | {"provisioningStatus": "Disabled"}, skuId="sku-of-mail")],
    ),
    _reduced(
        "the product's application plan is pending",
        "fail",
        [_admin(_licence("mail"))],
        skus=[sku(MAIL | {"provisioningStatus": "PendingActivation"}, skuId="sku-of-mail")],
    ),
    _reduced(
        "a plan's name in small letters with blanks",
        "fail",
        [_admin(_licence("mail"))],
        skus=[sku(plan(" sharepointenterprise "), skuId="sku-of-mail")],
    ),
    _reduced(
        "a plan without a name",
        "error",
        [_admin(_licence("mail"))],
        skus=[sku(plan(""), skuId="sku-of-mail")],
    ),
    _reduced(
        "eligible_daily_account",
        "pass",
        [_admin(), _admin(_licence("e5"), name="bob")],
        assigned=[assignment("ada")],
    ),
    _reduced(
        "an activated daily account",
        "pass",
        [_admin(), _admin(_licence("e5"), name="bob")],
        assigned=[assignment("ada"), assignment("bob")],
        instances=[instance("ada"), activation("bob")],
    ),
    _reduced(
        "without PIM every assignment stands",
        "fail",
        [_admin(), _admin(_licence("e5"), name="bob")],
        assigned=[assignment("ada"), assignment("bob")],
        unread={RoleAssignmentInstance: "unlicensed"},
        affected=[_upn("bob")],
    ),
    _reduced(
        "without PIM and without licences",
        "pass",
        [_admin()],
        unread={RoleAssignmentInstance: "unlicensed"},
    ),
    _reduced(
        "a licensed member of a role group",
        "fail",
        [_admin(), _admin(_licence("e5"), name="bob")],
        instances=[instance("ada"), instance("Admins", EXCHANGE_ADMINISTRATOR, "group")],
        groups=[group_members("Admins", principal("bob"))],
        affected=[_upn("bob")],
    ),
    _reduced("unknown_sku", "error", [_admin(_licence("bygone"))], says="sku-of-bygone"),
    _reduced(
        "an unknown product beside E5",
        "fail",
        [_admin(_licence("bygone"), _licence("e5"))],
        affected=[_upn("ada")],
    ),
    _reduced(
        "an unknown product, and E5 elsewhere",
        "fail",
        [_admin(_licence("bygone")), _admin(_licence("e5"), name="bob")],
        instances=[instance("ada"), instance("bob")],
        affected=[_upn("bob")],
    ),
    _reduced("no administrator", "error", [_admin()], assigned=[], instances=[]),
    _reduced("only eligible administrators", "error", WITH_E5, assigned=[], instances=[]),
    _reduced("no product at all", "error", [_admin()], skus=[]),
    _reduced("the inventory is denied", "error", [_admin()], unread={SubscribedSku: "denied"}),
    _reduced("users denied", "error", [], unread={User: "denied"}),
    _reduced("instances denied", "error", [_admin()], unread={RoleAssignmentInstance: "denied"}),
    _reduced("role definitions denied", "error", WITH_E5, unread={RoleDefinition: "denied"}),
    _reduced("licences absent", "error", [without(user("ada"), "assignedLicenses")]),
]

CASES = [*CLOUD_ONLY, *GLOBAL_ADMINS, *REDUCED]
