"""The SharePoint admin site: the tenant's settings, and its sites one by one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from evidence.dataset import CmdletDataset, EvidenceMissing
from evidence.wire import Bool, Int, Names, Text, words

SHARING = {
    0: "Disabled",
    1: "ExternalUserSharingOnly",
    2: "ExternalUserAndGuestSharing",
    3: "ExistingExternalUserSharingOnly",
}
RESTRICTION_MODES = {0: "None", 1: "AllowList", 2: "BlockList"}
LINK_TYPES = {0: "None", 1: "Direct", 2: "Internal", 3: "AnonymousAccess"}
LINK_SCOPES = {-1: "Uninitialized", 0: "Anyone", 1: "Organization", 2: "SpecificPeople"}
LINK_ROLES = {0: "None", 1: "View", 2: "Edit", 3: "Owner"}  # higher numbers are not documented
SCRIPT_DENIED = {0: "Unknown", 1: "Disabled", 2: "Enabled"}
_NIL = "00000000-0000-0000-0000-000000000000"
_GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _results(value: Any) -> Any:
    """`odata=verbose` wraps a list as {"results": […]}."""
    return _unwrapped(value, "results") if isinstance(value, Mapping) else value


def _unwrapped(value: Mapping[str, Any], wrapper: str) -> Any:
    return {key.lower(): inner for key, inner in value.items()}.get(wrapper, value)


def _split(value: Any) -> list[str]:
    """A list that is one text with blanks in REST and PowerShell, an array in Graph, or null."""
    found = _results(value)
    texts = [] if found is None else [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{value!r} is not a list of names")
    return [part for text in texts for part in re.split(r"[\s,;]+", text) if part]


def _groups(value: Any) -> list[str]:
    """Object ids of a group list: plain, as `c:0t.c|tenant|<id>`, or inside an ACL's XML."""
    if isinstance(value, str) and value.lstrip().startswith("<"):
        value = re.findall(r'identityName="([^"]*)"', value)
    found = {name.rpartition("|")[2].lower() for name in _split(value)}
    return sorted(found - {_NIL})


def _shown(value: Any) -> str:
    """For people only: never decides, so whatever came is shown."""
    return "" if value is None else str(value)


Sharing = Annotated[str, BeforeValidator(words(SHARING))]
LinkScope = Annotated[str, BeforeValidator(words(LINK_SCOPES))] | None
LinkRole = Annotated[str, BeforeValidator(words(LINK_ROLES, keep_unknown=True))]
Split = Annotated[list[str] | None, BeforeValidator(_split)]
Groups = Annotated[list[str] | None, BeforeValidator(_groups)]
Shown = Annotated[str, BeforeValidator(_shown)]
ScriptDenied = Annotated[str, BeforeValidator(words(SCRIPT_DENIED))]


@dataclass(frozen=True)
class DefaultLink:
    """What a new sharing link is, in SharePoint or in OneDrive, and which property says so."""

    setting: str
    value: str


