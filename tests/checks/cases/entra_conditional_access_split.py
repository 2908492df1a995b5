"""Demands that several Conditional Access policies meet together, or fail to."""

from typing import Any

from checks.entra import conditional_access as ca
from evidence.privileged_roles import ADMIN_ROLES, GLOBAL_ADMINISTRATOR
from tests.builders.conditional_access import (
    access,
    admin_sessions,
    assignment,
    demands_strength,
    frequency,
    grant,
    group,
    guid,
    label,
    legacy_block,
    mfa_policy,
    policy,
    resistant_policy,
    roles_only,
    session,
    sign_in_risk_block,
    sign_in_risk_policy,
)
from tests.checks.case import Case
from tests.checks.cases.entra_conditional_access import GOOD, Build

ROLES = list(ADMIN_ROLES)
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
NEVER = {"isEnabled": True, "mode": "never"}
OFFICE = {"includeLocations": [guid("office")], "excludeLocations": []}
LARGE = [group("Admins", 40), group("Contractors", 40)]


def _without(build: Build, name: str, **users: Any) -> dict[str, Any]:
    included: dict[str, Any] = build()["conditions"]["users"]
    return build(name, users=included | users)


def _for_admins(build: Build, *, users: dict[str, Any] | None = None, **changes: Any) -> Any:
    named = {"includeUsers": [], "includeGroups": [guid("Admins")]}
    return build("Admins", users=named | (users or {}), **changes)


def _made_up_for(build: Build) -> dict[str, tuple[str, Any]]:
    """What stands beside a policy that leaves out a large group of administrators."""
    return {
        "the same demand in a policy of its own": ("pass", _for_admins(build)),
        "its own policy is off": ("fail", _for_admins(build, state="disabled")),
        "its own policy is for one location": ("fail", _for_admins(build, locations=OFFICE)),
        "its own policy excludes it again": (
            "fail",
            _for_admins(build, users={"excludeGroups": [guid("Admins")]}),
        ),
        "its own policy has a large hole": (
            "fail",
            _for_admins(build, users={"excludeGroups": [guid("Contractors")]}),
        ),
        "another policy leaves out another large group": (
            "fail",
            _without(build, "Other", excludeGroups=[guid("Contractors")]),
        ),
    }


CASES = [
    Case(
        judge,
        f"an excluded group: {name}",
        given=access(
            _without(build, "Holes", excludeGroups=[guid("Admins")]), beside, groups=LARGE
        ),
        expect=expect,
    )
    for judge, build in GOOD.items()
    for name, (expect, beside) in _made_up_for(build).items()
]
CASES += [
    Case(
        judge,
        "a policy does not make up for its own exclusions",
        given=access(
            _without(build, "Holes", includeGroups=[guid("A")], excludeGroups=[guid("A")]),
            groups=[group("A", 40)],
        ),
        expect="fail",
    )
    for judge, build in GOOD.items()
]


CASES += [
    Case(
        judge,
        "a policy that excludes a group again does not make up for it",
        given=access(
            _without(
                build,
                "Holes",
                excludeGroups=[guid("Admins")],
                excludeUsers=[guid(str(number)) for number in range(5)],
            ),
            _for_admins(build, users={"excludeGroups": [guid("Admins")]}),
            groups=[group("Admins", 3)],
        ),
        expect="fail",
    )
    for judge, build in GOOD.items()
]


def _guests_apart(build: Build, tenants: dict[str, Any]) -> list[dict[str, Any]]:
    kind = {"guestOrExternalUserTypes": "b2bCollaborationGuest", "externalTenants": tenants}
    return [
        _without(build, "Holes", excludeGuestsOrExternalUsers=kind),
        build("Guests", users={"includeUsers": [], "includeGuestsOrExternalUsers": kind}),
    ]


CASES += [
    Case(
        judge,
        f"guests have a policy of their own, tenants: {name}",
        given=access(*_guests_apart(build, tenants)),
        expect=expect,
    )
    for judge, build in GOOD.items()
    for name, tenants, expect in (
        ("all", {"@odata.type": "#x", "membershipKind": "all"}, "pass"),
        ("enumerated", {"@odata.type": "#x", "membershipKind": "enumerated"}, "fail"),
        ("of no known shape", {"members": ["fabrikam.example"]}, "error"),
    )
]

