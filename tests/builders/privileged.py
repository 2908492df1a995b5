"""Rows about directory roles in wire shape: assignments, PIM, reviews; principals by name."""

from typing import Any

from evidence.privileged_roles import GLOBAL_ADMINISTRATOR

Row = dict[str, Any]
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
DIRECTORY_SYNC = "d29b2b05-8046-44ba-8758-1e26182fcf32"
UNIT = "/administrativeUnits/0a1b2c3d-0000-4000-8000-000000000001"


def identifier(name: str) -> str:
    return f"id-of-{name.lower()}"


def principal(name: str, kind: str = "user", **changes: Any) -> Row:
    upn = {"userPrincipalName": f"{name.lower()}@contoso.example"} if kind == "user" else {}
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "id": identifier(name),
        "displayName": name,
        **upn,
    } | changes


def assignment(
    name: str, role: str = GLOBAL_ADMINISTRATOR, kind: str = "user", **changes: Any
) -> Row:
    return {
        "id": f"assignment-of-{name}-{role}",
        "principalId": identifier(name),
        "roleDefinitionId": role,
        "directoryScopeId": "/",
        "principal": principal(name, kind),
    } | changes


def instance(
    name: str, role: str = GLOBAL_ADMINISTRATOR, kind: str = "user", **changes: Any
) -> Row:
    """Made outside PIM: no start, no end."""
    return (
        assignment(name, role, kind)
        | {
            "assignmentType": "Assigned",
            "memberType": "Direct",
            "startDateTime": None,
            "endDateTime": None,
        }
        | changes
    )


def activation(name: str, role: str = GLOBAL_ADMINISTRATOR, **changes: Any) -> Row:
    momentary = {
        "assignmentType": "Activated",
        "startDateTime": "2026-05-04T16:00:00Z",
        "endDateTime": "2026-05-04T20:00:00Z",
    }
    return instance(name, role, **(momentary | changes))


def eligibility(name: str, role: str = GLOBAL_ADMINISTRATOR, **changes: Any) -> Row:
    """Without the principal: this read does not expand it."""
    return {
        "id": f"eligibility-of-{name}-{role}",
        "principalId": identifier(name),
        "roleDefinitionId": role,
        "directoryScopeId": "/",
        "memberType": "Direct",
        "endDateTime": None,
    } | changes


def role_definition(role: str, name: str, **changes: Any) -> Row:
    return {
        "id": role,
        "templateId": role,
        "displayName": name,
        "isBuiltIn": True,
        "isEnabled": True,
    } | changes


def role_definitions() -> list[Row]:
    return [
        role_definition(GLOBAL_ADMINISTRATOR, "Global Administrator"),
        role_definition(EXCHANGE_ADMINISTRATOR, "Exchange Administrator"),
        role_definition(GLOBAL_READER, "Global Reader"),
        role_definition(DIRECTORY_SYNC, "Directory Synchronization Accounts"),
    ]


def group_members(name: str, *members: Row, **changes: Any) -> Row:
    return {"groupId": identifier(name), "resolved": True, "members": list(members)} | changes


def partner_group(name: str) -> Row:
    """A GDAP group: it exists in the partner's tenant only."""
    return group_members(name, resolved=False)


def account_groups(user_id: str, *names: str, **changes: Any) -> Row:
    groups = [{"id": identifier(name), "displayName": name} for name in names]
    return {"userId": user_id, "groups": groups} | changes


def approver(name: str, **changes: Any) -> Row:
    return {
        "@odata.type": "#microsoft.graph.singleUser",
        "userId": identifier(name),
        "description": name,
        "isBackup": False,
    } | changes


def approver_group(name: str, **changes: Any) -> Row:
    return {
        "@odata.type": "#microsoft.graph.groupMembers",
        "groupId": identifier(name),
        "description": name,
        "isBackup": False,
    } | changes


