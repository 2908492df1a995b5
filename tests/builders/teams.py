"""Good rows of Teams, and of the reports of its users, in wire shape."""

from typing import Any

PARTNERS = {"kind": "AllowList", "domains": ["partner.example"]}
EVERYBODY = {"kind": "AllowAllKnownDomains", "domains": []}


def client_configuration(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Global",
        "AllowBox": False,
        "AllowDropBox": False,
        "AllowEgnyte": False,
        "AllowGoogleDrive": False,
        "AllowShareFile": False,
        "AllowEmailIntoChannel": False,
        "RestrictedSenderList": None,
    } | changes


def tenant(**changes: Any) -> dict[str, Any]:
    return {
        "TenantId": "0b1c2d3e-0000-4000-8000-000000000001",
        "AssignedPlan": ["MCOProfessional", "Teams", "MCOMEETADD"],
        "ServiceInstance": "MicrosoftCommunicationsOnline/EMEA-1A-S1",
    } | changes


def external_access_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Global",
        "EnableFederationAccess": False,
        "CommunicationWithExternalOrgs": "OrganizationDefault",
        "EnableTeamsConsumerAccess": False,
        "EnableTeamsConsumerInbound": False,
    } | changes


def open_external_access_policy(**changes: Any) -> dict[str, Any]:
    """As Microsoft delivers it."""
    return external_access_policy(
        EnableFederationAccess=True,
        EnableTeamsConsumerAccess=True,
        EnableTeamsConsumerInbound=True,
        **changes,
    )


def federation(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Global",
        "AllowFederatedUsers": False,
        "AllowedDomains": EVERYBODY,
        "BlockedDomains": [],
        "AllowTeamsConsumer": False,
        "AllowTeamsConsumerInbound": False,
    } | changes


def open_federation(**changes: Any) -> dict[str, Any]:
    """As Microsoft delivers it."""
    wide = {
        "AllowFederatedUsers": True,
        "AllowTeamsConsumer": True,
        "AllowTeamsConsumerInbound": True,
    }
    return federation() | wide | changes


def unified_settings(**values: Any) -> list[dict[str, Any]]:
    chosen = {"DefaultApp": "All", "GlobalApp": "None", "PrivateApp": "None"} | values
    return [
        {"SettingName": name, "SettingValue": value, "Users": None, "Groups": None}
        for name, value in chosen.items()
    ]


def custom_app_settings(**changes: Any) -> dict[str, Any]:
    return {"IsSideloadedAppsInteractionEnabled": False} | changes


def app_permission_policy(**changes: Any) -> dict[str, Any]:
    """The legacy policy that blocks everything: an allow list without entries."""
    return {
        "Identity": "Global",
        "DefaultCatalogAppsType": "AllowedAppList",
        "GlobalCatalogAppsType": "AllowedAppList",
        "GlobalCatalogApps": [],
        "PrivateCatalogAppsType": "AllowedAppList",
        "PrivateCatalogApps": [],
    } | changes


def meeting_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Global",
        "AllowAnonymousUsersToJoinMeeting": False,
        "AllowAnonymousUsersToStartMeeting": False,
        "AutoAdmittedUsers": "InvitedUsers",
        "AllowPSTNUsersToBypassLobby": False,
        "MeetingChatEnabledType": "EnabledExceptAnonymous",
        "DesignatedPresenterRoleMode": "OrganizerOnlyUserOverride",
        "AllowExternalParticipantGiveRequestControl": False,
        "AllowExternalNonTrustedMeetingChat": False,
        "AllowCloudRecording": False,
    } | changes


def messaging_policy(**changes: Any) -> dict[str, Any]:
    return {"Identity": "Global", "AllowSecurityEndUserReporting": True} | changes


def report_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "DefaultReportSubmissionPolicy",
        "EnableReportToMicrosoft": False,
        "ReportJunkToCustomizedAddress": True,
        "ReportNotJunkToCustomizedAddress": True,
        "ReportPhishToCustomizedAddress": True,
        "ReportJunkAddresses": ["soc@contoso.example"],
        "ReportNotJunkAddresses": ["soc@contoso.example"],
        "ReportPhishAddresses": ["soc@contoso.example"],
        "ReportChatMessageEnabled": False,
        "ReportChatMessageToCustomizedAddressEnabled": True,
    } | changes


def report_rule(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "DefaultReportSubmissionRule",
        "State": "Enabled",
        "SentTo": ["soc@contoso.example"],
    } | changes
