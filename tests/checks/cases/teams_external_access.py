"""Cases of checks/teams/external_access.py."""

from collections.abc import Callable, Mapping
from typing import Any

from checks.teams.external_access import (
    teams_external_domains_restricted,
    teams_unmanaged_inbound_blocked,
    teams_unmanaged_users_blocked,
)
from contracts.verdict import Verdict
from evidence.dataset import Dataset
from evidence.evidence import Evidence
from evidence.licences import SubscribedSku
from evidence.teams import ExternalAccessPolicy, FederationConfiguration, Tenant
from tests.builders.licences import plan, sku
from tests.builders.teams import (
    PARTNERS,
    external_access_policy,
    federation,
    open_external_access_policy,
    open_federation,
    tenant,
)
from tests.checks.case import Case

Judge = Callable[[Evidence], Verdict]
Row = dict[str, Any]
Unread = Mapping[type[Dataset], str]
BOTH_SIDES = (
    teams_external_domains_restricted,
    teams_unmanaged_users_blocked,
    teams_unmanaged_inbound_blocked,
)
CONSUMER_CHECKS = (teams_unmanaged_users_blocked, teams_unmanaged_inbound_blocked)


def _sides(
    judge: Judge,
    name: str,
    policies: list[Row],
    settings: list[Row],
    expect: str,
    *,
    tenants: list[Row] | None = None,
    **rest: Any,
) -> Case:
    return Case(
        judge,
        name,
        given={
            ExternalAccessPolicy: policies,
            FederationConfiguration: settings,
            Tenant: [tenant()] if tenants is None else tenants,
        },
        expect=expect,
        **rest,
    )


def _one_side_unread(
    judge: Judge, name: str, expect: str, *, unread: Unread, given: Any, says: str = ""
) -> Case:
    return Case(
        judge,
        name,
        given={Tenant: [tenant()]} | given,
        unread=unread,
        expect=expect,
        says=says,
    )


def _two_sided(judge: Judge) -> list[Case]:
    closed, opened = [external_access_policy()], [open_external_access_policy()]
    off, on = [federation()], [open_federation()]
    return [
        _sides(judge, "both sides closed", closed, off, "pass"),
        _sides(judge, "the policy closes", closed, on, "pass"),
        _sides(judge, "the organisation closes", opened, off, "pass"),
        _sides(
            judge,
            "both sides open",
            opened,
            on,
            "fail",
            affected=["Global external access policy", "Organisation"],
        ),
        _one_side_unread(
            judge,
            "policies denied, organisation off",
            "pass",
            unread={ExternalAccessPolicy: "denied"},
            given={FederationConfiguration: off},
        ),
        _one_side_unread(
            judge,
            "policies denied, organisation open",
            "error",
            unread={ExternalAccessPolicy: "denied"},
            given={FederationConfiguration: on},
            says="permission denied",
        ),
        _one_side_unread(
            judge,
            "organisation denied, policy closed",
            "pass",
            unread={FederationConfiguration: "denied"},
            given={ExternalAccessPolicy: closed},
        ),
        _one_side_unread(
            judge,
            "organisation denied, policy open",
            "error",
            unread={FederationConfiguration: "denied"},
            given={ExternalAccessPolicy: opened},
        ),
        _one_side_unread(
            judge,
            "both denied",
            "error",
            unread={FederationConfiguration: "denied", ExternalAccessPolicy: "denied"},
            given={},
        ),
        _one_side_unread(
            judge,
            "both denied in a tenant without Teams",
            "not_applicable",
            unread={FederationConfiguration: "denied", ExternalAccessPolicy: "denied"},
            given={SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))]},
        ),
        _one_side_unread(
            judge,
            "a part of the policies holds an open Global, organisation open",
            "fail",
            unread={ExternalAccessPolicy: "partial"},
            given={ExternalAccessPolicy: opened, FederationConfiguration: on},
        ),
        _one_side_unread(
            judge,
            "a part of the policies holds a closed Global, organisation open",
            "error",
            unread={ExternalAccessPolicy: "partial"},
            given={ExternalAccessPolicy: closed, FederationConfiguration: on},
        ),
        _one_side_unread(
            judge,
            "a part of the policies, organisation off",
            "pass",
            unread={ExternalAccessPolicy: "partial"},
            given={ExternalAccessPolicy: opened, FederationConfiguration: off},
        ),
        _sides(judge, "no policy at all, organisation open", [], on, "error"),
        _sides(judge, "no policy at all, organisation off", [], off, "pass"),
        _sides(
            judge,
            "only custom policies, organisation open",
            [external_access_policy(Identity="Tag:Closed")],
            on,
            "error",
            says="Global",
        ),
        _sides(judge, "no configuration, policy open", opened, [], "error"),
        _sides(
            judge,
            "two configurations that differ, policy open",
            opened,
            [federation(), open_federation()],
            "error",
        ),
        _sides(
            judge,
            "Global twice, once open, organisation open",
            [external_access_policy(), open_external_access_policy()],
            on,
            "fail",
        ),
        _sides(
            judge,
            "one configuration twice",
            opened,
            [open_federation(), open_federation()],
            "fail",
        ),
        _sides(
            judge,
            "an unreadable policy, organisation off",
            [{"Identity": "Global"}],
            off,
            "pass",
        ),
        _sides(
            judge, "an unreadable policy, organisation open", [{"Identity": "Global"}], on, "error"
        ),
        _sides(
            judge,
            "booleans as text",
            [
                external_access_policy(
                    EnableFederationAccess="True",
                    EnableTeamsConsumerAccess="True",
                    EnableTeamsConsumerInbound="True",
                )
            ],
            [
                federation(
                    AllowFederatedUsers="False",
                    AllowTeamsConsumer="False",
                    AllowTeamsConsumerInbound="False",
                )
            ],
            "pass",
        ),
        _sides(
            judge,
            "a custom policy is looser",
            [
                external_access_policy(),
                open_external_access_policy(Identity="Tag:Sales")
                | {"CommunicationWithExternalOrgs": "AllowAllExternalDomains"},
            ],
            off,
            "pass",
            says="Sales",
        ),
    ]


