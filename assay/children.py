"""Child processes of the supervisor: started in order, awaited, restarted, stopped cleanly."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO

_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_CALM_S = 30.0  # up for this long: the next fall counts as the first
_COLOURS = ("36", "35", "33", "32", "34")


class NotReady(Exception):
    """A child ended, or did not answer in time. The sentence says which and what to look at."""


@dataclass(frozen=True)
class Child:
    """`ready` answers whether it can be used; `stop_s` is what it gets after SIGTERM."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    ready: Callable[[], Awaitable[bool]]
    ready_within_s: float = 30.0
    stop_s: float = 5.0
    hint: str = ""  # what to do when it does not come up


class Running:
    """One child and the task that keeps it alive until `stop`."""

    def __init__(self, child: Child, colour: str, out: TextIO) -> None:
        self.child = child
        self._label = _label(child.name, colour, out)
        self._out = out
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False
        self._failed = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Returns when it is ready. Raises NotReady."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep_alive())
        deadline = time.monotonic() + self.child.ready_within_s
        while not await self.child.ready() or self._failed.is_set():
            if self._failed.is_set():
                raise NotReady(f"{self.child.name} ended while it started. {self.child.hint}")
            if time.monotonic() > deadline:
                raise NotReady(
                    f"{self.child.name} was not ready within {self.child.ready_within_s:.0f} s. "
                    f"{self.child.hint}"
                )
            await asyncio.sleep(0.05)
        self._failed.clear()

    async def stop(self) -> None:
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            _signal(process, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.child.stop_s):
                    await process.wait()
        if process is not None and process.returncode is None:
            _signal(process, signal.SIGKILL)
        if self._keeper is not None:
            await asyncio.wait([self._keeper], timeout=2)
            self._keeper.cancel()

    async def _spawn(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *_tied_to_us(self.child.argv),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(self.child.environment),
            start_new_session=True,
            limit=1024 * 1024,
        )

    async def _keep_alive(self) -> None:
        falls = 0
        while not self._stopping and self._process is not None:
            began = time.monotonic()
            await self._copy_output(self._process)
            code = await self._process.wait()
            if self._stopping:
                return
            self._failed.set()
            falls = 0 if time.monotonic() - began > _CALM_S else falls + 1
            pause = _BACK_OFF_S[min(falls, len(_BACK_OFF_S)) - 1] if falls else _BACK_OFF_S[0]
            self._say(f"ended with {code}; starting again in {pause} s")
            await asyncio.sleep(pause)
            if not self._stopping:
                await self._spawn()

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101  (asked for above)
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit: passed over
                continue
            if not line:
                return
            self._say(line.decode("utf-8", "replace").rstrip())

    def _say(self, text: str) -> None:
        self._out.write(f"{self._label} {text}\n")
        self._out.flush()


class Family:
    """Starts in order, stops in the opposite one."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._out = out
        self.members: list[Running] = []

    async def add(self, child: Child) -> Running:
        running = Running(child, _COLOURS[len(self.members) % len(_COLOURS)], self._out)
        self.members.append(running)
        await running.start()
        return running

    async def stop(self) -> None:
        for running in reversed(self.members):
            await running.stop()


def _label(name: str, colour: str, out: TextIO) -> str:
    text = f"{name:<8} |"
    return f"\x1b[{colour}m{text}\x1b[0m" if out.isatty() else text


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _tied_to_us(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A supervisor that is killed leaves nothing behind (Linux)."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL", "--", *argv) if setpriv else argv
