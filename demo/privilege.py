"""Who holds which role in the demo tenant, how PIM guards them, and who reviews them."""

from demo.people import GLOBAL, ROLE_OF, TENANT_ID, Company, Person, Row, guid

BREAK_GLASS_GROUP = guid("group/Conditional Access exclusions")
HELPDESK_GROUP = guid("group/Helpdesk tier 1")
APPROVERS_GROUP = guid("group/Privileged access approvers")


def privilege(company: Company) -> dict[str, list[Row]]:
    """Standing assignments are what people hold; Bram and Jasper work through PIM."""
    through_pim = [person for person in company.admins if "bram" in person.upn]
    through_pim += [person for person in company.admins if "jasper" in person.upn]
    standing = [person for person in company.everyone if person.roles and person not in through_pim]
    direct = [(person, role) for person in standing for role in person.roles]
    return _holders(direct, through_pim) | _groups(company) | _rules(company)


def _holders(direct: list[tuple[Person, str]], through_pim: list[Person]) -> dict[str, list[Row]]:
    group = {"@odata.type": "#microsoft.graph.group", "displayName": "Helpdesk tier 1"}
    reader = ROLE_OF["Global Reader"]
    return {
        "graph.directory_role_assignments": [
            *(
                {
                    "principalId": person.id,
                    "roleDefinitionId": role,
                    "directoryScopeId": "/",
                    "principal": _principal(person),
                }
                for person, role in direct
            ),
            {
                "principalId": HELPDESK_GROUP,
                "roleDefinitionId": reader,
                "directoryScopeId": "/",
                "principal": group,
            },
        ],
        "graph.role_assignment_schedule_instances": [
            *(_instance(person.id, role, principal=_principal(person)) for person, role in direct),
            _instance(HELPDESK_GROUP, reader, principal=group),
        ],
        "graph.role_eligibility_schedule_instances": [
            {
                "principalId": person.id,
                "roleDefinitionId": role,
                "directoryScopeId": "/",
                "memberType": "Direct",
                "endDateTime": "2026-11-30T00:00:00Z",
            }
            for person in through_pim
            for role in person.roles
        ],
    }


def _groups(company: Company) -> dict[str, list[Row]]:
    return {
        "graph.role_group_members": [
            {
                "groupId": HELPDESK_GROUP,
                "resolved": True,
                "members": [_principal(person) for person in company.staff[120:124]],
            }
        ],
        "graph.emergency_account_groups": [
            {
                "userId": person.id,
                "groups": [
                    {"id": BREAK_GLASS_GROUP, "displayName": "Conditional Access exclusions"}
                ],
            }
            for person in company.emergency
        ],
    }


def _rules(company: Company) -> dict[str, list[Row]]:
    return {
        "graph.role_management_policy_assignments": [
            _pim_policy(GLOBAL, approvers=[company.admins[0].id, company.admins[9].id]),
            _pim_policy(ROLE_OF["Privileged Role Administrator"], approvers=[]),
            _pim_policy(ROLE_OF["Exchange Administrator"], approvers=[]),
        ],
        "graph.access_review_definitions": [_guest_review(), _role_review(GLOBAL, company)],
    }


def _principal(person: Person) -> Row:
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": person.id,
        "displayName": person.name,
        "userPrincipalName": person.upn,
    }


def _instance(principal_id: str, role: str, *, principal: Row) -> Row:
    """Outside PIM: no start, no end."""
    return {
        "principalId": principal_id,
        "roleDefinitionId": role,
        "assignmentType": "Assigned",
        "startDateTime": None,
        "endDateTime": None,
        "directoryScopeId": "/",
        "memberType": "Direct",
        "principal": principal,
    }


def _pim_policy(role: str, *, approvers: list[str]) -> Row:
    kind = "#microsoft.graph.unifiedRoleManagementPolicy"
    stage = {
        "approvalStageTimeOutInDays": 1,
        "isApproverJustificationRequired": True,
        "primaryApprovers": [
            {"@odata.type": "#microsoft.graph.singleUser", "userId": user, "description": "Admin"}
            for user in approvers
        ],
    }
    rules = [
        {
            "id": "Approval_EndUser_Assignment",
            "@odata.type": f"{kind}ApprovalRule",
            "setting": {
                "isApprovalRequired": bool(approvers),
                "approvalMode": "SingleStage",
                "approvalStages": [stage],
            },
        },
        {
            "id": "Expiration_EndUser_Assignment",
            "@odata.type": f"{kind}ExpirationRule",
            "isExpirationRequired": True,
            "maximumDuration": "PT8H",
        },
    ]
    policy_id = f"DirectoryRole_{TENANT_ID}_{guid(f'policy/{role}')}"
    return {
        "roleDefinitionId": role,
        "policyId": policy_id,
        "policy": {"id": policy_id, "rules": rules},
    }


def _review_settings(decision: str, pattern: Row) -> Row:
    return {
        "mailNotificationsEnabled": True,
        "reminderNotificationsEnabled": True,
        "justificationRequiredOnApproval": True,
        "defaultDecisionEnabled": True,
        "defaultDecision": decision,
        "autoApplyDecisionsEnabled": True,
        "instanceDurationInDays": 7,
        "recurrence": {
            "pattern": pattern,
            "range": {"type": "noEnd", "startDate": "2025-01-06", "endDate": None},
        },
    }


def _guest_review() -> Row:
    query = "/users?$filter=(userType eq 'Guest')"
    return {
        "id": guid("review/guests"),
        "displayName": "Guests, monthly",
        "status": "InProgress",
        "scope": {
            "@odata.type": "#microsoft.graph.accessReviewQueryScope",
            "query": query,
            "queryType": "MicrosoftGraph",
        },
        "instanceEnumerationScope": {
            "@odata.type": "#microsoft.graph.accessReviewQueryScope",
            "query": "/groups?$filter=(groupTypes/any(c:c eq 'Unified'))",
            "queryType": "MicrosoftGraph",
        },
        "reviewers": [
            {"query": f"/groups/{APPROVERS_GROUP}/transitiveMembers", "queryType": "MicrosoftGraph"}
        ],
        "stageSettings": [],
        "settings": _review_settings("Deny", {"type": "absoluteMonthly", "interval": 1}),
    }


def _role_review(role: str, company: Company) -> Row:
    scope = "#microsoft.graph.accessReviewQueryScope"
    return {
        "id": guid("review/roles"),
        "displayName": "Global administrators, monthly",
        "status": "InProgress",
        "scope": {
            "@odata.type": "#microsoft.graph.principalResourceMembershipsScope",
            "principalScopes": [
                {"@odata.type": scope, "query": "/v1.0/users", "queryType": "MicrosoftGraph"},
                {"@odata.type": scope, "query": "/v1.0/groups", "queryType": "MicrosoftGraph"},
            ],
            "resourceScopes": [
                {
                    "@odata.type": scope,
                    "query": f"/roleManagement/directory/roleDefinitions/{role}",
                    "queryType": "MicrosoftGraph",
                }
            ],
        },
        "instanceEnumerationScope": None,
        "reviewers": [
            {"query": f"/users/{company.admins[9].id}", "queryType": "MicrosoftGraph"},
        ],
        "stageSettings": [],
        "settings": _review_settings("None", {"type": "absoluteMonthly", "interval": 1}),
    }
