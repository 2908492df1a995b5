"""Cases of checks/microsoft365/tenant_settings.py."""

from typing import Any

from checks.microsoft365.tenant_settings import (
    defender_cloud_apps_configured,
    forms_phishing_protection_on,
    sway_external_sharing_off,
    third_party_storage_in_web_off,
    user_owned_apps_restricted,
)
from evidence.licences import SubscribedSku
from evidence.microsoft365 import (
    AppsAndServicesSettings,
    FormsSettings,
    WebStorageServicePrincipal,
)
from tests.builders.entra import without
from tests.builders.licences import plan, sku
from tests.checks.case import Case

WEB_STORAGE = "c1f33bc0-bdb4-4248-ba9b-096807ddb43e"
FORMS_E3 = sku(plan("FORMS_PLAN_E3", "2789c901-c14e-48ab-a76a-be334d9d793a"))
SWAY_PLAN = sku(plan("SWAY", "a23b959c-7ce8-4e57-9140-b90eb88a9e97"))
CLOUD_APPS_PLAN = sku(plan("ADALLOM_S_STANDALONE", "2e2ddb96-6af9-4b1d-a3f0-d6ecfd22edb2"))
DISCOVERY_ONLY = sku(plan("ADALLOM_S_DISCOVERY", "932ad362-64a8-4783-9106-97849a1a30b9"))
OTHER_PLAN = sku(plan("EXCHANGE_S_STANDARD"))


def _apps(name: str, row: dict[str, Any], expect: str, says: str = "") -> Case:
    return Case(
        user_owned_apps_restricted,
        name,
        given={AppsAndServicesSettings: [row]},
        expect=expect,
        says=says,
    )


def _switches(store: Any, trials: Any) -> dict[str, Any]:
    return {"isOfficeStoreEnabled": store, "isAppAndServicesTrialEnabled": trials}


APPS = [
    _apps("both off", _switches(False, False), "pass"),
    _apps("under settings", {"settings": _switches(False, False)}, "pass"),
    _apps("under value and settings", {"value": {"settings": _switches(False, False)}}, "pass"),
    _apps("the store is on", _switches(True, False), "fail"),
    _apps("trials are on", _switches(False, True), "fail"),
    _apps("both on, under settings", {"settings": _switches(True, True)}, "fail"),
    _apps("on as text", _switches("True", "False"), "fail"),
    _apps("trials absent", {"isOfficeStoreEnabled": False}, "error", "absent"),
    _apps("trials absent, the store on", {"isOfficeStoreEnabled": True}, "fail"),
    _apps("the store is null", _switches(None, False), "error"),
    _apps("another shape", {"value": [{"isEnabled": True}]}, "error"),
    Case(
        user_owned_apps_restricted, "nothing", given={AppsAndServicesSettings: []}, expect="error"
    ),
    *(
        Case(
            user_owned_apps_restricted,
            f"the read ended {status}",
            given={},
            unread={AppsAndServicesSettings: status},
            expect="error",
        )
        for status in ("denied", "other", "timeout")
    ),
]


def _forms(name: str, row: dict[str, Any], expect: str, **rest: Any) -> Case:
    return Case(
        forms_phishing_protection_on,
        name,
        given={FormsSettings: [row], SubscribedSku: [FORMS_E3]},
        expect=expect,
        **rest,
    )


FORMS = [
    _forms("on", {"isInOrgFormsPhishingScanEnabled": True}, "pass"),
    _forms("on, under settings", {"settings": {"isInOrgFormsPhishingScanEnabled": True}}, "pass"),
    _forms("off", {"isInOrgFormsPhishingScanEnabled": False}, "fail"),
    _forms("null", {"isInOrgFormsPhishingScanEnabled": None}, "error"),
    _forms("absent, a settings object of another service", _switches(False, False), "error"),
    Case(
        forms_phishing_protection_on,
        "not found, with a plan",
        given={SubscribedSku: [FORMS_E3]},
        unread={FormsSettings: "other"},
        expect="error",
    ),
    Case(
        forms_phishing_protection_on,
        "no plan, although the service answers with its default",
        given={
            FormsSettings: [{"isInOrgFormsPhishingScanEnabled": True}],
            SubscribedSku: [OTHER_PLAN],
        },
        expect="not_applicable",
    ),
    Case(
        forms_phishing_protection_on,
        "no plan and no answer",
        given={SubscribedSku: [OTHER_PLAN]},
        unread={FormsSettings: "other"},
        expect="not_applicable",
    ),
    Case(
        forms_phishing_protection_on,
        "the licences are unread: no gate",
        given={FormsSettings: [{"isInOrgFormsPhishingScanEnabled": True}]},
        unread={SubscribedSku: "denied"},
        expect="pass",
    ),
    Case(
        forms_phishing_protection_on,
        "not a single licence",
        given={FormsSettings: [{"isInOrgFormsPhishingScanEnabled": True}], SubscribedSku: []},
        expect="error",
    ),
]


def _principal(**changes: Any) -> dict[str, Any]:
    return {
        "id": "id-of-principal",
        "appId": WEB_STORAGE,
        "displayName": "Microsoft 365 on the web",
        "accountEnabled": False,
    } | changes


def _storage(name: str, rows: list[dict[str, Any]], expect: str, **rest: Any) -> Case:
    return Case(
        third_party_storage_in_web_off,
        name,
        given={WebStorageServicePrincipal: rows},
        expect=expect,
        **rest,
    )


STORAGE = [
    _storage("disabled", [_principal()], "pass"),
    _storage("disabled, id in capitals", [_principal(appId=WEB_STORAGE.upper())], "pass"),
    _storage("enabled", [_principal(accountEnabled=True)], "fail", affected=["id-of-principal"]),
    _storage("one disabled, one enabled", [_principal(), _principal(accountEnabled=True)], "fail"),
    _storage("absent", [], "fail", affected=["Microsoft 365 on the web"]),
    _storage(
        "another app only", [_principal(appId="00000000-0000-4000-8000-000000000009")], "fail"
    ),
    _storage("accountEnabled is null", [_principal(accountEnabled=None)], "error"),
    _storage("the app id is absent", [without(_principal(), "appId")], "error"),
    Case(
        third_party_storage_in_web_off,
        "denied",
        given={},
        unread={WebStorageServicePrincipal: "denied"},
        expect="error",
    ),
]

ATTESTED = [
    Case(judge, name, given={SubscribedSku: skus}, expect=expect)
    for judge, licensed in (
        (sway_external_sharing_off, SWAY_PLAN),
        (defender_cloud_apps_configured, CLOUD_APPS_PLAN),
    )
    for name, skus, expect in (
        ("licensed: a person has to look", [licensed], "manual"),
        ("no plan", [OTHER_PLAN], "not_applicable"),
        ("a plan of lesser worth", [DISCOVERY_ONLY], "not_applicable"),
        ("not a single licence", [], "error"),
        ("the plan is suspended", [licensed | {"capabilityStatus": "Suspended"}], "not_applicable"),
    )
] + [
    Case(
        judge,
        "the licences are unread: a person has to look",
        given={},
        unread={SubscribedSku: "denied"},
        expect="manual",
    )
    for judge in (sway_external_sharing_off, defender_cloud_apps_configured)
]

CASES = [*APPS, *FORMS, *STORAGE, *ATTESTED]
