"""Judge a recorded pack in this process, without a scan: for the command line and for tests."""

from collections.abc import Mapping
from typing import Any

import checks  # noqa: F401  (fills the registry)
from checks.catalogue import Recommendation, selected
from checks.evaluate import evaluate
from checks.registry import CHECKS
from contracts.scan import Profile
from contracts.verdict import Verdict, manual
from evidence.evidence import Evidence
from evidence.packs import Pack


def judge_pack(pack: Pack, profile: Profile | None = None) -> list[dict[str, Any]]:
    """One entry a recommendation, in the benchmark's order; without a profile all of them.

    Shape: {"recommendation", "check", "verdict", "reason", "affected": [{"resource", "setting",
    "actual"}]}. All evidence is at hand, so that no check waits for the licence inventory.
    """
    evidence = pack.evidence()
    return [_judged(item, evidence) for item in selected(profile or Profile(level=2))]


def _judged(item: Recommendation, evidence: Evidence) -> dict[str, Any]:
    check = CHECKS.get(item.check)
    verdict = evaluate(check, evidence) if check else manual("not automated yet")
    return _entry(item, verdict)


def _entry(item: Recommendation, verdict: Verdict) -> dict[str, Any]:
    affected: list[Mapping[str, str]] = [found.model_dump() for found in verdict.affected]
    return {
        "recommendation": item.id,
        "check": item.check,
        "verdict": verdict.outcome.value,
        "reason": verdict.reason,
        "affected": affected,
    }
