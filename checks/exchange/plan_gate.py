"""The licence gate of checks whose datasets exist in every Exchange tenant."""

from contracts.verdict import ReasonCode, Verdict, not_applicable
from evidence.dataset import Dataset
from evidence.evidence import Evidence
from evidence.licences import Licence, lacks


def unlicensed(evidence: Evidence, licence: Licence, *, proof: type[Dataset]) -> Verdict | None:
    """Not applicable without the licence, unless rows of `proof` show that the feature is used."""
    if evidence.count(proof) or not lacks(evidence, licence):
        return None
    return not_applicable(f"The tenant has no {licence.name}", ReasonCode.UNLICENSED)
