"""Cases of checks/sharepoint/sharing.py: default links, and what guests may do."""

from typing import Any

from checks.sharepoint.sharing import (
    sharepoint_default_link_not_anyone,
    sharepoint_default_link_view_only,
    sharepoint_guest_access_expires,
    sharepoint_guest_codes_reverified,
    sharepoint_guest_resharing_blocked,
)
from tests.checks.cases.sharepoint_sharing import tenant, unread

CHECKS = (
    sharepoint_default_link_not_anyone,
    sharepoint_default_link_view_only,
    sharepoint_guest_access_expires,
    sharepoint_guest_codes_reverified,
    sharepoint_guest_resharing_blocked,
)

RESHARING = [
    tenant(sharepoint_guest_resharing_blocked, "prevented", "pass", {}),
    tenant(
        sharepoint_guest_resharing_blocked,
        "prevented, as text",
        "pass",
        {"PreventExternalUsersFromResharing": "True"},
    ),
    tenant(
        sharepoint_guest_resharing_blocked,
        "allowed",
        "fail",
        {"PreventExternalUsersFromResharing": False},
    ),
    tenant(
        sharepoint_guest_resharing_blocked,
        "allowed, as text",
        "fail",
        {"PreventExternalUsersFromResharing": "False"},
    ),
    tenant(
        sharepoint_guest_resharing_blocked,
        "null",
        "error",
        {"PreventExternalUsersFromResharing": None},
    ),
    tenant(
        sharepoint_guest_resharing_blocked,
        "the number 1 is not a boolean",
        "error",
        {"PreventExternalUsersFromResharing": 1},
    ),
]


def _links(kind: Any, core: Any = -1, one_drive: Any = -1) -> dict[str, Any]:
    return {
        "DefaultSharingLinkType": kind,
        "CoreDefaultShareLinkScope": core,
        "OneDriveDefaultShareLinkScope": one_drive,
    }


SCOPE_NAMES = ("CoreDefaultShareLinkScope", "OneDriveDefaultShareLinkScope")
LINKS = [
    tenant(sharepoint_default_link_not_anyone, "direct", "pass", _links(1)),
    tenant(sharepoint_default_link_not_anyone, "internal", "pass", _links(2)),
    tenant(sharepoint_default_link_not_anyone, "direct, by name", "pass", _links("Direct")),
    tenant(sharepoint_default_link_not_anyone, "anonymous", "fail", _links(3)),
    tenant(sharepoint_default_link_not_anyone, "none", "fail", _links(0)),
    tenant(
        sharepoint_default_link_not_anyone,
        "override loosens OneDrive",
        "fail",
        _links(2, one_drive=0),
    ),
    tenant(sharepoint_default_link_not_anyone, "overrides tighten", "pass", _links(3, 2, 1)),
    tenant(
        sharepoint_default_link_not_anyone,
        "only SharePoint is tightened",
        "fail",
        _links(3, core="SpecificPeople"),
    ),
    tenant(
        sharepoint_default_link_not_anyone,
        "no overrides in the answer",
        "pass",
        _links(1),
        lacking=SCOPE_NAMES,
    ),
    tenant(
        sharepoint_default_link_not_anyone,
        "null overrides leave the default to decide",
        "fail",
        _links(3, None, None),
    ),
    tenant(
        sharepoint_default_link_not_anyone,
        "overrides decide without the default",
        "pass",
        _links(None, 2, 2),
    ),
    tenant(
        sharepoint_default_link_not_anyone,
        "no default while one override is not set",
        "error",
        _links(None, 2, -1),
        says="DefaultSharingLinkType",
    ),
    tenant(sharepoint_default_link_not_anyone, "unknown scope", "error", _links(1, core=7)),
    tenant(sharepoint_default_link_not_anyone, "unknown link type", "error", _links(4)),
]


def _expiry(is_required: Any, days: Any) -> dict[str, Any]:
    return {"ExternalUserExpirationRequired": is_required, "ExternalUserExpireInDays": days}


