"""From protocol lines to datasets: what one run of a collector has said so far."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from activities.collector import CollectorFailed
from activities.progress import now
from contracts.collector import (
    PROTOCOL,
    Bye,
    CollectorLine,
    CollectorRequest,
    Connected,
    ConnectFailed,
    DatasetFailed,
    DatasetFinished,
    DatasetStarted,
    DatasetStatus,
    Hello,
    Log,
    ReadError,
    Rows,
)
from contracts.results import DatasetLine
from evidence.evidence import Recorded

MAX_DATASET_BYTES = 2 * 1024**3


class SignInFailed(Exception):
    """The collector could not sign in. `error` says how; nothing was read."""

    def __init__(self, error: ReadError) -> None:
        super().__init__(error.kind)
        self.error = error


class WrongTenant(Exception):
    """The collector signed in to another tenant: none of its evidence may be used."""


@dataclass(frozen=True)
class ReadDataset:
    line: DatasetLine
    recorded: Recorded


@dataclass
class _Arriving:
    name: str
    read: str
    started_at: datetime
    chunks: list[bytes] = field(default_factory=list)
    rows: int = 0
    size: int = 0


class Reading:
    """Order matters: hello, connected, then datasets. Whatever nobody asked for is passed over."""

    def __init__(self, request: CollectorRequest) -> None:
        self._service = request.service
        self._tenant_id = request.tenant.tenant_id
        self._wanted = {dataset.name for dataset in request.datasets}
        self._answered = 0
        self._arriving: _Arriving | None = None
        self._hello: Hello | None = None
        self._connected = False
        self.ended = False

    @property
    def dataset(self) -> str | None:
        return self._arriving.name if self._arriving else None

    @property
    def captured_at(self) -> datetime | None:
        return self._hello.captured_at if self._hello else None

    def take(self, line: CollectorLine) -> ReadDataset | None:
        """The dataset that this line completes, if it does. Raises CollectorFailed, SignInFailed
        and WrongTenant."""
        match line:
            case Hello():
                self._greet(line)
            case Connected():
                self._connect(line)
            case ConnectFailed():
                raise SignInFailed(line.error)
            case DatasetStarted():
                self._start(line)
            case Rows():
                self._receive(line)
            case DatasetFinished():
                return self._finish(line)
            case DatasetFailed():
                return self._fail(line)
            case Bye():
                self._end(line)
            case Log():
                pass
        return None

    def interrupt(self, status: DatasetStatus, message: str) -> ReadDataset | None:
        """What had arrived of the dataset that is being read, if one is."""
        arriving, self._arriving = self._arriving, None
        return self._settled(arriving, status, message) if arriving else None

    def _greet(self, line: Hello) -> None:
        if line.protocol != PROTOCOL:
            raise CollectorFailed(f"the collector speaks protocol {line.protocol}, not {PROTOCOL}")
        self._hello = line

    def _connect(self, line: Connected) -> None:
        if self._hello is None:
            raise CollectorFailed("the collector signed in before it said hello")
        if line.service != self._service:
            raise CollectorFailed(f"the collector signed in to {line.service[:40]}")
        if line.tenant_id.lower() != self._tenant_id.lower():
            raise WrongTenant
        self._connected = True

    def _start(self, line: DatasetStarted) -> None:
        if not self._connected:
            raise CollectorFailed("the collector read before it had signed in")
        if line.name in self._wanted:
            self._arriving = _Arriving(line.name, line.read, now())

    def _receive(self, line: Rows) -> None:
        arriving = self._arriving
        if arriving is None or line.name != arriving.name:
            return
        chunk = json.dumps(line.rows, separators=(",", ":")).encode()
        arriving.chunks.append(chunk)
        arriving.rows += len(line.rows)
        arriving.size += len(chunk)
        if arriving.size > MAX_DATASET_BYTES:
            raise CollectorFailed(f"{line.name} is larger than {MAX_DATASET_BYTES >> 30} GiB")

    def _finish(self, line: DatasetFinished) -> ReadDataset | None:
        arriving = self._arriving
        if arriving is None or line.name != arriving.name:
            return None
        self._arriving = None
        self._answer(line.name)
        if line.rows != arriving.rows:
            why = f"the collector counted {line.rows} rows and sent {arriving.rows}"
            return self._settled(arriving, DatasetStatus.PARTIAL, why)
        return self._settled(
            arriving, DatasetStatus.OK, "", pages=line.pages, duration_ms=line.duration_ms
        )

    def _fail(self, line: DatasetFailed) -> ReadDataset | None:
        if line.name not in self._wanted:
            return None
        arriving = self._arriving
        if arriving is None or arriving.name != line.name:
            arriving = _Arriving(line.name, "", now())
        self._arriving = None
        self._answer(line.name)
        return self._settled(arriving, DatasetStatus(line.error.kind), line.error.message)

    def _answer(self, name: str) -> None:
        self._wanted.discard(name)
        self._answered += 1

    def _end(self, line: Bye) -> None:
        if line.datasets != self._answered:
            raise CollectorFailed(
                f"the collector counted {line.datasets} datasets and answered {self._answered}"
            )
        self.ended = True

    def _settled(
        self,
        arriving: _Arriving,
        status: DatasetStatus,
        message: str,
        *,
        pages: int = 0,
        duration_ms: int | None = None,
    ) -> ReadDataset:
        """Rows that came before a failure make it partial: they may prove a fail, never a pass."""
        if status is not DatasetStatus.OK and arriving.rows:
            message, status = message or status.value, DatasetStatus.PARTIAL
        finished_at = now()
        spent = round((finished_at - arriving.started_at).total_seconds() * 1000)
        line = DatasetLine(
            name=arriving.name,
            service=self._service,
            status=status,
            message=message[:2000],
            rows=arriving.rows,
            pages=pages,
            read=arriving.read,
            collector=self._hello.collector if self._hello else "",
            versions=self._hello.versions if self._hello else {},
            tenant_id=self._tenant_id,
            started_at=arriving.started_at,
            finished_at=finished_at,
            duration_ms=spent if duration_ms is None else duration_ms,
        )
        recorded = Recorded(status, arriving.chunks, arriving.rows, line.message)
        return ReadDataset(line, recorded)
