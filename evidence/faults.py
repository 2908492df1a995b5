"""Fault scripts: how a replayed collector misbehaves, and when. For tests and drills.

A script stands in the request's credential as `faults`:

    {"counters": "<folder>", "roll": "<folder>",
     "faults": [{"kind": "hang", "dataset": "graph.users", "times": 1}, …]}

In the folder `roll` every start leaves a file `<pid>-<service>`: who looks at processes learns
which is which.

Where a fault strikes (all of these may be left out):
  service, dataset  only in this service's process / only at this dataset; absent: everywhere
  at                start (before hello), connect (before connected), dataset (after
                    dataset-started), rows (after its first rows line), finish (before
                    dataset-finished or -failed), end (before bye); each kind has its own default
  after             only once so many datasets have been answered
  times             only in the first so many starts of the service's process; they are counted
                    in files of the folder `counters`, so that a retry can succeed

kind (default of `at`; further members and their defaults):
  hang (dataset)            silent for ever
  spin (dataset)            log lines, and empty rows lines of the dataset, for ever
  exit (dataset; code=1)    ends at once with this exit code
  no_bye (end)              exit code 0 without bye
  cut (end)                 the next protocol line is cut in the middle; exit code 0
  noise (start)             BOM, ANSI codes, banners, warnings, bytes that are not UTF-8, CR LF
  slow (start; ms=20)       waits before every protocol line
  stubborn (start; seconds=30, own_session=false)
                            ignores SIGTERM and the leash; a grandchild holds stdout open, in a
                            session of its own if asked; both end by themselves after `seconds`
  flood_stderr (start; mib=1)
  wrong_tenant (connect; tenant_id)     connected to somebody else's tenant
  connect_failed (connect; error="other", message, retry_after_s)
  failed (dataset; error="other", message, retry_after_s)   the read fails; at=rows: in part
  throttled (dataset; retry_after_s=1)  as failed, with that kind
  rubbish, over_long, foreign (dataset) a protocol line that is no JSON / too long / unknown
  duplicate_keys, nan, deep (dataset; depth=100000)         a rows line nobody may trust
  lying_count (finish; rows=1)          dataset-finished says so many rows too many
  flood_rows (dataset; rows=100000)     so many rows instead of the recorded ones
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from evidence.pack_files import ERROR_KINDS

Point = Literal["start", "connect", "dataset", "rows", "finish", "end"]
POINTS: tuple[Point, ...] = get_args(Point)
KINDS: dict[str, Point] = {
    "hang": "dataset",
    "spin": "dataset",
    "exit": "dataset",
    "no_bye": "end",
    "cut": "end",
    "noise": "start",
    "slow": "start",
    "stubborn": "start",
    "flood_stderr": "start",
    "wrong_tenant": "connect",
    "connect_failed": "connect",
    "failed": "dataset",
    "throttled": "dataset",
    "rubbish": "dataset",
    "over_long": "dataset",
    "foreign": "dataset",
    "duplicate_keys": "dataset",
    "nan": "dataset",
    "deep": "dataset",
    "lying_count": "finish",
    "flood_rows": "dataset",
}
_SPIN_PAUSE_S = 0.05
_MIB = 1024 * 1024
_OTHER_TENANT = "99999999-9999-4999-8999-999999999999"
_NOISE = (
    b"\r\n",
    b"WARNING: The names of some imported commands include unapproved verbs.\r\n",
    b"\x1b[33;1mWARNING: a newer version of the module is available\x1b[0m\n",
    b"----------------------------------------------------------------------\n",
    b'{"type":"rows","name":"graph.users","rows":[]}\n',
    b"caf\xe9 \xff\xfe not UTF-8 \x80\x81\n",
    b"\xef\xbb\xbfVERBOSE: a byte order mark before a log line\r\n",
    b"@assayed is not the marker\n",
)


class BadScript(ValueError):
    """The fault script is not one; the sentence says why."""


@dataclass(frozen=True)
class Fault:
    kind: str
    at: Point = "start"
    service: str | None = None
    dataset: str | None = None
    after: int = 0
    times: int | None = None
    code: int = 1
    error: str = "other"
    message: str = "a fault script says so"
    retry_after_s: float | None = None
    tenant_id: str = _OTHER_TENANT
    rows: int = 1
    mib: int = 1
    ms: int = 20
    depth: int = 100_000
    seconds: int = 30
    own_session: bool = False

    @property
    def error_object(self) -> dict[str, Any]:
        found: dict[str, Any] = {"kind": self.error, "message": self.message}
        if self.retry_after_s is not None:
            found["retry_after_s"] = self.retry_after_s
        return found

    @classmethod
    def read(cls, raw: Any) -> "Fault":
        if not isinstance(raw, dict) or raw.get("kind") not in KINDS:
            raise BadScript("a fault is an object with a known kind")
        unknown = set(raw) - {field.name for field in fields(cls)}
        if unknown:
            raise BadScript(f"{raw['kind']}: unknown members {', '.join(sorted(unknown))}")
        fault = cls(**(_defaults(raw["kind"]) | raw))
        if fault.at not in POINTS or fault.error not in ERROR_KINDS:
            raise BadScript(f"{fault.kind}: unknown point or kind of error")
        numbers = (fault.after, fault.code, fault.rows, fault.mib, fault.ms, fault.depth)
        if not all(isinstance(number, int) for number in (*numbers, fault.seconds)):
            raise BadScript(f"{fault.kind}: a whole number is expected")
        return fault


def _defaults(kind: str) -> dict[str, Any]:
    special: dict[str, dict[str, Any]] = {
        "throttled": {"error": "throttled", "retry_after_s": 1.0},
        "flood_rows": {"rows": 100_000},
    }
    return {"at": KINDS[kind], **special.get(kind, {})}


class Script:
    """The faults of this start: those of the service whose `times` are not used up."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults

    @classmethod
    def read(cls, raw: Any, service: str) -> "Script":
        """Counts this start. Raises BadScript."""
        if raw is None:
            return cls([])
        if not isinstance(raw, dict) or set(raw) - {"counters", "roll", "faults"}:
            raise BadScript("a script is an object of faults, counters and roll")
        if isinstance(raw.get("roll"), str):
            (Path(raw["roll"]) / f"{os.getpid()}-{service}").touch()
        listed = raw.get("faults", [])
        if not isinstance(listed, list):
            raise BadScript("faults are a list")
        chosen: list[Fault] = []
        for number, entry in enumerate(listed):
            fault = Fault.read(entry)
            here = fault.service or (fault.dataset or "").partition(".")[0] or service
            if here == service and _strikes_again(fault, raw.get("counters"), number, service):
                chosen.append(fault)
        return cls(chosen)

    def at(self, point: Point, dataset: str | None = None, answered: int = 0) -> list[Fault]:
        return [
            fault
            for fault in self.faults
            if fault.at == point
            and answered >= fault.after
            and (fault.dataset is None or dataset is None or fault.dataset == dataset)
        ]

    def has(self, kind: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.kind == kind), None)


