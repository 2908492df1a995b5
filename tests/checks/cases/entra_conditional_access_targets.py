"""Risk levels, managed devices, user actions and sign-in flows in Conditional Access."""

from typing import Any

from checks.entra import conditional_access as ca
from tests.builders.conditional_access import (
    EVERY_TIME,
    INTUNE_ENROLMENT,
    access,
    admin_sessions,
    demands_strength,
    device_code_block,
    device_policy,
    enrolment_policy,
    frequency,
    grant,
    guid,
    label,
    legacy_block,
    licences,
    mfa_policy,
    policy,
    security_info_policy,
    session,
    sign_in_risk_block,
    sign_in_risk_policy,
    user_risk_policy,
)
from tests.checks.case import Case
from tests.checks.cases.entra_conditional_access import GOOD
from tests.checks.cases.entra_conditional_access_controls import DEVICES, TERMS, tried

CASES = tried(
    ca.ca_user_risk_remediated,
    {
        "more levels than asked": ("pass", {"userRiskLevels": ["medium", "high"]}),
        "a strength and a new password": (
            "pass",
            {
                "grant": demands_strength("fido2")
                | {"builtInControls": ["passwordChange"], "operator": "AND"}
            },
        ),
        "block": (
            "pass",
            {"grant": grant("block"), "session": None, "userRiskLevels": ["high", "medium"]},
        ),
        "block at medium risk": ("fail", {"grant": grant("block"), "userRiskLevels": ["medium"]}),
        "no sign-in frequency": ("fail", {"session": None}),
        "every hour": ("fail", {"session": session(signInFrequency=frequency(1))}),
        "medium risk": ("fail", {"userRiskLevels": ["medium"]}),
        "MFA or a new password": ("fail", {"grant": grant("mfa", "passwordChange")}),
        "MFA only": ("fail", {"grant": grant("mfa")}),
    },
)
CASES += [
    Case(
        ca.ca_user_risk_remediated,
        "the newer risk remediation",
        given=access(
            user_risk_policy(
                grant=demands_strength("fido2")
                | {"builtInControls": ["riskRemediation"], "operator": "AND"}
            )
        ),
        expect="fail",
        says="does not know yet",
    )
]
CASES += tried(
    ca.ca_sign_in_risk_mfa_required,
    {
        "all levels": ("pass", {"signInRiskLevels": ["high", "medium", "low", "none"]}),
        "one comma-joined text": ("pass", {"signInRiskLevels": "high, medium"}),
        "block": ("pass", {"grant": grant("block"), "session": None}),
        "a strength": ("pass", {"grant": demands_strength("fido2")}),
        "high risk only": ("fail", {"signInRiskLevels": ["high"]}),
        "every hour": ("fail", {"session": session(signInFrequency=frequency(1))}),
        "every time is off": (
            "fail",
            {"session": session(signInFrequency=EVERY_TIME | {"isEnabled": False})},
        ),
        "MFA or compliant device": ("fail", {"grant": grant("mfa", "compliantDevice")}),
    },
)
CASES += tried(
    ca.ca_sign_in_risk_blocked,
    {
        "high risk only": ("fail", {"signInRiskLevels": ["high"]}),
        "MFA every time": (
            "fail",
            {"grant": grant("mfa"), "session": session(signInFrequency=EVERY_TIME)},
        ),
    },
)
MANAGED = {
    "compliant device": ("pass", {"grant": grant("compliantDevice")}),
    "hybrid joined device": ("pass", {"grant": grant("domainJoinedDevice")}),
    "either device": ("pass", {"grant": grant(*DEVICES)}),
    "either device or MFA": ("fail", {"grant": grant(*DEVICES, "mfa")}),
    "hybrid joined or MFA": ("fail", {"grant": grant("domainJoinedDevice", "mfa")}),
    "compliant device and MFA": (
        "pass",
        {"grant": grant("compliantDevice", "mfa", operator="AND")},
    ),
    "either device or terms of use": ("fail", {"grant": grant(*DEVICES, **TERMS)}),
    "either device or a strength": (
        "fail",
        {"grant": demands_strength("fido2") | {"builtInControls": list(DEVICES)}},
    ),
    "an invented word": ("fail", {"grant": grant("hybridAzureAD")}),
}
CASES += [
    case
    for judge in (ca.ca_managed_device_required, ca.ca_security_info_needs_managed_device)
    for case in tried(judge, MANAGED)
]
CASES += tried(
    ca.ca_managed_device_required,
    {
        "enrolment is left out": (
            "pass",
            {"apps": {"excludeApplications": [INTUNE_ENROLMENT.upper()]}},
        ),
        "Intune itself is left out": (
            "pass",
            {"apps": {"excludeApplications": ["0000000a-0000-0000-c000-000000000000"]}},
        ),
    },
)
CASES += [
    Case(
        ca.ca_managed_device_required,
        "later versions want a compliant device",
        given=access(device_policy(grant=grant("domainJoinedDevice"))),
        expect="pass",
        says="later versions",
    ),
    Case(
        ca.ca_managed_device_required,
        "everything else is blocked by a filter",
        given=access(
            policy(
                grant=grant("block"),
                devices={"deviceFilter": {"mode": "exclude", "rule": "device.isCompliant"}},
            )
        ),
        expect="fail",
        says="may come to the same",
    ),
]
CASES += tried(
    ca.ca_security_info_needs_managed_device,
    {
        "spelled otherwise": (
            "pass",
            {
                "apps": {
                    "includeApplications": [],
                    "includeUserActions": ["urn:user:registerSecurityInfo"],
                }
            },
        ),
        "registering devices": (
            "fail",
            {"apps": {"includeUserActions": ["urn:user:registerdevice"]}},
        ),
        "every resource": ("fail", {"apps": {"includeApplications": ["All"]}}),
    },
)
CASES += tried(
    ca.ca_intune_enrolment_reauthenticates,
    {
        "every resource": ("pass", {"apps": {"includeApplications": ["All"]}}),
        "every resource but enrolment": (
            "fail",
            {"apps": {"excludeApplications": [INTUNE_ENROLMENT]}},
        ),
        "another resource is left out": ("pass", {"apps": {"excludeApplications": [guid("x")]}}),
        "every hour": ("fail", {"session": session(signInFrequency=frequency(1))}),
        "every 90 days": ("fail", {"session": session(signInFrequency=frequency(90, "days"))}),
        "no MFA": ("fail", {"grant": None}),
        "MFA or compliant device": ("fail", {"grant": grant("mfa", "compliantDevice")}),
    },
)
CASES += [
    Case(
        ca.ca_intune_enrolment_reauthenticates,
        "no Intune, and no policy that names it",
        given=access(mfa_policy(), skus=licences("P2")),
        expect="not_applicable",
        says="Intune",
    ),
    Case(
        ca.ca_intune_enrolment_reauthenticates,
        "no Intune in the inventory, but a policy that names it",
        given=access(enrolment_policy(grant=None), skus=licences("P2")),
        expect="fail",
    ),
]