EXPIRY = [
    tenant(sharepoint_guest_access_expires, "30 days", "pass", _expiry(True, 30)),
    tenant(sharepoint_guest_access_expires, "31 days", "fail", _expiry(True, 31)),
    tenant(sharepoint_guest_access_expires, "1 day", "pass", _expiry(True, 1)),
    tenant(sharepoint_guest_access_expires, "0 days", "fail", _expiry(True, 0)),
    tenant(sharepoint_guest_access_expires, "not required", "fail", _expiry(False, 30)),
    tenant(sharepoint_guest_access_expires, "null days", "error", _expiry(True, None)),
    tenant(sharepoint_guest_access_expires, "null switch", "error", _expiry(None, 30)),
    tenant(sharepoint_guest_access_expires, "100 days", "fail", _expiry(True, 100)),
    tenant(
        sharepoint_guest_access_expires,
        "60 days where the provider allows 60",
        "pass",
        _expiry(True, "60"),
        sharepoint_guest_expiry_max_days=60,
    ),
]


def _codes(is_required: Any, days: Any) -> dict[str, Any]:
    return {"EmailAttestationRequired": is_required, "EmailAttestationReAuthDays": days}


CODES = [
    tenant(sharepoint_guest_codes_reverified, "15 days", "pass", _codes(True, 15)),
    tenant(sharepoint_guest_codes_reverified, "16 days", "fail", _codes(True, 16)),
    tenant(sharepoint_guest_codes_reverified, "1 day", "pass", _codes(True, 1)),
    tenant(sharepoint_guest_codes_reverified, "0 days", "fail", _codes(True, 0)),
    tenant(sharepoint_guest_codes_reverified, "not required", "fail", _codes(False, 15)),
    tenant(sharepoint_guest_codes_reverified, "null", "error", _codes(None, 15)),
    tenant(sharepoint_guest_codes_reverified, "null days", "error", _codes(True, None)),
    tenant(
        sharepoint_guest_codes_reverified,
        "the third property does not count",
        "fail",
        _codes(False, 15) | {"EmailAttestationEnabled": True},
    ),
    tenant(
        sharepoint_guest_codes_reverified,
        "16 days where the provider allows 30",
        "pass",
        _codes(True, 16),
        sharepoint_otp_reauth_max_days=30,
    ),
]


def _roles(permission: Any, core: Any = 0, one_drive: Any = 0) -> dict[str, Any]:
    return {
        "DefaultLinkPermission": permission,
        "CoreDefaultShareLinkRole": core,
        "OneDriveDefaultShareLinkRole": one_drive,
    }


ROLES = [
    tenant(sharepoint_default_link_view_only, "view", "pass", _roles(1)),
    tenant(sharepoint_default_link_view_only, "edit", "fail", _roles(2)),
    tenant(sharepoint_default_link_view_only, "never set", "fail", _roles(0)),
    tenant(sharepoint_default_link_view_only, "override edit", "fail", _roles(1, core=2)),
    tenant(sharepoint_default_link_view_only, "override of OneDrive", "fail", _roles(1, 0, "Edit")),
    tenant(sharepoint_default_link_view_only, "overrides tighten", "pass", _roles(2, 1, "View")),
    tenant(
        sharepoint_default_link_view_only,
        "restricted view is stricter",
        "pass",
        _roles(2, "RestrictedView", "restrictedview"),
    ),
    tenant(sharepoint_default_link_view_only, "owner", "fail", _roles(1, core=3)),
    tenant(sharepoint_default_link_view_only, "an unknown number", "fail", _roles(1, core=9)),
    tenant(sharepoint_default_link_view_only, "an unknown word", "fail", _roles("Review")),
    tenant(sharepoint_default_link_view_only, "null", "error", _roles(None)),
    tenant(
        sharepoint_default_link_view_only,
        "null where both overrides decide",
        "pass",
        _roles(None, 1, 1),
    ),
    tenant(
        sharepoint_default_link_view_only,
        "no overrides in the answer",
        "pass",
        _roles(1),
        lacking=["CoreDefaultShareLinkRole", "OneDriveDefaultShareLinkRole"],
    ),
]

CASES = [
    *RESHARING,
    *LINKS,
    *EXPIRY,
    *CODES,
    *ROLES,
    *(case for judge in CHECKS for case in unread(judge)),
]
