"""Good rows of Intune in wire shape; a case names only what differs."""

from typing import Any

_PREFIX = "5b2c9e3a-1c0f-4f6e-9a55-0a4b1b9f8d10"


def restriction(*, platform: bool | None = False, personal: bool | None = False) -> dict[str, Any]:
    return {
        "platformBlocked": platform,
        "personalDeviceEnrollmentBlocked": personal,
        "osMinimumVersion": "",
    }


def default_restrictions(**changes: Any) -> dict[str, Any]:
    """The default for everybody, personal devices blocked on every platform."""
    blocked = restriction(personal=True)
    return {
        "@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestrictionsConfiguration",
        "id": f"{_PREFIX}_DefaultPlatformRestrictions",
        "displayName": "All users and all devices",
        "priority": 0,
        "deviceEnrollmentConfigurationType": "defaultPlatformRestrictions",
        "windowsRestriction": blocked,
        "iosRestriction": blocked,
        "androidRestriction": blocked,
        "androidForWorkRestriction": blocked,
        "macOSRestriction": blocked,
        "windowsMobileRestriction": restriction(),
    } | changes


def enrolment_limit(**changes: Any) -> dict[str, Any]:
    """Another kind of configuration in the same list."""
    return {
        "@odata.type": "#microsoft.graph.deviceEnrollmentLimitConfiguration",
        "id": f"{_PREFIX}_DefaultLimit",
        "displayName": "All users and all devices",
        "priority": 0,
        "deviceEnrollmentConfigurationType": "defaultLimit",
        "limit": 5,
    } | changes


def management_settings(**changes: Any) -> dict[str, Any]:
    return {
        "secureByDefault": True,
        "isScheduledActionEnabled": True,
        "deviceComplianceCheckinThresholdDays": 30,
    } | changes
