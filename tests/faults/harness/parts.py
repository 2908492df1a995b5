"""One process of the product: started, killed, frozen, told to stop, looked at."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_POLL_S = 0.05


@dataclass
class Part:
    """`ready` answers whether it can be used. What it says is appended to `log`."""

    name: str
    argv: list[str]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    ready: Callable[[], bool]
    ready_within_s: float = 60
    limits: tuple[str, ...] = ()  # of prlimit
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def start(self, **more: str) -> "Part":
        """Returns when it is ready. `more`: environment of this start alone."""
        self.launch(**more)
        self.wait_ready()
        return self

    def launch(self, **more: str) -> None:
        if self._process is not None:
            self.wait(10)  # the one before has ended, or is about to
        setpriv = shutil.which("setpriv")
        tied = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
        limited = ["prlimit", *self.limits, "--"] if self.limits else []
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [*tied, *limited, *self.argv],
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + self.ready_within_s
        while not self.ready():
            if not self.alive:
                raise AssertionError(f"{self.name} ended with {self.exit_code}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} is not ready:\n{self.tail()}")
            time.sleep(_POLL_S)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self.wait(10)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def term(self) -> float:
        """Seconds until it had ended. Raises when it takes longer than 60 of them."""
        began = time.monotonic()
        self._signal(signal.SIGTERM)
        self.wait(60)
        return time.monotonic() - began

    def stop(self) -> None:
        """At the end of a test run: whatever its state."""
        if not self.alive:
            return
        self.thaw()
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.wait(5)
        self.kill()

    def wait(self, within_s: float) -> int:
        assert self._process is not None
        return self._process.wait(within_s)

    def tail(self, size: int = 3000) -> str:
        return self.log.read_text("utf-8", "replace")[-size:] if self.log.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        """The part alone: what it started is its own business."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
