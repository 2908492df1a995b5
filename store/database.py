"""Engine, sessions and the one transaction helper. Nothing here outlives its `async with`."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

BUSY_TIMEOUT_MS = 10_000


class Database:
    """`begin()` is a writing transaction, `read()` a reading one; commit happens at the end."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.engine = _engine(url, pool_size)
        self._write = async_sessionmaker(self.engine, expire_on_commit=False)
        reading = self.engine.execution_options(begin_mode="DEFERRED")
        self._read = async_sessionmaker(reading, expire_on_commit=False)
        # SQLite has one writer at a time and no queue: who waits outside waits its turn.
        one_writer = url.startswith("sqlite")
        self._turn = asyncio.Lock() if one_writer else contextlib.nullcontext()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        async with self._turn, self._write() as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with self._read() as session, session.begin():
            yield session

    async def close(self) -> None:
        await self.engine.dispose()


def _engine(url: str, pool_size: int) -> AsyncEngine:
    """Parameters stay hidden: the texts of errors reach logs and Temporal's histories."""
    if not url.startswith("sqlite"):
        return create_async_engine(
            url, pool_size=pool_size, pool_pre_ping=True, hide_parameters=True
        )
    arguments = {"factory": _RollsBackFirst}
    engine = create_async_engine(
        url, pool_size=pool_size, connect_args=arguments, hide_parameters=True
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


class _RollsBackFirst(sqlite3.Connection):
    """Whoever is cancelled in the middle of a transaction has its connection closed. A statement
    that something still refers to would keep such a connection, and the write lock, alive."""

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.rollback()
        super().close()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """The driver must not begin transactions by itself: it would take the write lock too late."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")  # news of a commit must not outlive it
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin_mode", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")
