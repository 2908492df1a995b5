"""All tables. Portable between SQLite and PostgreSQL; relationships are not mapped on purpose."""

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = String(36)
OfScan = Annotated[str, mapped_column(ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True)]


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in and out; SQLite forgets the zone and gets it back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON}  # noqa: RUF012


class Organisation(Base):
    __tablename__ = "organisation"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class User(Base):
    __tablename__ = "user_account"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    username: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str] = mapped_column(String(300))
    role: Mapped[str] = mapped_column(String(20), default="admin")
    created_at: Mapped[datetime]


class LoginSession(Base):
    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiToken(Base):
    """What a command line signs in with. Only the digest is kept."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Tenant(Base):
    __tablename__ = "tenant"
    __table_args__ = (Index("tenant_microsoft_id", "organisation_id", "microsoft_id", unique=True),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    microsoft_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(200))
    domain: Mapped[str] = mapped_column(String(255))
    connection: Mapped[str] = mapped_column(String(20))
    settings: Mapped[dict[str, Any]]  # recorded: pack, pace, faults
    parameters: Mapped[dict[str, Any]]
    tags: Mapped[Any] = mapped_column(JSON, default=list, server_default="[]")
    created_at: Mapped[datetime]


class Schedule(Base):
    """What an operator asked for. Temporal carries it out, and gets it again if it forgets."""

    __tablename__ = "schedule"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    profile: Mapped[str] = mapped_column(String(20))
    cron: Mapped[str] = mapped_column(String(100))
    timezone: Mapped[str] = mapped_column(String(60))
    jitter_s: Mapped[int]
    quiet_from: Mapped[str | None] = mapped_column(String(5))  # 22:00, in `timezone`
    quiet_to: Mapped[str | None] = mapped_column(String(5))
    paused: Mapped[bool]
    note: Mapped[str] = mapped_column(Text, default="")  # of its newest run
    noted_at: Mapped[datetime | None]
    last_scan_id: Mapped[str | None] = mapped_column(Id)
    wishes: Mapped[Any] = mapped_column(JSON, default=list)  # who asked for what
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class Campaign(Base):
    """One action over many tenants. `run` counts its first run and every retry."""

    __tablename__ = "campaign"
    __table_args__ = (
        Index("campaign_idempotency", "organisation_id", "idempotency_key", unique=True),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(200))
    profile: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    run: Mapped[int] = mapped_column(default=1)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    wishes: Mapped[Any] = mapped_column(JSON, default=list)  # who asked for what
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class CampaignMember(Base):
    """`message`: why this tenant was not scanned."""

    __tablename__ = "campaign_member"

    campaign_id: Mapped[str] = mapped_column(
        ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True
    )
    tenant_id: Mapped[str] = mapped_column(
        ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int]
    scan_id: Mapped[str | None] = mapped_column(Id)
    message: Mapped[str] = mapped_column(Text, default="")


class Scan(Base):
    __tablename__ = "scan"
    __table_args__ = (
        Index("scan_by_tenant", "tenant_id", "created_at"),
        Index("scan_by_organisation", "organisation_id", "created_at"),
        Index("scan_idempotency", "organisation_id", "idempotency_key", unique=True),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    benchmark: Mapped[str] = mapped_column(String(60))
    profile: Mapped[str] = mapped_column(String(20))
    trigger: Mapped[str] = mapped_column(String(20), default="manual")
    requested_by: Mapped[str | None] = mapped_column(String(200))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    parameters: Mapped[dict[str, Any]]  # the tenant's, as they stood when the scan began
    status: Mapped[str] = mapped_column(String(20))
    attempt: Mapped[int] = mapped_column(default=1)
    seq: Mapped[int] = mapped_column(default=0)
    progress: Mapped[float] = mapped_column(default=0)
    current_check: Mapped[str | None] = mapped_column(String(40))
    total_checks: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    passed: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    manual: Mapped[int] = mapped_column(default=0)
    not_applicable: Mapped[int] = mapped_column(default=0)
    errors: Mapped[int] = mapped_column(default=0)
    error_message: Mapped[str | None] = mapped_column(Text)
    captured_at: Mapped[datetime | None]  # the evidence's "now", set once an attempt
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """One pass over a scan: the first judges everything, a retry what `recommendations` names."""

    __tablename__ = "attempt"

    scan_id: Mapped[OfScan]
    number: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(20))
    recommendations: Mapped[Any] = mapped_column(JSON)
    requested_by: Mapped[str | None] = mapped_column(String(200))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str | None] = mapped_column(String(20))


class PlannedCheck(Base):
    """Every recommendation of a scan, written when the scan is created."""

    __tablename__ = "planned_check"

    scan_id: Mapped[OfScan]
    recommendation: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int]
    check_id: Mapped[str] = mapped_column(String(40))
    slug: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(300))
    section: Mapped[int]
    level: Mapped[int]
    severity: Mapped[str] = mapped_column(String(20))
    service: Mapped[str] = mapped_column(String(20))


class VerdictRow(Base):
    """The first verdict of an attempt stands; the newest attempt is what a scan shows."""

    __tablename__ = "verdict"

    scan_id: Mapped[OfScan]
    recommendation: Mapped[str] = mapped_column(String(20), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    affected: Mapped[Any] = mapped_column(JSON)
    affected_total: Mapped[int]
    incomplete: Mapped[bool]
    notes: Mapped[Any] = mapped_column(JSON)
    parameters: Mapped[Any] = mapped_column(JSON)
    duration_ms: Mapped[int]
    judged_at: Mapped[datetime]


class BatchRow(Base):
    """What the page shows of a service right now."""

    __tablename__ = "batch"

    scan_id: Mapped[OfScan]
    service: Mapped[str] = mapped_column(String(20), primary_key=True)
    phase: Mapped[str] = mapped_column(String(20))
    dataset: Mapped[str | None] = mapped_column(String(80))
    attempt: Mapped[int] = mapped_column(default=1)
    failures: Mapped[int] = mapped_column(default=0)  # of its collector, in this scan attempt
    message: Mapped[str] = mapped_column(Text, default="")
    exit_code: Mapped[int | None]
    duration_ms: Mapped[int | None]


class DatasetRead(Base):
    """How one dataset of one attempt was read; its rows are a blob shared by equal content."""

    __tablename__ = "dataset_read"

    scan_id: Mapped[OfScan]
    attempt: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id)
    status: Mapped[str] = mapped_column(String(20))
    message: Mapped[str] = mapped_column(Text, default="")
    rows: Mapped[int]
    pages: Mapped[int]
    read: Mapped[str] = mapped_column(Text, default="")
    collector: Mapped[str] = mapped_column(String(100), default="")
    versions: Mapped[dict[str, Any]]
    microsoft_id: Mapped[str] = mapped_column(Id, default="")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    duration_ms: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]


class EvidenceBlob(Base):
    """Rows as compressed NDJSON of chunks, stored once per organisation and content."""

    __tablename__ = "evidence_blob"

    organisation_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class EventRow(Base):
    __tablename__ = "event"

    scan_id: Mapped[OfScan]
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]]


class BatchLog(Base):
    """Redacted log of a batch's collector, kept while the batch runs."""

    __tablename__ = "batch_log"

    scan_id: Mapped[OfScan]
    service: Mapped[str] = mapped_column(String(20), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Credential(Base):
    """What a live tenant is signed in to with: its public part, and the rest sealed."""

    __tablename__ = "credential"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), unique=True)
    key_id: Mapped[str] = mapped_column(String(60))
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    certificate: Mapped[str] = mapped_column(Text)  # PEM, without its key
    thumbprint: Mapped[str] = mapped_column(String(40))
    thumbprint_sha256: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(Text)
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(String(200))


