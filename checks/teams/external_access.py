"""Who may reach people in Teams from outside: the Global policy and the organisation decide.

Each side alone closes the door, so one side that was read and closes it is enough for a pass,
and a fail needs both.
"""

from collections.abc import Callable
from dataclasses import dataclass

from checks.registry import check
from checks.teams.custom_policies import looser_policies
from checks.wording import some_of
from contracts.verdict import Affected, Verdict, failed, not_applicable, passed
from evidence.dataset import Dataset, EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import TEAMS
from evidence.teams import (
    ExternalAccessPolicy,
    FederationConfiguration,
    Tenant,
    global_policies,
)

CONSUMER_SIDES = (ExternalAccessPolicy, FederationConfiguration, Tenant)


@dataclass(frozen=True)
class Door:
    """One setting that closes external access when `is_open` says no; that may raise."""

    dataset: type[Dataset]
    resource: str
    setting: str
    is_open: Callable[[Evidence], bool]
    when_open: str = "True"


def _of_policy(setting: str, is_open: Callable[[ExternalAccessPolicy], bool]) -> Door:
    return Door(
        ExternalAccessPolicy,
        "Global external access policy",
        setting,
        lambda evidence: any(map(is_open, global_policies(evidence, ExternalAccessPolicy))),
    )


def _of_organisation(
    setting: str, is_open: Callable[[FederationConfiguration], bool], when_open: str = "True"
) -> Door:
    return Door(
        FederationConfiguration,
        "Organisation",
        setting,
        lambda evidence: is_open(evidence.one(FederationConfiguration)),
        when_open,
    )


FEDERATION = (
    _of_policy("EnableFederationAccess", lambda policy: policy.enable_federation_access),
    _of_organisation("AllowFederatedUsers", lambda settings: settings.allow_federated_users),
    _of_organisation(
        "AllowedDomains",
        lambda settings: not settings.allowed_domains.is_list,
        when_open="AllowAllKnownDomains",
    ),
)
CONSUMERS = (
    _of_policy("EnableTeamsConsumerAccess", lambda policy: policy.enable_teams_consumer_access),
    _of_organisation("AllowTeamsConsumer", lambda settings: settings.allow_teams_consumer),
)
INBOUND = (
    _of_policy("EnableTeamsConsumerInbound", lambda policy: policy.enable_teams_consumer_inbound),
    _of_organisation(
        "AllowTeamsConsumerInbound", lambda settings: settings.allow_teams_consumer_inbound
    ),
)


@check(fallback=(ExternalAccessPolicy, FederationConfiguration), licence=TEAMS)
def teams_external_domains_restricted(evidence: Evidence) -> Verdict:
    """Passes when either side is off, or the organisation talks to listed domains only.

    An empty list blocks every domain; a list of blocked domains restricts nobody else.
    """
    notes = looser_policies(
        evidence,
        ExternalAccessPolicy,
        lambda policy: policy.enable_federation_access and not policy.follows_organisation,
    )
    return _judge(
        evidence,
        FEDERATION,
        notes=[*_listed_domains(evidence), *notes],
        bad="Every outside organisation can reach people in Teams",
    )


@check(fallback=CONSUMER_SIDES, licence=TEAMS)
def teams_unmanaged_users_blocked(evidence: Evidence) -> Verdict:
    """Passes when either side shuts personal accounts out; government clouds do not reach them."""
    return _judge_consumers(
        evidence,
        CONSUMERS,
        lambda policy: policy.enable_teams_consumer_access,
        bad="People can chat with personal Teams accounts",
    )


@check(fallback=CONSUMER_SIDES, licence=TEAMS)
def teams_unmanaged_inbound_blocked(evidence: Evidence) -> Verdict:
    """Passes when first contact is off on either side, or the switch above it, which leaves the
    one below standing as it was."""
    return _judge_consumers(
        evidence,
        (*INBOUND, *CONSUMERS),
        lambda policy: policy.enable_teams_consumer_access and policy.enable_teams_consumer_inbound,
        bad="Personal Teams accounts can start a conversation",
    )


@check(FederationConfiguration, licence=TEAMS)
def teams_skype_consumer_blocked(evidence: Evidence) -> Verdict:
    """Passes when the setting is off, and when Microsoft no longer returns it.

    Only an answer that holds the settings beside it shows that this one is gone.
    """
    settings = evidence.one(FederationConfiguration)
    allowed = settings.allow_public_users
    if allowed:
        return failed(
            "People can chat with consumer Skype accounts",
            [Affected(resource="Organisation", setting="AllowPublicUsers", actual="True")],
        )
    if allowed is False:
        return passed("Chat with consumer Skype accounts is off")
    federates = "on" if settings.allow_federated_users else "off"
    return passed(
        "Microsoft retired consumer Skype in May 2025, and with it the setting AllowPublicUsers",
        notes=[f"External access with organisations is {federates}"],
    )


def _judge_consumers(
    evidence: Evidence,
    doors: tuple[Door, ...],
    is_loose: Callable[[ExternalAccessPolicy], bool],
    *,
    bad: str,
) -> Verdict:
    government = _is_government(evidence)
    if government:
        return not_applicable("A government cloud does not reach personal Teams accounts")
    notes = looser_policies(evidence, ExternalAccessPolicy, is_loose)
    if government is None:
        notes.append("Whether this is a government cloud is unknown: Get-CsTenant was not read")
    return _judge(evidence, doors, notes=notes, bad=bad)


def _judge(evidence: Evidence, doors: tuple[Door, ...], *, notes: list[str], bad: str) -> Verdict:
    for door in doors:
        if _is_surely_closed(evidence, door):
            return passed(f"{door.resource}: {door.setting} closes the way in", notes=notes)
    for door in doors:
        if not door.is_open(evidence):
            evidence.all(door.dataset)  # closed only as far as it was read: raises the gap
    return failed(
        bad,
        [
            Affected(resource=door.resource, setting=door.setting, actual=door.when_open)
            for door in doors
        ],
        notes=notes,
    )


def _is_surely_closed(evidence: Evidence, door: Door) -> bool:
    if not evidence.is_complete(door.dataset):
        return False
    try:
        return not door.is_open(evidence)
    except EvidenceMissing:
        return False


def _is_government(evidence: Evidence) -> bool | None:
    """None when it is not known: then the recommendation is judged as for everybody."""
    try:
        return evidence.one(Tenant).is_government
    except EvidenceMissing:
        return None


def _listed_domains(evidence: Evidence) -> list[str]:
    """The domains that may come in, for a person to review."""
    if not evidence.is_complete(FederationConfiguration):
        return []
    try:
        allowed = evidence.one(FederationConfiguration).allowed_domains
    except EvidenceMissing:
        return []
    if not allowed.is_list:
        return []
    return [f"Allowed domains: {some_of(allowed.domains) or 'none'}"]
