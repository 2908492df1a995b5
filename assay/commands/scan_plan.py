"""`assay scan plan` and `assay scan remote-token`: before a scan, and for one read elsewhere."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.commands.client import Service
from assay.commands.output import console, show_json, show_table
from assay.key_file import write_secret
from assay.settings import load

app = typer.Typer()


@app.command()
def plan(
    tenant: Annotated[str, typer.Option(help="Id, domain or name of the tenant.")],
    profile: Annotated[str, typer.Option(help="E5-L1, E5-L2, E3-L1, E3-L2.")] = "E5-L1",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")] = False,
) -> None:
    """What a scan would read, need and take. Nothing is contacted."""
    found = Service(load()).post("/scans/plan", {"tenant": tenant, "profile": profile})
    if as_json:
        show_json(found)
        return
    show_table(
        ("dataset", "read", "permissions", "expected"),
        [
            (item["name"], item["read"], ", ".join(item["permissions"]), _time(item["expected_ms"]))
            for item in found["datasets"]
        ],
    )
    blocked = [item for item in found["checks"] if item["blocked"]]
    if blocked:
        show_table(
            ("check", "cannot be judged, as the last connection test found"),
            [(item["check_id"], "; ".join(item["blocked"])) for item in blocked],
        )
    console().print(_summary(found), markup=False)


@app.command("remote-token")
def remote_token(
    scan_id: Annotated[str, typer.Argument(help="The id of the scan.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file, for you alone.")],
    service: Annotated[str, typer.Option(help="Only this service.")] = "",
) -> None:
    """Tokens with which a collector elsewhere reports to a running scan."""
    only = f"?service={service}" if service else ""
    found = Service(load()).post(f"/scans/{scan_id}/remote-token{only}")
    write_secret(output, json.dumps(found, indent=2))
    typer.echo(f"{len(found['items'])} tokens are in {output}")


def _summary(found: dict[str, Any]) -> str:
    known = _time(found["expected_ms"])
    unread = f", {found['never_read']} datasets were never read" if found["never_read"] else ""
    notes = "".join(f"\n{note}" for note in found["notes"])
    return (
        f"{len(found['checks'])} checks, {len(found['datasets'])} datasets, expected: {known}"
        f"{unread}; {found['blocked_checks']} checks are known to lack something{notes}"
    )


def _time(milliseconds: int | None) -> str:
    return "unknown" if milliseconds is None else f"{milliseconds / 1000:.1f} s"
