"""How people prove who they are: their methods, and settings that make one weaker."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from checks.entra.exclusions import Register
from checks.registry import check
from checks.wording import some_of
from contracts.verdict import (
    Affected,
    ReasonCode,
    Verdict,
    errored,
    failed,
    not_applicable,
    passed,
)
from evidence.authentication import (
    AuthenticationMethodsPolicy,
    FeatureSetting,
    MethodConfiguration,
    Target,
)
from evidence.conditional_access import ReferencedGroup
from evidence.dataset import EvidenceMissing
from evidence.entra import PerUserMfaState, User
from evidence.evidence import Evidence

AUTHENTICATOR = "MicrosoftAuthenticator"
PREFERENCES = "systemCredentialPreferences"
WEAK_METHODS = ("Sms", "Voice", "Email")
MFA_BY_POLICY_FIRST = "Have a Conditional Access policy require MFA before this is switched off"


@check(User, fallback=(PerUserMfaState,))
def per_user_mfa_disabled(evidence: Evidence) -> Verdict:
    """Passes when per-user MFA is disabled on every account, guests and disabled ones included.

    The list of users may leave the state out; then a read per user tells it. One account that
    has it on proves a fail, and one that stays unknown prevents a pass.
    """
    if evidence.is_complete(User) and not evidence.count(User):
        return errored("Entra returned no user at all", ReasonCode.EVIDENCE_MISSING)
    found = _listed_mfa_states(evidence)
    if found.unread:
        _read_one_by_one(evidence, found)
    if found.on:
        states = Counter(found.on.values())
        counts = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
        return failed(f"Per-user MFA is in use: {counts}", found.on, notes=[MFA_BY_POLICY_FIRST])
    if found.unread:
        return errored(f"The per-user MFA state of {len(found.unread)} users was not read")
    return passed("Per-user MFA is disabled on every account")


@dataclass
class _MfaStates:
    """Accounts that have it on, with their state, and name and kind of those without, by id."""

    on: dict[Affected, str] = field(default_factory=dict)
    unread: dict[str, tuple[str, str]] = field(default_factory=dict)

    def file(self, name: str, kind: str, state: str) -> None:
        """Only `disabled` will do: a word that nobody knows is certainly another one."""
        if state.lower() == "disabled":
            return
        actual = f"{state} ({kind})"
        item = Affected(resource=name, setting="perUserMfaState", actual=actual)
        self.on[item] = state.lower()


def _listed_mfa_states(evidence: Evidence) -> _MfaStates:
    exempt = {
        entry.id.strip().lower()
        for entry in evidence.parameter("exclusion_register")
        if entry.kind == "user"
        and entry.is_current(evidence.today)
        and entry.serves("per_user_mfa_disabled")
    }
    found = _MfaStates()
    for user in evidence.seen(User):
        try:
            state = user.per_user_mfa_state
            if (state and state.lower() == "disabled") or _told(lambda u: u.id, user) in exempt:
                continue
            if state:
                found.file(_told(lambda u: u.user_principal_name, user), _kind(user), state)
            else:
                found.unread[user.id] = user.user_principal_name, _kind(user)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return found


def _kind(user: User) -> str:
    kind = _told(lambda u: u.user_type or "", user) or "of no type"
    return (
        f"{kind}, account {_told(lambda u: 'enabled' if u.account_enabled else 'disabled', user)}"
    )


def _told(read: Callable[[User], str], user: User) -> str:
    """What only describes an account must not stand in the way of what its state proves."""
    try:
        return read(user)
    except EvidenceMissing:
        return "unknown"


def _read_one_by_one(evidence: Evidence, found: _MfaStates) -> None:
    """Moves users from `unread` to where their own answer puts them."""
    answered: set[str] = set()
    for row in evidence.seen(PerUserMfaState):
        try:
            state = row.per_user_mfa_state
            if row.user_id in found.unread and row.status == 200 and state:
                answered.add(row.user_id)
                found.file(*found.unread[row.user_id], state)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    for user_id in answered:
        del found.unread[user_id]
    if found.unread:
        why = f"{len(found.unread)} users are without an answer"
        evidence.gaps.append(EvidenceMissing(PerUserMfaState.key, why))


@check(AuthenticationMethodsPolicy, fallback=(ReferencedGroup,))
def authenticator_fatigue_protection_on(evidence: Evidence) -> Verdict:
    """Passes when Authenticator prompts show application and location to everyone.

    Microsoft has enforced number matching since 2023: only an explicit `disabled` fails, and an
    answer of v1.0, which leaves it out, does not. Not applicable where nobody gets prompts.
    """
    policy = evidence.one(AuthenticationMethodsPolicy)
    method = _configuration(policy, AUTHENTICATOR)
    if method.is_disabled and policy.is_migrated:
        return not_applicable("Microsoft Authenticator is off: nobody gets prompts")
    if method.is_disabled:
        state = f"disabled, migration {policy.policy_migration_state}"
        return failed(
            "Microsoft Authenticator is off, but legacy settings may still allow prompts",
            [Affected(resource=AUTHENTICATOR, setting="state", actual=state)],
        )
    features = method.feature_settings
    contexts = {
        "displayAppInformationRequiredState": features.display_app_information_required_state,
        "displayLocationInformationRequiredState": (
            features.display_location_information_required_state
        ),
    }
    shortfalls = [*_method_shortfalls(method), *_number_matching(method)]
    excluded = [*method.exclude_targets]
    for name, feature in contexts.items():
        shortfalls += _feature_shortfalls(name, feature)
        excluded += [feature.exclude_target] if feature.exclude_target else []
    return _for_everyone(
        evidence,
        "authenticator_fatigue_protection_on",
        AUTHENTICATOR,
        shortfalls,
        excluded,
        good="Authenticator prompts show application and location to everyone",
        bad="Authenticator prompts do not protect everyone from blind approval",
    )


def _configuration(policy: AuthenticationMethodsPolicy, name: str) -> MethodConfiguration:
    found = policy.configurations(name)
    if not found or any(item != found[0] for item in found):
        why = f"{len(found)} configurations of {name} where one is expected"
        raise EvidenceMissing(AuthenticationMethodsPolicy.key, why)
    return found[0]


def _method_shortfalls(method: MethodConfiguration) -> Iterable[Affected]:
    if not method.is_enabled:
        yield Affected(resource=AUTHENTICATOR, setting="state", actual=method.state)
    if not method.is_for_everyone:
        actual = _named(method.include_targets)
        yield Affected(resource=AUTHENTICATOR, setting="includeTargets", actual=actual)


def _number_matching(method: MethodConfiguration) -> Iterable[Affected]:
    matching = method.feature_settings.number_matching_required_state
    if matching and matching.state.lower() not in ("enabled", "default"):
        name = "numberMatchingRequiredState"
        yield Affected(resource=AUTHENTICATOR, setting=name, actual=matching.state)


def _feature_shortfalls(name: str, feature: FeatureSetting) -> Iterable[Affected]:
    if not feature.is_enabled:
        yield Affected(resource=AUTHENTICATOR, setting=f"{name}.state", actual=feature.state)
    if not feature.is_for_everyone:
        target = feature.include_target
        setting, actual = f"{name}.includeTarget", _named([target] if target else [])
        yield Affected(resource=AUTHENTICATOR, setting=setting, actual=actual)


def _named(targets: Iterable[Target]) -> str:
    return some_of(target.id for target in targets) or "nobody"


def _for_everyone(
    evidence: Evidence,
    slug: str,
    resource: str,
    shortfalls: list[Affected],
    excluded: Iterable[Target],
    *,
    good: str,
    bad: str,
) -> Verdict:
    """Whoever is left out must stand in the register or be few."""
    register = Register.of(evidence, slug)
    left = [
        target
        for target in excluded
        if not target.is_nobody and not register.holds(_kind_of(target), target.id)
    ]
    weighed = register.weigh(
        [target.id for target in left if target.is_user],
        [target.id for target in left if not target.is_user],
    )
    if register.is_too_much(weighed) or any(target.is_everyone for target in left):
        actual = f"{weighed.accounts} accounts, {register.allowance} allowed: {_named(left)}"
        shortfalls.append(Affected(resource=resource, setting="excludeTargets", actual=actual))
    if shortfalls:
        return failed(bad, shortfalls)
    if weighed.unknown:
        return errored(f"The size of {some_of(weighed.unknown)}, which is left out, is not known")
    notes = [f"Review: left out, not registered: {some_of(weighed.members)}"] * bool(
        weighed.members
    )
    return passed(good, notes=notes)


def _kind_of(target: Target) -> str:
    return "user" if target.is_user else "group"


@check(AuthenticationMethodsPolicy)
def weak_auth_methods_disabled(evidence: Evidence) -> Verdict:
    """Passes when SMS, voice calls and e-mail codes are all off; on for one group is on."""
    policy = evidence.one(AuthenticationMethodsPolicy)
    affected, missing = [], []
    for name in WEAK_METHODS:
        found = policy.configurations(name)
        missing += [] if found else [name]
        affected += [
            Affected(
                resource=name,
                setting="state",
                actual=f"{method.state}, for {_named(method.include_targets)}",
            )
            for method in found
            if not method.is_disabled
        ]
    notes = [*_external_codes(policy), *_legacy_settings(policy)]
    if affected:
        methods = some_of(item.resource for item in affected)
        return failed(f"Still allowed as authentication methods: {methods}", affected, notes=notes)
    if missing:
        return errored(f"The policy does not tell the state of {some_of(missing)}")
    return passed("SMS, voice calls and e-mail codes are off", notes=notes)


def _external_codes(policy: AuthenticationMethodsPolicy) -> list[str]:
    """Guests' codes have a switch of their own; its default is on."""
    states = {item.allow_external_id_to_use_email_otp for item in policy.configurations("Email")}
    return [f"One-time codes by e-mail for guests: {state}" for state in states if state]


def _legacy_settings(policy: AuthenticationMethodsPolicy) -> list[str]:
    if policy.is_migrated:
        return []
    return ["Review: the legacy MFA and SSPR settings still apply and may allow phone methods"]


@check(AuthenticationMethodsPolicy, fallback=(ReferencedGroup,))
def system_preferred_mfa_enabled(evidence: Evidence) -> Verdict:
    """Passes when system-preferred MFA is on for everyone by the tenant's own decision."""
    preferences = evidence.one(AuthenticationMethodsPolicy).system_credential_preferences
    shortfalls = []
    if not preferences.is_enabled:
        managed = preferences.state.lower() == "default"
        actual = f"{preferences.state}{', which Microsoft may change' if managed else ''}"
        shortfalls.append(Affected(resource=PREFERENCES, setting="state", actual=actual))
    if not preferences.is_for_everyone:
        actual = _named(preferences.include_targets)
        shortfalls.append(Affected(resource=PREFERENCES, setting="includeTargets", actual=actual))
    return _for_everyone(
        evidence,
        "system_preferred_mfa_enabled",
        PREFERENCES,
        shortfalls,
        preferences.exclude_targets,
        good="System-preferred MFA is on for everyone",
        bad="System-preferred MFA is not switched on for everyone",
    )
