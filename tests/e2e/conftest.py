"""The whole product, started as a person starts it, in a folder of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.servers import free_port

_READY_S = 60
_PASSWORD = re.compile(r"one-time password\s+(\S+)")


@dataclass
class Stack:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    password: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text("utf-8").strip()

    def client(self) -> httpx2.Client:
        return httpx2.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=20,
            trust_env=False,
        )

    def output(self) -> str:
        return (self.folder / "out.log").read_text("utf-8", "replace")

    def pid_of(self, part: str) -> int:
        """The supervised child that runs `part`: temporal, nats-server, worker or api."""
        for pid in _children(self.process.pid):
            words = _command(pid)
            if words[-1:] == [part] or any(Path(word).name == part for word in words[:1]):
                return pid
        raise LookupError(part)

    def kill(self, part: str) -> None:
        os.kill(self.pid_of(part), signal.SIGKILL)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)


def start_stack(folder: Path, port: int) -> Stack:
    folder.mkdir(parents=True, exist_ok=True)
    out = (folder / "out.log").open("wb")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "assay", "demo", "--port", str(port)],
        env=environment | {"ASSAY_DATA_DIR": str(folder), "ASSAY_DEMO_PACE_MS": "250"},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    out.close()
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        found = _PASSWORD.search((folder / "out.log").read_text("utf-8", "replace"))
        if found:
            return Stack(folder, port, process, found[1])
        time.sleep(0.1)
    text = (folder / "out.log").read_text("utf-8", "replace")
    process.kill()
    raise AssertionError(f"not ready:\n{text[-4000:]}")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    started = start_stack(tmp_path_factory.mktemp("assay"), free_port())
    yield started
    started.stop()


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def _command(pid: int) -> list[str]:
    raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    return [word.decode() for word in raw.split(b"\0") if word]
