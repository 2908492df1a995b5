"""Cases of idle_sessions_end_within_three_hours in checks/microsoft365/tenant_settings.py."""

from typing import Any

from checks.microsoft365.tenant_settings import idle_sessions_end_within_three_hours
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.idle_sessions import ActivityBasedTimeoutPolicy
from tests.builders.authentication import PORTAL_APP, timeout_policy
from tests.builders.conditional_access import guid, label, policy, session
from tests.checks.case import Case, Rows

RESTRICTED = session(applicationEnforcedRestrictions={"isEnabled": True})


def _browsers(name: str = "Browsers", **changes: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "apps": {"includeApplications": ["Office365"]},
        "clientAppTypes": ["browser"],
        "session": RESTRICTED,
    }
    return policy(name, **(defaults | changes))


def _case(name: str, expect: str, timeouts: Rows, policies: Rows, **more: Any) -> Case:
    given = {ActivityBasedTimeoutPolicy: timeouts, ConditionalAccessPolicy: policies}
    return Case(idle_sessions_end_within_three_hours, name, given=given, expect=expect, **more)


TIMEOUTS: dict[str, tuple[str, Rows]] = {
    "three hours": ("pass", [timeout_policy(("default", "03:00:00"))]),
    "three hours and a second": ("fail", [timeout_policy(("default", "03:00:01"))]),
    "the portal's entry first": (
        "pass",
        [timeout_policy((PORTAL_APP, "00:15:00"), ("default", "01:00:00"))],
    ),
    "the portal's entry only": ("fail", [timeout_policy((PORTAL_APP, "00:15:00"))]),
    "letter case": ("pass", [timeout_policy(("Default", "01:00:00"))]),
    "not the organisation's default": ("fail", [timeout_policy(isOrganizationDefault=False)]),
    "one day": ("fail", [timeout_policy(("default", "1.00:00:00"))]),
    "no days and two hours": ("pass", [timeout_policy(("default", "0.02:00:00"))]),
    "zero": ("fail", [timeout_policy(("default", "00:00:00"))]),
    "garbage": ("error", [timeout_policy(("default", "soon"))]),
    "sixty minutes written as minutes": ("error", [timeout_policy(("default", "00:60:00"))]),
    "not JSON": ("error", [timeout_policy(definition=["{"])]),
    "JSON of another shape": ("error", [timeout_policy(definition=["[]"])]),
    "not JSON, but another policy is good": (
        "pass",
        [timeout_policy(definition=["{"]), timeout_policy()],
    ),
    "not JSON, and not in force": (
        "fail",
        [timeout_policy(definition=["{"], isOrganizationDefault=False)],
    ),
    "an unwrapped list": ("pass", [timeout_policy(definition=timeout_policy()["definition"][0])]),
    "an empty definition": ("fail", [timeout_policy(definition=[])]),
    "two policies, the second good": (
        "pass",
        [timeout_policy(("default", "08:00:00")), timeout_policy()],
    ),
    "no policy": ("fail", []),
}
CASES = [
    _case(name, expect, timeouts, [_browsers()]) for name, (expect, timeouts) in TIMEOUTS.items()
]
POLICIES: dict[str, tuple[str, Rows]] = {
    "report-only": ("fail", [_browsers(state="enabledForReportingButNotEnforced")]),
    "browsers and apps": (
        "fail",
        [_browsers(clientAppTypes=["browser", "mobileAppsAndDesktopClients"])],
    ),
    "every client": ("fail", [_browsers(clientAppTypes=["all"])]),
    "one group": (
        "fail",
        [_browsers(users={"includeUsers": [], "includeGroups": [guid("staff")]})],
    ),
    "every resource": ("fail", [_browsers(apps={"includeApplications": ["All"]})]),
    "Office 365 and another": (
        "fail",
        [_browsers(apps={"includeApplications": ["Office365", guid("app")]})],
    ),
    "restrictions are off": (
        "fail",
        [_browsers(session=session(applicationEnforcedRestrictions={"isEnabled": False}))],
    ),
    "no restrictions": ("fail", [_browsers(session=None)]),
    "whom it leaves out does not matter": (
        "pass",
        [
            _browsers(
                users={"excludeGroups": [guid("large")]},
                platforms={"includePlatforms": ["all"], "excludePlatforms": ["iOS"]},
                locations={"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
            )
        ],
    ),
    "a second policy is good": ("pass", [_browsers("Old", state="disabled"), _browsers()]),
    "whether restrictions are on is absent": (
        "error",
        [_browsers(session=session(applicationEnforcedRestrictions={}))],
    ),
    "no policy": ("fail", []),
}
CASES += [
    _case(f"enforcement: {name}", expect, [timeout_policy()], policies)
    for name, (expect, policies) in POLICIES.items()
]
CASES += [
    _case(
        "both are wrong, and both are named",
        "fail",
        [timeout_policy(("default", "08:00:00"))],
        [_browsers(state="disabled")],
        affected=["Idle sessions", label("Browsers")],
    ),
]
CASES += [
    _case(
        f"{dataset.key} was not read: {status}",
        "error",
        [timeout_policy()],
        [_browsers()],
        unread={dataset: status},
    )
    for dataset in (ActivityBasedTimeoutPolicy, ConditionalAccessPolicy)
    for status in ("denied", "partial", "other")
]
CASES += [
    _case(
        "time-outs were not read, and nothing enforces them",
        "fail",
        [],
        [],
        unread={ActivityBasedTimeoutPolicy: "denied"},
        affected=["Conditional Access"],
    ),
]
