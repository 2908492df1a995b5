"""`assay tenant …`: the tenants of a running service."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from assay.commands.client import Service
from assay.commands.output import show_json, show_table, stop
from assay.settings import load

app = typer.Typer(no_args_is_help=True, help="Tenants of a running service.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]


@app.command()
def add(
    pack: Annotated[Path, typer.Option(help="A recorded tenant: the folder of an evidence pack.")],
    name: Annotated[str, typer.Option(help="Its name here; else the pack's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Register a recorded tenant."""
    from contracts.errors import PackInvalid
    from evidence.pack_upload import zip_pack

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pack.zip"
        try:
            zip_pack(pack, file)
        except PackInvalid as reason:
            stop(str(reason))
        fields = {"name": name} if name else {}
        tenant = Service(load()).upload("/tenants/recorded", file.name, file.read_bytes(), **fields)
    if as_json:
        show_json(tenant)
    else:
        typer.echo(f"{tenant['name']} is registered as {tenant['tenant_id']}")


@app.command("list")
def list_tenants(as_json: AsJson = False) -> None:
    """Every tenant and its newest scan."""
    found = Service(load()).get("/tenants")
    if as_json:
        show_json(found)
        return
    show_table(
        ("tenant", "name", "domain", "connection", "last scan"),
        [
            (
                line["tenant_id"],
                line["name"],
                line["domain"],
                line["connection"],
                line["last_scan_status"] or "never",
            )
            for line in found["items"]
        ],
    )


@app.command()
def show(tenant: Annotated[str, typer.Argument(help="Id, domain or name.")]) -> None:
    """One tenant with its parameters, as JSON."""
    show_json(Service(load()).get(f"/tenants/{tenant}"))
