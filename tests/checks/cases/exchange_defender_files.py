"""Cases of files and of Teams messages in checks/exchange/defender.py."""

from typing import Any

from checks.exchange.defender import (
    safe_attachments_for_files_on,
    teams_zero_hour_purge_on,
)
from evidence.licences import SubscribedSku
from evidence.mail_protection import (
    FileProtectionPolicy,
    TeamsProtectionPolicy,
)
from evidence.mail_rules import (
    TeamsProtectionRule,
)
from tests.builders.protection import (
    PLAN_1,
    PLAN_2,
    UNLICENSED,
    file_protection,
    teams_protection,
    teams_protection_rule,
)
from tests.checks.case import Case, Rows
from tests.checks.cases.exchange_defender import Given

APPROVED = {
    "approved_exceptions": {
        "teams_zero_hour_purge_on": [
            {"id": "research", "reason": "r", "approved_by": "a", "expires": "2027-01-01"}
        ]
    }
}

EXPIRED = {
    "approved_exceptions": {
        "teams_zero_hour_purge_on": [
            {"id": "Research", "reason": "r", "approved_by": "a", "expires": "2026-05-03"}
        ]
    }
}


def files(policy: dict[str, Any], skus: Rows = PLAN_2) -> Given:
    return {FileProtectionPolicy: [policy], SubscribedSku: skus}


FILES = [
    Case(
        safe_attachments_for_files_on,
        "all three as recommended",
        given=files(file_protection()),
        expect="pass",
    ),
    Case(
        safe_attachments_for_files_on,
        "an identity with the tenant before a backslash",
        given=files(file_protection(Identity="contoso.onmicrosoft.com\\Default")),
        expect="pass",
    ),
    Case(
        safe_attachments_for_files_on,
        "files are not scanned",
        given=files(file_protection(EnableATPForSPOTeamsODB=False)),
        expect="fail",
        affected=["Default"],
    ),
    Case(
        safe_attachments_for_files_on,
        "people may click through",
        given=files(file_protection(AllowSafeDocsOpen=True)),
        expect="fail",
        says="can be bypassed",
    ),
    Case(
        safe_attachments_for_files_on,
        "only Safe Documents is wanting, and the tenant does not own it",
        given=files(file_protection(EnableSafeDocs=False), PLAN_1),
        expect="not_applicable",
    ),
    Case(
        safe_attachments_for_files_on,
        "files are not scanned in a tenant without Safe Documents",
        given=files(file_protection(EnableATPForSPOTeamsODB=False, EnableSafeDocs=False), PLAN_1),
        expect="fail",
    ),
    Case(
        safe_attachments_for_files_on,
        "an unread inventory applies no gate",
        given={FileProtectionPolicy: [file_protection(EnableSafeDocs=False)]},
        unread={SubscribedSku: "denied"},
        expect="fail",
    ),
    Case(
        safe_attachments_for_files_on,
        "null",
        given=files(file_protection(EnableSafeDocs=None)),
        expect="error",
    ),
    Case(
        safe_attachments_for_files_on,
        "empty with the plan",
        given={FileProtectionPolicy: [], SubscribedSku: PLAN_1},
        expect="error",
    ),
    Case(
        safe_attachments_for_files_on,
        "the command is missing without the plan",
        given={SubscribedSku: UNLICENSED},
        unread={FileProtectionPolicy: "missing-cmdlet"},
        expect="not_applicable",
    ),
    Case(
        safe_attachments_for_files_on,
        "the command is missing with the plan",
        given={SubscribedSku: PLAN_1},
        unread={FileProtectionPolicy: "missing-cmdlet"},
        expect="error",
    ),
]


def teams(*policies: dict[str, Any], rules: Rows = (), skus: Rows = PLAN_2) -> Given:
    return {TeamsProtectionPolicy: policies, TeamsProtectionRule: rules, SubscribedSku: skus}


RESEARCH = teams_protection_rule(ExceptIfSentToMemberOf=["Research"])

TEAMS = [
    Case(
        teams_zero_hour_purge_on,
        "on, without a rule",
        given=teams(teams_protection()),
        expect="pass",
    ),
    Case(
        teams_zero_hour_purge_on,
        "on, with a rule that excepts nobody",
        given=teams(teams_protection(), rules=[teams_protection_rule()]),
        expect="pass",
    ),
    Case(
        teams_zero_hour_purge_on,
        "off",
        given=teams(teams_protection(ZapEnabled=False)),
        expect="fail",
        affected=["Teams Protection Policy"],
    ),
    Case(
        teams_zero_hour_purge_on,
        "an exception nobody approved",
        given=teams(teams_protection(), rules=[RESEARCH]),
        expect="fail",
        affected=["Teams Protection Policy Rule"],
    ),
    Case(
        teams_zero_hour_purge_on,
        "an approved exception",
        given=teams(teams_protection(), rules=[RESEARCH]),
        parameters=APPROVED,
        expect="pass",
        says="1 approved exceptions",
    ),
    Case(
        teams_zero_hour_purge_on,
        "an approval that ran out yesterday",
        given=teams(teams_protection(), rules=[RESEARCH]),
        parameters=EXPIRED,
        expect="fail",
    ),
    Case(
        teams_zero_hour_purge_on,
        "one of two exceptions is approved",
        given=teams(teams_protection(), rules=[RESEARCH | {"ExceptIfSentTo": ["ceo@contoso.com"]}]),
        parameters=APPROVED,
        expect="fail",
    ),
    Case(
        teams_zero_hour_purge_on,
        "null is neither on nor off",
        given=teams(teams_protection(ZapEnabled=None)),
        expect="error",
    ),
    Case(
        teams_zero_hour_purge_on,
        "no policy with the plan",
        given=teams(),
        expect="error",
    ),
    Case(
        teams_zero_hour_purge_on,
        "no policy without the plan",
        given=teams(skus=PLAN_1),
        expect="not_applicable",
    ),
    Case(
        teams_zero_hour_purge_on,
        "the command is missing with the plan",
        given={SubscribedSku: PLAN_2},
        unread={TeamsProtectionPolicy: "missing-cmdlet", TeamsProtectionRule: "missing-cmdlet"},
        expect="error",
    ),
    Case(
        teams_zero_hour_purge_on,
        "the command is missing without the plan",
        given={SubscribedSku: PLAN_1},
        unread={TeamsProtectionPolicy: "missing-cmdlet", TeamsProtectionRule: "missing-cmdlet"},
        expect="not_applicable",
    ),
    Case(
        teams_zero_hour_purge_on,
        "a policy is judged, whatever the licence says",
        given=teams(teams_protection(ZapEnabled=False), skus=PLAN_1),
        expect="fail",
    ),
    Case(
        teams_zero_hour_purge_on,
        "rules were not read",
        given=teams(teams_protection()),
        unread={TeamsProtectionRule: "denied"},
        expect="error",
    ),
]

CASES = [*FILES, *TEAMS]
