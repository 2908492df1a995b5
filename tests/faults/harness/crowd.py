"""Viewers of a scan at its JSON socket: they come back with the last number they saw."""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.faults.harness.scans import Run
from tests.faults.harness.world import OPEN, until

_BACK_OFF_S = (0.2, 0.4, 0.8)


@dataclass
class Viewer:
    seq: int = 0
    status: str = ""
    progress: float = -1
    attempt: int = 0
    completed: int = 0
    came_back: int = 0
    heard_at: float = 0
    snapshots: int = 0
    events: int = 0
    closed: bool = False
    wrong: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def take(self, frame: dict[str, Any]) -> None:
        self.heard_at = time.monotonic()
        if frame["event"] == "snapshot":
            if frame["seq"] < self.seq:
                self.wrong.append(f"snapshot {frame['seq']} after {self.seq}")
            self.seq, self.snapshots = frame["seq"], self.snapshots + 1
            self._state(frame["data"])
            return
        if frame["seq"] != self.seq + 1:
            self.wrong.append(f"event {frame['seq']} after {self.seq}")
        self.seq, self.events = frame["seq"], self.events + 1
        if frame["event"] == "status":
            self._state(frame)

    def _state(self, data: dict[str, Any]) -> None:
        if data["attempt"] == self.attempt and data["progress_percentage"] < self.progress:
            self.wrong.append(f"progress {data['progress_percentage']} after {self.progress}")
        self.progress, self.status = data["progress_percentage"], data["status"]
        self.attempt, self.completed = data["attempt"], data["completed"]


class Crowd:
    """`count` viewers of one scan, until `leave` or the scan's end."""

    def __init__(
        self, run: Run, count: int, *, apis: tuple[str, ...] = ("api",), port: int = 0
    ) -> None:
        """`port`: of a link before the API, instead of the API's own."""
        self.run = run
        self.viewers = [Viewer() for _ in range(count)]
        ports = [port or run.world.ports[api] for api in apis]
        self._tasks = [
            run.world.loop.spawn(self._watch(viewer, ports[number % len(ports)]))
            for number, viewer in enumerate(self.viewers)
        ]
        run.world.watching.append(self.leave)

    def all_at(self, seq: int, within_s: float) -> float:
        """Seconds until everybody has seen `seq`."""
        began = time.monotonic()
        until(
            lambda: all(viewer.seq >= seq for viewer in self.viewers),
            within_s,
            f"{sum(v.seq < seq for v in self.viewers)} of {len(self.viewers)} behind {seq}",
        )
        return time.monotonic() - began

    def all_back(self, before: list[int], within_s: float) -> float:
        """Seconds until everybody has connected anew and heard the state."""
        began = time.monotonic()
        until(
            lambda: all(
                viewer.came_back > count for viewer, count in zip(self.viewers, before, strict=True)
            ),
            within_s,
        )
        return time.monotonic() - began

    def all_closed(self, within_s: float = 30) -> None:
        until(lambda: all(viewer.closed for viewer in self.viewers), within_s, "not all closed")

    def check(self, status: str = "completed") -> None:
        """No gap, no repeat, no step back, the same end for everybody."""
        self.all_closed()
        assert [viewer.wrong for viewer in self.viewers if viewer.wrong] == []
        last = self.run.state()
        assert {viewer.status for viewer in self.viewers} == {status}
        assert {viewer.seq for viewer in self.viewers} == {last["seq"]}

    def leave(self) -> None:
        async def end() -> None:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        self.run.world.loop.run(end())

    async def _watch(self, viewer: Viewer, port: int) -> None:
        tries = 0
        while not viewer.closed:
            try:
                await self._listen(viewer, port)
                tries = 0
            except (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
                tries += 1
            pause = _BACK_OFF_S[min(tries, len(_BACK_OFF_S) - 1)]
            await asyncio.sleep(pause * random.uniform(0.5, 1))

    async def _listen(self, viewer: Viewer, port: int) -> None:
        address = f"ws://127.0.0.1:{port}/msp/cspm/scans/ws/{self.run.scan_id}"
        if viewer.seq:
            address += f"?after={viewer.seq}"
        headers = {"Authorization": f"Bearer {self.run.world.token}"}
        async with connect(
            address, additional_headers=headers, open_timeout=5, close_timeout=1, proxy=None
        ) as socket:
            viewer.came_back += 1
            async for text in socket:
                viewer.take(json.loads(text))
            viewer.closed = socket.close_code == 1000 and viewer.status not in OPEN
