"""Cases of per_user_mfa_disabled in checks/entra/authentication_methods.py."""

from typing import Any

from checks.entra.authentication_methods import per_user_mfa_disabled
from evidence.entra import PerUserMfaState, User
from tests.builders.entra import per_user_mfa_state, user, without
from tests.checks.case import Case

REGISTERED = {
    "kind": "user",
    "id": "ID-OF-BOB",
    "reason": "legacy appliance",
    "reviewed_on": "2026-01-10",
}


def _users(
    name: str,
    rows: list[dict[str, Any]],
    expect: str,
    affected: list[str] | None = None,
    **rest: Any,
) -> Case:
    return Case(
        per_user_mfa_disabled, name, given={User: rows}, expect=expect, affected=affected, **rest
    )


def _without_state(name: str = "ada", **changes: Any) -> dict[str, Any]:
    return without(user(name, **changes), "perUserMfaState")


def _one_by_one(
    name: str,
    users: list[dict[str, Any]],
    states: list[dict[str, Any]],
    expect: str,
    affected: list[str] | None = None,
    **rest: Any,
) -> Case:
    return Case(
        per_user_mfa_disabled,
        name,
        given={User: users, PerUserMfaState: states},
        expect=expect,
        affected=affected,
        **rest,
    )


def _registered(**changes: Any) -> dict[str, Any]:
    return {"exclusion_register": [REGISTERED | changes]}


BOB_ENFORCED = user("bob", perUserMfaState="enforced")

CASES = [
    _users("all disabled", [user(), user("guest", userType="Guest")], "pass"),
    _users("disabled in capitals", [user(perUserMfaState="Disabled")], "pass"),
    _users(
        "enforced on a disabled account",
        [user(), user("bob", perUserMfaState="enforced", accountEnabled=False)],
        "fail",
        ["bob@contoso.example"],
        says="1 enforced",
    ),
    _users("enabled in capitals", [user(perUserMfaState="Enabled")], "fail"),
    _users("enabled on a guest", [user(userType="Guest", perUserMfaState="enabled")], "fail"),
    _users("a word nobody knows", [user(perUserMfaState="unknownFutureValue")], "fail"),
    _users(
        "only the state can be read",
        [{"id": "a", "perUserMfaState": "enforced", "accountEnabled": False}],
        "fail",
    ),
    _users("a state that is no text", [user(perUserMfaState=1)], "error"),
    _users("no user at all", [], "error"),
    _users(
        "registered for this check",
        [user(), BOB_ENFORCED],
        "pass",
        parameters=_registered(checks=["per_user_mfa_disabled"]),
    ),
    _users("registered for all checks", [user(), BOB_ENFORCED], "pass", parameters=_registered()),
    _users(
        "registered for another check",
        [BOB_ENFORCED],
        "fail",
        parameters=_registered(checks=["ca_all_users_mfa_required"]),
    ),
    _users(
        "the entry was not reviewed for more than a year",
        [BOB_ENFORCED],
        "fail",
        parameters=_registered(reviewed_on="2025-05-03"),
    ),
    _users(
        "the entry was reviewed a year ago",
        [BOB_ENFORCED],
        "pass",
        parameters=_registered(reviewed_on="2025-05-04"),
    ),
    _users("a group is registered", [BOB_ENFORCED], "fail", parameters=_registered(kind="group")),
    _users("denied", [], "error", unread={User: "denied"}),
    _users("a part, all disabled", [user()], "error", unread={User: "partial"}),
    _users("a part, one enforced", [user(), BOB_ENFORCED], "fail", unread={User: "partial"}),
    _users(
        "two pages, the last user enabled",
        [user(f"user{number}") for number in range(2500)] + [BOB_ENFORCED],
        "fail",
        ["bob@contoso.example"],
    ),
    _users(
        "no state, and the read per user denied",
        [_without_state()],
        "error",
        unread={PerUserMfaState: "denied"},
        says="1 users",
    ),
    _users(
        "no state on one, enforced on another, the read per user denied",
        [_without_state(), BOB_ENFORCED],
        "fail",
        ["bob@contoso.example"],
        unread={PerUserMfaState: "denied"},
    ),
    _users(
        "every state is there, the read per user denied",
        [user()],
        "pass",
        unread={PerUserMfaState: "denied"},
    ),
    _users(
        "no state on a registered account",
        [user(), _without_state("bob")],
        "pass",
        parameters=_registered(),
    ),
    _one_by_one("read per user", [_without_state()], [per_user_mfa_state()], "pass"),
    _one_by_one(
        "null counts as absent", [user(perUserMfaState=None)], [per_user_mfa_state()], "pass"
    ),
    _one_by_one(
        "read per user: enforced",
        [_without_state(), _without_state("bob")],
        [per_user_mfa_state("bob", perUserMfaState="enforced"), per_user_mfa_state()],
        "fail",
        ["bob@contoso.example"],
    ),
    _one_by_one(
        "ids in another case",
        [_without_state()],
        [per_user_mfa_state(userId="ID-OF-ADA")],
        "pass",
    ),
    _one_by_one(
        "one user answered with 403",
        [_without_state(), _without_state("bob")],
        [per_user_mfa_state(), per_user_mfa_state("bob", perUserMfaState=None, status=403)],
        "error",
        says="1 users",
    ),
    _one_by_one(
        "a state beside an error status does not count",
        [_without_state()],
        [per_user_mfa_state(status="429")],
        "error",
    ),
    _one_by_one(
        "one user not asked",
        [_without_state(), _without_state("bob")],
        [per_user_mfa_state()],
        "error",
    ),
    _one_by_one("nobody answered", [_without_state()], [], "error"),
    _one_by_one(
        "two answers that differ",
        [_without_state()],
        [per_user_mfa_state(), per_user_mfa_state(perUserMfaState="enabled")],
        "fail",
    ),
    _one_by_one(
        "an answer about somebody who is listed with a state",
        [user()],
        [per_user_mfa_state(perUserMfaState="enforced")],
        "pass",
    ),
    _one_by_one(
        "a part of the answers holds an enforced one",
        [_without_state(), _without_state("bob")],
        [per_user_mfa_state("bob", perUserMfaState="enforced")],
        "fail",
        unread={PerUserMfaState: "partial"},
    ),
    _one_by_one(
        "a part of the answers, all asked, all disabled",
        [_without_state()],
        [per_user_mfa_state()],
        "error",
        unread={PerUserMfaState: "partial"},
    ),
]
