"""What commands print, and the exit codes they end with."""

import json
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table


class Exit(IntEnum):
    DONE = 0
    FAILED = 1  # not reachable, or an error of ours
    USAGE = 2
    GATE = 3  # failures at or above the threshold
    INCOMPLETE = 4  # the scan ended early, or with more errors than allowed
    UNAUTHORISED = 5
    INTERRUPTED = 130


def console() -> Console:
    """Progress and messages; data goes to stdout through `show`."""
    return Console(stderr=True, highlight=False)


def stop(message: str, code: Exit = Exit.FAILED) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def show_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Cells are text as it came: no markup in a tenant's name is obeyed."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")  # an id that is cut cannot be copied
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    Console(highlight=False, markup=False).print(table)


def show_log(text: str) -> None:
    """Line by line as it came, but nothing in it moves the cursor or paints the terminal."""
    kept = (
        "".join(c if c.isprintable() or c == "\t" else " " for c in line)
        for line in text.split("\n")
    )
    sys.stdout.write("\n".join(kept))
    sys.stdout.flush()


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
