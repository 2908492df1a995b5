"""Grants, strengths, client types and sessions in Conditional Access."""

from typing import Any

from checks.entra import conditional_access as ca
from evidence.conditional_access import AuthenticationStrength
from tests.builders.conditional_access import (
    EVERY_TIME,
    MODERN,
    RESISTANT,
    access,
    demands_strength,
    frequency,
    grant,
    group,
    guid,
    label,
    legacy_block,
    mfa_policy,
    registered,
    resistant_policy,
    roles_only,
    session,
    strength,
)
from tests.checks.case import Case
from tests.checks.cases.entra_conditional_access import GOOD

BUILT_IN_MFA = {"id": "00000000-0000-0000-0000-000000000002", "requirementsSatisfied": "mfa"}
NEVER = {"isEnabled": True, "mode": "never"}
DEVICES = ("compliantDevice", "domainJoinedDevice")
TERMS = {"termsOfUse": [guid("terms")]}


def _refers_to_strength(**changes: Any) -> dict[str, Any]:
    """A grant with a bare reference, as other tools export it."""
    return grant(authenticationStrength={"id": guid("strength")} | changes)


def tried(judge: Any, table: dict[str, tuple[str, dict[str, Any]]]) -> list[Case]:
    return [
        Case(
            judge,
            name,
            given=access(GOOD[judge]("Tried", **changes)),
            expect=expect,
            affected=[label("Tried")] if expect == "fail" else None,
        )
        for name, (expect, changes) in table.items()
    ]


MFA = {
    "built-in strength": ("pass", {"grant": grant(authenticationStrength=BUILT_IN_MFA)}),
    "phishing-resistant strength": ("pass", {"grant": demands_strength(*RESISTANT)}),
    "strength of one factor": (
        "fail",
        {"grant": demands_strength("password", requirementsSatisfied="none")},
    ),
    "strength that does not say": ("error", {"grant": _refers_to_strength()}),
    "MFA or compliant device": ("fail", {"grant": grant("mfa", "compliantDevice")}),
    "MFA and compliant device": (
        "pass",
        {"grant": grant("mfa", "compliantDevice", operator="AND")},
    ),
    "MFA or terms of use": ("fail", {"grant": grant("mfa", **TERMS)}),
    "MFA or a custom control": (
        "fail",
        {"grant": grant("mfa", customAuthenticationFactors=["Duo"])},
    ),
    "MFA or a control that nobody knows": ("fail", {"grant": grant("mfa", oracle={"id": "x"})}),
    "MFA or a strength that does not say": (
        "error",
        {"grant": _refers_to_strength() | {"builtInControls": ["mfa"]}},
    ),
    "terms of use or a strength that does not say": (
        "fail",
        {"grant": _refers_to_strength() | TERMS},
    ),
    "two controls without an operator": (
        "error",
        {"grant": grant("mfa", "compliantDevice", operator="") | {"operator": None}},
    ),
    "block and MFA": ("fail", {"grant": grant("block", "mfa", operator="AND")}),
    "compliant device": ("fail", {"grant": grant("compliantDevice")}),
    "no grant at all": ("fail", {"grant": None}),
    "an empty grant": ("fail", {"grant": grant()}),
}
CASES = [
    case
    for judge in (ca.ca_admin_mfa_required, ca.ca_all_users_mfa_required)
    for case in tried(judge, MFA)
]
CASES += [
    Case(
        ca.ca_all_users_mfa_required,
        "a bare reference to a strength in the list",
        given=access(mfa_policy(grant=_refers_to_strength()), strengths=[strength("fido2")]),
        expect="pass",
    ),
    Case(
        ca.ca_all_users_mfa_required,
        "a bare reference to a single-factor strength in the list",
        given=access(
            mfa_policy(grant=_refers_to_strength()),
            strengths=[strength("password", requirementsSatisfied="none")],
        ),
        expect="fail",
    ),
    Case(
        ca.ca_all_users_mfa_required,
        "administrators only",
        given=access(mfa_policy(users=roles_only())),
        expect="fail",
    ),
    Case(
        ca.ca_all_users_mfa_required,
        "no policy, but security defaults",
        given=access(defaults=True),
        expect="fail",
        says="Security defaults are on",
    ),
    Case(
        ca.ca_admin_mfa_required,
        "the fifteen roles",
        given=access(mfa_policy(users=roles_only())),
        expect="pass",
    ),
]
CASES += [
    Case(
        judge,
        f"modern clients only, {name}",
        given=access(GOOD[judge](clientAppTypes=MODERN), *beside),
        expect=expect,
    )
    for judge in (
        ca.ca_admin_mfa_required,
        ca.ca_all_users_mfa_required,
        ca.ca_admin_phishing_resistant_mfa_required,
        ca.ca_managed_device_required,
    )
    for name, expect, beside in (
        ("legacy open", "fail", []),
        ("legacy blocked", "pass", [legacy_block()]),
        ("legacy blocked as a pilot", "fail", [legacy_block(state="disabled")]),
        ("half of legacy blocked", "fail", [legacy_block(clientAppTypes=["other"])]),
        (
            "legacy blocked for who knows whom",
            "error",
            [legacy_block(users={"excludeGroups": [guid("unknown")]})],
        ),
    )
]
CASES += [
    Case(
        judge,
        "modern clients are all that counts",
        given=access(GOOD[judge](clientAppTypes=MODERN)),
        expect="pass",
    )
    for judge in (
        ca.ca_admin_sessions_limited,
        ca.ca_user_risk_remediated,
        ca.ca_sign_in_risk_mfa_required,
        ca.ca_sign_in_risk_blocked,
        ca.ca_security_info_needs_managed_device,
        ca.ca_intune_enrolment_reauthenticates,
        ca.ca_device_code_flow_blocked,
    )
]
CASES += [
    Case(
        ca.ca_all_users_mfa_required,
        "modern clients only, and the register serves the check that blocks the others",
        given=access(
            mfa_policy(clientAppTypes=MODERN),
            legacy_block(users={"excludeGroups": [guid("Scanners")]}),
            groups=[group("Scanners", 30)],
        ),
        parameters=registered("group", guid("Scanners"), checks=["ca_legacy_auth_blocked"]),
        expect="pass",
    ),
]
CASES += tried(
    ca.ca_legacy_auth_blocked,
    {
        "one kind of client": ("fail", {"clientAppTypes": ["other"]}),
        "a kind that is no longer used": ("fail", {"clientAppTypes": ["easSupported", "other"]}),
        "no kind named": ("pass", {"clientAppTypes": []}),
        "every kind": ("pass", {"clientAppTypes": ["all"]}),
    },
)
CASES += [
    Case(
        ca.ca_legacy_auth_blocked,
        "MFA in place of block",
        given=access(legacy_block(grant=grant("mfa"))),
        expect="fail",
        says="wanted is a block",
    ),
]


