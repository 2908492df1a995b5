"""The live list of scans: rows as they change, the whole list when one comes or goes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from api.rendering import render
from contracts.events import AnyEvent
from contracts.reducer import apply
from contracts.scan import ScanState

Tab = Literal["all", "active", "finished"]
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class ScansFragments:
    """Holds what the page shows. A scan that it does not know has to be added first."""

    tab: Tab
    limit: int
    states: dict[str, ScanState] = field(default_factory=dict)

    def put(self, states: Iterable[ScanState]) -> None:
        self.states |= {state.scan_id: state for state in states}

    def knows(self, scan_id: str) -> bool:
        return scan_id in self.states

    def html(self, event: AnyEvent, *, now: datetime) -> str:
        """Empty when the event changes nothing that is shown."""
        before = self.states[event.scan_id]
        after = self.states[event.scan_id] = apply(before, event)
        if after is before:
            return ""
        if self.belongs(before) != self.belongs(after):
            return self.region(now)
        if not self.belongs(after):
            return self._count()
        return _partial("row", state=after, now=now) + self._count()

    def region(self, now: datetime) -> str:
        values = {"scans": self.shown(), "now": now, "tab": self.tab}
        return _partial("region", has_tenants=True, **values) + self._count()

    def shown(self) -> list[ScanState]:
        """Newest first."""
        found = [state for state in self.states.values() if self.belongs(state)]
        found.sort(key=lambda state: state.created_at or _LONG_AGO, reverse=True)
        return found[: self.limit]

    def belongs(self, state: ScanState) -> bool:
        return self.tab == "all" or state.status.is_terminal == (self.tab == "finished")

    def _count(self) -> str:
        active = sum(not state.status.is_terminal for state in self.states.values())
        return _partial("count", active=active)


def _partial(region: str, **values: object) -> str:
    return render("parts/scans_partials.html", region=region, **values)
