"""Runs the replayer as the child process it is."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.collector import (
    COLLECTOR_LINE,
    MARKER,
    CollectorRequest,
    DatasetRequest,
    TenantRef,
)
from evidence.parse import loads_strict

ARGV = (sys.executable, "-m", "evidence.replay")
ROOT = Path(__file__).parents[2]
PATIENCE_S = 20


@dataclass(frozen=True)
class Ended:
    stdout: bytes
    stderr: bytes
    code: int

    @property
    def lines(self) -> list[Any]:
        return [
            COLLECTOR_LINE.validate_python(loads_strict(raw[len(MARKER) :]))
            for raw in self.stdout.split(b"\n")
            if raw.startswith(MARKER)
        ]

    def of(self, kind: str) -> list[Any]:
        return [line for line in self.lines if line.type == kind]


def request(
    pack: Path,
    names: Sequence[str],
    *,
    select: Sequence[str] = (),
    service: str = "graph",
    **credential: Any,
) -> bytes:
    asked = CollectorRequest(
        scan_id="scan",
        service=service,
        tenant=TenantRef(tenant_id="tenant"),
        credential={"pack": str(pack), **credential},
        datasets=[DatasetRequest(name=name, select=list(select)) for name in names],
    )
    return asked.model_dump_json().encode() + b"\n"


@contextmanager
def started(line: bytes) -> Iterator["subprocess.Popen[bytes]"]:
    """The request is written, stdin stays open; the process is gone afterwards."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(ARGV, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT)
    try:
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        for end in (process.stdin, process.stdout, process.stderr):
            assert end is not None
            with suppress(BrokenPipeError):
                end.close()


def run(line: bytes) -> Ended:
    """To the end, with the leash held as long as the collector lives."""
    with started(line) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        with ThreadPoolExecutor(1) as pool:
            stderr = pool.submit(process.stderr.read)
            stdout = process.stdout.read()
            return Ended(stdout, stderr.result(PATIENCE_S), process.wait(PATIENCE_S))
