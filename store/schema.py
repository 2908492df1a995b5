"""Bring a database to the newest schema, and say whether it is there."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.database import Database


async def upgrade(database: Database) -> None:
    """Idempotent; on PostgreSQL one transaction, on SQLite one per migration."""
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade)


async def is_current(database: Database) -> bool:
    reading = database.engine.execution_options(begin_mode="DEFERRED")
    async with reading.connect() as connection:
        return await connection.run_sync(_is_current)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    with as_file(files("store").joinpath("migrations")) as folder:
        config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


def _is_current(connection: Connection) -> bool:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head
