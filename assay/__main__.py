"""The `assay` command."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from assay.commands import campaigns, checks, containers, keys, packs, scans, schedules, tenants
from assay.commands.doctor import doctor
from assay.commands.output import Exit, stop
from assay.commands.permissions import permissions

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Measures Microsoft 365 tenants against a security benchmark.",
)
database = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(scans.app, name="scan")
app.add_typer(tenants.app, name="tenant")
app.add_typer(packs.app, name="pack")
app.add_typer(checks.app, name="check")
app.add_typer(database, name="db")
app.add_typer(keys.app, name="keys")
app.add_typer(schedules.app, name="schedule")
app.add_typer(campaigns.app, name="campaign")
app.command()(doctor)
app.command()(permissions)
app.command("setup")(containers.setup)
app.command("nats-config")(containers.nats_config)
app.command("modules")(containers.modules)

Port = Annotated[int | None, typer.Option(help="Of the pages and the API; else 8000.")]


@app.command()
def up(port: Port = None) -> None:
    """Everything on this machine: Temporal, NATS, database, worker, API. Ctrl-C stops all."""
    _up(port, demo=False)


@app.command()
def demo(port: Port = None) -> None:
    """As `up`, with a recorded demo tenant."""
    _up(port, demo=True)


@app.command()
def worker() -> None:
    """A worker process: reads tenants and judges."""
    from assay.modules import ModulesConflict
    from assay.worker import run

    settings = _settings()
    try:
        _run(run(settings))
    except ModulesConflict as reason:
        stop(str(reason))


@app.command()
def api() -> None:
    """The API process: pages, HTTP API, sockets."""
    from assay.api import OldSchema, run

    settings = _settings()
    try:
        _run(run(settings))
    except OldSchema as reason:
        stop(str(reason))


@database.command("upgrade")
def upgrade() -> None:
    """Bring the database to this version's schema."""
    from assay import wiring
    from store import schema

    async def bring_up() -> None:
        opened = wiring.open_database(_settings())
        await schema.upgrade(opened)
        await opened.close()

    _run(bring_up())


@app.command()
def version() -> None:
    """The version of this installation."""
    from importlib import metadata

    typer.echo(metadata.version("assay"))


def _up(port: int | None, *, demo: bool) -> None:
    from assay.up import CannotStart, up

    settings = _settings()
    if port is not None:
        settings = settings.at_port(port)
    try:
        _run(up(settings, demo=demo))
    except CannotStart as reason:
        stop(str(reason))


def _settings() -> Any:
    from pydantic import ValidationError

    from assay.logs import configure
    from assay.settings import load
    from contracts import failpoints

    try:
        settings = load()
        failpoints.arm(settings.failpoints)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        name = "_".join(str(part) for part in wrong["loc"])
        stop(f"ASSAY_{name.upper()}: {wrong['msg']}", Exit.USAGE)
    except ValueError as error:
        stop(str(error), Exit.USAGE)
    configure(settings.log_format, settings.log_level)
    return settings


def _run(process: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(process)
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None


def main() -> None:
    app()


if __name__ == "__main__":
    main()
