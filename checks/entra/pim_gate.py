"""When there is no Privileged Identity Management to judge."""

from checks.entra.licence_gate import unlicensed
from contracts.collector import DatasetStatus
from contracts.verdict import Verdict
from evidence.dataset import Dataset
from evidence.evidence import Evidence
from evidence.licences import ENTRA_GOVERNANCE, lacks


def nothing_to_judge(evidence: Evidence, dataset: type[Dataset]) -> Verdict | None:
    """A refusal for want of the licence decides, whatever the inventory says; so does an empty
    answer in a tenant whose inventory holds no such licence."""
    if evidence.status(dataset) is DatasetStatus.UNLICENSED:
        return unlicensed(ENTRA_GOVERNANCE)
    if not evidence.is_complete(dataset) or evidence.count(dataset):
        return None
    return unlicensed(ENTRA_GOVERNANCE) if lacks(evidence, ENTRA_GOVERNANCE) else None
