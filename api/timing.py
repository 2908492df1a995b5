"""Time spent and time left of a scan, learnt from earlier ones of the same tenant and profile."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

from pydantic import BaseModel, Field

from api.services import Services
from contracts.events import BatchEvent, StatusEvent
from contracts.scan import RetryScope, ScanStatus
from store import scans
from store.timing import Spent, earlier_scans, list_moments

_ENDED = ("finished", "failed", "skipped")
Moment = BatchEvent | StatusEvent
Span = tuple[datetime, datetime]


class ServiceTime(BaseModel):
    """Seconds by phase, pauses left out. `expected_seconds`: of all phases, from earlier scans."""

    service: str
    phases: dict[str, float] = Field(default_factory=dict)
    expected_seconds: float | None = None
    ended: bool = False

    @property
    def seconds(self) -> float:
        return sum(self.phases.values())


class Timing(BaseModel):
    """`seconds_left` is null while nothing is known: no earlier scan, or longer than any part
    of it has ever taken."""

    expected_seconds: float | None = None
    seconds_left: float | None = None
    learnt_from: int = 0  # earlier scans
    times: list[ServiceTime] = Field(default_factory=list)


async def timing_of(
    services: Services, *, organisation_id: str, scan_id: str, now: datetime
) -> Timing:
    """Of its newest attempt, from the database alone. An attempt that judges only a part has
    nothing to be compared with."""
    async with services.database.read() as session:
        scan = await scans.get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
        attempt = await scans.get_attempt(
            session, organisation_id=organisation_id, scan_id=scan_id, number=scan.attempt
        )
        earlier: list[Spent] = []
        is_open = not ScanStatus(scan.status).is_terminal
        if is_open and attempt.scope == RetryScope.ALL:
            earlier = await earlier_scans(session, organisation_id=organisation_id, scan=scan)
        moments = await list_moments(
            session,
            organisation_id=organisation_id,
            scan_ids=[scan_id, *(item.scan_id for item in earlier)],
        )
    until = scan.finished_at or now
    own = [moment for moment in moments.get(scan_id, []) if moment.at >= attempt.started_at]
    spent = ServiceTimes(own, until)
    before = [
        ServiceTimes(_up_to(moments.get(item.scan_id, []), item.finished_at), item.finished_at)
        for item in earlier
    ]
    return estimate(spent, before, is_open=is_open)


class ServiceTimes:
    """What the moments of one attempt say about time."""

    def __init__(self, moments: Sequence[Moment], until: datetime) -> None:
        self._pauses = list(_pauses(moments, until))
        begun = [m.at for m in moments if isinstance(m, StatusEvent) and m.status == "running"]
        self.total = self._active((begun[0], until)) if begun else 0.0
        self.by_service = dict(self._services(moments, until))

    def _services(
        self, moments: Sequence[Moment], until: datetime
    ) -> Iterable[tuple[str, ServiceTime]]:
        batches: dict[str, list[BatchEvent]] = defaultdict(list)
        for moment in moments:
            if isinstance(moment, BatchEvent):
                batches[moment.service].append(moment)
        for service, told in batches.items():
            phases: dict[str, float] = defaultdict(float)
            ends = [*(event.at for event in told[1:]), until]
            for event, end in zip(told, ends, strict=True):
                if event.phase not in _ENDED:
                    phases[event.phase] += self._active((event.at, end))
            rounded = {phase: round(seconds, 1) for phase, seconds in phases.items()}
            ended = told[-1].phase in _ENDED
            yield service, ServiceTime(service=service, phases=rounded, ended=ended)

    def _active(self, span: Span) -> float:
        return max(_length(span) - sum(_length(_common(span, p)) for p in self._pauses), 0)


def estimate(spent: ServiceTimes, before: Sequence[ServiceTimes], *, is_open: bool) -> Timing:
    """Whichever is longer: what the whole still takes, or what its slowest service does."""
    services = spent.by_service
    if not before or not is_open:
        return Timing(times=sorted(services.values(), key=lambda line: line.service))
    expected = median(times.total for times in before)
    usual: dict[str, list[float]] = defaultdict(list)
    for times in before:
        for name, line in times.by_service.items():
            usual[name].append(line.seconds)
    lines = [
        services.get(name, ServiceTime(service=name)).model_copy(
            update={"expected_seconds": round(median(usual[name]), 1) if name in usual else None}
        )
        for name in sorted({*services, *usual})
    ]
    open_parts = [(line.expected_seconds or 0) - line.seconds for line in lines if not line.ended]
    left = max([expected - spent.total, *open_parts])
    return Timing(
        expected_seconds=round(expected, 1),
        seconds_left=round(left, 1) if left > 0 else None,
        learnt_from=len(before),
        times=lines,
    )


def _up_to(moments: Sequence[Moment], end: datetime) -> list[Moment]:
    return [moment for moment in moments if moment.at <= end]


def _pauses(moments: Sequence[Moment], until: datetime) -> Iterable[Span]:
    since: datetime | None = None
    for moment in moments:
        if not isinstance(moment, StatusEvent):
            continue
        if moment.status is ScanStatus.PAUSED and since is None:
            since = moment.at
        elif moment.status is not ScanStatus.PAUSED and since is not None:
            yield since, moment.at
            since = None
    if since is not None:
        yield since, until


def _common(one: Span, other: Span) -> Span:
    return max(one[0], other[0]), min(one[1], other[1])


def _length(span: Span) -> float:
    return max((span[1] - span[0]).total_seconds(), 0)
