"""Who may stay outside a Conditional Access policy, for all twelve checks alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.entra import conditional_access as ca
from evidence.conditional_access import ReferencedGroup
from evidence.dataset import Dataset
from evidence.privileged_roles import GLOBAL_ADMINISTRATOR, SYNC_ROLES, DirectoryRoleAssignment
from tests.builders.conditional_access import access, assignment, group, guid, label, registered
from tests.checks.case import Case
from tests.checks.cases.entra_conditional_access import GOOD, Build

SYNC_ROLE = sorted(SYNC_ROLES)[0]
GUEST_INVITER = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
PEOPLE = [guid(f"person {number}") for number in range(6)]
TEAMS_ROOMS = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"
KIOSKS = {"excludeGroups": [guid("Kiosks")]}
SIX = {"excludeUsers": PEOPLE}
ONE = {"excludeUsers": PEOPLE[:1]}
STRANGE = {"unexpected": {"shape": 1}}
STRICT = {"exclusion_allowance": 0}


def _guests(*kinds: str, membership: str | None = None) -> dict[str, Any]:
    tenants = {"@odata.type": "#x", "membershipKind": membership} if membership else None
    return {"guestOrExternalUserTypes": ",".join(kinds), "externalTenants": tenants}


GUESTS = {"excludeGuestsOrExternalUsers": _guests("b2bCollaborationGuest", "serviceProvider")}


@dataclass(frozen=True)
class Hole:
    """The good policy of a check, with `excluded` left out."""

    name: str
    expect: str
    excluded: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[Mapping[str, Any], ...] = ()
    roles: tuple[Mapping[str, Any], ...] = ()
    unread: Mapping[type[Dataset], str] = field(default_factory=dict)
    says: str = ""


USERS = [
    Hole("five users, allowance 5", "pass", {"excludeUsers": PEOPLE[:5]}, says="Review"),
    Hole("six users", "fail", SIX),
    Hole("one user, where nobody may be", "fail", ONE, STRICT),
    Hole(
        "six users, one of them registered",
        "pass",
        SIX,
        registered("user", PEOPLE[0].upper()),
        says="stand in the register",
    ),
    Hole(
        "registered for another check",
        "fail",
        SIX,
        registered("user", PEOPLE[0], checks=["sspr_enabled_for_all"]),
    ),
    Hole("registered as a group", "fail", SIX, registered("group", PEOPLE[0])),
    Hole(
        "reviewed 365 days ago",
        "pass",
        SIX,
        registered("user", PEOPLE[0], reviewed_on="2025-05-04"),
    ),
    Hole(
        "reviewed 366 days ago",
        "fail",
        SIX,
        registered("user", PEOPLE[0], reviewed_on="2025-05-03"),
    ),
    Hole(
        "the emergency account, where nobody may be",
        "pass",
        ONE,
        STRICT | {"emergency_access_accounts": PEOPLE[:1]},
    ),
    Hole(
        "the emergency account by its principal name",
        "pass",
        {"excludeUsers": [guid("bg1")]},
        STRICT | {"emergency_access_accounts": ["BG1@contoso.onmicrosoft.com"]},
        roles=(assignment("bg1", GLOBAL_ADMINISTRATOR),),
    ),
    Hole("everybody, registered", "fail", {"excludeUsers": ["All"]}, registered("user", "All")),
]
ROLES = [
    Hole(
        "five users and the synchronisation account",
        "pass",
        {"excludeUsers": [*PEOPLE[:5], guid("sync")]},
        roles=(assignment("sync", SYNC_ROLE),),
    ),
    Hole(
        "five users and one that may be the synchronisation account",
        "fail",
        {"excludeUsers": [*PEOPLE[:5], guid("sync")]},
        unread={DirectoryRoleAssignment: "denied"},
        says="no sync account could be recognised",
    ),
    Hole("the synchronisation roles", "pass", {"excludeRoles": sorted(SYNC_ROLES)}),
    Hole("another role", "fail", {"excludeRoles": [GUEST_INVITER]}),
    Hole(
        "another role, registered",
        "pass",
        {"excludeRoles": [GUEST_INVITER]},
        registered("role", GUEST_INVITER),
    ),
]
GROUPS = [
    Hole("a small group", "pass", KIOSKS, groups=(group("Kiosks", 5),)),
    Hole("a group of six", "fail", KIOSKS, groups=(group("Kiosks", 6),)),
    Hole(
        "three users and a group of three",
        "fail",
        KIOSKS | {"excludeUsers": PEOPLE[:3]},
        groups=(group("Kiosks", 3),),
    ),
    Hole(
        "a large group, registered",
        "pass",
        KIOSKS,
        registered("group", guid("Kiosks")),
        groups=(group("Kiosks", 600),),
    ),
    Hole(
        "a group that no longer exists",
        "pass",
        KIOSKS,
        groups=(group("Kiosks", None, status=404),),
        says="no longer exists",
    ),
    Hole(
        "a group whose size was refused",
        "error",
        KIOSKS,
        groups=(group("Kiosks", None, status=403),),
        says="the size of group Kiosks is not known",
    ),
    Hole(
        "no size of any group was read",
        "error",
        KIOSKS,
        unread={ReferencedGroup: "denied"},
        says=guid("Kiosks"),
    ),
    Hole("a group of unknown size, and six users", "fail", KIOSKS | SIX),
]
GUEST_TYPES = [
    Hole("two kinds of guests", "fail", GUESTS),
    Hole(
        "two kinds of guests, both registered",
        "pass",
        GUESTS,
        registered("guest_type", "b2bCollaborationGuest", "serviceProvider"),
    ),
    Hole(
        "two kinds of guests, one registered",
        "fail",
        GUESTS,
        registered("guest_type", "serviceProvider"),
    ),
    Hole("guests under their old name", "fail", {"excludeUsers": ["GuestsOrExternalUsers"]}),
    Hole("guests of no known shape", "error", {"excludeGuestsOrExternalUsers": STRANGE}),
    Hole(
        "guests of a kind that is not named",
        "error",
        {"excludeGuestsOrExternalUsers": {"externalTenants": {"membershipKind": "all"}}},
    ),
    Hole(
        "guests left unset, as typed clients write it",
        "pass",
        {
            "excludeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": None,
                "externalTenants": {"membershipKind": None},
            }
        },
    ),
    Hole("users that are no list", "error", {"excludeUsers": True}),
    Hole("no kind of guest at all", "pass", {"excludeGuestsOrExternalUsers": _guests("none")}),
]


def _outside(build: Build, name: str = "With holes", **users: Any) -> dict[str, Any]:
    included: dict[str, Any] = build()["conditions"]["users"]
    return build(name, users=included | users)


CASES = [
    Case(
        judge,
        f"outside: {hole.name}",
        given=access(_outside(build, **hole.excluded), groups=hole.groups, roles=hole.roles),
        unread=hole.unread,
        parameters=hole.parameters,
        expect=hole.expect,
        affected=[label("With holes")] if hole.expect == "fail" else None,
        says=hole.says,
    )
    for judge, build in GOOD.items()
    for hole in USERS + ROLES + GROUPS + GUEST_TYPES
]
for judge, build in GOOD.items():
    unknown = _outside(build, **KIOSKS)
    CASES += [
        Case(
            judge,
            "registered for this check",
            given=access(_outside(build, **SIX)),
            parameters=registered("user", PEOPLE[0], checks=[judge.__name__]),
            expect="pass",
        ),
        Case(
            judge,
            "six users are outside one policy, nobody outside another",
            given=access(_outside(build, **SIX), build()),
            expect="pass",
        ),
        Case(
            judge,
            "a group of unknown size is outside a policy that is off",
            given=access(unknown | {"state": "disabled"}),
            expect="fail",
        ),
        Case(
            judge,
            "a group of unknown size is outside one policy, nobody outside another",
            given=access(unknown, build()),
            expect="pass",
        ),
    ]
for judge in (
    ca.ca_admin_mfa_required,
    ca.ca_all_users_mfa_required,
    ca.ca_admin_phishing_resistant_mfa_required,
    ca.ca_sign_in_risk_blocked,
    ca.ca_legacy_auth_blocked,
    ca.ca_admin_sessions_limited,
    ca.ca_user_risk_remediated,
    ca.ca_sign_in_risk_mfa_required,
    ca.ca_managed_device_required,
    ca.ca_device_code_flow_blocked,
):
    rooms = access(GOOD[judge]("Rooms", apps={"excludeApplications": [TEAMS_ROOMS]}))
    strict = judge in (
        ca.ca_admin_mfa_required,
        ca.ca_all_users_mfa_required,
        ca.ca_admin_phishing_resistant_mfa_required,
        ca.ca_sign_in_risk_blocked,
    )
    CASES += [
        Case(judge, "an excluded resource", given=rooms, expect="fail", affected=[label("Rooms")]),
        Case(
            judge,
            "an excluded resource, registered",
            given=rooms,
            parameters=registered("app", TEAMS_ROOMS),
            expect="fail" if strict else "pass",
        ),
        Case(
            judge,
            "an excluded resource, registered as a user",
            given=rooms,
            parameters=registered("user", TEAMS_ROOMS),
            expect="fail",
        ),
    ]
