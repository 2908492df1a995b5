"""The time left of a running scan, as its page shows it; the browser counts it down."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.looks import ENDED_PHASES
from api.services import Services
from api.timing import timing_of
from contracts.events import AnyEvent, BatchEvent, SnapshotEvent, StatusEvent
from contracts.scan import ScanState, ScanStatus

_UNDERWAY = (ScanStatus.PENDING, ScanStatus.RUNNING, ScanStatus.PAUSED)
_MOVES_THE_END = ("connecting", "retrying", *ENDED_PHASES)


@dataclass(frozen=True)
class TimeLeft:
    """`left` is how long it takes from `at` on; none when it takes longer than usual already."""

    at: datetime
    left: timedelta
    learnt_from: int

    @property
    def ends_at(self) -> datetime:
        return self.at + self.left


async def time_left_of(
    services: Services, *, organisation_id: str, scan_id: str, now: datetime
) -> TimeLeft | None:
    """None when nothing is known: the scan has ended, there is no earlier one, or its attempt
    judges only a part."""
    timing = await timing_of(services, organisation_id=organisation_id, scan_id=scan_id, now=now)
    if not timing.learnt_from:
        return None
    left = timedelta(seconds=timing.seconds_left or 0)
    return TimeLeft(at=now, left=left, learnt_from=timing.learnt_from)


def is_shown(state: ScanState) -> bool:
    return state.status in _UNDERWAY


def moves_the_end(event: AnyEvent) -> bool:
    """Whether the estimate may differ after it; a verdict or another dataset does not matter."""
    match event:
        case SnapshotEvent():
            return True
        case StatusEvent():
            return event.check is None
        case BatchEvent():
            return event.phase in _MOVES_THE_END
        case _:
            return False


def remaining(left: timedelta) -> str:
    """The same words as `remaining` of ui/static/times.js."""
    seconds = left.total_seconds()
    if seconds <= 0:
        return "longer than usual"
    if seconds < 60:
        return "less than a minute left"
    minutes = int(-(-seconds // 60))
    if minutes < 60:
        return f"about {minutes} min left"
    return f"about {minutes // 60} h {minutes % 60:02} min left"
