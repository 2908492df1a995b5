"""The directory: its users, groups, domains, and the policies that bind every user."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import GraphDataset, GraphPart
from evidence.wire import Bool, Id, Ids, Int, Listed, Names, Text, When, named


def _written_names(value: Any) -> Any:
    """A list whose absence would read as a pass: null and empty text are not empty lists."""
    if value is None or value == "":
        raise ValueError("null where a list is expected")
    return value


class AssignedLicense(GraphPart):
    sku_id: Id
    disabled_plans: Ids = Field(default_factory=list)


class User(GraphDataset):
    """`GET /v1.0/users`, members and guests, enabled or not."""

    key: ClassVar = "graph.users"
    time_limit_s: ClassVar = 1800

    id: Id
    user_principal_name: Text
    display_name: Text | None = None
    user_type: Text | None  # null on accounts older than the property
    account_enabled: Bool
    on_premises_sync_enabled: Bool | None  # null: a cloud account
    assigned_licenses: Annotated[list[AssignedLicense], Listed] = Field()
    created_date_time: When | None = None
    per_user_mfa_state: Text | None = None  # undocumented: the service may refuse to select it

    @property
    def is_synchronised(self) -> bool:
        return self.on_premises_sync_enabled is True

    @property
    def is_guest(self) -> bool:
        return (self.user_type or "").lower() == "guest"


class PerUserMfaState(GraphDataset):
    """`/beta/users/{id}/authentication/requirements` in batches, for users without the state."""

    key: ClassVar = "graph.per_user_mfa_states"
    phase: ClassVar = 2
    depends_on: ClassVar = ("graph.users",)
    time_limit_s: ClassVar = 3600

    user_id: Id
    per_user_mfa_state: Text | None = None
    status: Int  # HTTP status of this user's part of the batch


class Organization(GraphDataset):
    """`GET /v1.0/organization`: a collection of exactly one."""

    key: ClassVar = "graph.organization"

    id: Text
    created_date_time: When | None = None
    on_premises_sync_enabled: Bool | None  # null: never synchronised
    on_premises_last_sync_date_time: When | None = None

    @property
    def is_synchronised(self) -> bool:
        """Stays true for a while after synchronisation was switched off."""
        return self.on_premises_sync_enabled is True


class Domain(GraphDataset):
    """`GET /v1.0/domains`, one row a domain, verified or not."""

    key: ClassVar = "graph.domains"

    id: Text
    is_initial: Bool
    authentication_type: Annotated[str, BeforeValidator(named("Managed", "Federated"))]
    is_verified: Bool
    is_root: Bool
    password_validity_period_in_days: Int | None  # null: never set, or inherited by a subdomain

    @property
    def is_federated(self) -> bool:
        return self.authentication_type == "Federated"


class Group(GraphDataset):
    """`GET /v1.0/groups`, of every kind."""

    key: ClassVar = "graph.groups"
    time_limit_s: ClassVar = 1800

    id: Id
    display_name: Text | None = None
    mail: Text | None = None
    visibility: Text | None  # null on security groups
    resource_provisioning_options: Names = Field(default_factory=list)
    group_types: Names
    membership_rule: Text | None
    membership_rule_processing_state: Text | None

    @property
    def is_microsoft_365(self) -> bool:
        return self._is_of_type("unified")

    @property
    def is_dynamic(self) -> bool:
        return self._is_of_type("dynamicmembership")

    @property
    def is_team(self) -> bool:
        return "team" in (option.lower() for option in self.resource_provisioning_options)

    def _is_of_type(self, name: str) -> bool:
        return name in (found.lower() for found in self.group_types)


class DefaultUserRolePermissions(GraphPart):
    allowed_to_create_apps: Bool
    allowed_to_create_tenants: Bool  # absent in answers of old typed clients
    permission_grant_policies_assigned: Annotated[Names, BeforeValidator(_written_names)]


def _permissions(raw: Any) -> Any:
    """One unreadable permission must not take the others with it."""
    return DefaultUserRolePermissions.read_row(raw) if isinstance(raw, Mapping) else raw


class AuthorizationPolicy(GraphDataset):
    """`GET /v1.0/policies/authorizationPolicy`: what members and guests may do unasked."""

    key: ClassVar = "graph.authorization_policy"

    id: Text = "authorizationPolicy"
    default_user_role_permissions: Annotated[
        DefaultUserRolePermissions, BeforeValidator(_permissions)
    ]
    allow_user_consent_for_risky_apps: Bool | None = None
    guest_user_role_id: Id
    allow_invites_from: Text
