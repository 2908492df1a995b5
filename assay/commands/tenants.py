"""`assay tenant …`: the tenants of a running service."""

import tempfile
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from assay.commands.client import Service
from assay.commands.live import (
    CLOUD_NAMES,
    CertificateFile,
    PasswordFile,
    add_live,
    certificate_upload,
)
from assay.commands.live import app as live_commands
from assay.commands.output import Exit, show_json, show_table, stop
from assay.settings import load

app = typer.Typer(no_args_is_help=True, help="Tenants of a running service.")
app.add_typer(live_commands)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]


@app.command()
def add(
    pack: Annotated[
        Path | None, typer.Option(help="A recorded tenant: the folder of an evidence pack.")
    ] = None,
    name: Annotated[str, typer.Option(help="Its name here; else the pack's or the domain.")] = "",
    live: Annotated[bool, typer.Option("--live", help="A tenant that is read live.")] = False,
    tenant: Annotated[str, typer.Option("--tenant", help="Live: tenant id, or a domain.")] = "",
    domain: Annotated[str, typer.Option(help="Live: the initial domain, beside an id.")] = "",
    client_id: Annotated[str, typer.Option(help="Live: id of the application.")] = "",
    cloud: Annotated[str, typer.Option(help=f"Live: {CLOUD_NAMES}.")] = "worldwide",
    certificate: CertificateFile = None,
    password_file: PasswordFile = None,
    remote: Annotated[bool, typer.Option(help="Live: read by a collector elsewhere.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register a recorded tenant (--pack), or one that is read live (--live)."""
    if live == (pack is not None):
        stop("Give either --pack or --live.", Exit.USAGE)
    if pack is not None:
        added = _add_recorded(pack, name)
    else:
        asked = {"tenant": tenant, "domain": domain, "client_id": client_id, "cloud": cloud}
        upload = certificate_upload(certificate, password_file)
        added = add_live({**asked, "name": name, "remote": remote, "certificate": upload})
    if as_json:
        show_json(added)
    else:
        found = added.get("tenant", added)
        typer.echo(f"{found['name']} is registered as {found['tenant_id']}")


def _add_recorded(pack: Path, name: str) -> Any:
    from contracts.errors import PackInvalid
    from evidence.pack_upload import zip_pack

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pack.zip"
        try:
            zip_pack(pack, file)
        except PackInvalid as reason:
            stop(str(reason))
        fields = {"name": name} if name else {}
        return Service(load()).upload("/tenants/recorded", file.name, file.read_bytes(), **fields)


@app.command("list")
def list_tenants(
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every tenant and its newest scan."""
    found = Service(load()).get("/tenants", tag=tag)
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


@app.command()
def tag(
    tenant: Annotated[str, typer.Argument(help="Id, domain or name.")],
    tags: Annotated[list[str] | None, typer.Argument(help="All its tags; none takes away.")] = None,
) -> None:
    """Replace a tenant's tags: the groups it belongs to."""
    found = Service(load()).put(f"/tenants/{quote(tenant, safe='')}/tags", {"tags": tags or []})
    typer.echo(", ".join(found["tags"]) or "no tags")
