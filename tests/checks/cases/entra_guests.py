"""Cases of checks/entra/guests.py."""

import json
from typing import Any

from checks.entra.guests import (
    guest_directory_access_restricted,
    guest_dynamic_group_exists,
    guest_invites_allowed_domains_only,
    guest_invites_limited_to_inviters,
)
from evidence.directory_policies import B2BManagementPolicy
from evidence.entra import AuthorizationPolicy, Group
from evidence.licences import ENTRA_P1_ID, SubscribedSku
from tests.builders.entra import (
    LIMITED_GUESTS,
    authorization_policy,
    b2b_policy,
    group,
    guest_group,
    without,
)
from tests.builders.licences import plan, sku
from tests.checks.case import Case

P1 = sku(plan("AAD_PREMIUM", ENTRA_P1_ID))
WITHOUT_P1 = sku(plan("EXCHANGE_S_STANDARD"))
NEGATED = '-not (user.userType -eq "Guest")'


def _rule(name: str, rule: str | None, expect: str, says: str = "", **changes: Any) -> Case:
    return Case(
        guest_dynamic_group_exists,
        f"rule: {name}",
        given={Group: [group(), guest_group(membershipRule=rule, **changes)], SubscribedSku: [P1]},
        expect=expect,
        says=says,
    )


def _groups(
    name: str, rows: list[dict[str, Any]], expect: str, skus: Any = None, **rest: Any
) -> Case:
    return Case(
        guest_dynamic_group_exists,
        name,
        given={Group: rows, SubscribedSku: skus or [P1]},
        expect=expect,
        **rest,
    )


DYNAMIC_GROUP = [
    _rule("plain", '(user.userType -eq "Guest")', "pass"),
    _rule("without parentheses", 'user.userType -eq "Guest"', "pass"),
    _rule("single quotes", "(user.userType -eq 'Guest')", "pass"),
    _rule(
        "lower case, blanks, and another condition",
        'user.usertype  -EQ "guest" -and user.accountEnabled -eq true',
        "pass",
        "other conditions",
    ),
    _rule("line breaks", '(user.userType\n  -eq\t"Guest")', "pass"),
    _rule("no blanks", '(user.userType -eq"Guest")', "pass"),
    _rule("without hyphens", '(user.userType eq "Guest")', "pass"),
    _rule("one of a list", 'user.userType -in ["Member","Guest"]', "pass"),
    _rule("the only one of a list", "(user.userType -in ['Guest'])", "pass"),
    _rule("nested", '((user.userType -eq "Guest") -and (user.mail -match "x"))', "pass"),
    _rule(
        "another condition is negated",
        '-not (user.mail -eq null) -and user.userType -eq "Guest"',
        "pass",
    ),
    _rule(
        "the word not inside a text",
        '(user.displayName -ne "-not (") and user.userType -eq "Guest"',
        "pass",
    ),
    _rule("negated", NEGATED, "fail"),
    _rule("negated without parentheses", '-not user.userType -eq "Guest"', "fail"),
    _rule("negated without blanks", '-NOT(user.userType -eq "Guest")', "fail"),
    _rule("negated without hyphens", 'not (user.userType eq "Guest")', "fail"),
    _rule(
        "negated from outside",
        '-not ((user.mail -eq null) -or (user.userType -eq "Guest"))',
        "fail",
    ),
    _rule("no members", 'user.userType -ne "Member"', "fail"),
    _rule("not one of a list", 'user.userType -notIn ["Guest"]', "fail"),
    _rule("members", 'user.userType -eq "Member"', "fail"),
    _rule(
        "the clause inside a text", "(user.displayName -eq 'user.userType -eq \"Guest\"')", "fail"
    ),
    _rule("another property of the same ending", 'device.user.userTypes -eq "Guest"', "fail"),
    _rule("null", None, "fail"),
    _rule("paused", '(user.userType -eq "Guest")', "fail", membershipRuleProcessingState="Paused"),
    _rule(
        "never processed", '(user.userType -eq "Guest")', "fail", membershipRuleProcessingState=None
    ),
    _rule(
        "on in capitals", '(user.userType -eq "Guest")', "pass", membershipRuleProcessingState="ON"
    ),
    _groups("a rule on a group that is not dynamic", [guest_group(groupTypes=[])], "fail"),
    _groups(
        "other dynamic groups beside it",
        [guest_group("Staff", membershipRule='user.userType -eq "Member"'), guest_group()],
        "pass",
        says="Guests gathers",
    ),
    _groups(
        "what falls short is listed",
        [
            guest_group(membershipRule=NEGATED),
            guest_group("Paused", membershipRuleProcessingState="Paused"),
            group(),
        ],
        "fail",
        affected=["Guests", "Paused"],
    ),
    _groups("no dynamic group", [group()], "fail", affected=["Dynamic groups"]),
    _groups("no group at all", [], "fail"),
    _groups("no group at all, and no P1", [], "not_applicable", [WITHOUT_P1]),
    _groups("no dynamic group, and no P1", [group()], "not_applicable", [WITHOUT_P1]),
    _groups(
        "a dynamic group of a lapsed licence",
        [guest_group(membershipRule=NEGATED)],
        "fail",
        [WITHOUT_P1],
    ),
    _groups("a guest group of a lapsed licence", [guest_group()], "pass", [WITHOUT_P1]),
    _groups(
        "a part of the groups holds it",
        [group(), guest_group()],
        "error",
        unread={Group: "partial"},
    ),
    _groups("a part of the groups does not hold it", [group()], "error", unread={Group: "partial"}),
    _groups("a group that cannot be read", [without(guest_group(), "membershipRule")], "error"),
    _groups(
        "a group that cannot be read beside one that can",
        [without(group(), "groupTypes"), guest_group()],
        "pass",
    ),
    _groups(
        "more than one page, on the last",
        [group(f"Group {number}") for number in range(2500)] + [guest_group()],
        "pass",
    ),
    Case(
        guest_dynamic_group_exists,
        "licences unread, no group",
        given={Group: []},
        unread={SubscribedSku: "denied"},
        expect="fail",
    ),
    Case(
        guest_dynamic_group_exists,
        "denied",
        given={SubscribedSku: [P1]},
        unread={Group: "denied"},
        expect="error",
    ),
]


