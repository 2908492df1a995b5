"""Cases of checks/teams/apps_and_reporting.py: clients and apps."""

from typing import Any

from checks.teams.apps_and_reporting import (
    teams_app_installation_restricted,
    teams_channel_email_disabled,
    teams_third_party_storage_approved,
)
from evidence.licences import SubscribedSku
from evidence.teams import (
    AppPermissionPolicy,
    ClientConfiguration,
    CustomAppSettings,
    Tenant,
    UnifiedTenantSetting,
)
from tests.builders.licences import plan, sku
from tests.builders.teams import (
    app_permission_policy,
    client_configuration,
    custom_app_settings,
    tenant,
    unified_settings,
)
from tests.checks.case import Case

WITHOUT_TEAMS = [sku(plan("EXCHANGE_S_STANDARD"))]
PROVIDERS = ("AllowBox", "AllowDropBox", "AllowEgnyte", "AllowGoogleDrive", "AllowShareFile")


def _storage(name: str, expect: str, *, approved: list[str] | None = None, **changes: Any) -> Case:
    return Case(
        teams_third_party_storage_approved,
        name,
        given={ClientConfiguration: [client_configuration(**changes)]},
        expect=expect,
        parameters={"teams_approved_storage_providers": approved or []},
    )


STORAGE = [
    _storage("all off", "pass"),
    *(_storage(f"{name} is on", "fail", **{name: True}) for name in PROVIDERS),
    _storage("an approved provider", "pass", approved=["AllowEgnyte"], AllowEgnyte=True),
    _storage("approved in another case", "pass", approved=["allowdropbox"], AllowDropBox=True),
    _storage("another one is approved", "fail", approved=["AllowEgnyte"], AllowBox=True),
    *(_storage(f"{name} is null", "error", **{name: None}) for name in PROVIDERS),
    _storage("null although approved", "error", approved=["AllowBox"], AllowBox=None),
    _storage("one null, another on", "fail", AllowBox=None, AllowEgnyte=True),
    _storage("off as text", "pass", AllowBox="False"),
    _storage("no Global configuration", "error", Identity="Tag:Other"),
    Case(
        teams_third_party_storage_approved,
        "the benchmark's spelling of Dropbox",
        given={
            ClientConfiguration: [
                {
                    name.replace("DropBox", "Dropbox"): value
                    for name, value in client_configuration(AllowDropBox=True).items()
                }
            ]
        },
        expect="fail",
        affected=["Global"],
    ),
    Case(
        teams_third_party_storage_approved,
        "a property is absent",
        given={
            ClientConfiguration: [
                {
                    name: value
                    for name, value in client_configuration().items()
                    if name != "AllowShareFile"
                }
            ]
        },
        expect="error",
        says="AllowShareFile is absent",
    ),
    Case(
        teams_third_party_storage_approved,
        "nothing returned",
        given={ClientConfiguration: []},
        expect="error",
    ),
    Case(
        teams_third_party_storage_approved,
        "denied",
        given={},
        unread={ClientConfiguration: "denied"},
        expect="error",
    ),
    Case(
        teams_third_party_storage_approved,
        "denied without Teams",
        given={SubscribedSku: WITHOUT_TEAMS},
        unread={ClientConfiguration: "denied"},
        expect="not_applicable",
    ),
]


def _channels(
    name: str, expect: str, *, cloud: dict[str, Any] | None, says: str = "", **changes: Any
) -> Case:
    return Case(
        teams_channel_email_disabled,
        name,
        given={ClientConfiguration: [client_configuration(**changes)]}
        | ({Tenant: [cloud]} if cloud else {}),
        unread={} if cloud else {Tenant: "denied"},
        expect=expect,
        says=says,
    )


GCC = tenant(AssignedPlan=["Teams_GCC"])
CHANNELS = [
    _channels("off", "pass", cloud=tenant()),
    _channels("on", "fail", cloud=tenant(), AllowEmailIntoChannel=True),
    _channels(
        "on, senders restricted",
        "fail",
        cloud=tenant(),
        says="contoso.example",
        AllowEmailIntoChannel=True,
        RestrictedSenderList="contoso.example",
    ),
    _channels("null", "error", cloud=tenant(), AllowEmailIntoChannel=None),
    _channels("null in GCC", "not_applicable", cloud=GCC, AllowEmailIntoChannel=None),
    _channels("on in GCC", "fail", cloud=GCC, AllowEmailIntoChannel=True),
    _channels("off in GCC", "pass", cloud=GCC),
    _channels("off, the kind of cloud unread", "pass", cloud=None),
    _channels("null, the kind of cloud unread", "error", cloud=None, AllowEmailIntoChannel=None),
    _channels("another word", "error", cloud=GCC, AllowEmailIntoChannel="sometimes"),
    Case(
        teams_channel_email_disabled,
        "the property is absent",
        given={ClientConfiguration: [{"Identity": "Global"}], Tenant: [tenant()]},
        expect="error",
    ),
    Case(
        teams_channel_email_disabled,
        "null, no kind of cloud returned",
        given={ClientConfiguration: [client_configuration(AllowEmailIntoChannel=None)], Tenant: []},
        expect="error",
    ),
    Case(
        teams_channel_email_disabled,
        "denied",
        given={Tenant: [tenant()]},
        unread={ClientConfiguration: "denied"},
        expect="error",
    ),
    Case(
        teams_channel_email_disabled,
        "denied without Teams",
        given={SubscribedSku: WITHOUT_TEAMS},
        unread={ClientConfiguration: "denied", Tenant: "denied"},
        expect="not_applicable",
    ),
]


