"""How activating a role is guarded, and which groups an emergency account is in."""

from typing import Annotated, ClassVar

from pydantic import Field

from evidence.dataset import EvidenceMissing, GraphDataset, GraphPart, each_by_itself
from evidence.wire import Bool, Id, Listed, Text

_APPROVAL_RULE = "approval_enduser_assignment"


class GroupReference(GraphPart):
    id: Id
    display_name: Text | None = None


class EmergencyAccountGroups(GraphDataset):
    """`GET /v1.0/users/{id}/transitiveMemberOf/microsoft.graph.group`, nested groups too.

    One row an account that the tenant's settings name; `userId` is what they name it by.
    """

    key: ClassVar = "graph.emergency_account_groups"
    phase: ClassVar = 2
    depends_on: ClassVar = ("graph.users",)

    user_id: Id
    groups: Annotated[list[GroupReference], Listed] = Field()


class _PolicyPart(GraphPart):
    """What is missing in a part is told with the name of the dataset."""

    @classmethod
    def dataset_name(cls) -> str:
        return RoleManagementPolicyAssignment.key


class Approver(_PolicyPart):
    """v1.0 says `userId` or `groupId`, beta says `id` for both."""

    odata_type: Text | None = Field(None, alias="@odata.type")
    user_id: Id | None = None
    group_id: Id | None = None
    id: Id | None = None
    description: Text | None = None

    @property
    def kind(self) -> str:
        """`user`, `group`, or what else the wire says, which names nobody."""
        stated = (self.odata_type or "").rpartition(".")[2].lower()
        if self.group_id or stated == "groupmembers":
            return "group"
        return "user" if self.user_id or stated in ("singleuser", "") else stated

    @property
    def identifier(self) -> str:
        found = self.user_id or self.group_id or self.id
        if not found:
            raise EvidenceMissing(RoleManagementPolicyAssignment.key, "an approver has no id")
        return found


class ApprovalStage(_PolicyPart):
    primary_approvers: Annotated[list[Approver], Listed] = Field()


class ApprovalSetting(_PolicyPart):
    is_approval_required: Bool
    approval_stages: Annotated[
        list[Annotated[ApprovalStage, each_by_itself(ApprovalStage)]], Listed
    ] = Field()

    @property
    def approvers(self) -> list[Approver]:
        """They stay listed while approval is off."""
        return [item for stage in self.approval_stages for item in stage.primary_approvers]


class PolicyRule(_PolicyPart):
    id: Text
    setting: Annotated[ApprovalSetting, each_by_itself(ApprovalSetting)]


class RoleManagementPolicy(_PolicyPart):
    rules: Annotated[list[Annotated[PolicyRule, each_by_itself(PolicyRule)]], Listed] = Field()


class RoleManagementPolicyAssignment(GraphDataset):
    """`GET /v1.0/policies/roleManagementPolicyAssignments` of scope type DirectoryRole, expanded.

    Needs Entra ID P2 or Governance. Every built-in role has one, with 17 rules.
    """

    key: ClassVar = "graph.role_management_policy_assignments"

    role_definition_id: Id
    policy_id: Text | None = None
    policy: Annotated[RoleManagementPolicy, each_by_itself(RoleManagementPolicy)]

    @property
    def approvals(self) -> list[ApprovalSetting]:
        """Whether and by whom a member's activation has to be approved: one rule a role."""
        found = [
            rule.setting for rule in self.policy.rules if rule.id.strip().lower() == _APPROVAL_RULE
        ]
        if not found:
            raise EvidenceMissing(self.key, f"role {self.role_definition_id} has no approval rule")
        return found
