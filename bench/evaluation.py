"""Judging all recommendations of one tenant, in a process of its own: time, and peak memory.

`python -m bench.evaluation ACCOUNTS` prints one JSON object.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from assay.wiring import ROOT
from bench.tenant import tenant
from checks.catalogue import selected
from checks.evaluate import evaluate
from checks.registry import CHECKS
from contracts.scan import Profile
from evidence.entra import User
from evidence.evidence import Evidence

SIZES = (1_000, 10_000, 100_000)
_WITHIN_S = 900
_SLOWEST = 5
_READ_EVERY = 10  # checks


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
    reading_us: float  # the yardstick: one row of accounts, parsed once, in turns with the checks

    @property
    def row_us(self) -> float:
        return self.seconds / self.rows * 1e6

    @property
    def readings(self) -> float:
        """What a row costs, in parses of a row: a slower or faster moment drops out."""
        return self.row_us / self.reading_us


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
    costs = [found.readings for found in evaluations if found.accounts >= 10_000]
    return max(costs) / min(costs)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _judge(accounts: int) -> dict[str, object]:
    evidence, rows = tenant(accounts)
    holding = _peak_mib()
    recommendations = selected(Profile(level=2))
    spent: dict[str, float] = {}
    reading: list[float] = []
    for position, item in enumerate(recommendations):
        if position % _READ_EVERY == 0:
            reading.append(_spent(lambda: _read_accounts(evidence)))
        judging = _spent(partial(evaluate, CHECKS[item.check], evidence))
        spent[item.check] = spent.get(item.check, 0.0) + judging
    return {
        "accounts": accounts,
        "rows": rows,
        "checks": len(recommendations),
        "seconds": sum(spent.values()),
        "holding_mib": holding,
        "peak_mib": _peak_mib(),
        "reading_us": sum(reading) / len(reading) / evidence.count(User) * 1e6,
        "slowest": sorted(spent.items(), key=lambda item: -item[1])[:_SLOWEST],
    }


def _spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _read_accounts(evidence: Evidence) -> None:
    for raw in evidence.recorded[User.key].raw_rows():
        User.read_row(raw)


if __name__ == "__main__":
    print(json.dumps(_judge(int(sys.argv[1]))))