def _strikes_again(fault: Fault, folder: Any, number: int, service: str) -> bool:
    """The size of the file is the number of starts so far: one byte appended for each."""
    if fault.times is None:
        return True
    if not isinstance(folder, str):
        raise BadScript("times needs a folder for the counters")
    with (Path(folder) / f"{number}-{fault.kind}-{service}").open("ab") as counter:
        counter.write(b".")
        counter.flush()
        return counter.tell() <= fault.times


class Output:
    """Writes whole lines to stdout at once, through whatever a script puts between."""

    def __init__(self, marker: bytes, stream: int = 1) -> None:
        self._marker = marker
        self._stream = stream
        self._noise: Iterator[bytes] | None = None
        self._pause_s = 0.0
        self._cut_next = False
        self._prefixes = cycle((b"\xef\xbb\xbf", b"\x1b[?1h\x1b[0m", b""))

    def line(self, content: dict[str, Any]) -> None:
        self.protocol(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())

    def protocol(self, content: bytes) -> None:
        if self._pause_s:
            rest(self._pause_s)
        line = self._marker + content
        if self._cut_next:
            self.raw(line[: max(len(self._marker) + 1, len(line) // 2)])
            os._exit(0)
        if self._noise is None:
            self.raw(line + b"\n")
            return
        self.raw(next(self._noise))
        self.raw(next(self._prefixes) + line + b"\r\n")

    def raw(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._stream, view) :]

    def arrange(self, fault: Fault) -> None:
        if fault.kind == "noise":
            self._noise = cycle(_NOISE)
        elif fault.kind == "slow":
            self._pause_s = fault.ms / 1000
        elif fault.kind == "cut":
            self._cut_next = True


def rest(seconds: float) -> None:
    """Waits without asking what time it is; the leash may end the process meanwhile."""
    threading.Event().wait(seconds)


def strike(fault: Fault, out: Output, dataset: str | None) -> None:
    """Does what a fault does by itself; the others are read by the replayer where they matter."""
    act = _ACTS.get(fault.kind)
    if act is not None:
        act(fault, out, dataset)


def flooded(rows: Iterator[dict[str, Any]], wanted: int) -> Iterator[dict[str, Any]]:
    """So many rows: the recorded ones over and over, ids made different."""
    recorded = list(rows) or [{"id": "row"}]
    for number, row in enumerate(islice(cycle(recorded), wanted)):
        yield row | {"id": f"{row.get('id', 'row')}-{number}"}


def _hang(fault: Fault, out: Output, dataset: str | None) -> NoReturn:
    while True:
        rest(3600)


def _spin(fault: Fault, out: Output, dataset: str | None) -> NoReturn:
    for turn in count(1):
        out.line({"type": "log", "level": "info", "message": f"still reading, turn {turn}"})
        if dataset is not None:
            out.line({"type": "rows", "name": dataset, "rows": []})
        rest(_SPIN_PAUSE_S)
    raise AssertionError("count ended")


def _exit(fault: Fault, out: Output, dataset: str | None) -> NoReturn:
    os._exit(0 if fault.kind == "no_bye" else fault.code)


def _arrange(fault: Fault, out: Output, dataset: str | None) -> None:
    out.arrange(fault)


def _stubborn(fault: Fault, out: Output, dataset: str | None) -> None:
    """SIGALRM ends both, so that a failed test leaves nothing behind."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.alarm(fault.seconds)
    if os.fork():
        return
    if fault.own_session:
        os.setsid()
    signal.alarm(fault.seconds)  # a child does not inherit its parent's alarm
    while True:
        signal.pause()


def _flood_stderr(fault: Fault, out: Output, dataset: str | None) -> None:
    line = b"WARNING: " + b"x" * 118 + b"\n"
    block = line * (_MIB // len(line))
    for _ in range(fault.mib):
        sys.stderr.buffer.write(block)
    sys.stderr.buffer.flush()


def _rubbish(fault: Fault, out: Output, dataset: str | None) -> None:
    out.protocol(b'{"type":"rows","name":')


def _over_long(fault: Fault, out: Output, dataset: str | None) -> None:
    out.line({"type": "log", "level": "info", "message": "x" * (300 * 1024)})


def _foreign(fault: Fault, out: Output, dataset: str | None) -> None:
    out.line({"type": "telemetry", "name": dataset, "rows": "none of the protocol's types"})


def _untrusted(fault: Fault, out: Output, dataset: str | None) -> None:
    row = {
        "duplicate_keys": b'{"id":"1","Enabled":true,"Enabled":false}',
        "nan": b'{"id":"1","Threshold":NaN}',
        "deep": b'{"id":"1","Nested":' + b"[" * fault.depth + b"]" * fault.depth + b"}",
    }[fault.kind]
    name = json.dumps(dataset).encode()
    out.protocol(b'{"type":"rows","name":' + name + b',"rows":[' + row + b"]}")


_Act = Callable[[Fault, Output, str | None], None]
_ACTS: dict[str, _Act] = {
    "hang": _hang,
    "spin": _spin,
    "exit": _exit,
    "no_bye": _exit,
    "cut": _arrange,
    "noise": _arrange,
    "slow": _arrange,
    "stubborn": _stubborn,
    "flood_stderr": _flood_stderr,
    "rubbish": _rubbish,
    "over_long": _over_long,
    "foreign": _foreign,
    "duplicate_keys": _untrusted,
    "nan": _untrusted,
    "deep": _untrusted,
}
