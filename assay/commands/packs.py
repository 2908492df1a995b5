"""`assay pack …`: evidence packs, without any server."""

from pathlib import Path
from typing import Annotated

import typer

from assay.commands.output import Exit, show_json, show_table, stop

app = typer.Typer(no_args_is_help=True, help="Recorded tenants: verify and judge them offline.")
Folder = Annotated[Path, typer.Argument(help="A folder with pack.json and datasets/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]


@app.command()
def verify(folder: Folder, as_json: AsJson = False) -> None:
    """Read a whole pack and say what it holds, or what is wrong with it."""
    from contracts.errors import PackInvalid
    from evidence.packs import verify as read

    try:
        report = read(folder)
    except PackInvalid as reason:
        stop(str(reason))
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if as_json:
        show_json(report.model_dump(mode="json"))
        return
    typer.echo(f"{report.name}: {report.tenant.name}, recorded {report.captured_at:%Y-%m-%d %H:%M}")
    show_table(
        ("dataset", "status", "rows", "read"),
        [(line.name, line.status, str(line.rows), line.read) for line in report.datasets],
    )


@app.command()
def evaluate(
    folder: Folder,
    profile: Annotated[str, typer.Option(help="E5-L1, E5-L2, E3-L1, E3-L2, or all.")] = "all",
    as_json: AsJson = False,
) -> None:
    """Judge a pack: one verdict for every recommendation of the profile."""
    from activities.offline import judge_pack
    from assay import wiring
    from assay.settings import load
    from contracts.errors import PackInvalid, UnknownProfile
    from contracts.scan import Profile
    from evidence.packs import Pack

    wiring.install_custom_checks(load())
    try:
        verdicts = judge_pack(Pack.open(folder), Profile.parse(profile))
    except UnknownProfile as reason:
        stop(str(reason), Exit.USAGE)
    except PackInvalid as reason:
        stop(str(reason))
    if as_json:
        show_json(verdicts)
        return
    show_table(
        ("recommendation", "verdict", "check", "reason"),
        [
            (line["recommendation"], line["verdict"], line["check"], line["reason"])
            for line in verdicts
        ],
    )