def _flows(*methods: str, **changes: Any) -> dict[str, Any]:
    return {"authenticationFlows": {"transferMethods": ",".join(methods)}} | changes


CASES += tried(
    ca.ca_device_code_flow_blocked,
    {
        "both flows in one text": ("pass", _flows("deviceCodeFlow", "authenticationTransfer")),
        "both flows with a blank": ("pass", _flows("authenticationTransfer", " deviceCodeFlow")),
        "both flows in a list": (
            "pass",
            {"authenticationFlows": {"transferMethods": ["deviceCodeFlow", "x"]}},
        ),
        "spelled otherwise": ("pass", _flows("devicecodeflow")),
        "the other flow": ("fail", _flows("authenticationTransfer")),
        "no flow": ("fail", _flows("none")),
        "every sign-in is blocked": ("fail", {"authenticationFlows": None}),
        "the word among the client types": (
            "fail",
            {"authenticationFlows": None, "clientAppTypes": ["deviceCodeFlow"]},
        ),
        "a compliant device": ("fail", {"grant": grant("compliantDevice")}),
    },
)
CASES += [
    Case(
        judge,
        "a flow is a condition",
        given=access(GOOD[judge]("Flow", **_flows("deviceCodeFlow"))),
        expect="fail",
        affected=[label("Flow")],
    )
    for judge in GOOD
    if judge is not ca.ca_device_code_flow_blocked
]
CASES += [
    Case(
        ca.ca_sign_in_risk_mfa_required,
        "a block of both levels satisfies the weaker demand",
        given=access(sign_in_risk_block()),
        expect="pass",
    ),
    Case(
        ca.ca_sign_in_risk_blocked,
        "fresh MFA does not satisfy the stronger demand",
        given=access(sign_in_risk_policy()),
        expect="fail",
    ),
    Case(
        ca.ca_device_code_flow_blocked,
        "a good policy beside ones about other things",
        given=access(device_code_block(), legacy_block(), admin_sessions(), security_info_policy()),
        expect="pass",
        says=label("No device code"),
    ),
]