def _government(judge: Judge) -> list[Case]:
    opened, on = [open_external_access_policy()], [open_federation()]

    def with_plans(name: str, plans: object, expect: str) -> Case:
        return _sides(judge, name, opened, on, expect, tenants=[tenant(AssignedPlan=plans)])

    return [
        with_plans("GCC", ["MCOProfessional", "Teams_GCC"], "not_applicable"),
        with_plans("DoD", ["TEAMS_AR_DOD"], "not_applicable"),
        with_plans("GCC as an object", [{"Capability": "Teams_GCC"}], "not_applicable"),
        with_plans("GCC as the only plan, unwrapped", "Teams_GCC", "not_applicable"),
        with_plans("no plans", [], "fail"),
        _one_side_unread(
            judge,
            "the kind of cloud is unknown and both sides are open",
            "fail",
            unread={Tenant: "denied"},
            given={ExternalAccessPolicy: opened, FederationConfiguration: on, Tenant: []},
            says="government cloud is unknown",
        ),
        _one_side_unread(
            judge,
            "the kind of cloud is unknown and the policy is closed",
            "pass",
            unread={Tenant: "denied"},
            given={
                ExternalAccessPolicy: [external_access_policy()],
                FederationConfiguration: on,
                Tenant: [],
            },
        ),
    ]


CASES = [
    *(case for judge in BOTH_SIDES for case in _two_sided(judge)),
    *(case for judge in CONSUMER_CHECKS for case in _government(judge)),
    _sides(
        teams_external_domains_restricted,
        "the allowed domains are shown for review",
        [open_external_access_policy()],
        [open_federation(AllowedDomains=PARTNERS)],
        "pass",
        says="Allowed domains: partner.example",
    ),
    _sides(
        teams_external_domains_restricted,
        "a block list restricts nobody else",
        [open_external_access_policy()],
        [open_federation(BlockedDomains=["x.example"])],
        "fail",
    ),
    _sides(
        teams_external_domains_restricted,
        "unreadable domains do not matter when federation is off",
        [open_external_access_policy()],
        [open_federation(AllowFederatedUsers=False, AllowedDomains=None)],
        "pass",
    ),
    _sides(
        teams_unmanaged_inbound_blocked,
        "inbound is off in the policy",
        [open_external_access_policy() | {"EnableTeamsConsumerInbound": False}],
        [open_federation()],
        "pass",
    ),
    _sides(
        teams_unmanaged_inbound_blocked,
        "the organisation's parent is off and its child still on",
        [open_external_access_policy()],
        [open_federation(AllowTeamsConsumer=False)],
        "pass",
    ),
    _sides(
        teams_unmanaged_inbound_blocked,
        "the policy's parent is off and its child still on",
        [open_external_access_policy() | {"EnableTeamsConsumerAccess": False}],
        [open_federation()],
        "pass",
    ),
    _sides(
        teams_unmanaged_inbound_blocked,
        "the child is null and the parent off",
        [open_external_access_policy()],
        [open_federation(AllowTeamsConsumer=False, AllowTeamsConsumerInbound=None)],
        "pass",
    ),
    _sides(
        teams_unmanaged_inbound_blocked,
        "the child is null and everything else on",
        [open_external_access_policy()],
        [open_federation(AllowTeamsConsumerInbound=None)],
        "error",
    ),
    _sides(
        teams_unmanaged_users_blocked,
        "inbound alone is off",
        [open_external_access_policy() | {"EnableTeamsConsumerInbound": False}],
        [open_federation(AllowTeamsConsumerInbound=False)],
        "fail",
    ),
]
