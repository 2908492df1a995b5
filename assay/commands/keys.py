"""`assay keys …`: the key ring that seals secrets. On the machine that holds it."""

import asyncio
from typing import Annotated

import typer

from assay.commands.output import stop
from assay.settings import load
from contracts.errors import NoKeyRing
from contracts.sealing import CannotOpen

app = typer.Typer(no_args_is_help=True, help="The key ring that seals stored secrets.")


@app.command()
def init() -> None:
    """Make a key ring where there is none. `assay up` does so by itself."""
    from assay import wiring

    file = wiring.key_file(load())
    if file.path.exists():
        stop(f"{file.path} is there already; `assay keys rotate` changes its key.")
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.make()
    typer.echo(f"{file.path} is made. Keep a copy of it apart from the database's backups.")


@app.command()
def rotate(
    drop_old: Annotated[
        bool,
        typer.Option("--drop-old", help="Forget the old keys; older backups no longer open."),
    ] = False,
) -> None:
    """A new key; every stored secret is sealed anew with it."""
    from assay import key_file, wiring

    settings = load()

    async def change() -> int:
        database = wiring.open_database(settings)
        try:
            return await key_file.rotate(database, wiring.key_file(settings), drop_old=drop_old)
        finally:
            await database.close()

    try:
        count = asyncio.run(change())
    except (NoKeyRing, CannotOpen) as reason:
        stop(str(reason))
    typer.echo(f"{count} secrets are sealed with a new key.")
