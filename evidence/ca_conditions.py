"""Whom a Conditional Access policy reaches, for which resources, and under which conditions."""

import json
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field

from evidence.dataset import GraphPart
from evidence.wire import Names, Text

MODERN_CLIENTS = frozenset({"browser", "mobileappsanddesktopclients"})
LEGACY_CLIENTS = frozenset({"exchangeactivesync", "other"})
_KINDS = "guestorexternalusertypes"
WHOLE_GUEST_GROUP = "guestsorexternalusers"  # stands among the users, means every guest


def lowered(values: Iterable[str]) -> frozenset[str]:
    """Ids, GUIDs and enumeration words compare without regard to case."""
    return frozenset(value.strip().lower() for value in values)


def is_empty(value: Any) -> bool:
    """Nothing is set: also an object or a list that holds nothing but nulls and annotations."""
    if isinstance(value, dict):
        return all("@odata" in name or is_empty(item) for name, item in value.items())
    if isinstance(value, list):
        return all(is_empty(item) for item in value)
    return value is None or value == ""


def shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "none"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _nothing_is_empty(value: Any) -> Any:
    return {} if value is None else value


def _unset_is_nothing(value: Any) -> Any:
    """Null, nothing in it, or nulls only, as typed clients write it: then the kinds are named."""
    if not (isinstance(value, dict) and is_empty(value)):
        return value
    return value if value and _KINDS not in lowered(value) else None


