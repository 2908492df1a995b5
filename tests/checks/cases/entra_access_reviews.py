"""Cases of the checks on access reviews in checks/entra/privileged_identity.py."""

from typing import Any

from checks.entra.privileged_identity import (
    guest_access_reviews_configured,
    privileged_role_access_reviews_configured,
)
from evidence.access_reviews import AccessReviewDefinition
from evidence.licences import SubscribedSku
from evidence.privileged_roles import GLOBAL_ADMINISTRATOR, REVIEWED_ROLES
from tests.builders.entra import without
from tests.builders.licences import plan, sku
from tests.builders.privileged import (
    GLOBAL_READER,
    guest_review,
    guest_scope,
    query,
    recurrence,
    role_review,
    role_scope,
    stage,
)
from tests.checks.case import Case

GOVERNANCE = [sku(plan("Entra_Identity_Governance", "e866a266-3cff-43a3-acca-0c90a7e00c8b"))]
BUSINESS_PREMIUM = [sku(plan("AAD_PREMIUM", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"))]
BOTH = (guest_access_reviews_configured, privileged_role_access_reviews_configured)
ROLES = list(REVIEWED_ROLES)
TEAMS = next(role for role, name in REVIEWED_ROLES.items() if name.startswith("Teams"))
REVIEWER = query("/users/id-of-ada")


def _case(judge: Any, name: str, expect: str, *rows: dict[str, Any], **rest: Any) -> Case:
    given = {AccessReviewDefinition: rows, SubscribedSku: rest.pop("skus", GOVERNANCE)}
    for dataset, how in rest.get("unread", {}).items():
        if how != "partial":
            given.pop(dataset)
    return Case(judge, name, given, expect, **rest)


def _guest(name: str, expect: str, **changes: Any) -> Case:
    affected = ["Guests"] if expect == "fail" else None
    return _case(
        guest_access_reviews_configured, name, expect, guest_review(**changes), affected=affected
    )


def _role(name: str, expect: str, **changes: Any) -> Case:
    """One review of all five roles."""
    affected = list(REVIEWED_ROLES.values()) if expect == "fail" else None
    row = role_review("All roles", *ROLES, **changes)
    return _case(privileged_role_access_reviews_configured, name, expect, row, affected=affected)


# Of a review of either kind: the verdict, and what differs from a good one.
SHARED: dict[str, tuple[str, dict[str, Any]]] = {
    "weekly": ("pass", {"recurrence": recurrence("weekly")}),
    "every four weeks": ("pass", {"recurrence": recurrence("weekly", 4)}),
    "every five weeks": ("fail", {"recurrence": recurrence("weekly", 5)}),
    "monthly, interval absent": ("pass", {"recurrence": recurrence(interval=None)}),
    "monthly, interval 0": ("pass", {"recurrence": recurrence(interval=0)}),
    "every two months": ("fail", {"recurrence": recurrence(interval=2)}),
    "quarterly": ("fail", {"recurrence": recurrence(interval=3)}),
    "yearly": ("fail", {"recurrence": recurrence(interval=12)}),
    "a frequency that nobody knows": ("fail", {"recurrence": recurrence("lunar")}),
    "once only": ("fail", {"recurrence": None}),
    "completed one-off": ("fail", {"status": "Completed", "recurrence": None}),
    "between two instances": ("pass", {"status": "Applied"}),
    "under way in other letters": ("pass", {"status": "INPROGRESS"}),
    "not started, begun in the past": ("pass", {"status": "NotStarted"}),
    "scheduled for later": (
        "fail",
        {"status": "Scheduled", "recurrence": recurrence(startDate="2026-05-05")},
    ),
    "scheduled for today": (
        "pass",
        {"status": "Scheduled", "recurrence": recurrence(startDate="2026-05-04")},
    ),
    "completed": ("fail", {"status": "Completed"}),
    "a status that nobody knows": ("fail", {"status": "Resting"}),
    "the series ends today": ("pass", {"recurrence": recurrence(until="2026-05-04")}),
    "the series ended yesterday": ("fail", {"recurrence": recurrence(until="2026-05-03")}),
    "a number of times": ("pass", {"recurrence": recurrence(type="numbered")}),
    "self review": ("fail", {"reviewers": []}),
    "a reviewer who is nobody": ("fail", {"reviewers": [query("")]}),
    "a reviewer in every stage": (
        "pass",
        {"reviewers": [], "stageSettings": [stage(2, REVIEWER), stage(2, REVIEWER)]},
    ),
    "a stage without a reviewer": (
        "fail",
        {"stageSettings": [stage(2, REVIEWER), stage(2)]},
    ),
    "no mail": ("fail", {"mailNotificationsEnabled": False}),
    "no reminders": ("fail", {"reminderNotificationsEnabled": False}),
    "no justification": ("fail", {"justificationRequiredOnApproval": False}),
    "decisions that nobody applies": ("fail", {"autoApplyDecisionsEnabled": False}),
    "approve by default": ("fail", {"defaultDecision": "Approve"}),
    "recommendation as default decision": ("fail", {"defaultDecision": "Recommendation"}),
    "mail neither on nor off": ("error", {"mailNotificationsEnabled": None}),
    "mail neither on nor off, and no reminders": (
        "fail",
        {"mailNotificationsEnabled": None, "reminderNotificationsEnabled": False},
    ),
}

GUESTS = [
    _guest("monthly, deny, everything on", "pass"),
    *(_guest(name, expect, **changes) for name, (expect, changes) in SHARED.items()),
    _guest("silence changes nothing", "fail", defaultDecision="None"),
    _guest("deny is not enabled", "fail", defaultDecisionEnabled=False),
    _guest("a default decision that is not named", "error", defaultDecision=None),
    _guest("a long review", "pass", instanceDurationInDays=30),
    _guest(
        "encoded query",
        "pass",
        scope=guest_scope("/groups/x/members/?$filter=(userType%20eq%20'Guest')"),
    ),
    _guest(
        "query encoded with plus signs",
        "pass",
        scope=guest_scope("./members/microsoft.graph.user/?$filter=(userType+EQ+%27guest%27)"),
    ),
    _guest(
        "guests among the principals",
        "pass",
        scope={
            "@odata.type": "#microsoft.graph.principalResourceMembershipsScope",
            "principalScopes": [query("/users?$filter=(userType eq 'Guest')")],
            "resourceScopes": [query("/groups/id-of-sales")],
        },
    ),
    *(
        _case(
            guest_access_reviews_configured,
            name,
            "fail",
            guest_review(scope=scope),
            affected=["Access reviews"],
            says="No access review is for guests",
        )
        for name, scope in {
            "reviews everyone, not guests": query("/groups/x/transitiveMembers"),
            "everybody but guests": guest_scope("/users?$filter=not(userType eq 'Guest')"),
            "not guests, in other brackets": guest_scope(
                "/users?$filter=(not ((accountEnabled eq true) and userType eq 'Guest'))"
            ),
            "guests in a text": guest_scope("/users?$filter=city eq 'userType eq Guest'"),
            "another kind": guest_scope("/users?$filter=userType ne 'Guest'"),
            "inactive guests only": query(
                "/users?$filter=userType eq 'Guest'", "accessReviewInactiveUsersQueryScope"
            ),
            "inactive guests only, among the principals": {
                "@odata.type": "#microsoft.graph.principalResourceMembershipsScope",
                "principalScopes": [
                    query(
                        "/users?$filter=userType eq 'Guest'", "accessReviewInactiveUsersQueryScope"
                    )
                ],
                "resourceScopes": [query("/groups/id-of-sales")],
            },
            "no scope": None,
        }.items()
    ),
    _guest(
        "guests beside a negation",
        "pass",
        scope=guest_scope("/users?$filter=not(city eq 'Rome') and userType eq 'Guest'"),
    ),
    _case(
        guest_access_reviews_configured,
        "one good review among bad ones",
        "pass",
        guest_review("Old", status="Completed"),
        guest_review(),
        without(guest_review("Broken"), "settings"),
        says="Guests goes through /groups",
    ),
    _case(
        guest_access_reviews_configured,
        "each bad review is listed",
        "fail",
        guest_review("Old", status="Completed"),
        guest_review("Silent", defaultDecision="None"),
        affected=["Old", "Silent"],
    ),
    _case(
        guest_access_reviews_configured,
        "a review with an unreadable scope may be the one",
        "error",
        without(guest_review("Broken"), "scope"),
    ),
    _case(
        guest_access_reviews_configured,
        "a bad review with an unreadable scope is not the one",
        "fail",
        without(guest_review("Broken", status="Completed"), "scope"),
    ),
    _case(
        guest_access_reviews_configured,
        "no review at all",
        "fail",
        affected=["Access reviews"],
    ),
]


def _roles(name: str, expect: str, *rows: dict[str, Any], **rest: Any) -> Case:
    return _case(privileged_role_access_reviews_configured, name, expect, *rows, **rest)


def _one_each(*roles: str) -> list[dict[str, Any]]:
    return [role_review(f"Review {role}", role) for role in roles]


def _assignments(*kinds: str) -> dict[str, Any]:
    """The older form: one query over assignments, for principals of some types."""
    types = " or ".join(f"isof(principal,'microsoft.graph.{kind}')" for kind in kinds)
    roles = " or ".join(f"roleDefinitionId eq '{role.upper()}'" for role in ROLES)
    path = "/roleManagement/directory/roleAssignmentScheduleInstances?$expand=principal"
    return query(f"{path}&$filter=(({types}) and ({roles}))")


ROLE_REVIEWS = [
    _roles("five reviews, all good", "pass", *_one_each(*ROLES)),
    _role("one definition listing all roles", "pass"),
    *(_role(name, expect, **changes) for name, (expect, changes) in SHARED.items()),
    _roles(
        "Teams role missing",
        "fail",
        *_one_each(*(role for role in ROLES if role != TEAMS)),
        affected=["Teams Administrator"],
    ),
    _role("five days", "fail", instanceDurationInDays=5),
    _role("three stages of two days", "fail", stageSettings=[stage(2, REVIEWER)] * 3),
    _role(
        "stages are what counts",
        "pass",
        instanceDurationInDays=30,
        stageSettings=[stage(2, REVIEWER)] * 2,
    ),
    _role("deny by default", "fail", defaultDecision="Deny"),
    _role("deny that is not enabled", "pass", defaultDecision="Deny", defaultDecisionEnabled=False),
    _role("a duration that cannot be read", "error", instanceDurationInDays="a while"),
    _role("users only", "fail", scope=role_scope(*ROLES, principals=("/users",))),
    _role("groups only", "fail", scope=role_scope(*ROLES, principals=("/groups",))),
    _role(
        "service principals only",
        "fail",
        scope=role_scope(*ROLES, principals=("/servicePrincipals",)),
    ),
    _role(
        "users of one town and groups",
        "fail",
        scope=role_scope(*ROLES, principals=("/users?$filter=city eq 'Rome'", "/groups")),
    ),
    _role(
        "one user and groups",
        "fail",
        scope=role_scope(*ROLES, principals=("/users/id-of-ada", "/groups")),
    ),
    _role(
        "users with a count, groups and service principals",
        "pass",
        scope=role_scope(
            *ROLES, principals=("/users?$count=true", "/Groups/", "/servicePrincipals")
        ),
    ),
    _role(
        "inactive users and groups",
        "fail",
        scope=role_scope(*ROLES)
        | {
            "principalScopes": [
                query("/users", "accessReviewInactiveUsersQueryScope"),
                query("/groups"),
            ]
        },
    ),
    _role("no word about principals", "pass", scope=role_scope(*ROLES, principals=())),
    _role(
        "a query over assignments of users and groups", "pass", scope=_assignments("user", "group")
    ),
    _role("a query over assignments of users", "fail", scope=_assignments("user")),
    _role(
        "a query over assignments of service principals",
        "fail",
        scope=_assignments("servicePrincipal"),
    ),
    _roles(
        "every role but these",
        "fail",
        role_review("Others", scope=query(f"/x?$filter=not(roleDefinitionId eq '{ROLES[0]}')")),
        affected=list(REVIEWED_ROLES.values()),
    ),
    _roles(
        "another role only",
        "fail",
        role_review("Readers", GLOBAL_READER),
        affected=list(REVIEWED_ROLES.values()),
    ),
    _roles(
        "a bad review beside a good one",
        "pass",
        *_one_each(*ROLES),
        role_review("Old", GLOBAL_ADMINISTRATOR, status="Completed"),
    ),
    _roles(
        "one role is undecided",
        "error",
        *_one_each(*ROLES[1:]),
        role_review("Unclear", ROLES[0], mailNotificationsEnabled=None),
    ),
    _roles(
        "one role is undecided and another has no review",
        "fail",
        *_one_each(*ROLES[2:]),
        role_review("Unclear", ROLES[0], mailNotificationsEnabled=None),
        affected=[REVIEWED_ROLES[ROLES[1]]],
    ),
    _roles("no review at all", "fail", affected=list(REVIEWED_ROLES.values())),
]


def _reads(judge: Any) -> list[Case]:
    good = [guest_review(), *_one_each(*ROLES)]
    read = AccessReviewDefinition
    return [
        _case(
            judge,
            "no licence",
            "not_applicable",
            unread={read: "unlicensed"},
            skus=BUSINESS_PREMIUM,
            says="no Entra ID P2",
        ),
        _case(
            judge,
            "refused although the licence is there",
            "not_applicable",
            unread={read: "unlicensed"},
        ),
        _case(judge, "denied", "error", unread={read: "denied"}),
        _case(
            judge,
            "denied in a tenant without the licence",
            "not_applicable",
            unread={read: "denied"},
            skus=BUSINESS_PREMIUM,
        ),
        _case(
            judge,
            "denied, and the inventory too",
            "error",
            unread={read: "denied", SubscribedSku: "denied"},
        ),
        _case(judge, "an empty list without the licence", "not_applicable", skus=BUSINESS_PREMIUM),
        _case(judge, "an empty list, and not a single product", "error", skus=[]),
        _case(
            judge,
            "an empty list, and the inventory denied",
            "fail",
            unread={SubscribedSku: "denied"},
        ),
        _case(judge, "reviews without the licence", "pass", *good, skus=BUSINESS_PREMIUM),
        _case(judge, "read in part, a match found", "error", *good, unread={read: "partial"}),
        _case(judge, "read in part, no match", "error", unread={read: "partial"}),
    ]


CASES = [*GUESTS, *ROLE_REVIEWS, *(item for judge in BOTH for item in _reads(judge))]
