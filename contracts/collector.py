"""The collector protocol, version 1: request on stdin, marked NDJSON lines on stdout."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

PROTOCOL: Literal[1] = 1
MARKER = b"@assay "
MAX_LINE_BYTES = 256 * 1024
MAX_ROWS_PER_LINE = 500


class DatasetStatus(StrEnum):
    """How the read of a dataset ended. Only `ok` may lead to a pass."""

    OK = "ok"
    DENIED = "denied"
    THROTTLED = "throttled"
    UNLICENSED = "unlicensed"
    MISSING_CMDLET = "missing-cmdlet"
    TIMEOUT = "timeout"
    PARTIAL = "partial"
    OTHER = "other"


ErrorKind = Literal["denied", "throttled", "unlicensed", "missing-cmdlet", "timeout", "other"]


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ReadError(_Line):
    kind: ErrorKind
    message: str = ""
    retry_after_s: float | None = Field(default=None, ge=0)


class DatasetRequest(_Line):
    """`select` names the properties to keep; `parameters` what a read needs to know beforehand."""

    name: str
    select: list[str] = Field(default_factory=list)
    parameters: dict[str, list[str]] = Field(default_factory=dict)
    depends_on: list[str] = Field(default_factory=list)  # datasets whose rows this read starts from


class TenantRef(_Line):
    tenant_id: str
    name: str = ""
    domain: str = ""
    cloud: str = "worldwide"


class CollectorRequest(_Line):
    protocol: Literal[1] = PROTOCOL
    scan_id: str
    service: str
    tenant: TenantRef
    credential: dict[str, Any] = Field(default_factory=dict)
    datasets: list[DatasetRequest]


class Hello(_Line):
    type: Literal["hello"] = "hello"
    protocol: int
    collector: str
    versions: dict[str, str] = Field(default_factory=dict)
    captured_at: AwareDatetime | None = None  # a recorded tenant says when its evidence was read


class Connected(_Line):
    type: Literal["connected"] = "connected"
    service: str
    tenant_id: str
    duration_ms: int = 0


class ConnectFailed(_Line):
    type: Literal["connect-failed"] = "connect-failed"
    service: str
    error: ReadError


class DatasetStarted(_Line):
    type: Literal["dataset-started"] = "dataset-started"
    name: str
    read: str = ""


class Rows(_Line):
    type: Literal["rows"] = "rows"
    name: str
    rows: list[dict[str, Any]] = Field(max_length=MAX_ROWS_PER_LINE)


class DatasetFinished(_Line):
    type: Literal["dataset-finished"] = "dataset-finished"
    name: str
    rows: int
    pages: int = 1
    duration_ms: int = 0


class DatasetFailed(_Line):
    type: Literal["dataset-failed"] = "dataset-failed"
    name: str
    error: ReadError


class Log(_Line):
    type: Literal["log"] = "log"
    level: str = "info"
    message: str = ""


class Bye(_Line):
    type: Literal["bye"] = "bye"
    datasets: int


CollectorLine = Annotated[
    Hello
    | Connected
    | ConnectFailed
    | DatasetStarted
    | Rows
    | DatasetFinished
    | DatasetFailed
    | Log
    | Bye,
    Field(discriminator="type"),
]
COLLECTOR_LINE: TypeAdapter[CollectorLine] = TypeAdapter(CollectorLine)


def encode_line(line: BaseModel) -> bytes:
    return MARKER + line.model_dump_json().encode() + b"\n"
