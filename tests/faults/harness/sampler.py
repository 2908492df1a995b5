"""Looks into /proc every tenth of a second: which collectors live, and what they show of secrets.

A collector's service and tenant are learnt from the roll that its fault script keeps (a file
`<pid>-<service>` in the tenant's folder), so that processes are told apart after the fact.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

EVERY_S = 0.1
_COLLECTORS = (b"evidence.replay", b"activities.dns_collector", b"Invoke-Collector.ps1")


@dataclass
class Seen:
    """One process, from its first sample to its last."""

    pid: int
    started: int  # clock ticks since boot: a number is used again, a start is not
    first: float
    last: float
    shown: set[bytes] = field(default_factory=set)


class Sampler:
    def __init__(self, mark: str) -> None:
        """`mark` stands in the environment of every collector of this world."""
        self._mark = mark.encode()
        self._seen: dict[tuple[int, int], Seen] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self.gaps: list[float] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join(5)

    def alive(self) -> list[int]:
        return sorted(pid for pid, _started in self._look())

    def two_at_once(self, rolls: Iterable[Path]) -> list[str]:
        """Pairs of collectors of one tenant and service that lived at the same time."""
        found = []
        with self._lock:
            seen = list(self._seen.values())
        by_pid = defaultdict(list)
        for process in seen:
            by_pid[process.pid].append(process)
        for roll in rolls:
            groups = defaultdict(list)
            for file in roll.glob("*-*"):
                pid, _, service = file.name.partition("-")
                groups[service].extend(by_pid.get(int(pid), []))
            for service, processes in groups.items():
                found += [
                    f"{roll.name}/{service}: {one.pid} and {other.pid}"
                    for one, other in combinations(processes, 2)
                    if one.first <= other.last and other.first <= one.last
                ]
        return found

    def shown(self) -> bytes:
        """Arguments and environments of all collectors that were seen."""
        with self._lock:
            return b"\n".join(part for seen in self._seen.values() for part in seen.shown)

    @property
    def count(self) -> int:
        with self._lock:
            return len(self._seen)

    def _run(self) -> None:
        while not self._end.wait(EVERY_S):
            at = time.monotonic()
            found = self._look()
            with self._lock:
                for key, shown in found.items():
                    seen = self._seen.setdefault(key, Seen(*key, first=at, last=at))
                    seen.last = at
                    seen.shown.add(shown)

    def _look(self) -> dict[tuple[int, int], bytes]:
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes()
                if not any(name in command for name in _COLLECTORS):
                    continue
                environment = (folder / "environ").read_bytes()
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if self._mark in environment and fields[0] != "Z":
                    found[int(folder.name), int(fields[19])] = command + b"\n" + environment
        return found
