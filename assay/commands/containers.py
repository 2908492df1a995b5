"""`assay setup`, `assay nats-config`, `assay modules`: for installations of several machines."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from assay.commands.output import Exit, show_table, stop
from assay.settings import Settings, child_environment, load

NATS_PORT = 4222
NATS_MONITOR = "127.0.0.1:8222"  # asked by the health check in the same container, by nobody else
NATS_STORE = Path("/data")
NATS_PASSWORDS = {"worker": "$NATS_WORKER_PASSWORD", "api": "$NATS_API_PASSWORD"}


def setup(
    organisation: Annotated[str, typer.Option(help="Its name.")] = "My organisation",
    username: Annotated[str, typer.Option(help="Of the first administrator.")] = "admin",
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Also when the administrator is there.")
    ] = False,
) -> None:
    """The first organisation and administrator, and the key ring. Prints nothing secret."""
    from assay.set_up import CannotSetUp, set_up

    wish = set_up(
        _settings(), organisation=organisation, username=username, new_password=new_password
    )
    try:
        typer.echo(asyncio.run(wish), err=True)
    except CannotSetUp as reason:
        stop(str(reason))


def nats_config() -> None:
    """The configuration of nats-server. Its passwords come from the server's environment."""
    from assay.nats_config import nats_config as configuration

    text = configuration(
        host="0.0.0.0",  # noqa: S104  (in a container, whose network has no other door)
        port=NATS_PORT,
        store=NATS_STORE,
        passwords=NATS_PASSWORDS,
        monitor=NATS_MONITOR,
    )
    sys.stdout.write(text)


def modules() -> None:
    """The pinned PowerShell modules against those that would be loaded here."""
    from assay.modules import conflicts, module_folders, pins, would_load
    from assay.wiring import ROOT

    settings = _settings()
    folders = module_folders(child_environment())
    if not folders:
        stop("PowerShell 7 is not installed here.")
    pinned = pins(ROOT)
    found = {pin.name: would_load(pin.name, folders) for pin in pinned}
    show_table(
        ("module", "pinned", "would load", "from"),
        [
            (pin.name, pin.version, loaded.version, str(loaded.folder))
            if (loaded := found[pin.name])
            else (pin.name, pin.version, "none", "")
            for pin in pinned
        ],
    )
    if sentences := conflicts(pinned, folders, settings.services):
        stop("\n".join(sentences), Exit.FAILED)


def _settings() -> Settings:
    try:
        return load()
    except ValueError as error:
        stop(str(error), Exit.USAGE)
