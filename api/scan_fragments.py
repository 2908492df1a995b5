"""Events of a scan as fragments of its page: the state is folded by the one reducer, and every
fragment says the absolute content of its region, so that repeats and gaps do no harm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from api.activity import ActivityLine, activity_line
from api.looks import PHASES, SERVICES, STATUSES, named
from api.rendering import render
from api.result_query import ResultQuery
from api.scan_view import ScanView, group_of
from api.time_left import TimeLeft
from contracts.events import (
    AnyEvent,
    BatchEvent,
    PowershellFinishedEvent,
    ResultsInsertedEvent,
    SnapshotEvent,
    StatusEvent,
    UnknownEvent,
)
from contracts.reducer import apply
from contracts.scan import ScanState

_ANNOUNCED_PHASES = ("finished", "retrying", "failed", "skipped")
_STEP = 10  # per cent between two announcements of progress


@dataclass
class ScanFragments:
    """`html(event)` for each event in order; the first has to be a snapshot."""

    temporal_url: str = ""
    estimate: TimeLeft | None = None
    state: ScanState | None = None
    _announced: tuple[str, int] | None = field(default=None, init=False)

    def html(self, event: AnyEvent, *, now: datetime, history: Sequence[ActivityLine] = ()) -> str:
        """`history` are the lines of the journal that go with a snapshot."""
        if isinstance(event, SnapshotEvent):
            self.state = apply(event.data, event)
            self._announced = (self.state.status, self._step())
            return self._whole(now, history)
        if self.state is None:
            raise ValueError("the first event of a page is a snapshot")
        if event.seq <= self.state.seq:
            return ""  # a repeat says nothing new
        self.state = apply(self.state, event)
        return self._part(event, self._view(now)) + self._line(event)

    @property
    def title(self) -> str:
        """What stands before the page's title in the browser's tab."""
        if self.state is None or self.state.status.is_terminal:
            return ""
        return f"{int(self.state.progress_percentage)} %"

    def _part(self, event: AnyEvent, view: ScanView) -> str:
        match event:
            case StatusEvent():
                return self._status(event, view)
            case BatchEvent():
                return self._service(event.service, view) + self._announce_batch(event)
            case PowershellFinishedEvent():
                return self._service(event.service, view)
            case ResultsInsertedEvent() | UnknownEvent() | SnapshotEvent():
                return _partial("head", view=view)

    def _status(self, event: StatusEvent, view: ScanView) -> str:
        head = _partial("head", view=view) + self._announce_progress(view.state)
        if event.status.is_terminal:  # nothing may look as if it were still going on
            return head + _partial("services", view=view) + _rows(view)
        if event.check is None:  # what may be done with a service depends on the status
            return head + _partial("services", view=view)
        line = next((c for c in view.state.checks if c.check_id == event.check.check_id), None)
        if line is None:
            return head
        return head + _partial("row", view=view, line=line) + self._service(line.service, view)

    def _service(self, service: str, view: ScanView) -> str:
        group = group_of(view.state, service)
        if group is None or not group.total:  # its card may not be on the page yet
            return _partial("services", view=view)
        return _partial("service", group=group, view=view)

    def _whole(self, now: datetime, history: Sequence[ActivityLine]) -> str:
        view = self._view(now)
        return (
            _partial("head", view=view)
            + _partial("services", view=view)
            + _rows(view)
            + _partial("activity", lines=history)
        )

    def _line(self, event: AnyEvent) -> str:
        return _partial("line", line=activity_line(event))

    def _announce_progress(self, state: ScanState) -> str:
        """A new status, or the next ten per cent; not every check (WCAG 4.1.3)."""
        standing = (str(state.status), self._step())
        if standing == self._announced:
            return ""
        self._announced = standing
        text = STATUSES[state.status].text
        counts = f"{state.completed} of {state.total_checks} judged, {state.failed} failed"
        return _partial("announce", text=f"{text}: {counts}")

    def _announce_batch(self, event: BatchEvent) -> str:
        if event.phase not in _ANNOUNCED_PHASES:
            return ""
        name = named(SERVICES, event.service).text
        return _partial("announce", text=f"{name}: {named(PHASES, event.phase).text.lower()}")

    def _step(self) -> int:
        return int(self.state.progress_percentage // _STEP) if self.state else 0

    def _view(self, now: datetime) -> ScanView:
        assert self.state is not None  # noqa: S101  (html has looked)
        return ScanView(self.state, now, self.temporal_url, self.estimate)


def history_lines(events: Iterable[AnyEvent]) -> list[ActivityLine]:
    """Newest first."""
    return [activity_line(event) for event in events][::-1]


def _rows(view: ScanView) -> str:
    return _partial("rows", view=view, query=ResultQuery())


def _partial(region: str, **values: object) -> str:
    return render("parts/scan_partials.html", region=region, **values)
