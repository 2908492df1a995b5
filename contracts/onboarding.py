"""Connecting a live tenant: its credential, the permissions it needs, the test of both."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.clouds import CloudName
from contracts.verdict import Severity

LineOutcome = Literal["pass", "fail", "unknown", "not-needed"]
ExpiryWarning = Literal["30-days", "14-days", "7-days", "expired"]
_WARN_AT: tuple[tuple[int, ExpiryWarning], ...] = (
    (7, "7-days"),
    (14, "14-days"),
    (30, "30-days"),
)


class CredentialSummary(BaseModel):
    """All that is ever shown of a credential: its public part."""

    kind: Literal["certificate"] = "certificate"
    thumbprint: str
    thumbprint_sha256: str
    subject: str
    not_before: datetime
    expires_at: datetime
    created_at: datetime
    created_by: str | None = None
    expires_in_days: int
    warning: ExpiryWarning | None = None
    message: str = ""


class LiveConnection(BaseModel):
    """How a tenant is read live. `remote`: by a collector elsewhere that reports to us."""

    client_id: str = ""
    cloud: CloudName = "worldwide"
    remote: bool = False
    credential: CredentialSummary | None = None


class Permission(BaseModel):
    """One thing an administrator grants, and who needs it. `accepted` would do as well."""

    kind: Literal["application", "directory-role", "by-hand"]
    name: str
    resource: str = ""
    resource_name: str = ""
    resource_app_id: str = ""
    accepted: list[str] = Field(default_factory=list)
    services: list[str] = Field(default_factory=list)
    datasets: list[str] = Field(default_factory=list)
    checks: list[str] = Field(default_factory=list)  # CIS_1_1_3


class PermissionPlan(BaseModel):
    profile: str
    permissions: list[Permission]
    notes: list[str] = Field(default_factory=list)


class ConnectionLine(BaseModel):
    """One line of a connection test. A line that is not a pass says what to do about it."""

    subject: Literal["connection", "certificate", "sign-in", "permission", "read", "licence"]
    name: str
    outcome: LineOutcome
    message: str = ""
    remedy: str = ""


class ServiceTest(BaseModel):
    """`granted`: the application permissions that the token named; null when there was none."""

    service: str
    tested_at: datetime
    passed: bool
    lines: list[ConnectionLine] = Field(default_factory=list)
    granted: list[str] | None = None


class ConnectionTestRequest(BaseModel):
    """A person waits for the answer: a service that no worker takes within `wait_s` is named."""

    model_config = ConfigDict(frozen=True)

    organisation_id: str
    tenant_id: str
    profile: str
    services: list[str]
    wait_s: float = 30


class ServiceTestRequest(BaseModel):
    """`unserved`: why no worker could test the service; the row says so then."""

    model_config = ConfigDict(frozen=True)

    organisation_id: str
    tenant_id: str
    profile: str
    service: str
    unserved: str = ""


class PlannedRead(BaseModel):
    """`expected_ms` is the median of earlier reads of this tenant; null: it was never read."""

    name: str
    service: str
    read: str = ""
    permissions: list[str] = Field(default_factory=list)
    expected_ms: int | None = None


class PlannedVerdict(BaseModel):
    """`blocked` says what the last connection test found missing for this check."""

    check_id: str
    recommendation: str
    check: str
    title: str
    level: int
    severity: Severity
    datasets: list[str] = Field(default_factory=list)
    blocked: list[str] = Field(default_factory=list)


class ScanPreview(BaseModel):
    """What a scan would do. Nothing was contacted to say so."""

    tenant_id: str
    tenant_name: str
    profile: str
    connection: str
    checks: list[PlannedVerdict]
    datasets: list[PlannedRead]
    permissions: list[Permission]
    expected_ms: int | None = None  # null: some datasets were never read; see `never_read`
    never_read: int = 0
    blocked_checks: int = 0
    last_connection_test: datetime | None = None
    notes: list[str] = Field(default_factory=list)


def expiry(expires_at: datetime, at: datetime) -> tuple[int, ExpiryWarning | None, str]:
    """Whole days left, the warning that holds, and its sentence."""
    days = (expires_at - at).days
    day = f"{expires_at.day} {expires_at:%b %Y}"
    if expires_at <= at:
        return min(days, 0), "expired", f"The certificate expired on {day}."
    for limit, warning in _WARN_AT:
        if expires_at - at <= timedelta(days=limit):
            left = "today" if days == 0 else f"in {days} day{'s' if days != 1 else ''}"
            return days, warning, f"The certificate expires {left}, on {day}."
    return days, None, ""
