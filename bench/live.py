"""From a check that is judged to the frame at a WebSocket client, beside NATS by itself.

Both are taken in turns, against the same server: whatever else the machine does meets both. The
API is a process of its own; the worker's side (one transaction, then the event) runs here.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import websockets
from nats.aio.client import Client

from activities.news import NatsNews
from activities.progress import Progress, now
from assay import first_run, wiring
from assay.settings import Settings, whole_environment
from bench.stack import free_port, tied, until
from checks.catalogue import CIS_M365_5, planned_checks
from contracts.scan import Profile, ScanRequest, ScanStatus
from contracts.verdict import Verdict, passed
from store import accounts, scans, tenants
from store.database import Database

_SCANS = 3
_RAW = "bench.raw"
_PAUSE_S = 0.005
_FRAME_WITHIN_S = 10.0


@dataclass
class Live:
    """Milliseconds each."""

    raw: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)  # the transaction alone
    frame: list[float] = field(default_factory=list)


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def measure() -> Live:
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        return asyncio.run(_measure(Path(name)))


async def _measure(folder: Path) -> Live:
    found = Live()
    with _nats(folder) as nats_url:
        settings = Settings(data_dir=folder, nats_url=nats_url, port=free_port())
        await first_run.prepare(settings, demo=True)
        database = wiring.open_database(settings)
        news = NatsNews(lambda: wiring.open_nats(settings, "bench"))
        news.start()
        try:
            with _api(settings):
                for _ in range(_SCANS):
                    await _one_scan(settings, database, news, found)
        finally:
            await news.stop()
            await database.close()
    return found


async def _one_scan(settings: Settings, database: Database, news: NatsNews, found: Live) -> None:
    scan = await _add_scan(database)
    progress = Progress(database, news, scan)
    await progress.status(ScanStatus.RUNNING)
    async with _frames(settings, scan.scan_id) as frames, _raw(settings) as raw:
        for line in planned_checks(Profile(level=2)):
            found.raw.append(await raw())
            began = time.perf_counter()
            await progress.judged(line.recommendation, _VERDICT, 1)
            found.stored.append((time.perf_counter() - began) * 1000)
            await _frame_of(frames, line.check_id)
            found.frame.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(_PAUSE_S)
    await progress.status(ScanStatus.COMPLETED)


_VERDICT: Verdict = passed("Measured, not judged")


async def _add_scan(database: Database) -> ScanRequest:
    async with database.begin() as session:
        organisation = await accounts.first_organisation(session)
        if organisation is None:
            raise RuntimeError("no organisation")
        known = await tenants.list_tenants(session, organisation_id=organisation.id)
        tenant = await tenants.get_tenant(
            session, organisation_id=organisation.id, tenant=known[0].tenant_id
        )
        scan = await scans.add_scan(
            session,
            organisation_id=organisation.id,
            tenant=tenant,
            benchmark=CIS_M365_5,
            profile=Profile(level=2),
            checks=planned_checks(Profile(level=2)),
            at=now(),
        )
        return ScanRequest(scan_id=scan.id, organisation_id=organisation.id, tenant_id=tenant.id)


@asynccontextmanager
async def _frames(settings: Settings, scan_id: str) -> AsyncIterator[Any]:
    assert settings.token_file is not None
    token = settings.token_file.read_text("utf-8").strip()
    address = f"ws://127.0.0.1:{settings.port}/msp/cspm/scans/ws/{scan_id}"
    headers = {"Authorization": f"Bearer {token}"}
    async with websockets.connect(address, additional_headers=headers, proxy=None) as socket:
        await socket.recv()  # the snapshot
        yield socket


async def _frame_of(socket: Any, check_id: str) -> None:
    async with asyncio.timeout(_FRAME_WITHIN_S):
        while True:
            frame = json.loads(await socket.recv())
            if (frame.get("check") or {}).get("check_id") == check_id:
                return


@asynccontextmanager
async def _raw(settings: Settings) -> AsyncIterator[Any]:
    """Publish on one connection, receive on another: as many bytes as an event has."""
    sender, receiver = Client(), Client()
    await sender.connect(settings.nats_url)
    await receiver.connect(settings.nats_url)
    subscription = await receiver.subscribe(_RAW)
    await receiver.flush()

    async def once() -> float:
        began = time.perf_counter()
        await sender.publish(_RAW, b"x" * 500)
        await subscription.next_msg(timeout=_FRAME_WITHIN_S)
        return (time.perf_counter() - began) * 1000

    try:
        yield once
    finally:
        await sender.close()
        await receiver.close()


@contextmanager
def _nats(folder: Path) -> Iterator[str]:
    port = free_port()
    program = str(Path(sys.executable).with_name("nats-server"))
    argv = tied(program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder / "nats"))
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _api(settings: Settings) -> Iterator[None]:
    process = subprocess.Popen(
        tied(sys.executable, "-m", "assay", "api"),
        env=whole_environment()
        | {
            "ASSAY_DATA_DIR": str(settings.data_dir),
            "ASSAY_NATS_URL": settings.nats_url,
            "ASSAY_PORT": str(settings.port),
            "ASSAY_LOG_LEVEL": "ERROR",
            "TEMPORAL_ADDRESS": "127.0.0.1:1",  # no scan is run: only news are followed
        },
    )
    try:
        until(lambda: _news_flow(settings.port), "the API follows NATS")
        yield
    finally:
        process.terminate()
        process.wait(20)


def _news_flow(port: int) -> bool:
    try:
        answer = httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=10, trust_env=False)
    except httpx2.HTTPError:
        return False
    return bool(answer.json()["parts"]["nats"]["condition"] == "ready")