def _domains(name: str, domains: Any, expect: str, says: str = "") -> Case:
    return Case(
        guest_invites_allowed_domains_only,
        f"domains: {name}",
        given={B2BManagementPolicy: [b2b_policy(domains)]},
        expect=expect,
        says=says,
    )


def _b2b(name: str, rows: list[dict[str, Any]], expect: str, **rest: Any) -> Case:
    return Case(
        guest_invites_allowed_domains_only,
        name,
        given={B2BManagementPolicy: rows},
        expect=expect,
        **rest,
    )


ALLOW = {"AllowedDomains": ["partner.example"]}
BLOCK = {"BlockedDomains": ["evil.example"]}
OTHER_POLICY = {
    "id": "id-of-timeout",
    "isOrganizationDefault": True,
    "definition": [json.dumps({"ActivityBasedTimeoutPolicy": {"Version": 1}})],
}
BROKEN = {"id": "id-of-broken", "isOrganizationDefault": False, "definition": ["{not json"]}

INVITATIONS = [
    _domains("an allow list", ALLOW, "pass", "partner.example"),
    _domains("an allow list and an empty block list", ALLOW | {"BlockedDomains": []}, "pass"),
    _domains("an allow list and a null block list", ALLOW | {"BlockedDomains": None}, "pass"),
    _domains("an empty allow list", {"AllowedDomains": []}, "pass", "none"),
    _domains(
        "an empty allow list and a null block list",
        {"AllowedDomains": [], "BlockedDomains": None},
        "pass",
    ),
    _domains("names in another case", {"alloweddomains": ["partner.example"]}, "pass"),
    _domains("one domain, unwrapped", {"AllowedDomains": "partner.example"}, "pass"),
    _domains("a block list", BLOCK, "fail"),
    _domains("a block list in another case", {"blockeddomains": ["evil.example"]}, "fail"),
    _domains("both lists", ALLOW | BLOCK, "fail"),
    _domains("both empty", {"AllowedDomains": [], "BlockedDomains": []}, "fail"),
    _domains("both absent", {}, "fail"),
    _domains("an empty block list alone", {"BlockedDomains": []}, "fail"),
    _domains("both null", {"AllowedDomains": None, "BlockedDomains": None}, "fail"),
    _domains("null", None, "fail"),
    _domains("an empty text", {"AllowedDomains": ""}, "error"),
    _domains("objects", {"AllowedDomains": [{"a": 1}]}, "error"),
    _b2b("no policy", [], "fail"),
    _b2b("only a policy of another kind", [OTHER_POLICY], "fail"),
    _b2b("a policy of another kind beside it", [OTHER_POLICY, b2b_policy(ALLOW)], "pass"),
    _b2b(
        "the definition is one text",
        [b2b_policy(ALLOW) | {"definition": b2b_policy(ALLOW)["definition"][0]}],
        "pass",
    ),
    _b2b(
        "the default decides, not the other",
        [b2b_policy(BLOCK, isOrganizationDefault=False), b2b_policy(ALLOW)],
        "pass",
    ),
    _b2b(
        "the default blocks, the other allows",
        [b2b_policy(ALLOW, isOrganizationDefault=False), b2b_policy(BLOCK)],
        "fail",
    ),
    _b2b("no default", [b2b_policy(ALLOW, isOrganizationDefault=False)], "pass"),
    _b2b(
        "no default, two that differ",
        [
            b2b_policy(ALLOW, isOrganizationDefault=False),
            b2b_policy(BLOCK, isOrganizationDefault=None),
        ],
        "fail",
    ),
    _b2b("a text that is not JSON", [BROKEN], "error"),
    _b2b(
        "a text that is not JSON as the default",
        [BROKEN | {"isOrganizationDefault": True}],
        "error",
    ),
    _b2b("a text that is not JSON, and the default decides", [BROKEN, b2b_policy(ALLOW)], "pass"),
    _b2b("a list instead of an object", [b2b_policy(ALLOW, definition=["[]"])], "error"),
    _b2b("the definition is absent", [without(b2b_policy(ALLOW), "definition")], "error"),
    _b2b(
        "a part, without the default",
        [b2b_policy(BLOCK, isOrganizationDefault=False)],
        "error",
        unread={B2BManagementPolicy: "partial"},
    ),
    _b2b(
        "a part, with a default that blocks",
        [b2b_policy(BLOCK)],
        "fail",
        unread={B2BManagementPolicy: "partial"},
    ),
    _b2b(
        "a part, with a default that allows",
        [b2b_policy(ALLOW)],
        "error",
        unread={B2BManagementPolicy: "partial"},
    ),
    Case(
        guest_invites_allowed_domains_only,
        "both addresses denied",
        given={},
        unread={B2BManagementPolicy: "denied"},
        expect="error",
    ),
]


