"""Cases of admin_accounts_reduced_licences in checks/entra/administrators.py."""

from typing import Any

from checks.entra.administrators import (
    admin_accounts_reduced_licences,
)
from evidence.entra import User
from evidence.licences import SubscribedSku
from evidence.privileged_roles import (
    DirectoryRoleAssignment,
    RoleAssignmentInstance,
    RoleDefinition,
    RoleGroupMembers,
)
from tests.builders.entra import user, without
from tests.builders.licences import plan, sku
from tests.builders.privileged import (
    EXCHANGE_ADMINISTRATOR,
    activation,
    assignment,
    group_members,
    instance,
    principal,
    role_definitions,
)
from tests.checks.case import Case

Rows = list[dict[str, Any]]


def _upn(name: str) -> str:
    return f"{name}@contoso.example"


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

CASES = [
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
