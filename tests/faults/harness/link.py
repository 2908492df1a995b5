"""A TCP proxy of our own between two parts: cut, silent, slow, sliced, limited."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

_T = TypeVar("_T")
_CHUNK = 64 * 1024


class Loop:
    """One event loop in a thread of its own, for everything in the harness that must not stop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _T], within_s: float = 60) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        async def start() -> "asyncio.Task[Any]":
            return asyncio.ensure_future(work)

        return self.run(start())

    def close(self) -> None:
        async def end() -> None:
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@dataclass
class Rules:
    """How bytes travel at this moment. Zero: as they come."""

    refuse: bool = False
    silent: bool = False  # nothing passes; what was sent arrives when the link speaks again
    delay_ms: float = 0
    jitter_ms: float = 0
    slow_share: float = 0  # of the pieces, which take ten times the delay
    bytes_per_s: float = 0
    piece: int = 0  # bytes
    cut_after: int = 0  # bytes, counted for each connection
    idle_s: float = 0  # a connection that is quiet so long is dropped


@dataclass
class Link:
    """Listens at `port` and passes on to `target`; rules may be changed at any time."""

    loop: Loop
    port: int
    target: int
    seed: int = 0
    rules: Rules = field(default_factory=Rules)
    opened: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def start(self) -> None:
        self.loop.run(self._listen())

    def stop(self) -> None:
        self.loop.run(self._end())

    def clear(self) -> None:
        self.rules = Rules()

    def cut(self) -> None:
        """Open connections are reset and new ones refused, until `clear`."""
        self.rules = Rules(refuse=True)
        self.loop.run(self._drop())

    def drop(self) -> None:
        """Open connections are reset; new ones pass."""
        self.loop.run(self._drop())

    def blackhole(self) -> None:
        self.rules = Rules(silent=True)

    @property
    def connections(self) -> int:
        return len(self._writers) // 2

    async def _listen(self) -> None:
        self._random = random.Random(self.seed)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._drop()

    async def _drop(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.rules.refuse:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            try:
                there, back = await asyncio.open_connection("127.0.0.1", self.target)
            except OSError:
                writer.transport.abort()
                return
            self.opened += 1
            self._writers.add(back)
            pumps = [
                asyncio.ensure_future(self._pump(reader, back)),
                asyncio.ensure_future(self._pump(there, writer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                self._writers.discard(back)
                back.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed = 0
        with contextlib.suppress(OSError, TimeoutError):
            while data := await self._read(reader):
                while self.rules.silent:
                    await asyncio.sleep(0.02)
                for piece in self._pieces(data):
                    await self._wait(len(piece))
                    writer.write(piece)
                    await writer.drain()
                    passed += len(piece)
                    if self.rules.cut_after and passed >= self.rules.cut_after:
                        return

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        idle = self.rules.idle_s
        if not idle:
            return await reader.read(_CHUNK)
        async with asyncio.timeout(idle):
            return await reader.read(_CHUNK)

    def _pieces(self, data: bytes) -> list[bytes]:
        size = self.rules.piece or len(data)
        return [data[start : start + size] for start in range(0, len(data), size)]

    async def _wait(self, size: int) -> None:
        rules = self.rules
        pause = 0.0
        if rules.delay_ms:
            pause = rules.delay_ms + self._random.uniform(-rules.jitter_ms, rules.jitter_ms)
            pause *= 10 if self._random.random() < rules.slow_share else 1
        seconds = max(pause, 0) / 1000
        if rules.bytes_per_s:
            seconds += size / rules.bytes_per_s
        if seconds:
            await asyncio.sleep(seconds)
