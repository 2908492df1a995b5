"""Teams: the organisation's settings, and the policies of which only `Global` decides."""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from evidence.dataset import CmdletDataset, EvidenceMissing
from evidence.evidence import Evidence
from evidence.wire import Bool, Names, Text

_BUILT_IN = frozenset(
    (
        "allon",
        "alloff",
        "default",
        "kiosk",
        "restrictedanonymousaccess",
        "restrictedanonymousnorecording",
    )
)


class TeamsPolicy(CmdletDataset):
    """A row per policy: `Global` holds for all who have no other, `Tag:…` for those assigned."""

    identity: Text

    @property
    def is_global(self) -> bool:
        return self.identity.lower() == "global"

    @property
    def is_custom(self) -> bool:
        """Neither Global nor one of the tags that Teams brings along and nobody can edit."""
        return not self.is_global and self.name.lower() not in _BUILT_IN

    @property
    def name(self) -> str:
        return self.identity[4:] if self.identity.lower().startswith("tag:") else self.identity


Policy = TypeVar("Policy", bound=TeamsPolicy)


def global_policies(evidence: Evidence, dataset: type[Policy]) -> list[Policy]:
    """The Global row, as often as it was read; never empty.

    A partial read leaves a gap; raises EvidenceMissing when no Global row was read.
    """
    found = [policy for policy in evidence.seen(dataset) if policy.is_global]
    if found:
        return found
    if not evidence.all(dataset):
        raise EvidenceMissing(dataset.key, "the read returned nothing", kind="empty")
    raise EvidenceMissing(dataset.key, "there is no policy with the identity Global")


class ClientConfiguration(TeamsPolicy):
    """`Get-CsTeamsClientConfiguration -Identity Global`."""

    key: ClassVar = "teams.client_configuration"

    allow_box: Bool
    allow_drop_box: Bool
    allow_egnyte: Bool
    allow_google_drive: Bool
    allow_share_file: Bool
    allow_email_into_channel: Bool | None = None  # government clouds do not offer it
    restricted_sender_list: Names = Field(default_factory=list)


def _plans(value: Any) -> list[str]:
    """Plans are words in new answers and objects in old ones; only their text is looked at."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [item if isinstance(item, str) else json.dumps(item) for item in items]


class Tenant(CmdletDataset):
    """`Get-CsTenant`: the plans tell a government cloud, which Graph does not."""

    key: ClassVar = "teams.tenant"

    tenant_id: Text
    assigned_plan: Annotated[list[str], BeforeValidator(_plans)]
    service_instance: Text | None = None

    @property
    def is_government(self) -> bool:
        return any("gcc" in plan.lower() or "dod" in plan.lower() for plan in self.assigned_plan)


class ExternalAccessPolicy(TeamsPolicy):
    """`Get-CsExternalAccessPolicy`."""

    key: ClassVar = "teams.external_access_policies"

    enable_federation_access: Bool
    communication_with_external_orgs: Text | None = None
    enable_teams_consumer_access: Bool
    enable_teams_consumer_inbound: Bool

    @property
    def follows_organisation(self) -> bool:
        return (self.communication_with_external_orgs or "0").lower() in (
            "0",
            "organizationdefault",
        )


class AllowedDomains(BaseModel):
    """Whom the organisation talks to: everybody, or a list; an empty list blocks everybody."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["AllowList", "AllowAllKnownDomains"]
    domains: list[str] = Field(default_factory=list)

    @property
    def is_list(self) -> bool:
        return self.kind == "AllowList"


def _allowed_domains(value: Any) -> AllowedDomains:
    """The collector's normal form, and what plain JSON makes of the two kinds of object.

    `{}` is the object without members, all known domains; whatever is not clearly one of the
    two kinds is unreadable.
    """
    if isinstance(value, str) and value.rpartition(".")[2].lower() == "allowallknowndomains":
        return AllowedDomains(kind="AllowAllKnownDomains")
    if isinstance(value, list) and value:
        return AllowedDomains(kind="AllowList", domains=_domains(value))
    if isinstance(value, Mapping):
        found = {str(key).lower(): item for key, item in value.items()}
        if not found:
            return AllowedDomains(kind="AllowAllKnownDomains")
        if "kind" in found:
            return AllowedDomains(kind=found["kind"], domains=_domains(found.get("domains")))
        if found.get("alloweddomain") is not None:
            return AllowedDomains(kind="AllowList", domains=_domains(found["alloweddomain"]))
    raise ValueError("neither an allow list nor all known domains")


def _domains(value: Any) -> list[str]:
    items: Iterable[Any] = value if isinstance(value, list) else [] if value is None else [value]
    return [_domain(item) for item in items]


def _domain(item: Any) -> str:
    if isinstance(item, Mapping):
        item = {str(key).lower(): found for key, found in item.items()}.get("domain")
    if not isinstance(item, str):
        raise ValueError(f"{item!r} is not a domain")
    return item.strip().removeprefix("Domain=")


class FederationConfiguration(CmdletDataset):
    """`Get-CsTenantFederationConfiguration`: the organisation's side of external access."""

    key: ClassVar = "teams.federation_configuration"

    identity: Text = "Global"
    allow_federated_users: Bool
    allowed_domains: Annotated[AllowedDomains, BeforeValidator(_allowed_domains)]
    blocked_domains: Names = Field(default_factory=list)
    allow_teams_consumer: Bool
    allow_teams_consumer_inbound: Bool
    allow_public_users: Bool | None = None  # gone since consumer Skype was retired in May 2025


class UnifiedTenantSetting(CmdletDataset):
    """`Get-M365UnifiedTenantSettings`, a row per setting; refused to app-only sign-in."""

    key: ClassVar = "teams.unified_tenant_settings"

    setting_name: Text
    setting_value: Text


class CustomAppSettings(CmdletDataset):
    """`Get-CsTeamsSettingsCustomApp`."""

    key: ClassVar = "teams.custom_app_settings"

    is_sideloaded_apps_interaction_enabled: Bool


class AppPermissionPolicy(TeamsPolicy):
    """`Get-CsTeamsAppPermissionPolicy`: without effect under app-centric management."""

    key: ClassVar = "teams.app_permission_policies"

    default_catalog_apps_type: Text | None = None
    global_catalog_apps_type: Text | None = None
    global_catalog_apps: Names = Field(default_factory=list)
    private_catalog_apps_type: Text | None = None
    private_catalog_apps: Names = Field(default_factory=list)


class MeetingPolicy(TeamsPolicy):
    """`Get-CsTeamsMeetingPolicy`."""

    key: ClassVar = "teams.meeting_policies"

    allow_anonymous_users_to_join_meeting: Bool
    allow_anonymous_users_to_start_meeting: Bool
    auto_admitted_users: Text
    allow_pstn_users_to_bypass_lobby: Bool = Field(alias="AllowPSTNUsersToBypassLobby")
    meeting_chat_enabled_type: Text
    designated_presenter_role_mode: Text
    allow_external_participant_give_request_control: Bool
    allow_external_non_trusted_meeting_chat: Bool  # absent in answers of old modules
    allow_cloud_recording: Bool


class MessagingPolicy(TeamsPolicy):
    """`Get-CsTeamsMessagingPolicy`."""

    key: ClassVar = "teams.messaging_policies"

    allow_security_end_user_reporting: Bool
