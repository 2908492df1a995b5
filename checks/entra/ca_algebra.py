"""Demands on the Conditional Access policies together, and what the nearest ones lack."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from checks.entra.ca_exclusions import Covered, Outside, Unmet, left_outside
from checks.entra.exclusions import Register
from checks.wording import some_of
from contracts.verdict import Affected, Verdict, errored, failed, passed
from evidence.ca_conditions import Reached
from evidence.conditional_access import AuthenticationStrength, ConditionalAccessPolicy
from evidence.dataset import EvidenceMissing

NEAREST = 5
Found = TypeVar("Found")
Predicate = Callable[[ConditionalAccessPolicy, "AccessPolicies"], Iterable[Unmet]]


@dataclass(frozen=True)
class Demand:
    """One policy has to meet all of it. `scope` is resources, conditions and controls: what a
    policy must meet as well that makes up for somebody's exclusion from another."""

    who: str
    population: Predicate
    scope: tuple[Predicate, ...]


def silent(policy: ConditionalAccessPolicy) -> str:
    return ""


@dataclass(frozen=True)
class Item:
    """A claim with a gap for whom it holds; different policies may meet different demands.

    `remark` speaks about a policy that meets a demand, `hint` about any in force when none does.
    """

    claim: str
    whole: str
    demands: tuple[Demand, ...]
    remark: Callable[[ConditionalAccessPolicy], str] = silent
    hint: Callable[[ConditionalAccessPolicy], str] = silent


@dataclass
class AccessPolicies:
    """The policies aimed at people, with everything that they are judged by."""

    policies: Sequence[ConditionalAccessPolicy]
    register: Register
    strengths: Mapping[str, AuthenticationStrength] = field(default_factory=dict)
    sync_accounts: frozenset[str] = frozenset()
    _memo: dict[Hashable, object] = field(default_factory=dict)

    def of_check(self, slug: str) -> "AccessPolicies":
        return replace(self, register=self.register.of_check(slug), _memo={})

    def remember(self, key: Hashable, compute: Callable[[], Found]) -> Found:
        if key not in self._memo:
            self._memo[key] = compute()
        return self._memo[key]  # type: ignore[return-value]

    def unmet(self, policy: ConditionalAccessPolicy, demand: Demand) -> list[Unmet]:
        """Many demands differ in whom they are about, and share the rest."""
        shared = self.remember(
            (id(policy), demand.scope),
            lambda: [
                *self._scope_unmet(policy, demand.scope),
                *self.outside(policy, demand).unmet,
            ],
        )
        return [*self._lacks(policy, demand.population), *shared]

    def qualifying(self, demand: Demand) -> ConditionalAccessPolicy | None:
        """The policy that meets a demand with the fewest things left to review."""
        found = [policy for policy in self.policies if not self.unmet(policy, demand)]
        return min(
            found,
            key=lambda policy: (len(self.outside(policy, demand).notes), policy.label),
            default=None,
        )

    def undecided(self, demand: Demand) -> list[tuple[ConditionalAccessPolicy, Unmet]]:
        """Policies that only what nobody can tell keeps from qualifying."""
        found = []
        for policy in self.policies:
            unmet = self.unmet(policy, demand)
            if unmet and all(item.is_unknown for item in unmet):
                found.append((policy, unmet[0]))
        return found

    def outside(self, policy: ConditionalAccessPolicy, demand: Demand) -> Outside:
        def compute() -> Outside:
            covered = self.remember(demand.scope, lambda: self._covered(demand.scope))
            return self._left_outside(policy, covered)

        return self.remember(("outside", id(policy), demand.scope), compute)

    def _lacks(self, policy: ConditionalAccessPolicy, predicate: Predicate) -> tuple[Unmet, ...]:
        def compute() -> tuple[Unmet, ...]:
            try:
                return tuple(predicate(policy, self))
            except EvidenceMissing as gap:
                return (Unmet("what was read", str(gap), is_unknown=True),)

        return self.remember((id(policy), predicate), compute)

    def _scope_unmet(
        self, policy: ConditionalAccessPolicy, scope: tuple[Predicate, ...]
    ) -> list[Unmet]:
        return [item for predicate in (in_force, *scope) for item in self._lacks(policy, predicate)]

    def _left_outside(self, policy: ConditionalAccessPolicy, covered: Covered) -> Outside:
        try:
            return left_outside(policy, self.register, self.sync_accounts, covered)
        except EvidenceMissing as gap:
            return Outside((Unmet("what was read", str(gap), is_unknown=True),))

    def _covered(self, scope: tuple[Predicate, ...]) -> Covered:
        found = self._covering(scope)
        return Covered(
            frozenset(item for one in found if one.surely for item in one.reached),
            frozenset(item for one in found for item in one.reached),
        )

    def _covering(self, scope: tuple[Predicate, ...]) -> list["_Covering"]:
        """What each policy of a scope includes by id, if its own exclusions need no other.

        None makes up for what it excludes itself.
        """
        found = []
        for policy in self.policies:
            unmet = [
                *self._scope_unmet(policy, scope),
                *self._left_outside(policy, Covered()).unmet,
            ]
            if all(item.is_unknown for item in unmet):
                found.append(_Covering(policy, not unmet))
        return found


