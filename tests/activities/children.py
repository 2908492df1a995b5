"""Small scripted collectors, and what is left of them afterwards."""

import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from activities.collector import CollectorCommand, CollectorProcess
from contracts.collector import CollectorLine, CollectorRequest, DatasetRequest, TenantRef

SECRET = "s3cret-with-a-canary"
_HEAD = """
import json, os, signal, sys, time
request = json.loads(sys.stdin.buffer.readline())

def raw(data):
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]

def line(**content):
    raw(b"@assay " + json.dumps(content).encode() + b"\\n")
"""


def command(script: str) -> CollectorCommand:
    """`script` may use raw(bytes), line(**members) and request."""
    return CollectorCommand((sys.executable, "-c", _HEAD + textwrap.dedent(script)), {})


def asked(**credential: Any) -> CollectorRequest:
    return CollectorRequest(
        scan_id="scan",
        service="graph",
        tenant=TenantRef(tenant_id="11111111-1111-4111-8111-111111111111"),
        credential=credential,
        datasets=[DatasetRequest(name="graph.users"), DatasetRequest(name="graph.groups")],
    )


async def lines_of(script: str, **credential: Any) -> tuple[list[CollectorLine], str]:
    """All protocol lines and the log, of a child that is stopped afterwards."""
    process = await CollectorProcess.start(command(script), asked(**credential))
    try:
        found = [line async for line in process.lines()]
    finally:
        await process.stop()
    return found, "\n".join(process.take_log())


def alive_in_group(group: int) -> list[int]:
    """Processes of this process group; the dead that nobody has waited for do not count."""
    return [pid for pid, (state, found) in _processes() if found == group and state != "Z"]


def alive_with(mark: str) -> list[int]:
    """Processes that were given `NAME=value` in their environment."""
    return [pid for pid, (state, _) in _processes() if state != "Z" and mark in _environment(pid)]


def _processes() -> Iterator[tuple[int, tuple[str, int]]]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (folder / "stat").read_text()
            state, _parent, group = stat.rpartition(")")[2].split()[:3]
            yield int(folder.name), (state, int(group))


def _environment(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []
