"""`assay scan attempts`, `compare-attempts`, `compare`: passes over a scan, and what changed."""

from typing import Annotated, Any

import typer

from assay.commands.client import Service
from assay.commands.output import show_json, show_table
from assay.settings import load
from contracts.scan import ScanStatus

app = typer.Typer()
ScanId = Annotated[str, typer.Argument(help="The id of the scan.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]
Unchanged = Annotated[bool, typer.Option(help="Also what came out the same.")]
_VERDICTS = ("pass", "fail", "manual", "not_applicable", "error")


@app.command()
def attempts(scan_id: ScanId, as_json: AsJson = False) -> None:
    """Each attempt with the verdicts as they stood after it."""
    found = Service(load()).get(f"/scans/{scan_id}/attempts")
    if as_json:
        show_json(found)
        return
    show_table(
        ("attempt", "scope", "judged", "status", "started", "by", *_VERDICTS),
        [
            (
                str(line["number"]),
                line["scope"],
                str(line["recommendations"]),
                line["status"] or "not ended",
                line["started_at"][:19],
                line["requested_by"] or "",
                *(str(line["verdicts"].get(verdict, 0)) for verdict in _VERDICTS),
            )
            for line in found
        ],
    )


@app.command("compare-attempts")
def compare_attempts(
    scan_id: ScanId,
    before: Annotated[int | None, typer.Option("--from", help="The one before, if left out.")] = (
        None
    ),
    after: Annotated[int | None, typer.Option("--to", help="The newest, if left out.")] = None,
    unchanged: Unchanged = False,
    as_json: AsJson = False,
) -> None:
    """What changed between two attempts of a scan."""
    query: dict[str, Any] = {"from": before, "to": after, "unchanged": unchanged}
    found = Service(load()).get(f"/scans/{scan_id}/attempts/comparison", **query)
    names = [f"attempt {found[side]['number']}" for side in ("before", "after")]
    _show(found, names, as_json)


@app.command()
def compare(
    scan_id: ScanId,
    other: Annotated[
        str | None,
        typer.Argument(help="Another scan; left out, the tenant's completed one before."),
    ] = None,
    unchanged: Unchanged = False,
    as_json: AsJson = False,
) -> None:
    """What changed in a scan since another one."""
    query: dict[str, Any] = {"with": other, "unchanged": unchanged}
    found = Service(load()).get(f"/scans/{scan_id}/comparison", **query)
    names = [found[side]["created_at"][:16] for side in ("before", "after")]
    _show(found, names, as_json)


def _show(found: dict[str, Any], names: list[str], as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    show_table(
        ("recommendation", "change", *names, "resources", "title"),
        [
            (
                line["recommendation"],
                line["change"],
                _finding(line["before"]),
                _finding(line["after"]),
                _resources(line),
                line["title"],
            )
            for line in found["items"]
        ],
    )
    counts = ", ".join(f"{count} {kind}" for kind, count in found["counts"].items() if count)
    typer.echo(counts, err=True)
    for name, side in zip(names, ("before", "after"), strict=True):
        if found[side]["status"] != ScanStatus.COMPLETED:
            typer.echo(f"{name}: {found[side]['status'] or 'not ended'}", err=True)


def _finding(line: dict[str, Any] | None) -> str:
    if line is None:
        return "–"
    verdict = line["verdict"] or "–"
    return f"{verdict}, {line['affected_total']} affected" if line["affected_total"] else verdict


def _resources(line: dict[str, Any]) -> str:
    """How many appeared and disappeared; nothing where that is not known."""
    if line["appeared"] is None:
        return ""
    return f"+{len(line['appeared'])} −{len(line['disappeared'])}"
