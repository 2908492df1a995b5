"""Cases of the authentication methods policy in checks/entra/authentication_methods.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from checks.entra.authentication_methods import (
    authenticator_fatigue_protection_on,
    system_preferred_mfa_enabled,
    weak_auth_methods_disabled,
)
from evidence.authentication import AuthenticationMethodsPolicy
from evidence.conditional_access import ReferencedGroup
from tests.builders.authentication import (
    authenticator,
    email,
    feature,
    features,
    method,
    methods_policy,
    preferences,
    target,
)
from tests.builders.conditional_access import group, guid, registered
from tests.checks.case import Case

PILOT = guid("Pilot")
NOBODY_OUTSIDE = {"exclusion_allowance": 0}
LOCATION = "displayLocationInformationRequiredState"


def _cases(judge: Any, table: Mapping[str, tuple[str, Mapping[str, Any]]]) -> list[Case]:
    return [
        Case(judge, name, given={AuthenticationMethodsPolicy: [row]}, expect=expect)
        for name, (expect, row) in table.items()
    ]


def _authenticator(**changes: Any) -> dict[str, Any]:
    return methods_policy(authenticator(**changes))


def _features(**changes: Any) -> dict[str, Any]:
    return _authenticator(featureSettings=features(**changes))


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


V1_FEATURES = _without(features(), "numberMatchingRequiredState")
CASES = _cases(
    authenticator_fatigue_protection_on,
    {
        "all on, for everyone": ("pass", methods_policy()),
        "number matching is not in the answer": (
            "pass",
            _authenticator(featureSettings=V1_FEATURES),
        ),
        "number matching is null": ("pass", _features(numberMatchingRequiredState=None)),
        "number matching by default": (
            "pass",
            _features(numberMatchingRequiredState=feature("default")),
        ),
        "number matching is off": (
            "fail",
            _features(numberMatchingRequiredState=feature("disabled")),
        ),
        "location by default": ("fail", _features(**{LOCATION: feature("default")})),
        "location in a word that nobody knows": (
            "fail",
            _features(**{LOCATION: feature("unknownFutureValue")}),
        ),
        "application is off": (
            "fail",
            _features(displayAppInformationRequiredState=feature("disabled")),
        ),
        "location for a pilot group": (
            "fail",
            _features(**{LOCATION: feature(includeTarget=target(PILOT))}),
        ),
        "location is not in the answer": (
            "error",
            _authenticator(featureSettings=_without(features(), LOCATION)),
        ),
        "no features at all": ("error", _authenticator(featureSettings=None)),
        "the method for a pilot group": ("fail", _authenticator(includeTargets=[target(PILOT)])),
        "the method for one user": ("fail", _authenticator(includeTargets=[target(PILOT, "user")])),
        "the method in a state that nobody knows": ("fail", _authenticator(state="paused")),
        "the method for a single target, unwrapped": (
            "pass",
            _authenticator(includeTargets=target()),
        ),
        "everyone is left out": ("fail", _authenticator(excludeTargets=[target()])),
        "another id in lower case": ("pass", _authenticator(id="microsoftauthenticator")),
        "no such method": ("error", methods_policy(method("Sms"))),
        "methods that are no list": (
            "error",
            methods_policy(authenticationMethodConfigurations=True),
        ),
        "no method at all": ("error", methods_policy(authenticationMethodConfigurations=[])),
        "the list is absent": (
            "error",
            _without(methods_policy(), "authenticationMethodConfigurations"),
        ),
        "the method twice, and different": (
            "error",
            methods_policy(authenticator(), authenticator(state="disabled")),
        ),
        "the method is off": ("not_applicable", _authenticator(state="disabled")),
        "the method is off, and nothing is said about migration": (
            "not_applicable",
            _without(_authenticator(state="disabled"), "policyMigrationState"),
        ),
        "the method is off, but legacy settings apply": (
            "fail",
            methods_policy(
                authenticator(state="disabled"), policyMigrationState="migrationInProgress"
            ),
        ),
    },
)


def _left_out(judge: Any, row: Mapping[str, Any], *targets: Mapping[str, Any]) -> list[Case]:
    """The same exclusions for both checks that allow a few."""

    def case(name: str, expect: str, groups: Sequence[Any] = (), **more: Any) -> Case:
        given = {AuthenticationMethodsPolicy: [row], ReferencedGroup: groups}
        return Case(judge, f"a group is left out, {name}", given=given, expect=expect, **more)

    allowed = registered("group", PILOT)
    return [
        case("of five", "pass", [group("Pilot", 5)], says="Review"),
        case("of six", "fail", [group("Pilot", 6)]),
        case("of six, registered", "pass", [group("Pilot", 6)], parameters=allowed),
        case(
            "registered for another check",
            "fail",
            [group("Pilot", 6)],
            parameters=registered("group", PILOT, checks=["ca_legacy_auth_blocked"]),
        ),
        case("whose size was refused", "error", [group("Pilot", None, status=403)]),
        case("and no size was read", "error", unread={ReferencedGroup: "denied"}),
        case("that no longer exists", "pass", [group("Pilot", None, status=404)]),
        case("where nobody may be", "fail", [group("Pilot", 1)], parameters=NOBODY_OUTSIDE),
    ]


CASES += _left_out(
    authenticator_fatigue_protection_on, _authenticator(excludeTargets=[target(PILOT)])
)
CASES += [
    Case(
        authenticator_fatigue_protection_on,
        "a feature leaves out a large group",
        given={
            AuthenticationMethodsPolicy: [
                _features(**{LOCATION: feature(excludeTarget=target(PILOT))})
            ],
            ReferencedGroup: [group("Pilot", 40)],
        },
        expect="fail",
        affected=["MicrosoftAuthenticator"],
    ),
    Case(
        authenticator_fatigue_protection_on,
        "a proven shortfall beside a group of unknown size",
        given={
            AuthenticationMethodsPolicy: [
                _authenticator(
                    excludeTargets=[target(PILOT)],
                    featureSettings=features(**{LOCATION: feature("default")}),
                )
            ]
        },
        expect="fail",
    ),
]
CASES += _cases(
    weak_auth_methods_disabled,
    {
        "all three off": ("pass", methods_policy()),
        "e-mail on, as it comes": (
            "fail",
            methods_policy(method("Sms"), method("Voice"), email("enabled")),
        ),
        "SMS on for one group": (
            "fail",
            methods_policy(
                method("Sms", "enabled", includeTargets=[target(PILOT)]), method("Voice"), email()
            ),
        ),
        "voice in a state that nobody knows": (
            "fail",
            methods_policy(method("Sms"), method("Voice", "limited"), email()),
        ),
        "ids in lower case": (
            "pass",
            methods_policy(method("sms"), method("voice"), method("email")),
        ),
        "no entry for voice": ("error", methods_policy(method("Sms"), email())),
        "methods that are no list": (
            "error",
            methods_policy(authenticationMethodConfigurations=True),
        ),
        "no entry for voice, and e-mail on": (
            "fail",
            methods_policy(method("Sms"), email("enabled")),
        ),
        "an empty list": ("error", methods_policy(authenticationMethodConfigurations=[])),
        "the list is null": ("error", methods_policy(authenticationMethodConfigurations=None)),
        "no state": (
            "error",
            methods_policy(method("Sms"), _without(method("Voice"), "state"), email()),
        ),
        "SMS once off and once on": (
            "fail",
            methods_policy(method("Sms"), method("Sms", "enabled"), method("Voice"), email()),
        ),
    },
)
CASES += [
    Case(
        weak_auth_methods_disabled,
        "legacy settings still apply",
        given={AuthenticationMethodsPolicy: [methods_policy(policyMigrationState="preMigration")]},
        expect="pass",
        says="legacy MFA and SSPR",
    ),
    Case(
        weak_auth_methods_disabled,
        "codes for guests are shown and do not decide",
        given={AuthenticationMethodsPolicy: [methods_policy()]},
        expect="pass",
        says="guests: default",
    ),
]


def _preferred(*args: Any, **changes: Any) -> dict[str, Any]:
    return methods_policy(systemCredentialPreferences=preferences(*args, **changes))


CASES += _cases(
    system_preferred_mfa_enabled,
    {
        "on for everyone": ("pass", methods_policy()),
        "by default": ("fail", _preferred("default")),
        "off": ("fail", _preferred("disabled")),
        "a pilot group": ("fail", _preferred(includeTargets=[target(PILOT)])),
        "everyone and a pilot group": (
            "pass",
            _preferred(includeTargets=[target(PILOT), target()]),
        ),
        "nobody": ("fail", _preferred(includeTargets=[])),
        "an answer of v1.0": ("error", _without(methods_policy(), "systemCredentialPreferences")),
        "null": ("error", methods_policy(systemCredentialPreferences=None)),
        "five users left out": (
            "pass",
            _preferred(excludeTargets=[target(guid(str(n)), "user") for n in range(5)]),
        ),
        "six users left out": (
            "fail",
            _preferred(excludeTargets=[target(guid(str(n)), "user") for n in range(6)]),
        ),
    },
)
CASES += _left_out(system_preferred_mfa_enabled, _preferred(excludeTargets=[target(PILOT)]))
for judge in (
    authenticator_fatigue_protection_on,
    weak_auth_methods_disabled,
    system_preferred_mfa_enabled,
):
    nothing: dict[Any, Any] = {AuthenticationMethodsPolicy: []}
    CASES += [Case(judge, "the read returned nothing", given=nothing, expect="error")]
    CASES += [
        Case(
            judge,
            f"the policy was not read: {status}",
            given=nothing,
            unread={AuthenticationMethodsPolicy: status},
            expect="error",
        )
        for status in ("denied", "throttled", "other")
    ]
