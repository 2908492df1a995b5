"""Judging all recommendations of one tenant, in a process of its own: time, and peak memory.

`python -m bench.evaluation ACCOUNTS` prints one JSON object.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

from assay.wiring import ROOT

SIZES = (1_000, 10_000, 100_000)
_WITHIN_S = 900
_SLOWEST = 5
_ROWS_ENOUGH = 200_000  # fewer are judged several times, and the quickest time counts
_TIMES = 3


@dataclass(frozen=True)
class Evaluation:
    """`seconds` of the processor, which a busy machine disturbs less than a clock."""

    accounts: int
    rows: int
    checks: int
    seconds: float
    holding_mib: float  # with the evidence in memory, before the first check
    peak_mib: float
    slowest: list[tuple[str, float]]

    @property
    def row_us(self) -> float:
        return self.seconds / self.rows * 1e6


def measure(accounts: int) -> Evaluation:
    said = subprocess.run(
        [sys.executable, "-m", "bench.evaluation", str(accounts)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
    )
    return Evaluation(**json.loads(said.stdout))


def flatness(evaluations: list[Evaluation]) -> float:
    """The dearest row against the cheapest, over the sizes at which fixed costs no longer count."""
    costs = [found.row_us for found in evaluations if found.accounts >= 10_000]
    return max(costs) / min(costs)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _judge(accounts: int) -> dict[str, object]:
    from bench.tenant import tenant
    from checks.catalogue import selected
    from checks.evaluate import evaluate
    from checks.registry import CHECKS
    from contracts.scan import Profile

    evidence, rows = tenant(accounts)
    holding = _peak_mib()
    recommendations = selected(Profile(level=2))
    spent: dict[str, float] = {}
    for _ in range(1 if rows > _ROWS_ENOUGH else _TIMES):
        for item in recommendations:
            began = time.process_time()
            evaluate(CHECKS[item.check], evidence)
            took = time.process_time() - began
            spent[item.check] = min(spent.get(item.check, took), took)
        for name in evidence.recorded:
            evidence.forget(name)
    return {
        "accounts": accounts,
        "rows": rows,
        "checks": len(recommendations),
        "seconds": sum(spent.values()),
        "holding_mib": holding,
        "peak_mib": _peak_mib(),
        "slowest": sorted(spent.items(), key=lambda item: -item[1])[:_SLOWEST],
    }


if __name__ == "__main__":
    print(json.dumps(_judge(int(sys.argv[1]))))
