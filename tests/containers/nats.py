"""nats-server, started as its service in the compose file starts it."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.containers.compose import services
from tests.conventions.tree import ROOT
from tests.servers import binary, free_port, wait_until_listening


@dataclass(frozen=True)
class Server:
    port: int
    monitor: int
    passwords: Mapping[str, str]

    def url(self, role: str) -> str:
        return f"nats://{role}:{self.passwords[role]}@127.0.0.1:{self.port}"


@contextmanager
def started(folder: Path, passwords: Mapping[str, str]) -> Iterator[Server]:
    server = Server(free_port(), free_port(), passwords)
    process = subprocess.Popen(
        ["/bin/sh", str(ROOT / "docker" / "nats.sh")],
        env=_environment(folder, server),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_listening(server.port)
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _environment(folder: Path, server: Server) -> dict[str, str]:
    """That of the compose file, with secrets and configuration where the test has them."""
    environment: dict[str, str] = dict(services()["nats"]["environment"])
    for role, password in server.passwords.items():
        (folder / role).write_text(password + "\n", "utf-8")
        assert f"NATS_{role.upper()}_PASSWORD_FILE" in environment
        environment[f"NATS_{role.upper()}_PASSWORD_FILE"] = str(folder / role)
    path = f"{Path(binary('nats-server')).parent}{os.pathsep}{os.environ['PATH']}"
    return environment | {"NATS_CONFIG": str(_configuration(folder, server)), "PATH": path}


def _configuration(folder: Path, server: Server) -> Path:
    """The committed file, but for ports and the place of its store."""
    text = (ROOT / "docker" / "nats.conf").read_text("utf-8")
    for there, here in (
        ("0.0.0.0:4222", f"127.0.0.1:{server.port}"),
        ("127.0.0.1:8222", f"127.0.0.1:{server.monitor}"),
        ('"/data"', f'"{folder / "data"}"'),
    ):
        assert text.count(there) == 1
        text = text.replace(there, here)
    file = folder / "nats.conf"
    file.write_text(text, "utf-8")
    return file
