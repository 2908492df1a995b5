"""What every Conditional Access check has in common: reads, licences, states, narrowings."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from checks.entra import conditional_access as ca
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.licences import SubscribedSku
from tests.builders.conditional_access import (
    access,
    admin_sessions,
    device_code_block,
    device_policy,
    enrolment_policy,
    guid,
    label,
    legacy_block,
    licences,
    mfa_policy,
    policy,
    resistant_policy,
    security_info_policy,
    sign_in_risk_block,
    sign_in_risk_policy,
    user_risk_policy,
)
from tests.checks.case import Case

Build = Callable[..., dict[str, Any]]
GOOD: Mapping[Any, Build] = {
    ca.ca_admin_mfa_required: mfa_policy,
    ca.ca_all_users_mfa_required: mfa_policy,
    ca.ca_legacy_auth_blocked: legacy_block,
    ca.ca_admin_sessions_limited: admin_sessions,
    ca.ca_admin_phishing_resistant_mfa_required: resistant_policy,
    ca.ca_user_risk_remediated: user_risk_policy,
    ca.ca_sign_in_risk_mfa_required: sign_in_risk_policy,
    ca.ca_sign_in_risk_blocked: sign_in_risk_block,
    ca.ca_managed_device_required: device_policy,
    ca.ca_security_info_needs_managed_device: security_info_policy,
    ca.ca_intune_enrolment_reauthenticates: enrolment_policy,
    ca.ca_device_code_flow_blocked: device_code_block,
}
RISK = (
    ca.ca_user_risk_remediated,
    ca.ca_sign_in_risk_mfa_required,
    ca.ca_sign_in_risk_blocked,
)
NARROWINGS: Mapping[str, dict[str, Any]] = {
    "trusted locations are left out": {
        "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}
    },
    "it holds at one location": {
        "locations": {"includeLocations": [guid("office")], "excludeLocations": []}
    },
    "it holds on Windows": {"platforms": {"includePlatforms": ["windows"], "excludePlatforms": []}},
    "it leaves out Linux": {
        "platforms": {"includePlatforms": ["all"], "excludePlatforms": ["linux"]}
    },
    "a device filter is set": {
        "devices": {"deviceFilter": {"mode": "exclude", "rule": "device.isCompliant -eq True"}}
    },
    "insider risk is a condition": {"insiderRiskLevels": "elevated"},
    "agent risk is a condition": {"agentIdRiskLevels": ["high"]},
    "a condition is set that nobody knows": {"moonPhases": {"includePhases": ["full"]}},
    "only phones are reached": {"clientAppTypes": ["mobileAppsAndDesktopClients"]},
}
HARMLESS: Mapping[str, dict[str, Any]] = {
    "all platforms are named": {"platforms": {"includePlatforms": ["all"], "excludePlatforms": []}},
    "all locations are named": {"locations": {"includeLocations": ["All"], "excludeLocations": []}},
    "empty conditions that nobody knows": {"moonPhases": {"@odata.type": "x", "include": []}},
    "an empty device condition": {"devices": {"deviceFilter": None, "includeDevices": []}},
}


def _broken(build: Build, **changes: Any) -> dict[str, Any]:
    return build("Broken") | {"conditions": "unreadable"} | changes


TENANTS: Mapping[str, tuple[str, Callable[[Build], Any]]] = {
    "a good policy": ("pass", lambda build: access(build())),
    "a disabled copy, and a good policy twice": (
        "pass",
        lambda build: access(build("Copy", state="disabled"), build(), build()),
    ),
    "its name says nothing": ("pass", lambda build: access(build("Block everything"))),
    "report-only": (
        "fail",
        lambda build: access(build(state="enabledForReportingButNotEnforced")),
    ),
    "disabled": ("fail", lambda build: access(build(state="disabled"))),
    "no policies, but the licence": ("fail", lambda build: access()),
    "no policies, and no licence for them": (
        "not_applicable",
        lambda build: access(skus=licences("INTUNE")),
    ),
    "no policies, and not a single product": ("error", lambda build: access(skus=[])),
    "a good policy that the inventory does not explain": (
        "pass",
        lambda build: access(build(), skus=licences("INTUNE")),
    ),
    "one policy for workloads, and one for nobody": (
        "fail",
        lambda build: access(
            build(clientApplications={"includeServicePrincipals": ["All"]}),
            build("Nobody", users={"includeUsers": ["None"]}),
        ),
    ),
    "only the policies were read": ("pass", lambda build: {ConditionalAccessPolicy: [build()]}),
    "the only policy cannot be read": ("error", lambda build: access(_broken(build))),
    "another policy cannot be read": ("pass", lambda build: access(_broken(build), build())),
    "a policy that cannot be read is off": (
        "fail",
        lambda build: access(_broken(build, state="disabled")),
    ),
    "PascalCase names": ("pass", lambda build: access(_pascal(build()))),
}
UNREAD: Mapping[str, tuple[str, str, Callable[[Build], Any]]] = {
    "refused for want of a licence that is not there": (
        "not_applicable",
        "unlicensed",
        lambda build: access(skus=licences("INTUNE")),
    ),
    "refused for want of a licence that is there": (
        "error",
        "unlicensed",
        lambda build: access(),
    ),
    "a good part of the policies": ("error", "partial", lambda build: access(build())),
} | {
    f"{status}, licensed or not": (
        "error",
        status,
        lambda build: access(skus=licences("INTUNE")),
    )
    for status in ("denied", "throttled", "timeout", "other")
}


def _tenants(judge: Any, build: Build) -> Iterator[Case]:
    for name, (expect, given) in TENANTS.items():
        yield Case(judge, name, given=given(build), expect=expect)
    for name, (expect, status, given) in UNREAD.items():
        yield Case(
            judge,
            f"the policies were not read: {name}",
            given=given(build),
            unread={ConditionalAccessPolicy: status},
            expect=expect,
        )
    yield Case(
        judge,
        "no policies, and the licences were not read",
        given=access(),
        unread={SubscribedSku: "denied"},
        expect="fail",
        affected=["Conditional Access"],
    )


def _pascal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _pascal(item) for key, item in value.items()}
    return value


def _conditions(judge: Any, build: Build) -> Iterator[Case]:
    fails = dict(NARROWINGS)
    fails["both kinds of risk"] = {"signInRiskLevels": ["high"], "userRiskLevels": ["high"]}
    if judge not in RISK:
        fails["sign-in risk is a condition"] = {"signInRiskLevels": ["high"]}
    if judge is ca.ca_legacy_auth_blocked:
        del fails["only phones are reached"]
    unknown = _same_users(build) | {"excludeRobots": ["r2"]}
    group = {"includeUsers": [], "includeGroups": [guid("everybody")]}
    fails["an unknown name among the users"] = {"users": unknown}
    fails["a group of everybody is not everybody"] = {"users": group}
    for name, changes in fails.items():
        given = access(build("Narrow", **changes))
        yield Case(judge, name, given=given, expect="fail", affected=[label("Narrow")])
    for name, changes in HARMLESS.items():
        yield Case(judge, name, given=access(build(**changes)), expect="pass")


def _same_users(build: Build) -> dict[str, Any]:
    users: dict[str, Any] = build()["conditions"]["users"]
    return users


def _resources(judge: Any, build: Build) -> Iterator[Case]:
    if judge is ca.ca_security_info_needs_managed_device:
        return
    yield Case(
        judge,
        "Office 365 only",
        given=access(build("Office", apps={"includeApplications": ["Office365"]})),
        expect="fail",
        affected=[label("Office")],
    )
    yield Case(
        judge,
        "targets nothing",
        given=access(build(apps={"includeApplications": ["None"]})),
        expect="fail",
    )
    rule = {"mode": "exclude", "rule": 'CustomSecurityAttribute.x -eq "y"'}
    yield Case(
        judge,
        "resources are filtered by an attribute",
        given=access(build(apps={"applicationFilter": rule})),
        expect="fail",
    )


CASES = [
    case
    for judge, build in GOOD.items()
    for part in (_tenants, _conditions, _resources)
    for case in part(judge, build)
]
CASES += [
    Case(
        judge,
        "no P2, no risk policy, but other policies",
        given=access(mfa_policy(), skus=licences("P1")),
        expect="not_applicable",
        says="Entra ID P2",
    )
    for judge in RISK
]
CASES += [
    Case(
        judge,
        "no P2 in the inventory, but a risk policy in report-only",
        given=access(
            policy(userRiskLevels=["high"], state="enabledForReportingButNotEnforced"),
            skus=licences("P1"),
        ),
        expect="fail",
    )
    for judge in RISK
]