def approval_rule(*approvers: Row, required: Any = True) -> Row:
    return {
        "id": "Approval_EndUser_Assignment",
        "@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyApprovalRule",
        "setting": {
            "isApprovalRequired": required,
            "approvalMode": "SingleStage",
            "approvalStages": [
                {"approvalStageTimeOutInDays": 1, "primaryApprovers": list(approvers)}
            ],
        },
    }


def role_policy(role: str, *rules: Row, **changes: Any) -> Row:
    """PIM's policy of one role: the given rules beside some of the other sixteen."""
    others = [
        {
            "id": "Expiration_EndUser_Assignment",
            "@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyExpirationRule",
            "isExpirationRequired": True,
            "maximumDuration": "PT8H",
        },
        {
            "id": "Enablement_EndUser_Assignment",
            "@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyEnablementRule",
            "enabledRules": ["Justification", "MultiFactorAuthentication"],
        },
    ]
    policy_id = "DirectoryRole_0b1c2d3e-0000-4000-8000-000000000001_11111111-2222"
    return {
        "scopeId": "/",
        "scopeType": "DirectoryRole",
        "roleDefinitionId": role,
        "policyId": policy_id,
        "policy": {"id": policy_id, "rules": [*others, *rules]},
    } | changes


def query(text: str, kind: str = "accessReviewQueryScope") -> Row:
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "query": text,
        "queryType": "MicrosoftGraph",
    }


def guest_scope(text: str = "./members/microsoft.graph.user/?$filter=(userType eq 'Guest')") -> Row:
    return query(text)


def role_scope(*roles: str, principals: tuple[str, ...] = ("/users", "/groups")) -> Row:
    return {
        "@odata.type": "#microsoft.graph.principalResourceMembershipsScope",
        "principalScopes": [query(f"/v1.0{item}") for item in principals],
        "resourceScopes": [
            query(f"/beta/roleManagement/directory/roleDefinitions/{role}") for role in roles
        ],
    }


def recurrence(
    kind: str = "absoluteMonthly", interval: Any = 1, until: str | None = None, **changes: Any
) -> Row:
    return {
        "pattern": {"type": kind, "interval": interval, "month": 0, "dayOfMonth": 0},
        "range": {
            "type": "endDate" if until else "noEnd",
            "startDate": "2025-01-06",
            "endDate": until,
            "numberOfOccurrences": 0,
        }
        | changes,
    }


def review(name: str, scope: Row | None, **changes: Any) -> Row:
    """Monthly, four days, somebody else answers. Other names than the row's are settings."""
    row = {
        "id": f"review-{name.lower()}",
        "displayName": name,
        "status": "InProgress",
        "scope": scope,
        "instanceEnumerationScope": None,
        "reviewers": [query("/groups/id-of-reviewers/transitiveMembers/microsoft.graph.user")],
        "stageSettings": [],
    }
    settings = {
        "mailNotificationsEnabled": True,
        "reminderNotificationsEnabled": True,
        "justificationRequiredOnApproval": True,
        "defaultDecisionEnabled": True,
        "defaultDecision": "None",
        "autoApplyDecisionsEnabled": True,
        "instanceDurationInDays": 4,
        "recurrence": recurrence(),
    }
    own = {name: value for name, value in changes.items() if name in row}
    return row | own | {"settings": settings | {k: v for k, v in changes.items() if k not in row}}


def guest_review(name: str = "Guests", **changes: Any) -> Row:
    defaults = {
        "scope": guest_scope(),
        "defaultDecision": "Deny",
        "instanceEnumerationScope": query("/groups?$filter=(groupTypes/any(c:c eq 'Unified'))"),
    }
    return review(name, **(defaults | changes))


def role_review(name: str, *roles: str, **changes: Any) -> Row:
    return review(name, **({"scope": role_scope(*roles)} | changes))


def stage(days: int, *reviewers: Row) -> Row:
    return {"stageId": "1", "durationInDays": days, "reviewers": list(reviewers)}
