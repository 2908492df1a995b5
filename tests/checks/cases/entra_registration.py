"""Cases of checks/entra/registration.py."""

from typing import Any

from checks.entra.registration import members_mfa_capable, sspr_enabled_for_all
from evidence.authentication import UserRegistrationDetail
from evidence.entra import User
from evidence.licences import SubscribedSku
from evidence.privileged_roles import GLOBAL_ADMINISTRATOR, SYNC_ROLES, DirectoryRoleAssignment
from tests.builders.authentication import registration, role_holder
from tests.builders.conditional_access import licences, registered
from tests.builders.entra import user
from tests.checks.case import Case

SYNC_ROLE, OTHER_SYNC_ROLE = sorted(SYNC_ROLES)
NEW = {"createdDateTime": "2026-05-03T17:16:00Z"}
DAY_OLD = {"createdDateTime": "2026-05-03T17:15:48Z"}
INCAPABLE = {"isMfaCapable": False}
LIST = list[dict[str, Any]]


def _given(
    users: LIST, report: LIST, roles: LIST | None = None, skus: LIST | None = None
) -> dict[Any, Any]:
    """Ada is a good member, unless the case has no user at all."""
    return {
        User: [*users, user()] if users is not EMPTY else [],
        UserRegistrationDetail: [*report, registration()] if report is not EMPTY else [],
        DirectoryRoleAssignment: roles or [role_holder("ada", GLOBAL_ADMINISTRATOR)],
        SubscribedSku: licences("P1") if skus is None else skus,
    }


