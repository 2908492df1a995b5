"""Start, feed, read and stop one collector process. The only place that starts a process."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from activities.log_lines import LogLines
from contracts.collector import (
    COLLECTOR_LINE,
    MARKER,
    MAX_LINE_BYTES,
    CollectorLine,
    CollectorRequest,
    ConnectFailed,
    DatasetFailed,
    Log,
)
from evidence.parse import UnreadableJson, loads_strict

STOP_GRACE_S = 1.5
_POLL_S = 0.02
_LAST_WORDS_S = 0.2
_CHUNK = 64 * 1024
_LOOK_EVERY_S = 0.02
_LOG_BYTES = 2000  # of one line that is no protocol line
_PREFIX_BYTES = 64  # room for what a terminal puts before a line
_STDERR_BYTES = 64 * 1024
_PREFIX = re.compile(rb"^(?:\xef\xbb\xbf|\x1b\[[0-9;?]*[A-Za-z])+")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_KNOWN_TYPES = {
    "hello",
    "connected",
    "connect-failed",
    "dataset-started",
    "rows",
    "dataset-finished",
    "dataset-failed",
    "log",
    "bye",
}
_MIN_SECRET = 6
_REDACTED = "[redacted]"
_PART = 24
_LONG_RUN = re.compile(r"[A-Za-z0-9+/=_-]{24,}")


class CollectorFailed(Exception):
    """The collector broke the protocol or died. The sentence names how."""


@dataclass(frozen=True)
class CollectorCommand:
    """An argv list, never a shell, and the whole environment the child gets."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