def _apps(name: str, expect: str, *, says: str = "", preview: Any = False, **values: Any) -> Case:
    return Case(
        teams_app_installation_restricted,
        name,
        given={
            UnifiedTenantSetting: unified_settings(**values),
            CustomAppSettings: [custom_app_settings(IsSideloadedAppsInteractionEnabled=preview)],
            AppPermissionPolicy: [app_permission_policy()],
        },
        expect=expect,
        says=says,
    )


def _app_only(
    name: str, expect: str, preview: list[dict[str, Any]] | None, *, unified: str = "denied"
) -> Case:
    unread = {UnifiedTenantSetting: unified, AppPermissionPolicy: "denied"}
    return Case(
        teams_app_installation_restricted,
        name,
        given={} if preview is None else {CustomAppSettings: preview},
        unread=unread if preview is not None else unread | {CustomAppSettings: "denied"},
        expect=expect,
    )


APPS = [
    _apps("all closed, Microsoft's own apps open", "pass"),
    _apps("all closed, Microsoft's own apps too", "pass", DefaultApp="None"),
    _apps("closed in lower case", "pass", GlobalApp="none"),
    _apps("third-party apps open", "fail", GlobalApp="All"),
    _apps("custom apps open", "fail", PrivateApp="All"),
    _apps("third-party apps open for some", "fail", GlobalApp="Some"),
    _apps("custom apps in preview", "fail", preview=True),
    _apps(
        "a legacy policy blocks everything, the organisation nothing",
        "fail",
        says="Legacy app permission policy Global",
        GlobalApp="All",
        PrivateApp="All",
    ),
    _apps("a value is null", "error", GlobalApp=None),
    _apps("a value is null, another open", "fail", GlobalApp=None, PrivateApp="All"),
    _apps("the preview switch is null", "error", preview=None),
    _apps(
        "the preview switch is null, third-party apps open", "fail", preview=None, GlobalApp="All"
    ),
    Case(
        teams_app_installation_restricted,
        "a setting was not answered",
        given={
            UnifiedTenantSetting: unified_settings()[:2],
            CustomAppSettings: [custom_app_settings()],
        },
        expect="error",
        says="not all of the settings",
    ),
    Case(
        teams_app_installation_restricted,
        "no setting was answered",
        given={UnifiedTenantSetting: [], CustomAppSettings: [custom_app_settings()]},
        expect="error",
    ),
    Case(
        teams_app_installation_restricted,
        "the preview switch was not answered",
        given={UnifiedTenantSetting: unified_settings(), CustomAppSettings: []},
        expect="error",
    ),
    Case(
        teams_app_installation_restricted,
        "the preview switch was throttled",
        given={UnifiedTenantSetting: unified_settings()},
        unread={CustomAppSettings: "throttled"},
        expect="error",
    ),
    Case(
        teams_app_installation_restricted,
        "the preview switch was refused, third-party apps are open",
        given={UnifiedTenantSetting: unified_settings(GlobalApp="All")},
        unread={CustomAppSettings: "denied"},
        expect="fail",
        affected=["Third-party apps"],
    ),
    Case(
        teams_app_installation_restricted,
        "a part of the settings shows open apps",
        given={
            UnifiedTenantSetting: unified_settings(GlobalApp="All"),
            CustomAppSettings: [custom_app_settings()],
        },
        unread={UnifiedTenantSetting: "partial"},
        expect="fail",
    ),
    Case(
        teams_app_installation_restricted,
        "a part of the settings shows nothing open",
        given={
            UnifiedTenantSetting: unified_settings(),
            CustomAppSettings: [custom_app_settings()],
        },
        unread={UnifiedTenantSetting: "partial"},
        expect="error",
    ),
    _app_only(
        "app-only, custom apps in preview",
        "fail",
        [custom_app_settings(IsSideloadedAppsInteractionEnabled=True)],
    ),
    _app_only("app-only, nothing open to be seen", "manual", [custom_app_settings()]),
    _app_only("the settings were not recorded", "manual", [custom_app_settings()], unified="other"),
    _app_only("the settings were throttled", "error", [custom_app_settings()], unified="throttled"),
    _app_only(
        "app-only, the switch is null",
        "error",
        [custom_app_settings(IsSideloadedAppsInteractionEnabled=None)],
    ),
    _app_only("app-only, the switch is absent", "error", [{}]),
    _app_only("everything refused", "manual", None),
    Case(
        teams_app_installation_restricted,
        "everything refused without Teams",
        given={SubscribedSku: WITHOUT_TEAMS},
        unread={UnifiedTenantSetting: "denied", CustomAppSettings: "denied"},
        expect="not_applicable",
    ),
    Case(
        teams_app_installation_restricted,
        "a legacy policy that cannot be read does not matter",
        given={
            UnifiedTenantSetting: unified_settings(),
            CustomAppSettings: [custom_app_settings()],
            AppPermissionPolicy: [{"Identity": None}],
        },
        expect="pass",
    ),
]


CASES = [*STORAGE, *CHANNELS, *APPS]