def _sessions(**controls: Any) -> dict[str, Any]:
    defaults = {"signInFrequency": frequency(4), "persistentBrowser": NEVER}
    return {"session": session(**(defaults | controls))}


CASES += tried(
    ca.ca_admin_sessions_limited,
    {
        "four hours": ("pass", _sessions()),
        "four hours as text": ("pass", _sessions(signInFrequency=frequency("4"))),
        "five hours": ("fail", _sessions(signInFrequency=frequency(5))),
        "ten hours as text": ("fail", _sessions(signInFrequency=frequency("10"))),
        "one day": ("fail", _sessions(signInFrequency=frequency(1, "days"))),
        "four days": ("fail", _sessions(signInFrequency=frequency(4, "days"))),
        "zero hours": ("fail", _sessions(signInFrequency=frequency(0))),
        "a unit that nobody knows": ("fail", _sessions(signInFrequency=frequency(1, "fortnights"))),
        "every time": ("pass", _sessions(signInFrequency=EVERY_TIME)),
        "second factor only": (
            "fail",
            _sessions(signInFrequency=frequency(4, authenticationType="secondaryAuthentication")),
        ),
        "without an interval, as older policies are": (
            "pass",
            _sessions(signInFrequency=frequency(4, frequencyInterval=None)),
        ),
        "present but off": ("fail", _sessions(signInFrequency=frequency(4, isEnabled=False))),
        "on or off is not said": (
            "error",
            _sessions(signInFrequency={"value": 4, "type": "hours"}),
        ),
        "sessions persist always": (
            "fail",
            _sessions(persistentBrowser={"isEnabled": True, "mode": "always"}),
        ),
        "persistence is off": (
            "fail",
            _sessions(persistentBrowser={"isEnabled": False, "mode": "never"}),
        ),
        "no word on persistence": ("fail", _sessions(persistentBrowser=None)),
        "no word on frequency": ("fail", _sessions(signInFrequency=None)),
        "a grant beside it": ("pass", _sessions() | {"grant": grant("mfa")}),
    },
)
CASES += tried(
    ca.ca_admin_phishing_resistant_mfa_required,
    {
        "FIDO2 only": ("pass", {"grant": demands_strength("fido2")}),
        "for everyone": ("pass", {"users": {"includeUsers": ["All"]}}),
        "passwordless": ("fail", {"grant": demands_strength("fido2", "deviceBasedPush")}),
        "a one-time pass beside it": (
            "fail",
            {"grant": demands_strength(*RESISTANT, "temporaryAccessPassOneTime")},
        ),
        "strength or compliant device": (
            "fail",
            {"grant": demands_strength(*RESISTANT) | {"builtInControls": ["compliantDevice"]}},
        ),
        "strength and compliant device": (
            "pass",
            {
                "grant": demands_strength(*RESISTANT)
                | {"builtInControls": ["compliantDevice"], "operator": "AND"}
            },
        ),
        "nothing is accepted": ("fail", {"grant": demands_strength()}),
        "plain MFA": ("fail", {"grant": grant("mfa")}),
    },
)
CASES += [
    Case(
        ca.ca_admin_phishing_resistant_mfa_required,
        "what the strength accepts was not read",
        given=access(resistant_policy(grant=_refers_to_strength(displayName="Phishing-resistant"))),
        unread={AuthenticationStrength: "denied"},
        expect="error",
        says="Phishing-resistant",
    ),
    Case(
        ca.ca_admin_phishing_resistant_mfa_required,
        "the strength says MFA, the list says how",
        given=access(
            resistant_policy(grant=_refers_to_strength(requirementsSatisfied="mfa")),
            strengths=[strength("fido2")],
        ),
        expect="pass",
    ),
]