class SharePointTenant(CmdletDataset):
    """`GET /_api/SPO.Tenant` on the admin site. Absent optional fields are None, null is empty."""

    key: ClassVar = "sharepoint.tenant"

    legacy_auth_protocols_enabled: Bool
    legacy_browser_auth_protocols_enabled: Shown = ""
    enable_azure_ad_b2b_integration: Bool = Field(alias="EnableAzureADB2BIntegration")
    sharing_capability: Sharing
    core_sharing_capability: Shown = ""
    odb_sharing_capability: Sharing | None = Field(default=None, alias="ODBSharingCapability")
    one_drive_sharing_capability: Sharing | None = None  # its name in the two cmdlets
    prevent_external_users_from_resharing: Bool
    sharing_domain_restriction_mode: Annotated[str, BeforeValidator(words(RESTRICTION_MODES))]
    sharing_allowed_domain_list: Split = None
    default_sharing_link_type: Annotated[str, BeforeValidator(words(LINK_TYPES))]
    core_default_share_link_scope: LinkScope = None
    one_drive_default_share_link_scope: LinkScope = None
    who_can_share_authenticated_guest_allow_list: Groups = None
    guest_sharing_group_allow_list_in_tenant_by_group_id: Groups = None
    guest_sharing_group_allow_list_in_tenant_by_principal_identity: Groups = None
    guest_sharing_group_allow_list_in_tenant: Groups = None
    who_can_share_allow_list_in_tenant_by_group_id: Shown = ""  # of anyone links
    who_can_share_allow_list_in_tenant_by_principal_identity: Shown = ""
    who_can_share_allow_list_in_tenant: Shown = ""
    external_user_expiration_required: Bool
    external_user_expire_in_days: Int
    email_attestation_required: Bool
    email_attestation_re_auth_days: Int
    default_link_permission: LinkRole
    core_default_share_link_role: LinkRole | None = None
    one_drive_default_share_link_role: LinkRole | None = None
    disallow_infected_file_download: Bool
    is_unmanaged_sync_client_for_tenant_restricted: Bool
    allowed_domain_list_for_sync_client: Annotated[Names, BeforeValidator(_results)]
    block_mac_sync: Shown = ""
    delay_deny_add_and_customize_pages_enforcement: Bool

    @classmethod
    def _fold(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        """`odata=verbose` puts the object under `d`."""
        inner = _unwrapped(raw, "d")
        return super()._fold(inner if isinstance(inner, Mapping) else raw)

    @property
    def shares_outside(self) -> bool:
        return self.sharing_capability != "Disabled"

    @property
    def one_drive_sharing(self) -> str:
        found = self.odb_sharing_capability or self.one_drive_sharing_capability
        if found is None:
            raise EvidenceMissing(self.key, "ODBSharingCapability is absent")
        return found

    @property
    def allowed_domains(self) -> list[str]:
        if self.sharing_allowed_domain_list is None:
            raise EvidenceMissing(self.key, "SharingAllowedDomainList is absent")
        return self.sharing_allowed_domain_list

    @property
    def sharing_groups(self) -> list[str]:
        """Groups whose members alone may share with signed-in guests; empty: everybody may."""
        found = [
            self.who_can_share_authenticated_guest_allow_list,
            self.guest_sharing_group_allow_list_in_tenant_by_group_id,
            self.guest_sharing_group_allow_list_in_tenant_by_principal_identity,
            self.guest_sharing_group_allow_list_in_tenant,
        ]
        if all(groups is None for groups in found):
            raise EvidenceMissing(
                self.key,
                "no list of groups that may share is in the answer;"
                " look at the SharePoint admin centre",
            )
        return next((groups for groups in found if groups), [])

    @property
    def anyone_link_groups(self) -> str:
        """For people: who may make anyone links. Says nothing about sharing with guests."""
        lists = (
            self.who_can_share_allow_list_in_tenant_by_group_id,
            self.who_can_share_allow_list_in_tenant_by_principal_identity,
            self.who_can_share_allow_list_in_tenant,
        )
        return next((text for text in lists if text not in ("", "[]")), "")

    @property
    def default_scopes(self) -> list[DefaultLink]:
        """The scope of a new link in SharePoint and in OneDrive."""
        overrides = {
            "CoreDefaultShareLinkScope": self.core_default_share_link_scope,
            "OneDriveDefaultShareLinkScope": self.one_drive_default_share_link_scope,
        }
        return [
            DefaultLink(name, override)
            if override and override != "Uninitialized"
            else DefaultLink("DefaultSharingLinkType", self.default_sharing_link_type)
            for name, override in overrides.items()
        ]

    @property
    def default_roles(self) -> list[DefaultLink]:
        """What a new link lets people do in SharePoint and in OneDrive."""
        overrides = {
            "CoreDefaultShareLinkRole": self.core_default_share_link_role,
            "OneDriveDefaultShareLinkRole": self.one_drive_default_share_link_role,
        }
        return [
            DefaultLink(name, override)
            if override and override != "None"
            else DefaultLink("DefaultLinkPermission", self.default_link_permission)
            for name, override in overrides.items()
        ]

    @property
    def sync_domains(self) -> list[str]:
        """GUIDs of the Active Directory domains whose computers may sync, in lower case."""
        listed = self.allowed_domain_list_for_sync_client
        found = {name.strip().strip("{}").lower() for name in listed}
        return sorted(name for name in found if _GUID.fullmatch(name) and name != _NIL)


class _ScriptedSite(CmdletDataset):
    """The double negative: `DenyAddAndCustomizePages` Enabled means that script is denied."""

    url: Text
    deny_add_and_customize_pages: ScriptDenied

    @property
    def allows_script(self) -> bool:
        if self.deny_add_and_customize_pages == "Unknown":
            raise EvidenceMissing(
                self.key, f"DenyAddAndCustomizePages of {self.url} was listed without details"
            )
        return self.deny_add_and_customize_pages == "Disabled"


class Site(_ScriptedSite):
    """`Get-PnPTenantSite -Detailed`: every site but the personal ones."""

    key: ClassVar = "sharepoint.sites"
    time_limit_s: ClassVar = 3600

    title: Shown = ""
    template: Shown = ""
    lock_state: Shown = ""

    @property
    def is_my_site_host(self) -> bool:
        address = urlsplit(self.url.strip().lower())
        label = (address.hostname or "").partition(".")[0]
        return label.endswith("-my") and address.path in ("", "/")


class PersonalSite(_ScriptedSite):
    """`Get-PnPTenantSite -IncludeOneDriveSites -Detailed`, one row a user."""

    key: ClassVar = "sharepoint.personal_sites"
    time_limit_s: ClassVar = 7200
