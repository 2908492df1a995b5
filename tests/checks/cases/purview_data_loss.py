"""Cases of checks/purview/data_loss.py."""

from checks.purview.data_loss import dlp_policy_enforced, dlp_policy_teams_enforced
from evidence.licences import SubscribedSku
from evidence.purview import DlpPolicy, DlpRule
from tests.builders.licences import plan, sku
from tests.builders.purview import dlp_policy, dlp_rule
from tests.checks.case import Case

_NO_PLACE = {
    "ExchangeLocation": [],
    "SharePointLocation": [],
    "OneDriveLocation": [],
    "TeamsLocation": [],
}
_LICENSED = [sku(plan("EXCHANGE_S_ENTERPRISE", "efb87545-963c-4e0d-99df-69c6916d9eb0"))]
_BASIC = [sku(plan("EXCHANGE_S_STANDARD", "9aaf7827-d63c-4b61-89c3-182f06f82e5c"))]
_BOARD = {"id": "Board", "reason": "r", "approved_by": "a", "expires": "2026-12-31"}

CASES = [
    Case(
        dlp_policy_enforced,
        "one enforced policy",
        given={DlpPolicy: [dlp_policy()], DlpRule: [dlp_rule()]},
        expect="pass",
        says="Enabled rules of Finance: Card numbers",
    ),
    Case(
        dlp_policy_enforced,
        "locations as objects, adaptive scopes absent",
        given={
            DlpPolicy: [
                {
                    key: value
                    for key, value in dlp_policy(
                        **_NO_PLACE | {"ExchangeLocation": [{"Name": "All"}]}
                    ).items()
                    if not key.endswith("AdaptiveScopes")
                }
            ],
            DlpRule: [dlp_rule()],
        },
        expect="pass",
    ),
    Case(
        dlp_policy_enforced,
        "an adaptive scope alone covers",
        given={
            DlpPolicy: [dlp_policy(**_NO_PLACE, SharePointAdaptiveScopes=["HR sites"])],
            DlpRule: [dlp_rule()],
        },
        expect="pass",
    ),
    Case(
        dlp_policy_enforced,
        "only in test mode",
        given={
            DlpPolicy: [
                dlp_policy(Mode="TestWithNotifications"),
                dlp_policy(Name="Old", Mode="Disable", Enabled=False),
            ],
            DlpRule: [dlp_rule(), dlp_rule(ParentPolicyName="Old")],
        },
        expect="fail",
        affected=["Finance", "Old"],
    ),
    Case(
        dlp_policy_enforced,
        "no policy in a licensed tenant",
        given={DlpPolicy: [], DlpRule: [], SubscribedSku: _LICENSED},
        expect="fail",
    ),
    Case(
        dlp_policy_enforced,
        "enforced but its only rule is disabled",
        given={DlpPolicy: [dlp_policy()], DlpRule: [dlp_rule(Disabled=True)]},
        expect="fail",
    ),
    Case(
        dlp_policy_enforced,
        "one rule of two is enabled",
        given={
            DlpPolicy: [dlp_policy()],
            DlpRule: [dlp_rule(Name="Off", Disabled=True), dlp_rule()],
        },
        expect="pass",
    ),
    Case(
        dlp_policy_enforced,
        "the enabled rule belongs to another policy",
        given={DlpPolicy: [dlp_policy()], DlpRule: [dlp_rule(ParentPolicyName="Other")]},
        expect="fail",
    ),
    Case(
        dlp_policy_enforced,
        "endpoints only, although the workload names Exchange",
        given={
            DlpPolicy: [dlp_policy(**_NO_PLACE, EndpointDlpLocation=["All"])],
            DlpRule: [dlp_rule()],
        },
        expect="fail",
    ),
    Case(
        dlp_policy_enforced,
        "there is no mode called Enforce",
        given={DlpPolicy: [dlp_policy(Mode="Enforce")], DlpRule: [dlp_rule()]},
        expect="fail",
    ),
    Case(
        dlp_policy_enforced,
        "switched off although its mode says enable",
        given={DlpPolicy: [dlp_policy(Enabled=False)], DlpRule: [dlp_rule()]},
        expect="fail",
    ),
    Case(
        dlp_policy_enforced,
        "no policy and no plan",
        given={DlpPolicy: [], DlpRule: [], SubscribedSku: _BASIC},
        expect="not_applicable",
    ),
    Case(
        dlp_policy_enforced,
        "the read is refused and there is no plan",
        given={SubscribedSku: _BASIC},
        unread={DlpPolicy: "missing-cmdlet", DlpRule: "missing-cmdlet"},
        expect="not_applicable",
    ),
    Case(
        dlp_policy_enforced,
        "the policies are denied",
        given={DlpRule: [dlp_rule()], SubscribedSku: _LICENSED},
        unread={DlpPolicy: "denied"},
        expect="error",
    ),
    Case(
        dlp_policy_enforced,
        "the rules are denied",
        given={DlpPolicy: [dlp_policy()]},
        unread={DlpRule: "denied"},
        expect="error",
        says="permission denied",
    ),
    Case(
        dlp_policy_enforced,
        "the rules are denied but no policy is enforced anyway",
        given={DlpPolicy: [dlp_policy(Mode="Disable")]},
        unread={DlpRule: "denied"},
        expect="fail",
    ),
    Case(
        dlp_policy_enforced,
        "a part of the policies, none enforced",
        given={DlpPolicy: [dlp_policy(Mode="Disable")], DlpRule: [dlp_rule()]},
        unread={DlpPolicy: "partial"},
        expect="error",
    ),
    Case(
        dlp_policy_enforced,
        "the only policy does not say its mode",
        given={DlpPolicy: [dlp_policy(Mode=None)], DlpRule: [dlp_rule()]},
        expect="error",
    ),
    Case(
        dlp_policy_teams_enforced,
        "on for all of Teams",
        given={
            DlpPolicy: [dlp_policy(**_NO_PLACE | {"TeamsLocation": ["All"]}, Workload="Teams")],
            DlpRule: [dlp_rule()],
        },
        expect="pass",
    ),
    Case(
        dlp_policy_teams_enforced,
        "one user only",
        given={DlpPolicy: [dlp_policy(TeamsLocation=["a@x"])], DlpRule: [dlp_rule()]},
        expect="fail",
        affected=["Finance"],
    ),
    Case(
        dlp_policy_teams_enforced,
        "an adaptive scope is not all",
        given={
            DlpPolicy: [dlp_policy(TeamsLocation=[], TeamsAdaptiveScopes=["Everybody"])],
            DlpRule: [dlp_rule()],
        },
        expect="fail",
    ),
    Case(
        dlp_policy_teams_enforced,
        "an exception nobody approved",
        given={DlpPolicy: [dlp_policy(TeamsLocationException=["Board"])], DlpRule: [dlp_rule()]},
        expect="fail",
    ),
    Case(
        dlp_policy_teams_enforced,
        "an approved exception",
        given={
            DlpPolicy: [dlp_policy(TeamsLocationException=[{"Name": "Board"}])],
            DlpRule: [dlp_rule()],
        },
        parameters={"approved_exceptions": {"dlp_policy_teams_enforced": [_BOARD]}},
        expect="pass",
    ),
    Case(
        dlp_policy_teams_enforced,
        "the approval has expired",
        given={DlpPolicy: [dlp_policy(TeamsLocationException="Board")], DlpRule: [dlp_rule()]},
        parameters={
            "approved_exceptions": {
                "dlp_policy_teams_enforced": [_BOARD | {"expires": "2026-05-03"}]
            }
        },
        expect="fail",
    ),
    Case(
        dlp_policy_teams_enforced,
        "test mode",
        given={DlpPolicy: [dlp_policy(Mode="TestWithoutNotifications")], DlpRule: [dlp_rule()]},
        expect="fail",
    ),
    Case(
        dlp_policy_teams_enforced,
        "one good policy beside one in test mode",
        given={
            DlpPolicy: [dlp_policy(Name="Next", Mode="TestWithNotifications"), dlp_policy()],
            DlpRule: [dlp_rule()],
        },
        expect="pass",
    ),
    Case(
        dlp_policy_teams_enforced,
        "the workload names Teams but no location does",
        given={
            DlpPolicy: [dlp_policy(TeamsLocation=[])],
            DlpRule: [dlp_rule()],
            SubscribedSku: [
                sku(plan("COMMUNICATIONS_DLP", "6dc145d6-95dd-4191-b9c3-185575ee6f6b"))
            ],
        },
        expect="fail",
    ),
    Case(
        dlp_policy_teams_enforced,
        "no policy for Teams and no plan for it",
        given={
            DlpPolicy: [dlp_policy(TeamsLocation=[])],
            DlpRule: [dlp_rule()],
            SubscribedSku: _LICENSED,
        },
        expect="not_applicable",
    ),
    Case(
        dlp_policy_teams_enforced,
        "a bad policy for Teams is judged without the plan",
        given={
            DlpPolicy: [dlp_policy(Mode="Disable")],
            DlpRule: [dlp_rule()],
            SubscribedSku: _LICENSED,
        },
        expect="fail",
    ),
    Case(
        dlp_policy_teams_enforced,
        "denied",
        given={},
        unread={DlpPolicy: "denied", DlpRule: "denied"},
        expect="error",
    ),
]
