"""`assay permissions`: what an administrator has to grant."""

from pathlib import Path
from typing import Annotated

import typer

from assay.commands.client import Service
from assay.commands.output import Exit, show_json, show_table, stop
from assay.settings import load


def permissions(
    profile: Annotated[str, typer.Option(help="E5-L1, E5-L2, E3-L1, E3-L2.")] = "E5-L1",
    tenant: Annotated[str, typer.Option(help="With this tenant's manifest and links.")] = "",
    application: Annotated[
        Path | None,
        typer.Option(help="Write the file that New-AssayApplication.ps1 takes (needs --tenant)."),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(help="Write the permissions as a manifest names them (needs --tenant)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")] = False,
) -> None:
    """The permissions that a profile needs, each with the checks that need it."""
    for name, file in (("application", application), ("manifest", manifest)):
        if file is not None:
            if not tenant:
                stop(f"--{name} needs --tenant.", Exit.USAGE)
            path = f"/tenants/{tenant}/{name}?profile={profile}"
            file.write_bytes(Service(load()).data(path))
    found = Service(load()).get(
        f"/tenants/{tenant}/permissions" if tenant else "/permissions", profile=profile
    )
    if as_json:
        show_json(found)
        return
    show_table(
        ("kind", "name", "of", "checks"),
        [
            (item["kind"], item["name"], item["resource_name"], ", ".join(item["checks"]))
            for item in found["permissions"]
        ],
    )
    for note in found["notes"]:
        typer.echo(note, err=True)
    if found.get("admin_consent"):
        typer.echo(f"admin consent: {found['admin_consent']}")