def texts(value: Any) -> list[str]:
    """A list of texts, or one text where the list has one."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise ValueError(f"{value!r} is not a list of words")
    return found


def _words(value: Any) -> list[str]:
    """A list, or one comma-joined string."""
    found = [] if value is None else texts(value)
    return [word.strip() for item in found for word in item.split(",") if word.strip()]


def flags(value: Any) -> list[str]:
    return [word for word in _words(value) if word.lower() != "none"]


def _stated_flags(value: Any) -> list[str]:
    """Kinds that are not named are not known; that there are none is said with a word."""
    if is_empty(value):
        raise ValueError("no kind is named")
    return flags(value)


Words = Annotated[list[str], BeforeValidator(_words)]
Flags = Annotated[list[str], BeforeValidator(flags)]  # 'none' is no flag


class OpenPart(GraphPart):
    """Keeps the names it does not know, so that what Microsoft adds is never overlooked."""

    model_config = ConfigDict(extra="allow")
    may_hold_only_other_names: ClassVar = True

    @property
    def unknown(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in (self.model_extra or {}).items()
            if "@odata" not in name and not is_empty(value)
        }


class ExternalTenants(GraphPart):
    membership_kind: Text | None = None


class Guests(GraphPart):
    """Kinds of guests; one comma-joined string on the wire."""

    guest_or_external_user_types: Annotated[list[str], BeforeValidator(_stated_flags)]
    external_tenants: ExternalTenants | None = None

    @property
    def kinds(self) -> frozenset[str]:
        return lowered(self.guest_or_external_user_types)

    @property
    def come_from_anywhere(self) -> bool:
        tenants = self.external_tenants
        return tenants is None or (tenants.membership_kind or "all").lower() == "all"


NamedGuests = Annotated[Guests | None, BeforeValidator(_unset_is_nothing)]


class Reached(NamedTuple):
    """One user, group, role or guest type that a policy includes or excludes."""

    kind: str
    id: str


class Users(OpenPart):
    include_users: Names = Field(default_factory=list)
    include_groups: Names = Field(default_factory=list)
    include_roles: Names = Field(default_factory=list)
    include_guests_or_external_users: NamedGuests = None
    exclude_users: Names = Field(default_factory=list)
    exclude_groups: Names = Field(default_factory=list)
    exclude_roles: Names = Field(default_factory=list)
    exclude_guests_or_external_users: NamedGuests = None

    @property
    def are_all(self) -> bool:
        """Includes guests. A group of everybody is not the same: it can be edited."""
        return "all" in lowered(self.include_users)

    @property
    def are_none(self) -> bool:
        return lowered(self.include_users) == {"none"}

    def cover_role(self, template_id: str) -> bool:
        included = self.are_all or template_id in lowered(self.include_roles)
        return included and template_id not in lowered(self.exclude_roles)

    @property
    def included(self) -> frozenset[Reached]:
        """What is named by id; guest types only when they may come from any tenant."""
        guests = self.include_guests_or_external_users
        kinds = guests.kinds if guests and guests.come_from_anywhere else frozenset()
        return _reached(self.include_users, self.include_groups, self.include_roles, kinds)

    @property
    def excluded(self) -> frozenset[Reached]:
        guests = self.exclude_guests_or_external_users
        kinds = guests.kinds if guests else frozenset()
        return _reached(self.exclude_users, self.exclude_groups, self.exclude_roles, kinds)


def _reached(
    users: list[str], groups: list[str], roles: list[str], guests: frozenset[str]
) -> frozenset[Reached]:
    named = lowered(users)
    guest_types = guests | (named & {WHOLE_GUEST_GROUP})
    return frozenset(
        [Reached("user", item) for item in named - {WHOLE_GUEST_GROUP, "none"}]
        + [Reached("group", item) for item in lowered(groups)]
        + [Reached("role", item) for item in lowered(roles)]
        + [Reached("guest_type", item) for item in guest_types]
    )


class Applications(OpenPart):
    include_applications: Names = Field(default_factory=list)
    exclude_applications: Names = Field(default_factory=list)
    include_user_actions: Names = Field(default_factory=list)
    include_authentication_context_class_references: Names = Field(default_factory=list)
    application_filter: Any = None

    @property
    def are_all(self) -> bool:
        """User actions and authentication contexts are targeted instead of resources."""
        instead = self.include_user_actions or self.include_authentication_context_class_references
        return "all" in lowered(self.include_applications) and not instead

    @property
    def are_filtered(self) -> bool:
        return not is_empty(self.application_filter)

    @property
    def excluded(self) -> frozenset[str]:
        return lowered(self.exclude_applications)

    def names(self, application: str) -> bool:
        return application in lowered(self.include_applications)


class Platforms(OpenPart):
    include_platforms: Names = Field(default_factory=list)
    exclude_platforms: Names = Field(default_factory=list)


class Locations(OpenPart):
    include_locations: Names = Field(default_factory=list)
    exclude_locations: Names = Field(default_factory=list)


class AuthenticationFlows(OpenPart):
    transfer_methods: Flags = Field(default_factory=list)


class ClientApplications(OpenPart):
    include_service_principals: Names = Field(default_factory=list)
    include_agent_id_service_principals: Names = Field(default_factory=list)

    @property
    def names_workloads(self) -> bool:
        return bool(self.include_service_principals or self.include_agent_id_service_principals)


class Conditions(OpenPart):
    users: Annotated[Users, BeforeValidator(_nothing_is_empty)]
    applications: Annotated[Applications, BeforeValidator(_nothing_is_empty)]
    client_app_types: Names = Field(default_factory=list)
    platforms: Platforms | None = None
    locations: Locations | None = None
    devices: Any = None
    device_states: Any = None  # the old beta form of devices
    user_risk_levels: Words = Field(default_factory=list)
    sign_in_risk_levels: Words = Field(default_factory=list)
    insider_risk_levels: Words = Field(default_factory=list)
    service_principal_risk_levels: Words = Field(default_factory=list)
    agent_id_risk_levels: Words = Field(default_factory=list)
    authentication_flows: AuthenticationFlows | None = None
    client_applications: ClientApplications | None = None

    @property
    def clients(self) -> frozenset[str]:
        """None named means all; old policies name the two modern types only."""
        named = lowered(self.client_app_types)
        return MODERN_CLIENTS | LEGACY_CLIENTS if not named or "all" in named else named

    @property
    def transfer_methods(self) -> frozenset[str]:
        flows = self.authentication_flows
        return lowered(flows.transfer_methods) if flows else frozenset()

    @property
    def are_for_workloads(self) -> bool:
        """Service principals and agents sign in here, not people."""
        workloads = self.client_applications
        return self.users.are_none or bool(workloads and workloads.names_workloads)

    @property
    def names_a_risk(self) -> bool:
        return bool(self.user_risk_levels or self.sign_in_risk_levels)

    @property
    def narrowings(self) -> dict[str, str]:
        """Conditions that let some sign-ins of the same people pass by: path and value.

        A name that nobody knows and that is set counts too. Client types are judged apart.
        """
        found: dict[str, Any] = {
            "devices": self.devices,
            "deviceStates": self.device_states,
            "userRiskLevels": self.user_risk_levels,
            "signInRiskLevels": self.sign_in_risk_levels,
            "insiderRiskLevels": self.insider_risk_levels,
            "servicePrincipalRiskLevels": self.service_principal_risk_levels,
            "agentIdRiskLevels": self.agent_id_risk_levels,
            **_holes("platforms", "Platforms", self.platforms),
            **_holes("locations", "Locations", self.locations),
            **self._unknown_names,
        }
        if self.authentication_flows:
            methods = self.authentication_flows.transfer_methods
            found["authenticationFlows.transferMethods"] = methods
        return {path: shown(value) for path, value in found.items() if not is_empty(value)}

    @property
    def _unknown_names(self) -> dict[str, Any]:
        found = dict(self.unknown)
        parts: dict[str, OpenPart | None] = {
            "users": self.users,
            "applications": self.applications,
            "platforms": self.platforms,
            "locations": self.locations,
            "authenticationFlows": self.authentication_flows,
            "clientApplications": self.client_applications,
        }
        for name, part in parts.items():
            if part:
                found |= {f"{name}.{key}": value for key, value in part.unknown.items()}
        return found


def _holes(path: str, suffix: str, part: Platforms | Locations | None) -> dict[str, Any]:
    """What a list of platforms or locations leaves out; naming none at all leaves out none."""
    match part:
        case Platforms():
            included, excluded = part.include_platforms, part.exclude_platforms
        case Locations():
            included, excluded = part.include_locations, part.exclude_locations
        case None:
            return {}
    holes: dict[str, Any] = {f"{path}.exclude{suffix}": excluded}
    if "all" not in lowered(included):
        holes[f"{path}.include{suffix}"] = included
    return holes
