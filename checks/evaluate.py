"""Judge one check over evidence. Never raises; a gap can end as error, never as pass."""

import logging

from checks.registry import Check
from contracts.collector import DatasetStatus
from contracts.verdict import Outcome, ReasonCode, Verdict, errored, not_applicable
from evidence.dataset import Dataset, EvidenceMissing
from evidence.evidence import Evidence, LicencePending
from evidence.licences import lacks

logger = logging.getLogger(__name__)

_CODES = {
    "denied": ReasonCode.EVIDENCE_DENIED,
    "partial": ReasonCode.EVIDENCE_INCOMPLETE,
    "unreadable": ReasonCode.EVIDENCE_UNREADABLE,
}


def evaluate(check: Check, evidence: Evidence) -> Verdict:
    """Raises LicencePending, and nothing else, when the licence inventory has to decide first."""
    scoped = evidence.scoped(check.needs)
    try:
        verdict = _settle(check, scoped, check.judge(scoped))
    except EvidenceMissing as gap:
        verdict = _licence_decides(check, scoped, gap)
    except LicencePending:
        raise
    except Exception:
        logger.exception("check failed", extra={"check": check.slug})
        verdict = errored("This check has a bug; its trace is in the log", ReasonCode.CHECK_BROKEN)
    return verdict.model_copy(update={"parameters": sorted(scoped.consulted)})


def _settle(check: Check, evidence: Evidence, verdict: Verdict) -> Verdict:
    """What is left of a verdict when part of its evidence is missing."""
    gaps = _required_gaps(check, evidence)
    if verdict.outcome is Outcome.FAIL:
        return verdict.model_copy(update={"incomplete": bool(gaps)})
    if verdict.outcome is Outcome.PASS and gaps:
        return _licence_decides(check, evidence, gaps[0])
    if evidence.gaps and verdict.outcome is not Outcome.ERROR:
        return _licence_decides(check, evidence, evidence.gaps[0])
    return verdict


def _required_gaps(check: Check, evidence: Evidence) -> list[EvidenceMissing]:
    unread = [
        evidence._gap(dataset, evidence._found(dataset))
        for dataset in (*check.required, *check.if_licensed)
        if not evidence.is_complete(dataset) and not _is_licence_refusal(check, evidence, dataset)
    ]
    return [*evidence.gaps, *unread]


def _is_licence_refusal(check: Check, evidence: Evidence, dataset: type[Dataset]) -> bool:
    return dataset in check.if_licensed and evidence.status(dataset) is DatasetStatus.UNLICENSED


def _licence_decides(check: Check, evidence: Evidence, gap: EvidenceMissing) -> Verdict:
    """A failed or empty read is not applicable when the tenant does not own the licence."""
    if check.licence and gap.read_failed and lacks(evidence, check.licence):
        return not_applicable(f"The tenant has no {check.licence.name}", ReasonCode.UNLICENSED)
    return errored(str(gap), _CODES.get(gap.kind, ReasonCode.EVIDENCE_MISSING))
