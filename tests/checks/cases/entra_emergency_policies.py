"""Cases of emergency_access_accounts_defined: which policies catch the accounts."""

from typing import Any

from evidence.conditional_access import ConditionalAccessPolicy
from evidence.privileged_identity import EmergencyAccountGroups
from evidence.privileged_roles import (
    GLOBAL_ADMINISTRATOR,
)
from tests.builders.conditional_access import grant, policy
from tests.builders.entra import without
from tests.builders.privileged import (
    EXCHANGE_ADMINISTRATOR,
    UNIT,
    account_groups,
    assignment,
)
from tests.checks.cases.entra_emergency_accounts import (
    ONE,
    TWO,
    emergency_account,
    emergency_case,
    emergency_users,
    guarded,
)


def _only(**users: Any) -> dict[str, Any]:
    """A policy for the given part of the directory."""
    return policy("Part", grant=grant("mfa"), users={"includeUsers": []} | users)


BOTH = [f"id-of-{name}" for name in ("one", "two")]
CASES = [
    emergency_case("no policy at all", "manual", policies=[]),
    emergency_case(
        "caught_by_one_policy",
        "fail",
        policies=[
            guarded("one", name="First"),
            guarded("one", name="Second"),
            guarded("two", name="Third"),
        ],
        affected=[ONE, TWO],
    ),
    emergency_case(
        "guest_only_policy_needs_no_exclusion",
        "manual",
        policies=[_only(includeUsers=["GuestsOrExternalUsers"])],
    ),
    emergency_case(
        "a guest policy catches accounts that are guests",
        "fail",
        policies=[_only(includeUsers=["GuestsOrExternalUsers"])],
        users=[
            emergency_account("one", userType="Guest"),
            emergency_account("two", userType="Guest"),
        ],
        affected=[ONE, TWO],
    ),
    emergency_case(
        "a policy that only reports",
        "manual",
        policies=[guarded() | {"state": "enabledForReportingButNotEnforced"}],
    ),
    emergency_case("a policy that is off", "manual", policies=[guarded() | {"state": "disabled"}]),
    emergency_case(
        "a policy in an unknown state", "error", policies=[guarded() | {"state": "enabledSoon"}]
    ),
    emergency_case("a policy for workloads", "manual", policies=[_only(includeUsers=["None"])]),
    emergency_case(
        "a policy for one of the people", "manual", policies=[_only(includeUsers=["id-of-ada"])]
    ),
    emergency_case(
        "a policy that names both",
        "fail",
        policies=[_only(includeUsers=[item.upper() for item in BOTH])],
    ),
    emergency_case(
        "a policy for the role", "fail", policies=[_only(includeRoles=[GLOBAL_ADMINISTRATOR])]
    ),
    emergency_case(
        "a policy for another role",
        "manual",
        policies=[_only(includeRoles=[EXCHANGE_ADMINISTRATOR])],
    ),
    emergency_case(
        "a policy for a role that the accounts hold in a unit",
        "fail",
        policies=[_only(includeRoles=[EXCHANGE_ADMINISTRATOR])],
        assigned=[
            *(assignment(name) for name in ("one", "two")),
            *(
                assignment(name, EXCHANGE_ADMINISTRATOR, directoryScopeId=UNIT)
                for name in ("one", "two")
            ),
        ],
    ),
    emergency_case(
        "a policy that excludes the role",
        "manual",
        policies=[guarded(excludeRoles=[GLOBAL_ADMINISTRATOR])],
    ),
    emergency_case(
        "a policy that excludes the group",
        "manual",
        policies=[guarded(excludeGroups=["ID-OF-VAULT"])],
    ),
    emergency_case(
        "a policy that excludes another group",
        "fail",
        policies=[guarded(excludeGroups=["id-of-sales"])],
    ),
    emergency_case(
        "a policy for a group of one account",
        "manual",
        policies=[_only(includeGroups=["id-of-vault"])],
    ),
    emergency_case(
        "a policy for a group of both accounts",
        "fail",
        policies=[_only(includeGroups=["id-of-vault"])],
        groups=[account_groups(item, "Vault") for item in BOTH],
    ),
    emergency_case(
        "a group excluded, and the accounts' groups denied",
        "error",
        policies=[guarded(excludeGroups=["id-of-vault"])],
        unread={EmergencyAccountGroups: "denied"},
    ),
    emergency_case(
        "a group excluded, and no groups of the accounts listed",
        "error",
        policies=[guarded(excludeGroups=["id-of-vault"])],
        groups=[],
    ),
    emergency_case(
        "the account that is outside is disabled",
        "fail",
        users=emergency_users(accountEnabled=False),
        affected=[ONE, TWO],
    ),
    emergency_case(
        "the account that is not outside is disabled",
        "manual",
        users=[emergency_account("one"), emergency_account("two", accountEnabled=False)],
    ),
    emergency_case("ca_denied", "error", unread={ConditionalAccessPolicy: "denied"}),
    emergency_case(
        "ca_denied, and one designated",
        "fail",
        unread={ConditionalAccessPolicy: "denied"},
        parameters={"emergency_access_accounts": [ONE]},
    ),
    emergency_case(
        "policies read in part, and both accounts are caught",
        "fail",
        policies=[guarded()],
        unread={ConditionalAccessPolicy: "partial"},
    ),
    emergency_case(
        "policies read in part, and one is outside",
        "error",
        unread={ConditionalAccessPolicy: "partial"},
    ),
    emergency_case(
        "users named in a way that nobody knows",
        "error",
        policies=[_only(includeAgents=["all"])],
    ),
    emergency_case(
        "a policy that cannot be read beside one that catches both",
        "fail",
        policies=[guarded(), without(guarded(name="Broken"), "conditions")],
    ),
    emergency_case(
        "a policy that cannot be read",
        "error",
        policies=[guarded("one"), without(guarded(name="Broken"), "conditions")],
    ),
]
