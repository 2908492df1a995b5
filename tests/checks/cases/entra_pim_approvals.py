"""Cases of the two checks on approval in checks/entra/privileged_identity.py."""

from typing import Any

from checks.entra.privileged_identity import (
    pim_global_admin_approval_required,
    pim_privileged_role_admin_approval_required,
)
from evidence.conditional_access import ReferencedGroup
from evidence.licences import ENTRA_P2_ID, SubscribedSku
from evidence.privileged_identity import RoleManagementPolicyAssignment
from evidence.privileged_roles import (
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
)
from tests.builders.entra import without
from tests.builders.licences import plan, sku
from tests.builders.privileged import (
    approval_rule,
    approver,
    approver_group,
    identifier,
    role_policy,
)
from tests.checks.case import Case

P2 = [sku(plan("AAD_PREMIUM_P2", ENTRA_P2_ID))]
BUSINESS_PREMIUM = [sku(plan("AAD_PREMIUM", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"))]


APPROVAL = {
    pim_global_admin_approval_required: (GLOBAL_ADMINISTRATOR, "Global Administrator"),
    pim_privileged_role_admin_approval_required: (
        PRIVILEGED_ROLE_ADMINISTRATOR,
        "Privileged Role Administrator",
    ),
}
TWO_APPROVERS = approval_rule(approver("ada"), approver("bob"))
ONE_GROUP = approval_rule(approver_group("Approvers"))
OFF = approval_rule(approver("ada"), approver("bob"), approver("cyd"), required=False)


def _beta(name: str, kind: str = "singleUser") -> dict[str, Any]:
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "id": identifier(name),
        "description": "John Doe",
        "isBackup": True,
    }


def _size(name: str = "Approvers", count: Any = 3, **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier(name),
        "displayName": name,
        "userCount": count,
        "status": 200,
    } | changes


def _approvals(judge: Any, role: str, label: str) -> list[Case]:
    other = next(found for found, _ in APPROVAL.values() if found != role)

    def case(name: str, expect: str, *rules: dict[str, Any], **rest: Any) -> Case:
        """The other role of the two is guarded the other way round."""
        beside = role_policy(other, OFF if expect == "pass" else TWO_APPROVERS)
        given = {
            RoleManagementPolicyAssignment: rest.pop("rows", [role_policy(role, *rules), beside]),
            ReferencedGroup: rest.pop("groups", []),
            SubscribedSku: rest.pop("skus", P2),
        }
        for dataset, how in rest.get("unread", {}).items():
            if how != "partial":
                given.pop(dataset)
        if expect == "fail":
            rest.setdefault("affected", [label])
        return Case(judge, name, given, expect, **rest)

    return [
        case("approval with two users", "pass", TWO_APPROVERS, says="go around it"),
        case("the role in capitals", "pass", rows=[role_policy(role.upper(), TWO_APPROVERS)]),
        case("two users in beta's shape", "pass", approval_rule(_beta("ada"), _beta("bob"))),
        case("one approver", "fail", approval_rule(approver("ada"))),
        case("approval off with three approvers", "fail", OFF),
        case("approval on with nobody named", "fail", approval_rule()),
        case("one group of three", "pass", ONE_GROUP, groups=[_size()]),
        case(
            "one group of three in beta's shape",
            "pass",
            approval_rule(_beta("Approvers", "groupMembers")),
            groups=[_size()],
        ),
        case("one group of one", "fail", ONE_GROUP, groups=[_size(count=1)]),
        case("one group of nobody", "fail", ONE_GROUP, groups=[_size(count=0)]),
        case("one group, size unknown", "fail", ONE_GROUP),
        case("one group, size not counted", "fail", ONE_GROUP, groups=[_size(count=None)]),
        case(
            "one group, its count refused",
            "fail",
            ONE_GROUP,
            groups=[_size(count=None, status=403)],
        ),
        case("one group that is gone", "fail", ONE_GROUP, groups=[_size(count=None, status=404)]),
        case(
            "one user and a group that is gone",
            "fail",
            approval_rule(approver("ada"), approver_group("Approvers")),
            groups=[_size(count=None, status=404)],
        ),
        case(
            "one user and a group of unknown size",
            "pass",
            approval_rule(approver("ada"), approver_group("Approvers")),
        ),
        case("the same group twice", "fail", approval_rule(*[approver_group("Approvers")] * 2)),
        case("same user twice", "fail", approval_rule(approver("ada"), approver("ADA"))),
        case(
            "a manager whom nobody names",
            "fail",
            approval_rule(
                approver("ada"),
                {"@odata.type": "#microsoft.graph.requestorManager", "id": "x"},
            ),
        ),
        case("an approver without an id", "error", approval_rule(approver("ada", userId=None))),
        case("a role's rule and a group's rule, both asking", "pass", TWO_APPROVERS, TWO_APPROVERS),
        case("a role's rule asks and a group's rule does not", "fail", TWO_APPROVERS, OFF),
        case("approval neither on nor off", "error", approval_rule(required=None)),
        case(
            "no P2",
            "not_applicable",
            rows=[],
            unread={RoleManagementPolicyAssignment: "unlicensed"},
            skus=BUSINESS_PREMIUM,
            says="no Entra ID P2",
        ),
        case(
            "refused for want of a licence although P2 is there",
            "not_applicable",
            unread={RoleManagementPolicyAssignment: "unlicensed"},
        ),
        case("role entry missing", "error", rows=[role_policy(other, TWO_APPROVERS)]),
        case("approval rule missing", "error"),
        case(
            "the rules of the policy absent", "error", rows=[role_policy(role, policy={"id": "x"})]
        ),
        case("the policy absent", "error", rows=[without(role_policy(role, OFF), "policy")]),
        case("denied", "error", unread={RoleManagementPolicyAssignment: "denied"}),
        case(
            "denied in a tenant without P2",
            "not_applicable",
            unread={RoleManagementPolicyAssignment: "denied"},
            skus=BUSINESS_PREMIUM,
        ),
        case("an empty list", "error", rows=[]),
        case(
            "an empty list in a tenant without P2", "not_applicable", rows=[], skus=BUSINESS_PREMIUM
        ),
        case(
            "read in part, approval off",
            "fail",
            OFF,
            unread={RoleManagementPolicyAssignment: "partial"},
        ),
        case(
            "read in part, approval on",
            "error",
            TWO_APPROVERS,
            unread={RoleManagementPolicyAssignment: "partial"},
        ),
        case(
            "sizes of groups denied, two users",
            "pass",
            TWO_APPROVERS,
            unread={ReferencedGroup: "denied"},
        ),
    ]


CASES = [
    item for judge, (role, label) in APPROVAL.items() for item in _approvals(judge, role, label)
]