@dataclass(frozen=True)
class _Covering:
    policy: ConditionalAccessPolicy
    surely: bool

    @property
    def reached(self) -> frozenset[Reached]:
        try:
            users = self.policy.conditions.users
        except EvidenceMissing:
            return frozenset()
        return users.included - users.excluded


def in_force(policy: ConditionalAccessPolicy, access: AccessPolicies) -> Iterable[Unmet]:
    if not policy.is_in_force:
        yield Unmet("state", policy.state)


def judge(access: AccessPolicies, *items: Item) -> Verdict:
    """A demand that no policy meets fails the check, unless one could not be decided."""
    answers = [(item, _answer(access, item)) for item in items]
    open_items = [(item, answer.missing) for item, answer in answers if answer.missing]
    if open_items:
        return _failed(access, open_items)
    doubts = dict.fromkeys(doubt for _, answer in answers for doubt in answer.doubts)
    if doubts:
        return errored(f"Whether a policy qualifies cannot be told: {some_of(doubts)}")
    claims = " and ".join(item.claim.format(item.whole) for item in items)
    policies = {label for _, answer in answers for label in answer.policies}
    notes = dict.fromkeys(note for _, answer in answers for note in answer.notes)
    return passed(f"Conditional Access {claims}: {some_of(sorted(policies))}", notes=notes)


@dataclass
class _Answer:
    policies: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: list[Demand] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def _answer(access: AccessPolicies, item: Item) -> _Answer:
    answer = _Answer()
    for demand in item.demands:
        if policy := access.qualifying(demand):
            answer.policies.append(policy.label)
            answer.notes += access.outside(policy, demand).notes
            answer.notes += filter(None, [item.remark(policy)])
        elif undecided := access.undecided(demand):
            answer.doubts += [f"{found.label}: {why.actual}" for found, why in undecided]
        else:
            answer.missing.append(demand)
    return answer


def _failed(access: AccessPolicies, open_items: Sequence[tuple[Item, list[Demand]]]) -> Verdict:
    claims = [
        item.claim.format(
            item.whole if missing == [*item.demands] else some_of(demand.who for demand in missing)
        )
        for item, missing in open_items
    ]
    demands = [demand for _, missing in open_items for demand in missing]
    affected = _nearest(access, demands) or [
        Affected(resource="Conditional Access", setting="policies for users", actual="none")
    ]
    hints = [hint for item, _ in open_items for hint in _hints(access, item)]
    return failed(f"No policy in force {' or '.join(claims)}", affected, notes=hints)


def _hints(access: AccessPolicies, item: Item) -> Iterator[str]:
    for policy in access.policies:
        try:
            if policy.is_in_force and (hint := item.hint(policy)):
                yield hint
        except EvidenceMissing:
            continue


def _nearest(access: AccessPolicies, demands: Sequence[Demand]) -> list[Affected]:
    """The policies with the fewest unmet settings, each setting with what was found."""
    misses = []
    for policy in access.policies:
        settings: dict[str, dict[str, None]] = {}
        for demand in demands:
            for item in access.unmet(policy, demand):
                settings.setdefault(item.setting, {})[item.actual] = None
        misses.append((len(settings), policy.label, settings))
    return [
        Affected(resource=label, setting=setting, actual=some_of(actual))
        for _, label, settings in sorted(misses, key=lambda miss: miss[:2])[:NEAREST]
        for setting, actual in settings.items()
    ]
