"""The vocabulary of Conditional Access demands: populations, resources, conditions, controls."""

from collections.abc import Iterable
from functools import cache

from checks.entra.ca_algebra import AccessPolicies, Demand, Predicate
from checks.entra.ca_exclusions import Unmet
from evidence.ca_conditions import LEGACY_CLIENTS, MODERN_CLIENTS, shown
from evidence.conditional_access import (
    MANAGED_DEVICE,
    Alternative,
    ConditionalAccessPolicy,
    Strength,
)
from evidence.dataset import EvidenceMissing
from evidence.privileged_roles import ADMIN_ROLES

INTUNE_ENROLMENT = "d4ebce55-015a-49b5-a083-c84d1797ae8c"
INTUNE = "0000000a-0000-0000-c000-000000000000"
REGISTER_SECURITY_INFO = "urn:user:registersecurityinfo"
LEGACY_CHECK = "ca_legacy_auth_blocked"
_CLIENT_NAMES = {"exchangeactivesync": "Exchange ActiveSync", "other": "other legacy clients"}

Policy = ConditionalAccessPolicy
Misses = Iterable[Unmet]


def everyone(policy: Policy, access: AccessPolicies) -> Misses:
    users = policy.conditions.users
    if not users.are_all:
        yield Unmet("conditions.users.includeUsers", shown(users.include_users))


@cache
def holders_of(role: str) -> Predicate:
    def holders(policy: Policy, access: AccessPolicies) -> Misses:
        if not policy.conditions.users.cover_role(role):
            yield Unmet("conditions.users", f"does not cover {ADMIN_ROLES[role]}")

    return holders


def every_resource(policy: Policy, access: AccessPolicies) -> Misses:
    yield from _resources(policy, set(policy.conditions.applications.excluded))


def every_resource_but_registered(policy: Policy, access: AccessPolicies) -> Misses:
    yield from _resources(policy, _unregistered(policy, access))


def every_resource_but_enrolment(policy: Policy, access: AccessPolicies) -> Misses:
    """A device must be able to enrol before it can be managed."""
    yield from _resources(policy, _unregistered(policy, access) - {INTUNE_ENROLMENT, INTUNE})


def _unregistered(policy: Policy, access: AccessPolicies) -> set[str]:
    excluded = policy.conditions.applications.excluded
    return {item for item in excluded if not access.register.holds("app", item)}


def _resources(policy: Policy, excluded: set[str]) -> Misses:
    targets = policy.conditions.applications
    if not targets.are_all:
        named = targets.include_applications + targets.include_user_actions
        contexts = targets.include_authentication_context_class_references
        actual = shown([*named, *contexts])
        yield Unmet("conditions.applications.includeApplications", actual)
    if excluded:
        yield Unmet("conditions.applications.excludeApplications", shown(sorted(excluded)))
    yield from _unfiltered(policy)


def _unfiltered(policy: Policy) -> Misses:
    targets = policy.conditions.applications
    if targets.are_filtered:
        yield Unmet("conditions.applications.applicationFilter", shown(targets.application_filter))


def intune_enrolment(policy: Policy, access: AccessPolicies) -> Misses:
    targets = policy.conditions.applications
    if not (targets.are_all or targets.names(INTUNE_ENROLMENT)):
        actual = shown(targets.include_applications)
        yield Unmet("conditions.applications.includeApplications", actual)
    if INTUNE_ENROLMENT in targets.excluded:
        yield Unmet("conditions.applications.excludeApplications", INTUNE_ENROLMENT)
    yield from _unfiltered(policy)


def security_info_registration(policy: Policy, access: AccessPolicies) -> Misses:
    actions = policy.conditions.applications.include_user_actions
    if REGISTER_SECURITY_INFO not in (action.lower() for action in actions):
        yield Unmet("conditions.applications.includeUserActions", shown(actions))


def always(policy: Policy, access: AccessPolicies) -> Misses:
    yield from _narrowed(policy, but="")


def _narrowed(policy: Policy, but: str) -> Misses:
    for path, actual in policy.conditions.narrowings.items():
        if path != but:
            yield Unmet(f"conditions.{path}", actual)


@cache
def only_at_risk(kind: str, level: str) -> Predicate:
    """`kind` is userRiskLevels or signInRiskLevels; further levels are fine, other conditions
    are not: two kinds of risk in one policy apply only when both are there."""

    def at_risk(policy: Policy, access: AccessPolicies) -> Misses:
        conditions = policy.conditions
        levels = {
            "userRiskLevels": conditions.user_risk_levels,
            "signInRiskLevels": conditions.sign_in_risk_levels,
        }[kind]
        if level not in (found.lower() for found in levels):
            yield Unmet(f"conditions.{kind}", shown(levels))
        yield from _narrowed(policy, but=kind)

    return at_risk


def only_device_code_flow(policy: Policy, access: AccessPolicies) -> Misses:
    flows = policy.conditions.transfer_methods
    if "devicecodeflow" not in flows:
        path = "conditions.authenticationFlows.transferMethods"
        yield Unmet(path, shown(sorted(flows)))
    yield from _narrowed(policy, but="authenticationFlows.transferMethods")


def modern_clients(policy: Policy, access: AccessPolicies) -> Misses:
    yield from _clients(policy, MODERN_CLIENTS)


