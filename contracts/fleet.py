"""Scans that nobody starts by hand: schedules, and campaigns over many tenants."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from contracts.scan import Profile, ScanRequest, ScanStatus

_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
# Lowest and highest number of each field, and the names it may use instead.
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_CRON_FIELDS: tuple[tuple[int, int, list[str]], ...] = (
    (0, 59, []),
    (0, 23, []),
    (1, 31, []),
    (1, 12, _MONTHS),
    (0, 7, _DAYS),
)
_CRON_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d{1,2}))?")


class ScheduleSpec(BaseModel):
    """When a tenant is scanned. `quiet_from`/`quiet_to` (HH:MM in `timezone`): a scan that would
    begin in between waits until the quiet hours are over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str = Field(min_length=1, max_length=255)
    profile: str = "E5-L1"
    cron: str = Field(max_length=100, examples=["0 3 * * mon-fri"])
    timezone: str = "UTC"
    jitter_s: int = Field(default=300, ge=0, le=6 * 3600)
    quiet_from: str | None = None
    quiet_to: str | None = None

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, value: str) -> str:
        return Profile.parse(value).name

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        fields = value.lower().split()
        if len(fields) != len(_CRON_FIELDS):
            raise ValueError("five fields: minute hour day-of-month month day-of-week")
        for field, (low, high, names) in zip(fields, _CRON_FIELDS, strict=True):
            if not all(_is_cron_part(part, low, high, names) for part in field.split(",")):
                raise ValueError(f"{field!r} is not understood; {low} to {high} is possible there")
        return " ".join(fields)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not the name of a time zone, such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _both_clocks(self) -> Self:
        clocks = [clock for clock in (self.quiet_from, self.quiet_to) if clock is not None]
        if len(clocks) == 1 or not all(_CLOCK.fullmatch(clock) for clock in clocks):
            raise ValueError("quiet hours need a beginning and an end, as 22:00")
        if clocks and self.quiet_from == self.quiet_to:
            raise ValueError("quiet hours begin and end at different times")
        return self


def _is_cron_part(part: str, low: int, high: int, names: list[str]) -> bool:
    found = _CRON_PART.fullmatch(part)
    if found is None or found[3] == "0":
        return False
    ends = [_cron_number(text, low, names) for text in (found[1], found[2]) if text]
    return all(low <= end <= high for end in ends) and ends == sorted(ends)


def _cron_number(text: str, low: int, names: list[str]) -> int:
    if text in names:
        return low + names.index(text)
    return int(text) if text.isascii() and text.isdigit() else -1


class WishLine(BaseModel):
    """Who asked for what of a schedule or a campaign."""

    wish: str
    by: str
    at: datetime


class ScheduleLine(ScheduleSpec):
    """`next_runs` is empty and `answered` False while Temporal does not answer."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    schedule_id: str
    tenant_name: str
    paused: bool
    created_by: str
    created_at: datetime
    answered: bool = True
    next_runs: list[datetime] = Field(default_factory=list)
    missed: int = 0  # runs that fell into an outage and were let go
    skipped: int = 0  # runs that were due while the one before was not over
    note: str = ""  # what the newest run waits for, or why it brought no scan
    noted_at: datetime | None = None
    last_scan_id: str | None = None
    last_scan_status: ScanStatus | None = None
    wishes: list[WishLine] = Field(default_factory=list)


class ScheduledScan(BaseModel):
    """What a schedule starts a workflow with."""

    model_config = ConfigDict(frozen=True)

    organisation_id: str
    tenant_id: str
    schedule_id: str


class WishedScan(BaseModel):
    """A scan that a workflow wants to begin; `key` makes a repeated wish the same scan."""

    model_config = ConfigDict(frozen=True)

    organisation_id: str
    tenant_id: str
    key: str
    schedule_id: str | None = None
    campaign_id: str | None = None


class Decision(BaseModel):
    """Exactly one is set: the scan that may begin, the seconds until it is worth asking again,
    that all places are taken, or why it will not begin."""

    model_config = ConfigDict(frozen=True)

    scan: ScanRequest | None = None
    wait_s: float | None = None
    full: bool = False
    refused: str | None = None


class LetGo(BaseModel):
    """A wish that will not become a scan; `scan` is a row that no workflow was allowed to have."""

    model_config = ConfigDict(frozen=True)

    wish: WishedScan
    why: str
    scan: ScanRequest | None = None


class CampaignStatus(StrEnum):
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        return self in (CampaignStatus.COMPLETED, CampaignStatus.CANCELLED)


class CampaignRun(BaseModel):
    model_config = ConfigDict(frozen=True)

    organisation_id: str
    campaign_id: str
    run: int = 1
    width: int = Field(default=8, ge=1, le=100)  # scans side by side


class CampaignChunk(BaseModel):
    model_config = ConfigDict(frozen=True)

    tenant_ids: list[str]
    is_last: bool


class CampaignEnd(BaseModel):
    model_config = ConfigDict(frozen=True)

    organisation_id: str
    campaign_id: str
    status: CampaignStatus


class MemberLine(BaseModel):
    tenant_id: str
    tenant_name: str
    scan_id: str | None = None
    status: ScanStatus | None = None
    progress_percentage: float = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    message: str = ""


class CampaignLine(BaseModel):
    campaign_id: str
    name: str
    profile: str
    status: CampaignStatus
    run: int
    created_by: str
    created_at: datetime
    finished_at: datetime | None = None
    tenants: int = 0
    completed: int = 0  # their scan has ended as completed
    unfinished: int = 0  # not begun, or running
    failed: int = 0  # failed, cancelled, or not begun for a reason


class CampaignDetail(CampaignLine):
    """`members` in the order in which their turn comes."""

    wishes: list[WishLine] = Field(default_factory=list)
    members: list[MemberLine] = Field(default_factory=list)
