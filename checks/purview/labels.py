"""Sensitivity labels."""

from checks.registry import check
from contracts.verdict import Affected, ReasonCode, Verdict, failed, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import SENSITIVITY_LABELS, lacks
from evidence.purview import LabelPolicy


@check(LabelPolicy, licence=SENSITIVITY_LABELS)
def sensitivity_labels_published(evidence: Evidence) -> Verdict:
    """Passes when one policy in force publishes labels to somebody.

    No policy fails, unless the tenant has no labelling plan either.
    """
    policies = evidence.all(LabelPolicy)
    affected: list[Affected] = []
    good: set[str] = set()
    unknown: list[EvidenceMissing] = []
    for policy in policies:
        try:
            faults = _faults(policy)
        except EvidenceMissing as gap:
            unknown.append(gap)
            continue
        if faults:
            affected.append(_described(policy, faults))
        else:
            good.add(policy.name)
    if good:
        return passed(f"Labels are published by {', '.join(sorted(good))}")
    if unknown:
        raise unknown[0]
    if not policies and lacks(evidence, SENSITIVITY_LABELS):
        return not_applicable("The tenant has no Sensitivity Labels plan", ReasonCode.UNLICENSED)
    return failed(
        "No label policy publishes labels to anybody" if policies else "No label is published",
        affected,
    )


def _faults(policy: LabelPolicy) -> list[str]:
    if not policy.publishes_labels:
        return [f"type {policy.type} publishes no sensitivity labels"]
    faults = []
    if not policy.is_enforced:
        faults.append(f"not in force (Enabled {policy.enabled}, Mode {policy.mode})")
    if not policy.labels:
        faults.append("no labels")
    if not policy.reaches_somebody:
        faults.append("no locations")
    return faults


def _described(policy: LabelPolicy, faults: list[str]) -> Affected:
    return Affected(resource=policy.name, setting="Label policy", actual="; ".join(faults))
