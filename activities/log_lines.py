"""The lines of a collector's log that nobody has taken yet."""

from collections import deque

_MAX_LINES = 5000


class LogLines:
    """The newest lines; how many had to go is said in front of them."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._left_out = 0

    def append(self, line: str) -> None:
        """`line` is redacted. PostgreSQL stores no NUL."""
        self._lines.append(line.replace("\0", "\ufffd"))
        if len(self._lines) > _MAX_LINES:
            self._lines.popleft()
            self._left_out += 1

    def take(self) -> list[str]:
        head = [f"[{self._left_out} lines are left out]"] if self._left_out else []
        lines = [*head, *self._lines]
        self._lines.clear()
        self._left_out = 0
        return lines
