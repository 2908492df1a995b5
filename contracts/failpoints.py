"""Places at which a process can be made to die or to stand still. Off unless a test arms them.

A plan is a list of `name=action@n`, with commas between: `after_commit=kill@3` kills the process
the third time it comes by, `block_loop=sleep:10` stops its thread for ten seconds the first time.
Every point strikes once in the life of a process.
"""

import os
import re
import signal
import time

POINTS = ("after_commit", "before_publish", "after_insert", "block_loop", "in_migration")
_STEP = re.compile(r"(\w+)=(?:kill|sleep:(\d+(?:\.\d+)?))(?:@([1-9]\d*))?")

_armed: dict[str, list[float]] = {}  # name → passages left, seconds to sleep (0: kill)


class BadFailpoints(ValueError):
    """The plan is none; the sentence says why."""


def arm(plan: str) -> None:
    """Replaces what was armed before. Raises BadFailpoints."""
    found: dict[str, list[float]] = {}
    for step in filter(None, plan.split(",")):
        parts = _STEP.fullmatch(step)
        if parts is None or parts[1] not in POINTS:
            raise BadFailpoints(f"{step!r} is no failpoint; known: {', '.join(POINTS)}")
        found[parts[1]] = [int(parts[3] or 1), float(parts[2] or 0)]
    _armed.clear()
    _armed.update(found)


def reached(name: str) -> None:
    """Does nothing, at the cost of one look-up, unless `name` is armed."""
    if name not in _armed:
        return
    left, seconds = _armed[name]
    _armed[name][0] = left - 1
    if left > 1:
        return
    del _armed[name]
    if seconds:
        time.sleep(seconds)
    else:
        os.kill(os.getpid(), signal.SIGKILL)
