"""What the doctor finds, and what the reconciler has put right."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

Condition = Literal["well", "worrying", "broken"]


class Repair(BaseModel):
    """`status`: what a scan or a campaign was ended as, where nothing worked on it."""

    kind: Literal["scan", "campaign", "schedule"]
    id: str
    name: str
    status: str = ""
    why: str


class Finding(BaseModel):
    """One part of the installation. `hint`: what to do about it."""

    part: str
    condition: Condition
    note: str = ""
    hint: str = ""
    latency_ms: float | None = None


class QueueLine(BaseModel):
    """Who takes work from a task queue; `service` is empty for the one that orders scans."""

    queue: str
    service: str = ""
    workers: list[str] = Field(default_factory=list)
    last_seen_at: datetime | None = None


class SilentScan(BaseModel):
    scan_id: str
    tenant_name: str
    status: str
    silent_since: datetime
    why: str = ""


class OutOfStep(BaseModel):
    """A schedule that Temporal does not carry out as it was asked for."""

    schedule_id: str
    tenant_name: str
    why: str


class Diagnosis(BaseModel):
    """`queues` is empty and `answered` False while Temporal does not answer."""

    condition: Condition
    version: str
    answered: bool = True
    findings: list[Finding] = Field(default_factory=list)
    queues: list[QueueLine] = Field(default_factory=list)
    silent_scans: list[SilentScan] = Field(default_factory=list)
    out_of_step: list[OutOfStep] = Field(default_factory=list)
    settings: dict[str, str] = Field(default_factory=dict)  # secrets masked


class Repairs(BaseModel):
    items: list[Repair]
