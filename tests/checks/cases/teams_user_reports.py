"""Cases of checks/teams/apps_and_reporting.py: what becomes of reported messages."""

from typing import Any

from checks.teams.apps_and_reporting import teams_user_reports_kept_internal
from evidence.licences import SubscribedSku
from evidence.mail_reporting import ReportSubmissionPolicy, ReportSubmissionRule
from evidence.teams import MessagingPolicy
from tests.builders.licences import plan, sku
from tests.builders.teams import messaging_policy, report_policy, report_rule
from tests.checks.case import Case

WITHOUT_TEAMS = [sku(plan("EXCHANGE_S_STANDARD"))]


def _reports(
    name: str,
    expect: str,
    *,
    in_teams: Any = True,
    says: str = "",
    **changes: Any,
) -> Case:
    return Case(
        teams_user_reports_kept_internal,
        name,
        given={
            MessagingPolicy: [messaging_policy(AllowSecurityEndUserReporting=in_teams)],
            ReportSubmissionPolicy: [report_policy(**changes)],
            ReportSubmissionRule: [report_rule()],
        },
        expect=expect,
        says=says,
    )


CASES = [
    _reports("all set", "pass", says="soc@contoso.example"),
    _reports("reporting is off in Teams", "fail", in_teams=False),
    *(
        _reports(f"{name} is {value}", "fail", **{name: value})
        for name, expected in (
            ("EnableReportToMicrosoft", False),
            ("ReportJunkToCustomizedAddress", True),
            ("ReportNotJunkToCustomizedAddress", True),
            ("ReportPhishToCustomizedAddress", True),
            ("ReportChatMessageEnabled", False),
            ("ReportChatMessageToCustomizedAddressEnabled", True),
        )
        for value in (not expected, None)
    ),
    *(
        _reports(f"{name} is {value!r}", "fail", **{name: value})
        for name in ("ReportJunkAddresses", "ReportNotJunkAddresses", "ReportPhishAddresses")
        for value in (None, [], "", [""], [" "])
    ),
    _reports("one address, unwrapped", "pass", ReportJunkAddresses="soc@contoso.example"),
    _reports("booleans as text", "pass", EnableReportToMicrosoft="False"),
    _reports("an unreadable flag", "error", EnableReportToMicrosoft="at times"),
    _reports(
        "an unreadable flag, reports to Microsoft by chat",
        "fail",
        EnableReportToMicrosoft="at times",
        ReportChatMessageEnabled=True,
    ),
    _reports("the Teams flag is null", "error", in_teams=None),
    _reports(
        "the Teams flag is null, mail leaves", "fail", in_teams=None, EnableReportToMicrosoft=True
    ),
    Case(
        teams_user_reports_kept_internal,
        "nobody ever opened the settings page",
        given={
            MessagingPolicy: [messaging_policy()],
            ReportSubmissionPolicy: [],
            ReportSubmissionRule: [],
        },
        expect="fail",
        affected=["Report submission policy"],
    ),
    Case(
        teams_user_reports_kept_internal,
        "a property is absent",
        given={
            MessagingPolicy: [messaging_policy()],
            ReportSubmissionPolicy: [
                {
                    name: value
                    for name, value in report_policy().items()
                    if name != "ReportChatMessageEnabled"
                }
            ],
        },
        expect="error",
        says="ReportChatMessageEnabled is absent",
    ),
    Case(
        teams_user_reports_kept_internal,
        "a custom policy forbids reports",
        given={
            MessagingPolicy: [
                messaging_policy(Identity="Tag:Kiosks", AllowSecurityEndUserReporting=False),
                messaging_policy(),
            ],
            ReportSubmissionPolicy: [report_policy()],
        },
        expect="pass",
    ),
    Case(
        teams_user_reports_kept_internal,
        "only a custom policy was returned",
        given={
            MessagingPolicy: [messaging_policy(Identity="Tag:Kiosks")],
            ReportSubmissionPolicy: [report_policy()],
        },
        expect="error",
    ),
    Case(
        teams_user_reports_kept_internal,
        "Exchange was denied",
        given={MessagingPolicy: [messaging_policy()]},
        unread={ReportSubmissionPolicy: "denied"},
        expect="error",
    ),
    Case(
        teams_user_reports_kept_internal,
        "Exchange was denied and Teams has reports off",
        given={MessagingPolicy: [messaging_policy(AllowSecurityEndUserReporting=False)]},
        unread={ReportSubmissionPolicy: "denied"},
        expect="fail",
    ),
    Case(
        teams_user_reports_kept_internal,
        "Exchange was denied, Teams answered, no Teams licence",
        given={MessagingPolicy: [messaging_policy()], SubscribedSku: WITHOUT_TEAMS},
        unread={ReportSubmissionPolicy: "denied"},
        expect="error",
    ),
    Case(
        teams_user_reports_kept_internal,
        "Teams was denied",
        given={ReportSubmissionPolicy: [report_policy()]},
        unread={MessagingPolicy: "denied"},
        expect="error",
    ),
    Case(
        teams_user_reports_kept_internal,
        "Teams was denied and no report policy exists",
        given={ReportSubmissionPolicy: []},
        unread={MessagingPolicy: "denied"},
        expect="fail",
    ),
    Case(
        teams_user_reports_kept_internal,
        "Teams was denied, no Teams licence",
        given={ReportSubmissionPolicy: [report_policy()], SubscribedSku: WITHOUT_TEAMS},
        unread={MessagingPolicy: "denied"},
        expect="not_applicable",
    ),
    Case(
        teams_user_reports_kept_internal,
        "the rule was denied, which is only shown",
        given={MessagingPolicy: [messaging_policy()], ReportSubmissionPolicy: [report_policy()]},
        unread={ReportSubmissionRule: "denied"},
        expect="pass",
    ),
    Case(
        teams_user_reports_kept_internal,
        "the rule cannot be read, which is only shown",
        given={
            MessagingPolicy: [messaging_policy()],
            ReportSubmissionPolicy: [report_policy()],
            ReportSubmissionRule: [{"Name": None}],
        },
        expect="pass",
    ),
]