EVERYONE_ELSE = mfa_policy("Everyone else", users={"excludeRoles": [GLOBAL_ADMINISTRATOR]})
STRICTER = {
    "in force": ("pass", resistant_policy("Admins", users=roles_only(GLOBAL_ADMINISTRATOR))),
    "as a pilot": (
        "fail",
        resistant_policy(
            "Admins",
            users=roles_only(GLOBAL_ADMINISTRATOR),
            state="enabledForReportingButNotEnforced",
        ),
    ),
    "with a single-factor strength": (
        "fail",
        policy(
            "Admins",
            users=roles_only(GLOBAL_ADMINISTRATOR),
            grant=demands_strength("password", requirementsSatisfied="none"),
        ),
    ),
    "with a strength that cannot be read": (
        "error",
        policy(
            "Admins",
            users=roles_only(GLOBAL_ADMINISTRATOR),
            grant=grant(authenticationStrength={"id": guid("unknown")}),
        ),
    ),
}
CASES += [
    Case(
        judge,
        f"an excluded role has a policy of its own, {name}",
        given=access(EVERYONE_ELSE, beside),
        expect=expect,
    )
    for judge in (ca.ca_all_users_mfa_required, ca.ca_admin_mfa_required)
    for name, (expect, beside) in STRICTER.items()
]
CASES += [
    Case(
        judge,
        "eight roles in one policy, seven in another",
        given=access(
            build("First", users=roles_only(*ROLES[:8])),
            build("Second", users=roles_only(*(role.upper() for role in ROLES[8:]))),
        ),
        expect="pass",
    )
    for judge, build in GOOD.items()
    if "admin" in judge.__name__
]
CASES += [
    Case(
        judge,
        "fourteen roles, without Global Reader",
        given=access(
            build("Roles", users=roles_only(*(role for role in ROLES if role != GLOBAL_READER)))
        ),
        expect="fail",
        affected=[label("Roles")],
        says="Global Reader",
    )
    for judge, build in GOOD.items()
    if "admin" in judge.__name__
]
CASES += [
    Case(
        judge,
        "a role is included and excluded",
        given=access(build("Roles", users=roles_only(excludeRoles=[GLOBAL_READER]))),
        expect="fail",
        affected=[label("Roles")],
    )
    for judge, build in GOOD.items()
    if "admin" in judge.__name__
]
SIX = [guid(f"person {number}") for number in range(6)]
CASES += [
    Case(
        ca.ca_all_users_mfa_required,
        "six users are outside, and whether one has a policy of his own cannot be told",
        given=access(
            mfa_policy("Holes", users={"excludeUsers": SIX}),
            policy(
                "His own",
                users={"includeUsers": SIX[:1]},
                grant=grant(authenticationStrength={"id": guid("unknown")}),
            ),
        ),
        expect="error",
        says="Holes",
    ),
    Case(
        ca.ca_admin_mfa_required,
        "a role is held in an administrative unit",
        given=access(
            mfa_policy(users=roles_only()),
            roles=[assignment("helper", ROLES[0], directoryScopeId="/administrativeUnits/1")],
        ),
        expect="pass",
        says="administrative unit",
    ),
    Case(
        ca.ca_legacy_auth_blocked,
        "one policy for each kind of client",
        given=access(
            legacy_block(clientAppTypes=["other"]),
            legacy_block("ActiveSync", clientAppTypes=["exchangeActiveSync"]),
        ),
        expect="pass",
    ),
    Case(
        ca.ca_admin_sessions_limited,
        "frequency in one policy, persistence in another",
        given=access(
            admin_sessions("Frequency", session=session(signInFrequency=frequency(4))),
            admin_sessions("Persistence", session=session(persistentBrowser=NEVER)),
        ),
        expect="pass",
    ),
    Case(
        ca.ca_sign_in_risk_mfa_required,
        "block at high risk, MFA at medium",
        given=access(
            sign_in_risk_block(signInRiskLevels=["high"]),
            sign_in_risk_policy(signInRiskLevels=["medium"]),
        ),
        expect="pass",
    ),
    Case(
        ca.ca_sign_in_risk_blocked,
        "one policy for each level",
        given=access(
            sign_in_risk_block("High", signInRiskLevels=["high"]),
            sign_in_risk_block("Medium", signInRiskLevels=["medium"]),
        ),
        expect="pass",
    ),
    Case(
        ca.ca_sign_in_risk_blocked,
        "what makes up for a group at high risk does not at medium risk",
        given=access(
            sign_in_risk_block(users={"excludeGroups": [guid("Admins")]}),
            _for_admins(sign_in_risk_block, signInRiskLevels=["high"]),
            groups=LARGE,
        ),
        expect="fail",
        says="medium",
    ),
]