def every_client(policy: Policy, access: AccessPolicies) -> Misses:
    """Old policies name the modern types only: right where the legacy ones are blocked."""
    lacking = list(_clients(policy, MODERN_CLIENTS | LEGACY_CLIENTS))
    if lacking and list(_clients(policy, MODERN_CLIENTS)):
        yield from lacking
    elif lacking:
        yield from _legacy_open(lacking, access)


def _legacy_open(lacking: list[Unmet], access: AccessPolicies) -> Misses:
    blocked = access.remember(LEGACY_CHECK, lambda: legacy_auth_is_blocked(access))
    if blocked is None:
        raise EvidenceMissing(Policy.key, "whether legacy authentication is blocked is not known")
    if not blocked:
        yield from lacking


def _clients(policy: Policy, wanted: frozenset[str]) -> Misses:
    if not wanted <= policy.conditions.clients:
        yield Unmet("conditions.clientAppTypes", shown(policy.conditions.client_app_types))


@cache
def client(name: str) -> Predicate:
    def reaches(policy: Policy, access: AccessPolicies) -> Misses:
        yield from _clients(policy, frozenset({name}))

    return reaches


def blocks(policy: Policy, access: AccessPolicies) -> Misses:
    if not policy.blocks:
        yield Unmet("grantControls", policy.grants)


def mfa(policy: Policy, access: AccessPolicies) -> Misses:
    def implies(control: Alternative) -> bool | None:
        return control == "mfa" if isinstance(control, str) else _accepts(control, access).is_mfa

    if not policy.guarantees(implies):
        yield Unmet("grantControls", policy.grants)


def phishing_resistant_mfa(policy: Policy, access: AccessPolicies) -> Misses:
    def implies(control: Alternative) -> bool | None:
        if isinstance(control, str):
            return False
        return _accepts(control, access).is_phishing_resistant

    if not policy.guarantees(implies):
        yield Unmet("grantControls", policy.grants)


def _accepts(strength: Strength, access: AccessPolicies) -> Strength:
    """The strength as it stands in the policy, else as the list of strengths has it."""
    stated = strength.is_mfa is not None and strength.is_phishing_resistant is not None
    return strength if stated else _completed(strength, access.strengths.get(strength.id))


def _completed(inline: Strength, listed: Strength | None) -> Strength:
    if listed is None:
        return inline
    return Strength.model_construct(
        id=inline.id,
        display_name=inline.display_name or listed.display_name,
        requirements_satisfied=(
            listed.requirements_satisfied
            if inline.requirements_satisfied is None
            else inline.requirements_satisfied
        ),
        allowed_combinations=(
            listed.allowed_combinations
            if inline.allowed_combinations is None
            else inline.allowed_combinations
        ),
    )


def managed_device(policy: Policy, access: AccessPolicies) -> Misses:
    def implies(control: Alternative) -> bool | None:
        return isinstance(control, str) and control in MANAGED_DEVICE

    if not policy.guarantees(implies):
        yield Unmet("grantControls", policy.grants)


def every_time(policy: Policy, access: AccessPolicies) -> Misses:
    if not (policy.frequency and policy.frequency.is_every_time):
        yield Unmet("sessionControls.signInFrequency", _frequency(policy))


def within_four_hours(policy: Policy, access: AccessPolicies) -> Misses:
    if not (policy.frequency and policy.frequency.is_at_most(4)):
        yield Unmet("sessionControls.signInFrequency", _frequency(policy))


def _frequency(policy: Policy) -> str:
    return policy.frequency.shown if policy.frequency else "none"


def never_persistent(policy: Policy, access: AccessPolicies) -> Misses:
    persistence = policy.persistence
    if not (persistence and persistence.is_never):
        actual = "none" if persistence is None else persistence.mode or "none"
        on = persistence is None or persistence.is_enabled
        yield Unmet("sessionControls.persistentBrowser", actual if on else f"{actual}, off")


def fresh_mfa_or_block(policy: Policy, access: AccessPolicies) -> Misses:
    if not policy.blocks:
        yield from mfa(policy, access)
        yield from every_time(policy, access)


def secure_password_change_or_block(policy: Policy, access: AccessPolicies) -> Misses:
    if policy.blocks:
        return
    yield from mfa(policy, access)
    if not policy.guarantees(lambda control: control == "passwordchange"):
        yield Unmet("grantControls", policy.grants)
    yield from every_time(policy, access)


def for_everyone(*scope: Predicate, who: str = "") -> Demand:
    return Demand(who, everyone, scope)


def for_every_admin_role(*scope: Predicate) -> tuple[Demand, ...]:
    return tuple(Demand(name, holders_of(role), scope) for role, name in ADMIN_ROLES.items())


LEGACY_DEMANDS = tuple(
    for_everyone(every_resource_but_registered, client(name), always, blocks, who=spoken)
    for name, spoken in _CLIENT_NAMES.items()
)


def legacy_auth_is_blocked(access: AccessPolicies) -> bool | None:
    """None: nobody can tell."""
    judged = access.of_check(LEGACY_CHECK)
    open_demands = [demand for demand in LEGACY_DEMANDS if not judged.qualifying(demand)]
    if all(judged.undecided(demand) for demand in open_demands):
        return None if open_demands else True
    return False
