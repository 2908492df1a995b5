"""A scan as every process sees it: request, plan, batches, state."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.errors import UnknownProfile
from contracts.verdict import Outcome


class ScanStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        return self in (ScanStatus.COMPLETED, ScanStatus.FAILED, ScanStatus.CANCELLED)


class Profile(BaseModel):
    """Level (2 means 1 and 2) and licence that select recommendations. Its name is `E5-L1`."""

    model_config = ConfigDict(frozen=True)

    level: Literal[1, 2]
    licence: Literal["E3", "E5"] = "E5"

    @property
    def name(self) -> str:
        return f"{self.licence}-L{self.level}"

    @property
    def title(self) -> str:
        return f"{self.licence} Level {'1' if self.level == 1 else '1 + 2'}"

    def covers(self, level: int, licences: Sequence[str]) -> bool:
        return level <= self.level and self.licence in licences

    @classmethod
    def parse(cls, text: str) -> "Profile":
        """Reads `E3-L1`, `L2`, `level 1`, `e5 level 1+2`, `all`; raises UnknownProfile."""
        folded = re.sub(r"[\s_+-]+", "", text.lower())
        if folded == "all":
            return cls(level=2)
        found = re.fullmatch(r"(e[35])?(?:level|l)?(12|1|2)?(e[35])?", folded)
        if not folded or not found or (found[1] and found[3]):
            raise UnknownProfile(text)
        licence = (found[1] or found[3] or "e5").upper()
        level = 1 if found[2] == "1" else 2
        return cls.model_validate({"level": level, "licence": licence})


PROFILES = tuple(
    Profile.model_validate({"level": level, "licence": licence})
    for licence in ("E5", "E3")
    for level in (1, 2)
)


class ScanRequest(BaseModel):
    """What a workflow is started with: ids only."""

    model_config = ConfigDict(frozen=True)

    scan_id: str
    organisation_id: str
    tenant_id: str
    attempt: int = 1


class PlannedCheck(BaseModel):
    model_config = ConfigDict(frozen=True)

    recommendation: str  # 1.1.3
    check: str  # slug


class RetryScope(StrEnum):
    """What a new attempt does again."""

    FAILED_READS = "failed-reads"  # checks with error; datasets that were read stay
    ERRORS = "errors"  # checks with error, all their datasets anew
    ALL = "all"
    ONE = "one"  # a single recommendation, its datasets anew


class Batch(BaseModel):
    """The checks of one service in one scan: one activity, one collector process."""

    model_config = ConfigDict(frozen=True)

    service: str
    checks: list[PlannedCheck]
    datasets: list[str] = Field(default_factory=list)
    after: list[str] = Field(default_factory=list)  # services whose rows this batch starts from
    remote: bool = False  # its collector runs elsewhere and reports by HTTP


class ScanPlan(BaseModel):
    model_config = ConfigDict(frozen=True)

    total_checks: int
    batches: list[Batch] = Field(default_factory=list)
    joint: list[PlannedCheck] = Field(default_factory=list)  # read datasets of several services


class BatchRequest(BaseModel):
    """`contact_lost`: no more lines will come from elsewhere; what has come is read."""

    model_config = ConfigDict(frozen=True)

    scan: ScanRequest
    batch: Batch
    contact_lost: bool = False


class RemoteMoment(StrEnum):
    """Of a collector elsewhere: its first lines are there, or its last."""

    REPORTED = "reported"
    ENDED = "ended"


class RemoteWait(BaseModel):
    """Wait for a collector elsewhere."""

    model_config = ConfigDict(frozen=True)

    scan: ScanRequest
    service: str
    until: RemoteMoment


class JointRequest(BaseModel):
    """Judge whatever the batches left open. `unread`: why a service brought no evidence."""

    model_config = ConfigDict(frozen=True)

    scan: ScanRequest
    checks: list[PlannedCheck]
    unread: dict[str, str] = Field(default_factory=dict)
    skipped: list[str] = Field(default_factory=list)  # services an operator gave up


class BatchOutcome(BaseModel):
    """How a batch ended. `deferred`: checks that wait for the joint stage."""

    model_config = ConfigDict(frozen=True)

    service: str
    judged: int
    deferred: int = 0  # checks that wait for the joint stage


class Wish(BaseModel):
    """What an operator asks of a running scan."""

    model_config = ConfigDict(frozen=True)

    by: str


class SkipWish(Wish):
    service: str


class StatusRequest(BaseModel):
    """Set `status` if the scan stands in one of `only_from`."""

    model_config = ConfigDict(frozen=True)

    scan: ScanRequest
    status: ScanStatus
    only_from: list[ScanStatus]
    by: str | None = None  # the operator who asked for it


class FinishRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    scan: ScanRequest
    status: ScanStatus
    error_message: str | None = None


class ScanExecution(BaseModel):
    """What a running workflow says of itself. `unread`: why a service brought no evidence."""

    paused: bool = False
    running: list[str] = Field(default_factory=list)
    finished: list[str] = Field(default_factory=list)
    unread: dict[str, str] = Field(default_factory=dict)


class CheckLine(BaseModel):
    """One row of the scan's page."""

    check_id: str  # CIS_1_1_3
    recommendation: str
    check: str
    title: str
    section: int
    level: int
    severity: str
    service: str
    verdict: Outcome | None = None
    reason: str = ""
    affected_total: int = 0
    duration_ms: int | None = None


class BatchLine(BaseModel):
    """One service of the scan's page."""

    service: str
    phase: str = "waiting"
    dataset: str | None = None
    attempt: int = 1
    message: str = ""
    exit_code: int | None = None
    duration_ms: int | None = None


class ScanState(BaseModel):
    """The whole state of a scan: what a snapshot carries and `apply` folds events into."""

    scan_id: str
    tenant_id: str
    tenant_name: str
    profile: str
    trigger: str = "manual"
    requested_by: str | None = None
    status: ScanStatus = ScanStatus.PENDING
    attempt: int = 1
    seq: int = 0
    progress_percentage: float = Field(default=0, ge=0, le=100)
    current_check: str | None = None
    total_checks: int = 0
    completed: int = 0
    passed: int = 0
    failed: int = 0
    manual: int = 0
    not_applicable: int = 0
    errors: int = 0
    error_message: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    batches: list[BatchLine] = Field(default_factory=list)
    checks: list[CheckLine] = Field(default_factory=list)
    unknown_events: list[str] = Field(default_factory=list)
