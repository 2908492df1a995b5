"""Checks to batches: one per service, and what has to wait for several of them."""

from collections import defaultdict
from collections.abc import Iterable

import checks  # noqa: F401  (fills the registry)
from checks.registry import CHECKS, Check, datasets
from contracts.scan import Batch, PlannedCheck, ScanPlan
from evidence.evidence import SUBSCRIBED_SKUS

HOME_OF_ATTESTED = "graph"  # checks that read nothing are judged with the first batch


def make_plan(planned: Iterable[PlannedCheck], *, remote: bool = False) -> ScanPlan:
    """A pure function of what was planned and the registry of this worker's version. `remote`:
    all but DNS is read elsewhere."""
    chosen = list(planned)
    alone: dict[str, list[PlannedCheck]] = defaultdict(list)
    joint: list[PlannedCheck] = []
    needed: dict[str, set[str]] = defaultdict(set)
    for item in chosen:
        check = CHECKS.get(item.check)
        if check is None:  # of another version: the joint stage says so
            joint.append(item)
            continue
        if len(check.services) > 1:
            joint.append(item)
        else:
            alone[next(iter(check.services), HOME_OF_ATTESTED)].append(item)
        for name in _with_dependencies(check):
            needed[name.partition(".")[0]].add(name)
    services = sorted({*alone, *needed})
    return ScanPlan(
        total_checks=len(chosen),
        batches=[
            Batch(
                service=service,
                checks=alone[service],
                datasets=in_reading_order(needed[service]),
                after=sorted(_starts_from(needed[service]) - {service}),
                remote=remote and service != "dns",
            )
            for service in services
        ],
        joint=joint,
    )


def _starts_from(names: Iterable[str]) -> set[str]:
    """Services whose rows these reads start from."""
    known = datasets()
    return {other.partition(".")[0] for name in names for other in known[name].depends_on}


def _with_dependencies(check: Check) -> set[str]:
    """Datasets a check reads, the rows those start from, and the licence inventory."""
    found: set[str] = set()
    waiting = [SUBSCRIBED_SKUS] if check.licence else []
    waiting += [dataset.key for dataset in check.datasets]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += datasets()[name].depends_on
    return found


def in_reading_order(names: Iterable[str]) -> list[str]:
    """The licence inventory first, then datasets that nothing precedes, small ones first."""
    known = datasets()

    def rank(name: str) -> tuple[bool, int, int, str]:
        dataset = known[name]
        return (name != SUBSCRIBED_SKUS, dataset.phase, dataset.time_limit_s, name)

    return sorted(names, key=rank)
