"""A scan followed at the terminal: a bar where there is one, else a line a verdict."""

from typing import assert_never

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from assay.commands.client import Service
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

_STYLES = {
    "pass": "green",
    "fail": "red",
    "manual": "yellow",
    "not_applicable": "dim",
    "error": "magenta",
}


async def watch_scan(service: Service, scan_id: str, console: Console) -> ScanState | None:
    """The state at the end; None when not even a first snapshot came."""
    state: ScanState | None = None
    with Live(console=console, auto_refresh=False, transient=True) as live:
        async for event in service.events(scan_id):
            if isinstance(event, SnapshotEvent):
                state = event.data
            if state is None:
                continue
            state = apply(state, event)
            for line in lines_of(event):
                console.print(line)
            if console.is_terminal:
                live.update(_picture(state), refresh=True)
    if state is not None:
        console.print(_summary(state))
    return state


def lines_of(event: AnyEvent) -> list[Text]:
    """What is told of an event in words. An event of a newer version is told too."""
    match event:
        case StatusEvent():
            return _of_status(event)
        case BatchEvent():
            message = f": {event.message}" if event.message else ""
            return [Text(f"{event.service} {event.phase} {event.dataset or ''}{message}", "dim")]
        case PowershellFinishedEvent():
            return [Text(f"{event.service} collector ended ({event.exit_code})", "dim")]
        case UnknownEvent():
            return [Text(f"an event of a newer version: {event.event}", "yellow")]
        case SnapshotEvent() | ResultsInsertedEvent():
            return []
        case _:
            assert_never(event)


def _of_status(event: StatusEvent) -> list[Text]:
    if event.check is None:
        return [Text(f"{event.status}")]
    check = event.check
    line = Text(f"{check.verdict.value:<14}", _STYLES[check.verdict])
    line.append(f" {check.check_id} {check.title}", "default")
    return [line]


def _picture(state: ScanState) -> RenderableType:
    head = Table.grid(padding=(0, 2))
    head.add_row(
        Text(f"{state.tenant_name} {state.status}"),
        ProgressBar(total=100, completed=state.progress_percentage, width=40),
        Text(f"{state.completed}/{state.total_checks}"),
        Text(state.current_check or ""),
    )
    return Group(head, _summary(state))


def _summary(state: ScanState) -> Text:
    words = Text(f"{state.status}: ")
    for number, name in (
        (state.passed, "pass"),
        (state.failed, "fail"),
        (state.manual, "manual"),
        (state.not_applicable, "not_applicable"),
        (state.errors, "error"),
    ):
        words.append(f"{number} {name.replace('_', ' ')}  ", _STYLES[name])
    return words
