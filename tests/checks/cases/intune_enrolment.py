"""Cases of checks/intune/enrolment.py."""

from collections.abc import Mapping
from typing import Any

from checks.intune.enrolment import (
    intune_no_policy_not_compliant,
    intune_personal_enrolment_blocked,
)
from evidence.intune import DeviceManagementSettings, EnrollmentConfiguration
from evidence.licences import SubscribedSku
from tests.builders.intune import (
    default_restrictions,
    enrolment_limit,
    management_settings,
    restriction,
)
from tests.builders.licences import plan, sku
from tests.checks.case import Case

INTUNE_A = [sku(plan("INTUNE_A", "c1ec4a95-1f05-45b3-a911-aa3fa01094f5"))]
NO_INTUNE = [sku(plan("INTUNE_O365", "882e1d05-acd1-4ccb-8708-6ee03664b117"))]
EVERYBODY = "All users and all devices"
RESTRICTIONS = (
    "windowsRestriction",
    "iosRestriction",
    "androidRestriction",
    "androidForWorkRestriction",
    "macOSRestriction",
)


def settings(
    name: str, expect: str, row: Mapping[str, Any], skus: Any = INTUNE_A, **more: Any
) -> Case:
    given = {SubscribedSku: skus, DeviceManagementSettings: [row]}
    return Case(intune_no_policy_not_compliant, name, given, expect, **more)


SETTINGS = [
    settings("secure", "pass", management_settings()),
    settings("default", "fail", management_settings(secureByDefault=False), affected=["Intune"]),
    settings("wrapped in settings", "pass", {"settings": management_settings()}),
    settings("wrapped in value", "pass", {"value": management_settings()}),
    settings("wrapped twice", "pass", {"Value": {"settings": management_settings()}}),
    settings(
        "wrapped and not secure",
        "fail",
        {"value": {"settings": management_settings(secureByDefault=False)}},
        affected=["Intune"],
    ),
    settings(
        "missing", "error", {"isScheduledActionEnabled": True}, says="secureByDefault is absent"
    ),
    settings("null", "error", management_settings(secureByDefault=None)),
    settings("no_intune", "not_applicable", management_settings(secureByDefault=False), NO_INTUNE),
    settings("no_intune but secure", "not_applicable", management_settings(), NO_INTUNE),
    settings("not a single licence", "error", management_settings(), []),
    settings(
        "the licences were not read",
        "pass",
        management_settings(),
        [],
        unread={SubscribedSku: "denied"},
    ),
    Case(
        intune_no_policy_not_compliant,
        "denied",
        given={SubscribedSku: INTUNE_A},
        unread={DeviceManagementSettings: "denied"},
        expect="error",
    ),
    Case(
        intune_no_policy_not_compliant,
        "unlicensed although the plan is there",
        given={SubscribedSku: INTUNE_A},
        unread={DeviceManagementSettings: "unlicensed"},
        expect="error",
    ),
    Case(
        intune_no_policy_not_compliant,
        "unlicensed, and so says the inventory",
        given={SubscribedSku: NO_INTUNE},
        unread={DeviceManagementSettings: "unlicensed"},
        expect="not_applicable",
    ),
    Case(
        intune_no_policy_not_compliant,
        "the answer is empty",
        given={SubscribedSku: INTUNE_A, DeviceManagementSettings: []},
        expect="error",
    ),
]


def enrolment(name: str, expect: str, *rows: Mapping[str, Any], **more: Any) -> Case:
    """The default stands among configurations of other kinds, never first."""
    given = {SubscribedSku: INTUNE_A, EnrollmentConfiguration: [enrolment_limit(), *rows]}
    affected = [EVERYBODY] if expect == "fail" else None
    return Case(intune_personal_enrolment_blocked, name, given, expect, affected=affected, **more)


def _without_work(**changes: Any) -> dict[str, Any]:
    row = default_restrictions(**changes)
    del row["androidForWorkRestriction"]
    return row


CUSTOM = default_restrictions(
    id="custom_PlatformRestrictions",
    displayName="Field staff",
    priority=1,
    deviceEnrollmentConfigurationType="platformRestrictions",
    iosRestriction=restriction(),
)
UNTYPED = {
    key: value
    for key, value in default_restrictions().items()
    if key not in ("deviceEnrollmentConfigurationType", "@odata.type")
}
ENROLMENT = [
    enrolment("all_blocked", "pass", default_restrictions()),
    enrolment(
        "platform_blocked_instead",
        "pass",
        default_restrictions(androidRestriction=restriction(platform=True)),
    ),
    *(
        enrolment(
            f"{name} is open",
            "fail",
            default_restrictions(**{name: restriction()}),
            says="on 1 platform",
        )
        for name in RESTRICTIONS
    ),
    enrolment(
        "default_tenant",
        "fail",
        default_restrictions(**{name: restriction() for name in RESTRICTIONS}),
        says="on 5 platform",
    ),
    enrolment(
        "windows_mobile_open_ignored",
        "pass",
        default_restrictions(windowsMobileRestriction=restriction()),
    ),
    enrolment("v1_answer", "error", _without_work(), says="v1.0"),
    enrolment(
        "another platform proves a fail in an answer of v1.0",
        "fail",
        _without_work(iosRestriction=restriction()),
        says="on 1 platform",
    ),
    enrolment("the default alone lacks work profiles", "fail", _without_work(), CUSTOM),
    enrolment("work profiles null", "fail", default_restrictions(androidForWorkRestriction=None)),
    enrolment(
        "flags null",
        "fail",
        default_restrictions(iosRestriction=restriction(platform=None, personal=None)),
    ),
    enrolment(
        "macOS null, its older name blocked",
        "pass",
        default_restrictions(macOSRestriction=None, macRestriction=restriction(personal=True)),
    ),
    enrolment("macOS null", "fail", default_restrictions(macOSRestriction=None)),
    enrolment("found by its id alone", "pass", UNTYPED),
    enrolment("a custom one is not the default", "error", CUSTOM, says="no default"),
    enrolment(
        "a custom one lets phones in", "pass", default_restrictions(), CUSTOM, says="Field staff"
    ),
    enrolment("a flag is no boolean", "error", default_restrictions(iosRestriction=[1])),
    enrolment("nothing but limits", "error"),
    enrolment(
        "cut off", "error", default_restrictions(), unread={EnrollmentConfiguration: "partial"}
    ),
    Case(
        intune_personal_enrolment_blocked,
        "denied",
        given={SubscribedSku: INTUNE_A},
        unread={EnrollmentConfiguration: "denied"},
        expect="error",
    ),
    Case(
        intune_personal_enrolment_blocked,
        "no_intune",
        given={SubscribedSku: NO_INTUNE, EnrollmentConfiguration: [default_restrictions()]},
        expect="not_applicable",
    ),
]

CASES = [*SETTINGS, *ENROLMENT]