def _role(name: str, value: Any, expect: str) -> Case:
    return Case(
        guest_directory_access_restricted,
        name,
        given={AuthorizationPolicy: [authorization_policy(guestUserRoleId=value)]},
        expect=expect,
    )


def _inviters(name: str, value: Any, expect: str) -> Case:
    return Case(
        guest_invites_limited_to_inviters,
        name,
        given={AuthorizationPolicy: [authorization_policy(allowInvitesFrom=value)]},
        expect=expect,
    )


ACCESS = [
    _role("limited", LIMITED_GUESTS, "pass"),
    _role("own objects only, in capitals", "2AF84B1E-32C8-42B7-82BC-DAA82404023B", "pass"),
    _role("same as members", "a0b1b346-4d3e-4e8b-98f8-753987be4970", "fail"),
    _role("a role nobody knows", "00000000-0000-4000-8000-000000000007", "fail"),
    _role("null", None, "error"),
    _inviters("inviters", "adminsAndGuestInviters", "pass"),
    _inviters("nobody", "none", "pass"),
    _inviters("lower case", "adminsandguestinviters", "pass"),
    _inviters("an object", {"value": "none"}, "pass"),
    _inviters("all members", "adminsGuestInvitersAndAllMembers", "fail"),
    _inviters("all members, another spelling", "adminsAndGuestInvitersAndAllMembers", "fail"),
    _inviters("everyone", "everyone", "fail"),
    _inviters("everyone as an object", {"Value": "everyone"}, "fail"),
    _inviters("a word that does not exist", "Guest", "fail"),
    _inviters("a number", 1, "error"),
    _inviters("null", None, "error"),
    *(
        case
        for judge, setting in (
            (guest_directory_access_restricted, "guestUserRoleId"),
            (guest_invites_limited_to_inviters, "allowInvitesFrom"),
        )
        for case in (
            Case(
                judge,
                "absent",
                given={AuthorizationPolicy: [without(authorization_policy(), setting)]},
                expect="error",
            ),
            Case(judge, "no policy", given={AuthorizationPolicy: []}, expect="error"),
            Case(judge, "denied", given={}, unread={AuthorizationPolicy: "denied"}, expect="error"),
        )
    ),
]

CASES = [*DYNAMIC_GROUP, *INVITATIONS, *ACCESS]