class ConnectionTest(Base):
    """The newest test of each service of a tenant."""

    __tablename__ = "connection_test"

    tenant_id: Mapped[str] = mapped_column(
        ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True
    )
    service: Mapped[str] = mapped_column(String(20), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    tested_at: Mapped[datetime]
    passed: Mapped[bool]
    lines: Mapped[Any] = mapped_column(JSON)
    granted: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)


class RemoteWait(Base):
    """An activity that whoever takes the lines in completes. One for a service: a newer one
    takes the place of one that nobody waits for any more."""

    __tablename__ = "remote_wait"

    scan_id: Mapped[OfScan]
    service: Mapped[str] = mapped_column(String(20), primary_key=True)
    until: Mapped[str] = mapped_column(String(20))
    task_token: Mapped[bytes] = mapped_column(LargeBinary)


class RemoteRun(Base):
    """What a collector elsewhere has sent for one service; a new token begins a new run."""

    __tablename__ = "remote_run"

    scan_id: Mapped[OfScan]
    service: Mapped[str] = mapped_column(String(20), primary_key=True)
    attempt: Mapped[int]
    generation: Mapped[int]
    last_sequence: Mapped[int] = mapped_column(default=0)
    last_sha256: Mapped[str] = mapped_column(String(64), default="")
    waiting_bytes: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime | None]
    ended: Mapped[bool] = mapped_column(default=False)


class RemoteLines(Base):
    """One post of a run: its protocol objects as compressed JSON, until its batch has ended."""

    __tablename__ = "remote_lines"

    scan_id: Mapped[OfScan]
    service: Mapped[str] = mapped_column(String(20), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