class CollectorProcess:
    """One child in a session of its own. `stop` is safe to call at any time, more than once."""

    def __init__(self, process: asyncio.subprocess.Process, secrets: tuple[str, ...]) -> None:
        self._process = process
        self._secrets = secrets
        self._log = LogLines()
        self._stderr = bytearray()
        self._drain = asyncio.create_task(self._drain_stderr())

    @classmethod
    async def start(
        cls, command: CollectorCommand, request: CollectorRequest
    ) -> "CollectorProcess":
        """Sends the request, without waiting for a child that does not read it; stdin stays open
        as a leash."""
        process = await asyncio.create_subprocess_exec(
            *_tied_to_us(command.argv),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(command.environment),
            start_new_session=True,
        )
        assert process.stdin is not None  # noqa: S101  (asked for above)
        process.stdin.write(request.model_dump_json().encode() + b"\n")
        return cls(process, _secrets_of(request))

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode

    def take_log(self) -> list[str]:
        """What it wrote since the last call, redacted; of stderr, while it is open, whole lines."""
        was_cut = len(self._stderr) == _STDERR_BYTES
        size = len(self._stderr) if self._drain.done() else self._stderr.rfind(b"\n") + 1
        errors = self._stderr[:size].decode("utf-8", "replace")
        del self._stderr[:size]
        if was_cut and size:
            errors = errors.partition("\n")[2]  # the first line is cut, and a secret in it
            self._log.append("[stderr] [earlier lines are left out]")
        for line in errors.splitlines():
            self._log.append(f"[stderr] {line}")
        return [self._redacted(line) for line in self._log.take()]

    async def lines(self) -> AsyncIterator[CollectorLine]:
        """Protocol lines; everything else goes to the log. Raises CollectorFailed."""
        async for raw in self._raw_lines():
            line = self._parse(raw)
            if isinstance(line, Log):
                line.message = self._redacted(line.message)
                self._log.append(f"[{line.level}] {line.message}"[:_LOG_BYTES])
            elif isinstance(line, ConnectFailed | DatasetFailed):
                line.error.message = self._redacted(line.error.message)
            if line is not None:
                yield line

    async def wait(self, within_s: float) -> int | None:
        """The exit code, or None when the process does not end in time."""
        # asyncio's own wait() also waits for the pipes, which a grandchild may hold open.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._process.returncode is None:  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_S)
        return self._process.returncode

    async def stop(self) -> None:
        """End the whole group: leash, SIGTERM, then SIGKILL after the grace."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._signal(signal.SIGTERM) and await self.wait(STOP_GRACE_S) is None:
            self._signal(signal.SIGKILL)
            await self.wait(STOP_GRACE_S)
        self._signal(signal.SIGKILL)  # grandchildren that outlived their parent
        # What it said last; a grandchild in a session of its own may hold the pipe for ever.
        await asyncio.wait({self._drain}, timeout=_LAST_WORDS_S)
        self._drain.cancel()
        await asyncio.gather(self._drain, return_exceptions=True)
        self._process._transport.close()  # type: ignore[attr-defined]

    def _signal(self, number: signal.Signals) -> bool:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    async def _raw_lines(self) -> AsyncIterator[bytes]:
        """Lines up to the protocol's limit; of a longer log line the beginning."""
        assert self._process.stdout is not None  # noqa: S101
        buffer = bytearray()
        skipping = False
        while chunk := await self._process.stdout.read(_CHUNK):
            buffer += chunk
            while (end := buffer.find(b"\n")) >= 0:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                if not skipping:
                    yield line
                skipping = False
            if len(buffer) > MAX_LINE_BYTES + _PREFIX_BYTES:
                if not skipping:
                    if _is_protocol(bytes(buffer[:_PREFIX_BYTES])):
                        raise CollectorFailed("a protocol line is longer than 256 KiB")
                    yield bytes(buffer)
                skipping = True
                buffer.clear()
        if buffer and not skipping:
            if _is_protocol(bytes(buffer[:_PREFIX_BYTES])):
                raise CollectorFailed("the collector's last line was cut")
            yield bytes(buffer)

    def _parse(self, raw: bytes) -> CollectorLine | None:
        line = _PREFIX.sub(b"", raw).rstrip(b"\r")
        if not line.startswith(MARKER):
            if line:
                # Whole while secrets are sought: of a cut one nobody knows that it is one.
                self._log.append(self._redacted(line.decode("utf-8", "replace"))[:_LOG_BYTES])
            return None
        if len(line) > MAX_LINE_BYTES + len(MARKER):
            raise CollectorFailed("a protocol line is longer than 256 KiB")
        try:
            body = loads_strict(line[len(MARKER) :].decode("utf-8"))
        except (UnreadableJson, UnicodeDecodeError) as error:
            raise CollectorFailed(f"a protocol line cannot be decoded: {error}") from None
        if not isinstance(body, dict):
            raise CollectorFailed("a protocol line is not a JSON object")
        kind = body.get("type")
        if not isinstance(kind, str) or kind not in _KNOWN_TYPES:
            self._log.append(f"[unknown line] {self._redacted(str(kind))[:100]}")
            return None
        try:
            return COLLECTOR_LINE.validate_python(body)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise CollectorFailed(f"a protocol line does not fit: {where}") from None

    async def _drain_stderr(self) -> None:
        assert self._process.stderr is not None  # noqa: S101
        while chunk := await self._process.stderr.read(_CHUNK):
            self._stderr += chunk
            del self._stderr[:-_STDERR_BYTES]

    def _redacted(self, text: str) -> str:
        text = _COLOURS.sub("", text)  # first: they may stand in the middle of a secret
        for secret in self._secrets:
            text = text.replace(secret, _REDACTED)
        return _LONG_RUN.sub(self._without_parts, text)

    def _without_parts(self, found: re.Match[str]) -> str:
        """Logs cut and wrap long lines: a part of a secret is one, too."""
        run = found[0]
        parts = (run[start : start + _PART] for start in range(0, len(run) - _PART + 1, _PART))
        is_part = any(part in secret for part in parts for secret in self._secrets)
        return _REDACTED if is_part else run


def _is_protocol(start: bytes) -> bool:
    return _PREFIX.sub(b"", start).startswith(MARKER)


def _secrets_of(request: CollectorRequest) -> tuple[str, ...]:
    """A key of several lines is sought line by line: that is how a log holds it."""
    values = [value for value in request.credential.values() if isinstance(value, str)]
    lines = [line for value in values for line in value.splitlines()]
    return tuple(line for line in sorted(lines, key=len, reverse=True) if len(line) >= _MIN_SECRET)


def _tied_to_us(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The kernel kills the child when its worker dies, however it dies (Linux)."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL", "--", *argv) if setpriv else argv
