"""`assay tenant …` for tenants that are read live. Secrets come from files or a prompt."""

import base64
import time
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from assay.commands.client import Service
from assay.commands.output import Exit, show_json, show_table, stop
from assay.settings import load
from contracts.clouds import CloudName

app = typer.Typer()

CLOUD_NAMES = ", ".join(get_args(CloudName))
TenantArgument = Annotated[str, typer.Argument(help="Id, domain or name.")]
CertificateFile = Annotated[
    Path | None,
    typer.Option(help="Live: a PFX or PEM file with its key; without it Assay makes one."),
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="Live: a file with the password; else you are asked.")
]
_POLL_S = 1.0
_LONGEST_S = 600.0


@app.command("test")
def check_connection(
    tenant: TenantArgument,
    profile: Annotated[str, typer.Option(help="E5-L1, E5-L2, E3-L1, E3-L2.")] = "E5-L1",
    service: Annotated[str, typer.Option(help="Only this service.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")] = False,
) -> None:
    """Test the connection to a tenant, service by service."""
    client = Service(load())
    path = f"/tenants/{tenant}/connection-test"
    only = f"&service={service}" if service else ""
    state = client.post(f"{path}?profile={profile}{only}")
    deadline = time.monotonic() + _LONGEST_S
    while state["running"] and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        state = client.get(path)
    if as_json:
        show_json(state)
    else:
        _show(state)
    if state["running"] is not False or not state["passed"]:
        raise typer.Exit(Exit.FAILED)


@app.command()
def certificate(
    tenant: TenantArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the public part there (.cer).")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Make a new one first.")] = False,
    replace: Annotated[Path | None, typer.Option(help="Store this PFX or PEM file first.")] = None,
    password_file: PasswordFile = None,
) -> None:
    """The certificate a tenant is signed in to with: what it is, and its public part."""
    if new and replace is not None:
        stop("Give either --new or --replace.", Exit.USAGE)
    client = Service(load())
    if new or replace is not None:
        upload = certificate_upload(replace, password_file)
        found = client.put(f"/tenants/{tenant}/credential", upload)
    else:
        found = client.get(f"/tenants/{tenant}")
    credential = (found.get("live") or {}).get("credential")
    if credential is None:
        stop(f"{found['name']} has no certificate.")
    if output is not None:
        output.write_bytes(client.data(f"/tenants/{tenant}/certificate"))
    typer.echo(f"subject     {credential['subject']}")
    typer.echo(f"thumbprint  {credential['thumbprint']}")
    typer.echo(f"expires     {credential['expires_at']}")
    if credential["message"]:
        typer.echo(credential["message"], err=True)


def add_live(asked: dict[str, Any]) -> Any:
    if not asked["tenant"] or not asked["client_id"]:
        stop("A live tenant needs --tenant and --client-id.", Exit.USAGE)
    body = {name: value for name, value in asked.items() if value not in ("", {})}
    return Service(load()).post("/tenants/live", body)


def certificate_upload(file: Path | None, password_file: Path | None) -> dict[str, str]:
    """Empty without a file: the service makes a certificate then."""
    if file is None:
        return {}
    try:
        data = file.read_bytes()
        password = password_file.read_text("utf-8").strip() if password_file else None
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}", Exit.USAGE)
    if password is None:
        password = typer.prompt("Password of the certificate", default="", hide_input=True)
    found = {"password": password}
    if data.lstrip().startswith(b"-----BEGIN"):
        return {**found, "pem": data.decode("ascii", "replace")}
    return {**found, "pfx": base64.b64encode(data).decode()}


def _show(state: dict[str, Any]) -> None:
    show_table(
        ("service", "result", "what", "message", "remedy"),
        [
            (item["service"], line["outcome"], line["name"], line["message"], line["remedy"])
            for item in state["services"]
            for line in item["lines"]
        ],
    )
