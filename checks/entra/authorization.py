"""The authorization policy decides for everybody: every one returned has to be right."""

from collections.abc import Callable, Sequence

from contracts.verdict import Affected, Verdict, errored, failed, passed
from evidence.entra import AuthorizationPolicy
from evidence.evidence import Evidence


def judge_authorization(
    evidence: Evidence,
    shortfall: Callable[[AuthorizationPolicy], Affected | Sequence[Affected] | None],
    *,
    good: str,
    bad: str,
) -> Verdict:
    complete = evidence.is_complete(AuthorizationPolicy)
    if complete and not evidence.count(AuthorizationPolicy):
        return errored("Entra returned no authorization policy, although every tenant has one")
    affected = evidence.affected(AuthorizationPolicy, shortfall)
    return failed(bad, affected) if affected else passed(good)


def shortfall_of(policy: AuthorizationPolicy, setting: str, actual: str) -> Affected:
    return Affected(resource=policy.id, setting=setting, actual=actual)
