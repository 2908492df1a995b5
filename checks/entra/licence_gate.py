"""What a failed read means where Microsoft names a missing licence as the reason by itself."""

from contracts.collector import DatasetStatus
from contracts.verdict import ReasonCode, Verdict, errored, not_applicable
from evidence.dataset import EvidenceMissing
from evidence.licences import Licence

_CODES = {
    DatasetStatus.DENIED.value: ReasonCode.EVIDENCE_DENIED,
    DatasetStatus.PARTIAL.value: ReasonCode.EVIDENCE_INCOMPLETE,
}


def unread(gap: EvidenceMissing) -> Verdict:
    """An error whatever the tenant has bought, but for a refusal for want of a licence: that one
    is raised again, for the licence inventory to decide."""
    if gap.kind == DatasetStatus.UNLICENSED.value:
        raise gap
    return errored(str(gap), _CODES.get(gap.kind, ReasonCode.EVIDENCE_MISSING))


def unlicensed(licence: Licence) -> Verdict:
    return not_applicable(f"The tenant has no {licence.name}", ReasonCode.UNLICENSED)
