"""`python -m evidence.replay`: a collector that answers from a recorded pack, protocol version 1.

The request's credential holds `pack` (a folder), and for drills `pace_ms` (a delay for each
dataset) and `faults` (see evidence/faults.py). The same pack gives the same bytes. Exit codes:
0 after bye, 2 for a request that is none, 3 when the leash (stdin) was let go.

It starts with every batch of every scan, so nothing here loads pydantic: the protocol's limits
are repeated, and a test holds them against contracts/collector.py.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.errors import PackInvalid
from evidence.faults import BadScript, Fault, Output, Point, Script, flooded, rest, strike
from evidence.pack_files import Entry, Manifest, read_manifest, read_rows
from evidence.parse import UnreadableJson, loads_strict

PROTOCOL = 1
MARKER = b"@assay "
MAX_LINE_BYTES = 256 * 1024
MAX_ROWS_PER_LINE = 500
VERSION = "1"
EXIT_REQUEST = 2
EXIT_LEASH = 3


class BadRequest(ValueError):
    """The first line of stdin is not a request; the sentence says why."""


@dataclass(frozen=True)
class Request:
    service: str
    pack: Path
    datasets: dict[str, frozenset[str]]  # name → properties to keep, lower case; empty: all
    pace_ms: int = 0
    script: Script = field(default_factory=lambda: Script([]))

    @classmethod
    def read(cls, line: bytes) -> "Request":
        try:
            raw = loads_strict(line)
            if raw["protocol"] != PROTOCOL:
                raise BadRequest(f"protocol {raw['protocol']!r} is not {PROTOCOL}")
            service, credential = str(raw["service"]), raw["credential"]
            return cls(
                service=service,
                pack=Path(credential["pack"]),
                datasets={
                    item["name"]: frozenset(name.lower() for name in item.get("select", ()))
                    for item in raw["datasets"]
                    if item["name"].partition(".")[0] == service
                },
                pace_ms=int(credential.get("pace_ms") or 0),
                script=Script.read(credential.get("faults"), service),
            )
        except (BadRequest, BadScript):
            raise
        except UnreadableJson as error:
            raise BadRequest(str(error)) from None
        except (KeyError, TypeError, AttributeError, ValueError, OSError) as error:
            raise BadRequest(f"{type(error).__name__}: {error}") from None


class Replayer:
    def __init__(self, request: Request, out: Output) -> None:
        self._request = request
        self._out = out
        self._answered = 0

    def run(self) -> None:
        self._strike("start")
        try:
            manifest = read_manifest(self._request.pack)
        except PackInvalid as invalid:
            self._hello({})
            self._connect_failed({"kind": "other", "message": f"the pack is not usable: {invalid}"})
        else:
            self._hello(
                {"pack": manifest.name, "replay": VERSION}, manifest.captured_at.isoformat()
            )
            if self._connect(manifest):
                for name in self._request.datasets:
                    self._answer(manifest, manifest.entry(name))
                    self._answered += 1
        self._strike("end")
        self._out.line({"type": "bye", "datasets": self._answered})

    def _hello(self, versions: dict[str, str], captured_at: str | None = None) -> None:
        hello = {"type": "hello", "protocol": PROTOCOL, "collector": "replay", "versions": versions}
        self._out.line(hello | ({"captured_at": captured_at} if captured_at else {}))

    def _connect(self, manifest: Manifest) -> bool:
        tenant_id = manifest.tenant_id
        for fault in self._strike("connect"):
            if fault.kind == "connect_failed":
                self._connect_failed(fault.error_object)
                return False
            if fault.kind == "wrong_tenant":
                tenant_id = fault.tenant_id
        service = self._request.service
        connected = {"type": "connected", "service": service, "tenant_id": tenant_id}
        self._out.line(connected | {"duration_ms": 0})
        return True

    def _connect_failed(self, error: dict[str, Any]) -> None:
        service = self._request.service
        self._out.line({"type": "connect-failed", "service": service, "error": error})

    def _answer(self, manifest: Manifest, entry: Entry) -> None:
        self._out.line({"type": "dataset-started", "name": entry.name, "read": entry.read})
        struck = self._strike("dataset", entry.name)
        rest(self._request.pace_ms / 1000)
        error = _scripted_error(struck)
        sent = pages = 0
        if error is None:
            error, sent, pages = self._send_rows(manifest, entry, struck)
        for fault in self._strike("finish", entry.name):
            sent += fault.rows if fault.kind == "lying_count" else 0
        if error is not None:
            self._out.line({"type": "dataset-failed", "name": entry.name, "error": error})
            return
        finished = {"type": "dataset-finished", "name": entry.name, "rows": sent, "pages": pages}
        self._out.line(finished | {"duration_ms": self._request.pace_ms})

    def _send_rows(
        self, manifest: Manifest, entry: Entry, struck: list[Fault]
    ) -> tuple[dict[str, Any] | None, int, int]:
        """The error the dataset ends with, rows sent, lines sent."""
        if not entry.has_rows:
            return _error(entry), 0, 0
        rows = read_rows(manifest, entry.name)
        for fault in struck:
            rows = flooded(rows, fault.rows) if fault.kind == "flood_rows" else rows
        sent = pages = 0
        try:
            for batch in _lines(entry.name, _selected(rows, self._request.datasets[entry.name])):
                self._out.protocol(batch.text)
                sent, pages = sent + batch.rows, pages + 1
                if pages == 1 and (error := self._mid_dataset(entry.name)):
                    return error, sent, pages
        except PackInvalid as invalid:
            message = f"the pack is damaged: {invalid}"
            return {"kind": "other", "message": message}, sent, pages
        if not pages and (error := self._mid_dataset(entry.name)):
            return error, sent, pages
        return (None if entry.status == "ok" else _error(entry)), sent, max(pages, 1)

    def _mid_dataset(self, name: str) -> dict[str, Any] | None:
        return _scripted_error(self._strike("rows", name))

    def _strike(self, point: Point, dataset: str | None = None) -> list[Fault]:
        struck = self._request.script.at(point, dataset, self._answered)
        for fault in struck:
            strike(fault, self._out, dataset)
        return struck


def _scripted_error(struck: list[Fault]) -> dict[str, Any] | None:
    return next(
        (item.error_object for item in struck if item.kind in ("failed", "throttled")), None
    )


def _error(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": entry.kind, "message": entry.message}
    if entry.retry_after_s is not None:
        found["retry_after_s"] = entry.retry_after_s
    return found


def _selected(rows: Iterator[dict[str, Any]], keep: frozenset[str]) -> Iterator[dict[str, Any]]:
    """What a row lacks it goes on lacking: absence is not null."""
    for row in rows:
        yield {name: row[name] for name in row if name.lower() in keep} if keep else row


@dataclass(frozen=True)
class _Batch:
    text: bytes
    rows: int


def _lines(name: str, rows: Iterator[dict[str, Any]]) -> Iterator[_Batch]:
    """Rows lines that keep both limits; raises PackInvalid for a row that no line can hold."""
    head = b'{"type":"rows","name":' + json.dumps(name).encode() + b',"rows":['
    room = MAX_LINE_BYTES - len(MARKER) - len(head) - len(b"]}\n")
    held: list[bytes] = []
    size = 0
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) > room:
            raise PackInvalid(name, f"a row of {len(text)} bytes does not fit into a line")
        if held and (len(held) == MAX_ROWS_PER_LINE or size + len(text) + 1 > room):
            yield _Batch(head + b",".join(held) + b"]}", len(held))
            held, size = [], 0
        held.append(text)
        size += len(text) + 1
    if held:
        yield _Batch(head + b",".join(held) + b"]}", len(held))


def _hold_leash() -> None:
    """Whoever started us holds stdin open; at its end nobody waits for answers any more."""
    while os.read(0, 65536):
        pass
    os._exit(EXIT_LEASH)


def main() -> int:
    line = sys.stdin.buffer.readline()
    try:
        request = Request.read(line)
    except (BadRequest, BadScript) as error:
        sys.stderr.write(f"not a request: {error}\n")
        return EXIT_REQUEST
    if not request.script.has("stubborn"):
        threading.Thread(target=_hold_leash, daemon=True).start()
    try:
        Replayer(request, Output(MARKER)).run()
    except BrokenPipeError:
        return EXIT_LEASH
    return 0


if __name__ == "__main__":
    sys.exit(main())