EMPTY: LIST = []
BOB = user("bob")
CAPABLE: dict[str, tuple[str, LIST, LIST, LIST]] = {
    "all capable": ("pass", [BOB], [registration("bob")], []),
    "a member who is not": ("fail", [BOB], [registration("bob", **INCAPABLE)], []),
    "text in place of the boolean": (
        "fail",
        [BOB],
        [registration("bob", isMfaCapable="False")],
        [],
    ),
    "a member without a type": (
        "fail",
        [user("bob", userType=None)],
        [registration("bob", **INCAPABLE)],
        [],
    ),
    "a member who is not in the report": ("fail", [BOB], [], []),
    "a disabled member": ("pass", [user("bob", accountEnabled=False)], [], []),
    "a guest": ("pass", [user("bob", userType="Guest")], [registration("bob", **INCAPABLE)], []),
    "a disabled guest": ("pass", [user("bob", userType="guest", accountEnabled=False)], [], []),
    "a synchronisation account": (
        "pass",
        [BOB],
        [registration("bob", **INCAPABLE)],
        [role_holder("bob", SYNC_ROLE)],
    ),
    "a synchronisation account of the newer kind": (
        "pass",
        [BOB],
        [],
        [role_holder("bob", OTHER_SYNC_ROLE.upper())],
    ),
    "an administrator": (
        "fail",
        [BOB],
        [registration("bob", isAdmin=True, **INCAPABLE)],
        [role_holder("bob", GLOBAL_ADMINISTRATOR)],
    ),
    "created an hour ago, not in the report": ("pass", [user("bob", **NEW)], [], []),
    "created a day ago, not in the report": ("fail", [user("bob", **DAY_OLD)], [], []),
    "created an hour ago, not capable": (
        "fail",
        [user("bob", **NEW)],
        [registration("bob", **INCAPABLE)],
        [],
    ),
    "the same user twice": ("pass", [BOB, BOB], [registration("bob")] * 2, []),
    "someone in the report who is no user": ("pass", [], [registration("eve", **INCAPABLE)], []),
    "ids in another letter case": (
        "fail",
        [BOB],
        [registration("bob", id="ID-OF-BOB", **INCAPABLE)],
        [],
    ),
    "whether the account is on is absent": (
        "error",
        [{key: value for key, value in BOB.items() if key != "accountEnabled"}],
        [registration("bob")],
        [],
    ),
    "whether he is capable is absent": (
        "error",
        [BOB],
        [{"id": "id-of-bob", "isAdmin": False}],
        [],
    ),
}
CASES = [
    Case(
        members_mfa_capable,
        name,
        given=_given(users, report, roles),
        expect=expect,
        affected=["bob@contoso.example"] if expect == "fail" else [],
    )
    for name, (expect, users, report, roles) in CAPABLE.items()
]
FAILING = _given([BOB], [registration("bob", isAdmin=True, **INCAPABLE)])
GOOD = _given([BOB], [registration("bob")])
CASES += [
    Case(
        members_mfa_capable,
        "a user who comes twice counts once",
        given=_given([BOB, BOB], [registration("bob")]),
        expect="pass",
        says="All 2 active members",
    ),
    Case(
        members_mfa_capable,
        "registered as an exception",
        given=FAILING,
        parameters=registered("user", "id-of-bob"),
        expect="pass",
    ),
    Case(
        members_mfa_capable,
        "registered as an exception, two years ago",
        given=FAILING,
        parameters=registered("user", "id-of-bob", reviewed_on="2024-05-04"),
        expect="fail",
    ),
    Case(
        members_mfa_capable,
        "an emergency account is no exception",
        given=FAILING,
        parameters={"emergency_access_accounts": ["id-of-bob"]},
        expect="fail",
        says="1 of 2 active members cannot do MFA, 1 of them administrators",
    ),
    Case(
        members_mfa_capable,
        "nobody but users who are too new for the report",
        given=GOOD | {User: [user("bob", **NEW)], UserRegistrationDetail: []},
        expect="error",
    ),
    Case(
        members_mfa_capable,
        "the new user is named",
        given=_given([user("bob", **NEW)], []),
        expect="pass",
        says="Too new for the report: bob@contoso.example",
    ),
    Case(
        members_mfa_capable,
        "no premium, whatever the inventory says",
        given=_given([BOB], EMPTY),
        unread={UserRegistrationDetail: "unlicensed"},
        expect="not_applicable",
    ),
    Case(
        members_mfa_capable,
        "an empty report, and no licence",
        given=_given([BOB], EMPTY, skus=licences("INTUNE")),
        expect="not_applicable",
    ),
    Case(members_mfa_capable, "an empty report", given=_given([BOB], EMPTY), expect="fail"),
    Case(members_mfa_capable, "no user", given=_given(EMPTY, []), expect="error"),
    Case(
        members_mfa_capable,
        "guests only",
        given=GOOD | {User: [user("bob", userType="Guest")]},
        expect="error",
    ),
    Case(
        members_mfa_capable,
        "a part of the report proves a fail",
        given=FAILING,
        unread={UserRegistrationDetail: "partial"},
        expect="fail",
    ),
    Case(
        members_mfa_capable,
        "who is missing from a part of the report may be in the rest",
        given=_given([BOB], []),
        unread={UserRegistrationDetail: "partial"},
        expect="error",
    ),
    Case(
        members_mfa_capable,
        "a part of the users, all good",
        given=GOOD,
        unread={User: "partial"},
        expect="error",
    ),
    Case(
        members_mfa_capable,
        "a part of the users proves a fail",
        given=FAILING,
        unread={User: "partial"},
        expect="fail",
    ),
    Case(
        members_mfa_capable,
        "who is exempt was not read",
        given=FAILING,
        unread={DirectoryRoleAssignment: "denied"},
        expect="error",
    ),
]
CASES += [
    Case(
        members_mfa_capable,
        f"{dataset.key} was not read ({status}), licensed or not",
        given=GOOD | {dataset: [], SubscribedSku: licences("INTUNE")},
        unread={dataset: status},
        expect="error",
    )
    for dataset in (UserRegistrationDetail, User, DirectoryRoleAssignment)
    for status in ("denied", "throttled", "timeout", "other")
]
RESET: dict[str, tuple[str, LIST, LIST, LIST]] = {
    "all enabled": ("pass", [BOB], [registration("bob")], []),
    "one is not": ("fail", [BOB], [registration("bob", isSsprEnabled=False)], []),
    "a guest is not": (
        "pass",
        [user("bob", userType="Guest")],
        [registration("bob", isSsprEnabled=False)],
        [],
    ),
    "a disabled member is not": (
        "pass",
        [user("bob", accountEnabled=False)],
        [registration("bob", isSsprEnabled=False)],
        [],
    ),
    "an administrator is not": (
        "pass",
        [BOB],
        [registration("bob", isSsprEnabled=False, isAdmin=True)],
        [],
    ),
    "a synchronisation account is not": (
        "pass",
        [BOB],
        [registration("bob", isSsprEnabled=False)],
        [role_holder("bob", SYNC_ROLE)],
    ),
    "one is not in the report": ("pass", [BOB], [], []),
    "the property is absent": ("manual", [BOB], [{"id": "id-of-bob", "isAdmin": False}], []),
}
CASES += [
    Case(
        sspr_enabled_for_all,
        name,
        given=_given(users, report, roles),
        expect=expect,
        affected=["bob@contoso.example"] if expect == "fail" else [],
    )
    for name, (expect, users, report, roles) in RESET.items()
]
CASES += [
    Case(
        sspr_enabled_for_all,
        "only administrators in the report",
        given=GOOD | {UserRegistrationDetail: [registration("bob", isAdmin=True)]},
        expect="manual",
        says="Password reset > Properties",
    ),
    Case(sspr_enabled_for_all, "an empty report", given=_given([BOB], EMPTY), expect="manual"),
    Case(
        sspr_enabled_for_all,
        "the effect was measured",
        given=GOOD,
        expect="pass",
        says="The effect was measured",
    ),
    Case(
        sspr_enabled_for_all,
        "a part of the report proves a fail",
        given=_given([BOB], [registration("bob", isSsprEnabled=False)]),
        unread={UserRegistrationDetail: "partial"},
        expect="fail",
    ),
    Case(
        sspr_enabled_for_all,
        "a part of the report, all good",
        given=GOOD,
        unread={UserRegistrationDetail: "partial"},
        expect="error",
    ),
]
CASES += [
    Case(
        sspr_enabled_for_all,
        f"{dataset.key} was not read: {status}",
        given=GOOD | {dataset: []},
        unread={dataset: status},
        expect=expect,
    )
    for dataset in (UserRegistrationDetail, User, DirectoryRoleAssignment)
    for status, expect in (
        ("denied", "manual"),
        ("unlicensed", "manual"),
        ("throttled", "error"),
        ("other", "error"),
    )
]
