"""Slows down guessing: after a few failures each further try has to wait longer."""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from api.errors import TooManyTries

_FREE_TRIES = 5
_LONGEST_S = 300.0
_FORGET_AFTER_S = 3600.0
_MOST_KEYS = 10_000


class Throttle:
    """In memory, per process. A restart forgets: guessing is slow enough without those minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def admit(self, username: str, address: str) -> None:
        """Counts the try as failed until `forget` is called, so that many at once do not slip
        through. Raises TooManyTries."""
        key = (username.lower(), address)
        now = self._clock()
        failures, last = self._failures.get(key, (0, now))
        if now - last > _FORGET_AFTER_S:
            failures = 0
        wait = _delay(failures) - (now - last)
        if wait > 0:
            raise TooManyTries(ceil(wait))
        self._failures[key] = (failures + 1, now)
        self._failures.move_to_end(key)
        if len(self._failures) > _MOST_KEYS:
            self._failures.popitem(last=False)

    def forget(self, username: str, address: str) -> None:
        self._failures.pop((username.lower(), address), None)


def _delay(failures: int) -> float:
    """1, 2, 4 … seconds from the sixth try on."""
    beyond = failures - _FREE_TRIES
    return min(2.0**beyond, _LONGEST_S) if beyond >= 0 else 0.0
