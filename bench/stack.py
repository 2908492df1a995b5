"""`assay demo` as a person starts it, in a folder of its own, and the collectors it runs."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from assay.settings import whole_environment

_READY = re.compile(r"one-time password\s+\S")
_WITHIN_S = 120
_STOP_S = 40


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tied(*argv: str) -> list[str]:
    """Ends with this process, even when that is killed (Linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *argv] if setpriv else [*argv]


def until(there: Callable[[], Any], what: str, *, every_s: float = 0.02) -> Any:
    deadline = time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline:
        if found := there():
            return found
        time.sleep(every_s)
    raise TimeoutError(what)


@dataclass
class Stack:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    began: float  # when it was started, on the monotonic clock

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        token = (self.folder / "token").read_text("utf-8").strip()
        return {"Authorization": f"Bearer {token}"}

    def client(self) -> httpx2.Client:
        return httpx2.Client(
            base_url=f"{self.url}/api/v1", headers=self.headers, timeout=30, trust_env=False
        )

    def collectors(self) -> list[int]:
        """Replayers among the descendants of this stack."""
        return [pid for pid in self._descendants() if b"evidence.replay" in _command(pid)]

    def memory_mib(self, part: str) -> float:
        """Resident memory of `worker` or `api`; 0 while it is down."""
        end = f"\0{part}\0".encode()
        for pid in self._descendants():
            if _command(pid).endswith(end):
                pages = Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1]
                return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1024**2
        return 0.0

    def _descendants(self) -> set[int]:
        parents = dict(_processes())
        ours = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        return ours


@contextmanager
def demo(*, pace_ms: int) -> Iterator[Stack]:
    """Ready to accept a scan. Everything it made is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        folder = Path(name)
        stack = _spawn(folder, pace_ms)
        try:
            until(lambda: _is_ready(stack), "assay demo is ready")
            yield stack
        finally:
            stack.process.send_signal(signal.SIGINT)
            try:
                stack.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(stack.process.pid, signal.SIGKILL)
                stack.process.wait()


def _spawn(folder: Path, pace_ms: int) -> Stack:
    port = free_port()
    own = {
        name: value for name, value in whole_environment().items() if not name.startswith("ASSAY_")
    }
    with (folder / "out.log").open("wb") as out:
        process = subprocess.Popen(
            tied(sys.executable, "-m", "assay", "demo", "--port", str(port)),
            env=own | {"ASSAY_DATA_DIR": str(folder), "ASSAY_DEMO_PACE_MS": str(pace_ms)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Stack(folder, port, process, time.monotonic())


def _is_ready(stack: Stack) -> bool:
    text = (stack.folder / "out.log").read_text("utf-8", "replace")
    if stack.process.poll() is not None:
        raise RuntimeError(f"assay demo ended:\n{text[-2000:]}")
    return bool(_READY.search(text))


def _processes() -> Iterator[tuple[int, int]]:
    """Every process and its parent; one that ends meanwhile is passed over."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text("utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            yield int(entry.name), int(fields[1])


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
