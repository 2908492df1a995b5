"""The demo tenant's SharePoint, Teams and Fabric."""

from demo.people import TENANT_ID, Company, Row, guid

HOST = "https://contosodemo.sharepoint.example"


def collaboration(company: Company) -> dict[str, list[Row]]:
    return {
        "sharepoint.tenant": [_sharepoint()],
        "sharepoint.sites": _sites(company),
        **_teams(),
        "fabric.tenant_settings": _fabric(),
    }


def _sharepoint() -> Row:
    """Enumerations as numbers: what the REST call sends."""
    return {
        "LegacyAuthProtocolsEnabled": False,
        "EnableAzureADB2BIntegration": True,
        "SharingCapability": 1,
        "CoreSharingCapability": 1,
        "ODBSharingCapability": 1,
        "PreventExternalUsersFromResharing": True,
        "SharingDomainRestrictionMode": 0,
        "SharingAllowedDomainList": None,
        "DefaultSharingLinkType": 1,
        "CoreDefaultShareLinkScope": 2,
        "OneDriveDefaultShareLinkScope": -1,
        "GuestSharingGroupAllowListInTenantByGroupId": [],
        "GuestSharingGroupAllowListInTenantByPrincipalIdentity": None,
        "GuestSharingGroupAllowListInTenant": "",
        "WhoCanShareAllowListInTenantByGroupId": [],
        "WhoCanShareAllowListInTenantByPrincipalIdentity": None,
        "WhoCanShareAllowListInTenant": "",
        "ExternalUserExpirationRequired": True,
        "ExternalUserExpireInDays": 30,
        "EmailAttestationRequired": True,
        "EmailAttestationReAuthDays": 30,
        "DefaultLinkPermission": 2,
        "CoreDefaultShareLinkRole": 1,
        "OneDriveDefaultShareLinkRole": 0,
        "DisallowInfectedFileDownload": True,
        "IsUnmanagedSyncClientForTenantRestricted": True,
        "AllowedDomainListForSyncClient": [guid("domain/fabrikam.local")],
        "BlockMacSync": False,
        "DelayDenyAddAndCustomizePagesEnforcement": False,
    }


def _sites(company: Company) -> list[Row]:
    """The old intranet still runs its scripts."""
    teams = [
        _site(f"/sites/{name.replace(' ', '')}", name, "GROUP#0") for name in company.team_names
    ]
    return [
        _site("", "Contoso Demo", "SITEPAGEPUBLISHING#0"),
        _site("/sites/intranet-2016", "Intranet (old)", "STS#0", scripts_denied=1),
        _site("/search", "Search", "SRCHCEN#0"),
        *teams,
    ]


def _site(path: str, title: str, template: str, *, scripts_denied: int = 2) -> Row:
    return {
        "Url": f"{HOST}{path or '/'}",
        "Title": title,
        "Template": template,
        "LockState": "Unlock",
        "DenyAddAndCustomizePages": scripts_denied,
    }


def _teams() -> dict[str, list[Row]]:
    return {
        "teams.tenant": [
            {
                "TenantId": TENANT_ID,
                "AssignedPlan": ["MCOStandard", "TEAMS1", "MCOMEETADD"],
                "ServiceInstance": "MicrosoftCommunicationsOnline/EMEA-0A-S1",
            }
        ],
        "teams.client_configuration": [_client()],
        "teams.external_access_policies": [
            _external_access("Global", consumers=False),
            _external_access("Tag:Recruiting", consumers=True),
        ],
        "teams.federation_configuration": [_federation()],
        "teams.custom_app_settings": [{"IsSideloadedAppsInteractionEnabled": False}],
        "teams.app_permission_policies": [
            {
                "Identity": "Global",
                "DefaultCatalogAppsType": "BlockedAppList",
                "GlobalCatalogAppsType": "AllowedAppList",
                "GlobalCatalogApps": [],
                "PrivateCatalogAppsType": "AllowedAppList",
                "PrivateCatalogApps": [],
            }
        ],
        "teams.meeting_policies": [
            _meetings("Global"),
            _meetings("Tag:AllOff", AllowCloudRecording=False),
            _meetings("Tag:Webinars", AutoAdmittedUsers="Everyone"),
        ],
        "teams.messaging_policies": [
            {"Identity": "Global", "AllowSecurityEndUserReporting": True},
            {"Identity": "Tag:Kiosk", "AllowSecurityEndUserReporting": False},
        ],
    }


def _client() -> Row:
    return {
        "Identity": "Global",
        "AllowBox": True,
        "AllowDropBox": True,
        "AllowEgnyte": False,
        "AllowGoogleDrive": True,
        "AllowShareFile": False,
        "AllowEmailIntoChannel": False,
        "RestrictedSenderList": None,
    }


def _federation() -> Row:
    return {
        "Identity": "Global",
        "AllowFederatedUsers": True,
        "AllowedDomains": {"kind": "AllowAllKnownDomains", "domains": []},
        "BlockedDomains": ["rival.example"],
        "AllowTeamsConsumer": True,
        "AllowTeamsConsumerInbound": True,
        "AllowPublicUsers": False,
    }


def _external_access(identity: str, *, consumers: bool) -> Row:
    return {
        "Identity": identity,
        "EnableFederationAccess": True,
        "CommunicationWithExternalOrgs": "OrganizationDefault",
        "EnableTeamsConsumerAccess": consumers,
        "EnableTeamsConsumerInbound": consumers,
    }


def _meetings(identity: str, **changes: object) -> Row:
    return {
        "Identity": identity,
        "AllowAnonymousUsersToJoinMeeting": True,
        "AllowAnonymousUsersToStartMeeting": False,
        "AutoAdmittedUsers": "EveryoneInCompanyExcludingGuests",
        "AllowPSTNUsersToBypassLobby": False,
        "MeetingChatEnabledType": "EnabledExceptAnonymous",
        "DesignatedPresenterRoleMode": "EveryoneUserOverride",
        "AllowExternalParticipantGiveRequestControl": False,
        "AllowExternalNonTrustedMeetingChat": True,
        "AllowCloudRecording": True,
    } | changes


def _fabric() -> list[Row]:
    authors, admins = "Power BI authors", "Fabric admins"
    return [
        _switch("AllowGuestUserToAccessSharedContent", "Guest users can access Fabric", False),
        _switch("ExternalSharingV2", "Users can invite guest users", True, authors),
        _switch("ElevatedGuestsTenant", "Guest users can browse content", False),
        _switch("PublishToWeb", "Publish to web", True)
        | {"properties": [{"name": "CreateP2w", "value": "true", "type": "Boolean"}]},
        _switch("RScriptVisual", "Interact with and share R and Python visuals", True),
        _switch("EimInformationProtectionEdit", "Apply sensitivity labels", True),
        _switch("ShareLinkToEntireOrg", "Links for everyone in the organisation", True),
        _switch("EnableDatasetInPlaceSharing", "External data sharing", False),
        _switch("BlockResourceKeyAuthentication", "Block ResourceKey authentication", True),
        _switch(
            "ServicePrincipalAccessPermissionAPIs", "Service principals use APIs", True, admins
        ),
        _switch("ServicePrincipalAccessGlobalAPIs", "Service principals create", True, admins),
        _switch("AllowServicePrincipalsCreateAndUseProfiles", "Service principal profiles", True),
    ]


def _switch(name: str, title: str, enabled: bool, *groups: str) -> Row:
    return {
        "settingName": name,
        "title": title,
        "enabled": enabled,
        "enabledSecurityGroups": [
            {"graphId": guid(f"group/{group}"), "name": group} for group in groups
        ],
        "properties": [],
    }
