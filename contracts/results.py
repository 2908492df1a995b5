"""What the API, the pages and the command line show of stored results."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from contracts.onboarding import LiveConnection
from contracts.parameters import TenantParameters
from contracts.scan import CheckLine, ScanState
from contracts.verdict import Affected, Outcome


class DatasetLine(BaseModel):
    """How one dataset of a scan was read."""

    name: str
    service: str
    status: str
    attempt: int | None = None  # that read it
    message: str = ""
    rows: int = 0
    pages: int = 0
    read: str = ""
    collector: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    tenant_id: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_ms: int = 0
    sha256: str = ""
    bytes: int = 0


class DatasetRows(BaseModel):
    dataset: DatasetLine
    rows: list[dict[str, Any]]
    offset: int = 0
    total: int = 0


class ResultDetail(CheckLine):
    """One verdict with everything that proves it."""

    code: str = ""
    affected: list[Affected] = Field(default_factory=list)
    incomplete: bool = False
    notes: list[str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)  # the values that were consulted
    attempt: int = 1
    judged_at: datetime | None = None
    rationale: str = ""
    remediation: str = ""
    rule: str = ""  # when it passes, in plain words; passes_when is the exact form
    passes_when: str = ""
    prompt: str = ""
    licences: list[str] = Field(default_factory=list)
    datasets: list[DatasetLine] = Field(default_factory=list)


class JudgedLine(CheckLine):
    """With the resources that the verdict names; none where not all of them are known."""

    objects: list[str] | None = None

    def bare(self) -> CheckLine:
        return CheckLine.model_validate(self.model_dump(exclude={"objects"}))


class AttemptLine(BaseModel):
    """One pass over a scan. `verdicts` counts them as they stood after it."""

    number: int
    scope: str
    recommendations: int
    requested_by: str | None
    started_at: datetime
    finished_at: datetime | None
    status: str | None  # none while it runs
    verdicts: dict[Outcome, int] = Field(default_factory=dict)


class Change(StrEnum):
    """What became of a check between two readings. A check without a verdict counts as one with
    `error`: neither says how the tenant stands."""

    BROKEN = "broken"  # passed, fails now
    FIXED = "fixed"  # failed, passes now
    ERROR_CHANGED = "error-changed"  # has a clear verdict on one side only
    CHANGED = "changed"  # from one clear verdict to another, in some other way
    NEW = "new"
    GONE = "gone"
    SAME = "same"


class ComparedLine(BaseModel):
    """`finding_differs`: verdict, reason or affected resources; also where `change` is `same`.
    `appeared` and `disappeared` are resources; null where one side does not know all of its own:
    it has no clear verdict, does not apply, read a part only, or kept a part only."""

    recommendation: str
    check: str
    title: str
    change: Change
    finding_differs: bool = False
    appeared: list[str] | None = None
    disappeared: list[str] | None = None
    before: CheckLine | None = None
    after: CheckLine | None = None

    @property
    def differs(self) -> bool:
        return self.finding_differs or self.change is not Change.SAME


class Comparison(BaseModel):
    counts: dict[Change, int]
    items: list[ComparedLine]


class AttemptComparison(Comparison):
    """Two attempts of one scan, each as it stood at its end, or stands now while it runs."""

    before: AttemptLine
    after: AttemptLine


class ScanComparison(Comparison):
    """Two scans, without their checks."""

    before: ScanState
    after: ScanState


class TenantLine(BaseModel):
    tenant_id: str
    microsoft_id: str = ""
    name: str
    domain: str
    connection: Literal["powershell", "recorded"]
    pack: str | None = None
    created_at: datetime
    tags: list[str] = Field(default_factory=list)
    last_scan_id: str | None = None
    last_scan_status: str | None = None
    running_scan_id: str | None = None


class TenantDetail(TenantLine):
    """`live` says how a tenant is read live; null for a recorded one."""

    parameters: TenantParameters = Field(default_factory=TenantParameters)
    live: LiveConnection | None = None


class RecordedTenant(BaseModel):
    """What an evidence pack says of itself, after it was verified and kept."""

    folder: str  # where this installation keeps the pack
    microsoft_id: str
    name: str
    domain: str
    captured_at: datetime
    parameters: TenantParameters = Field(default_factory=TenantParameters)
    warnings: list[str] = Field(default_factory=list)
