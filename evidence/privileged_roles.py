"""Who holds which directory role, how, and the roles that the benchmark calls privileged."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import GraphDataset, GraphPart
from evidence.wire import Bool, Id, Listed, Text, When, words

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
_CONDITIONAL_ACCESS_ADMINISTRATOR = "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"
_GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
_EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
_SHAREPOINT_ADMINISTRATOR = "f28a1f50-f6e7-4571-818b-6a12f2af6b6c"
_SECURITY_ADMINISTRATOR = "194ae4cb-b126-40b2-bd5b-6091b380977d"
_TEAMS_ADMINISTRATOR = "69091246-20e8-4a56-aa4d-066075b2a7a8"

# Accounts of directory synchronisation: they cannot do MFA.
SYNC_ROLES = frozenset(
    {"d29b2b05-8046-44ba-8758-1e26182fcf32", "a92aed5d-d78a-4d16-b381-09adb37eb3b0"}
)

# Template ids, which for built-in roles equal roleDefinitionId and the ids in Conditional Access.
ADMIN_ROLES = {
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f": "Authentication Administrator",
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": "Billing Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    _CONDITIONAL_ACCESS_ADMINISTRATOR: "Conditional Access Administrator",
    _EXCHANGE_ADMINISTRATOR: "Exchange Administrator",
    GLOBAL_ADMINISTRATOR: "Global Administrator",
    _GLOBAL_READER: "Global Reader",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "Helpdesk Administrator",
    "966707d0-3269-4727-9be2-8c3a10f19b9d": "Password Administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    PRIVILEGED_ROLE_ADMINISTRATOR: "Privileged Role Administrator",
    _SECURITY_ADMINISTRATOR: "Security Administrator",
    _SHAREPOINT_ADMINISTRATOR: "SharePoint Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
}
PIM_ROLES = {
    role: name
    for role, name in ADMIN_ROLES.items()
    if role not in (_CONDITIONAL_ACCESS_ADMINISTRATOR, _GLOBAL_READER)
} | {
    "7495fdc4-34c4-4d15-a289-98788ce399fd": "Azure Information Protection Administrator",
    "7698a772-787b-4ac8-901f-60d6b08affd2": "Cloud Device Administrator",
    "17315797-102d-40b4-93e0-432062caca18": "Compliance Administrator",
    "5c4f9dcd-47dc-4cf7-8c9a-9e4207cbfc91": "Customer LockBox Access Approver",
    "a9ea8996-122f-4c74-9520-8edcd192826c": "Fabric Administrator",
    "3a2c62db-5318-420d-8d74-23affee5d9d5": "Intune Administrator",
    "74ef975b-6605-40af-a5d2-b9539d836353": "Kaizala Administrator",
    "4d6ac14f-3453-41d0-bef9-a3e0c569773a": "License Administrator",
    "9f06204d-73c1-4d4c-880a-6edb90606fd8": "Microsoft Entra Joined Device Local Administrator",
    "75941009-915a-4869-abe7-691bff18279e": "Skype for Business Administrator",
    _TEAMS_ADMINISTRATOR: "Teams Administrator",
}
REVIEWED_ROLES = {
    GLOBAL_ADMINISTRATOR: "Global Administrator",
    _EXCHANGE_ADMINISTRATOR: "Exchange Administrator",
    _SHAREPOINT_ADMINISTRATOR: "SharePoint Administrator",
    _TEAMS_ADMINISTRATOR: "Teams Administrator",
    _SECURITY_ADMINISTRATOR: "Security Administrator",
}

AssignmentType = Annotated[str, BeforeValidator(words({0: "Assigned", 1: "Activated"}))]


class Principal(GraphPart):
    """The holder of a role, or a member of a group that holds one."""

    id: Id = ""
    odata_type: Text | None = Field(None, alias="@odata.type")
    display_name: Text | None = None
    user_principal_name: Text | None = None

    @property
    def kind(self) -> str:
        """`user`, `group`, `servicePrincipal`, `device`, or empty when the wire does not say."""
        return (self.odata_type or "").rpartition(".")[2]

    @property
    def label(self) -> str:
        return self.user_principal_name or self.display_name or self.id


class DirectoryRoleAssignment(GraphDataset):
    """`GET /v1.0/roleManagement/directory/roleAssignments?$expand=principal`, activations too."""

    key: ClassVar = "graph.directory_role_assignments"
    time_limit_s: ClassVar = 600

    principal_id: Id
    role_definition_id: Id
    directory_scope_id: Text
    principal: Principal | None = None  # missing for deleted and partner principals

    @property
    def is_tenant_wide(self) -> bool:
        return self.directory_scope_id == "/"

    @property
    def exempts_from_mfa(self) -> bool:
        return self.role_definition_id in SYNC_ROLES


class RoleDefinition(GraphDataset):
    """`GET /v1.0/roleManagement/directory/roleDefinitions`."""

    key: ClassVar = "graph.role_definitions"

    id: Id
    template_id: Id | None = None
    display_name: Text
    is_built_in: Bool

    @property
    def is_administrator(self) -> bool:
        """The benchmark's own rule; Graph returns English names whatever the tenant speaks."""
        name = self.display_name.lower()
        return self.is_built_in and ("administrator" in name or name == "global reader")


class RoleAssignmentInstance(GraphDataset):
    """`GET …/directory/roleAssignmentScheduleInstances?$expand=principal`; needs Entra ID P2.

    Assignments made outside PIM stand here as well, with no start and no end.
    """

    key: ClassVar = "graph.role_assignment_schedule_instances"
    time_limit_s: ClassVar = 600

    principal_id: Id
    role_definition_id: Id
    assignment_type: AssignmentType
    end_date_time: When | None = None
    directory_scope_id: Text
    member_type: Text | None = None  # Direct, Group or Inherited
    start_date_time: When | None = None
    principal: Principal | None = None

    @property
    def is_standing(self) -> bool:
        """Not a momentary activation, so that the minute of the scan does not decide."""
        return self.assignment_type == "Assigned"

    @property
    def is_permanent(self) -> bool:
        return self.is_standing and self.end_date_time is None

    @property
    def is_tenant_wide(self) -> bool:
        return self.directory_scope_id == "/"


class RoleEligibilityInstance(GraphDataset):
    """`GET …/directory/roleEligibilityScheduleInstances`; needs Entra ID P2."""

    key: ClassVar = "graph.role_eligibility_schedule_instances"
    time_limit_s: ClassVar = 600

    principal_id: Id
    role_definition_id: Id
    directory_scope_id: Text
    member_type: Text | None = None
    end_date_time: When | None = None

    @property
    def is_tenant_wide(self) -> bool:
        return self.directory_scope_id == "/"


class RoleGroupMembers(GraphDataset):
    """`GET /v1.0/groups/{id}/transitiveMembers`, one row a group that holds a role.

    A group that does not exist in the tenant is a partner's (GDAP): `resolved` is false.
    """

    key: ClassVar = "graph.role_group_members"
    phase: ClassVar = 2
    depends_on: ClassVar = (
        "graph.directory_role_assignments",
        "graph.role_assignment_schedule_instances",
        "graph.role_eligibility_schedule_instances",
    )
    time_limit_s: ClassVar = 600

    group_id: Id
    resolved: Bool
    members: Annotated[list[Principal], Listed] = Field()
