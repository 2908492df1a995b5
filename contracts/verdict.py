"""What judging one check over evidence comes to."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

MAX_AFFECTED = 1000  # kept with a verdict; affected_total counts all of them


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    MANUAL = "manual"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ReasonCode(StrEnum):
    """Why, for machines; `Verdict.reason` is the same for people."""

    COMPLIANT = "compliant"
    NON_COMPLIANT = "non_compliant"
    ATTESTATION_NEEDED = "attestation_needed"
    UNLICENSED = "unlicensed"
    NOTHING_TO_JUDGE = "nothing_to_judge"
    EVIDENCE_DENIED = "evidence_denied"
    EVIDENCE_INCOMPLETE = "evidence_incomplete"
    EVIDENCE_MISSING = "evidence_missing"
    EVIDENCE_UNREADABLE = "evidence_unreadable"
    CHECK_BROKEN = "check_broken"


class Affected(BaseModel):
    """One object that a verdict is about, and the value that decided."""

    model_config = ConfigDict(frozen=True)

    resource: str
    setting: str
    actual: str


class Verdict(BaseModel):
    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    code: ReasonCode
    reason: str
    affected: list[Affected] = Field(default_factory=list)
    affected_total: int = 0
    incomplete: bool = False  # a fail that part of the evidence proves: the list may be longer
    notes: list[str] = Field(default_factory=list)  # shown beside the verdict, never decide
    parameters: list[str] = Field(default_factory=list)  # tenant parameters that were consulted


def passed(reason: str, *, notes: Iterable[str] = ()) -> Verdict:
    return Verdict(
        outcome=Outcome.PASS, code=ReasonCode.COMPLIANT, reason=reason, notes=list(notes)
    )


def failed(reason: str, affected: Iterable[Affected] = (), *, notes: Iterable[str] = ()) -> Verdict:
    """`affected` is sorted, stripped of repeats and cut to MAX_AFFECTED; the total is kept."""
    unique = sorted(set(affected), key=lambda item: (item.resource, item.setting, item.actual))
    return Verdict(
        outcome=Outcome.FAIL,
        code=ReasonCode.NON_COMPLIANT,
        reason=reason,
        affected=unique[:MAX_AFFECTED],
        affected_total=len(unique),
        notes=list(notes),
    )


def manual(reason: str, affected: Iterable[Affected] = (), *, notes: Iterable[str] = ()) -> Verdict:
    """A person has to attest; `affected` lists what they should look at."""
    return failed(reason, affected, notes=notes).model_copy(
        update={"outcome": Outcome.MANUAL, "code": ReasonCode.ATTESTATION_NEEDED}
    )


def not_applicable(
    reason: str,
    code: ReasonCode = ReasonCode.NOTHING_TO_JUDGE,
    *,
    notes: Iterable[str] = (),
) -> Verdict:
    return Verdict(outcome=Outcome.NOT_APPLICABLE, code=code, reason=reason, notes=list(notes))


def errored(reason: str, code: ReasonCode = ReasonCode.EVIDENCE_UNREADABLE) -> Verdict:
    return Verdict(outcome=Outcome.ERROR, code=code, reason=reason)
