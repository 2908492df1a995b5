"""A scan that is read elsewhere, through Temporal: who waits holds no place of a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.batch import Limits
from activities.remote import RemotePatience
from activities.scan import ScanActivities
from api.app import create_app
from api.services import Services
from contracts.names import SCANS, collect_queue, scan_workflow_id
from contracts.scan import RemoteMoment, ScanRequest, Wish
from store.database import Database
from tests.activities.stage import Heard, Stage
from tests.api.conftest import House, browser
from tests.onboarding.elsewhere import post
from tests.onboarding.powershell import live_collectors
from tests.onboarding.test_remote_scans import graph_lines, send_all
from workflows import policies
from workflows.scan import ScanWorkflow

pytestmark = pytest.mark.xdist_group("temporal")
Handle = WorkflowHandle[ScanWorkflow, str]


@pytest.fixture
async def services(services: Services, temporal: Client) -> Services:
    return replace(services, temporal=temporal)


@asynccontextmanager
async def scanning(
    temporal: Client, database: Database, scan: ScanRequest, **patience: float
) -> AsyncIterator[Handle]:
    limits = Limits(
        remote=RemotePatience(**{"first_s": 60, "silence_s": 60} | patience), failures=1
    )
    real = ScanActivities(database, Heard(), live_collectors("", None), limits)
    orchestration = Worker(
        temporal,
        task_queue=SCANS,
        workflows=[ScanWorkflow],
        activities=[
            real.plan_scan,
            real.await_remote,
            real.set_status,
            real.judge_joint,
            real.finish_scan,
        ],
    )
    collecting = Worker(temporal, task_queue=collect_queue("graph"), activities=[real.run_batch])
    async with orchestration, collecting:
        yield await temporal.start_workflow(
            ScanWorkflow.run, scan, id=scan_workflow_id(scan.tenant_id), task_queue=SCANS
        )


async def until_pending(handle: Handle, *kinds: str) -> None:
    async with asyncio.timeout(20):
        while True:
            found = (await handle.describe()).raw_description.pending_activities
            if sorted(item.activity_type.name for item in found) == sorted(kinds):
                return
            await asyncio.sleep(0.05)


async def ended(handle: Handle) -> str:
    async with asyncio.timeout(60):
        return await handle.result()


def stage_of(database: Database, scan: ScanRequest) -> Stage:
    return Stage(database, live_collectors("", None), scan)


async def test_posts_complete_what_waits_for_them(
    client: httpx2.AsyncClient,
    outside: httpx2.AsyncClient,
    temporal: Client,
    sqlite: Database,
    scan: ScanRequest,
) -> None:
    async with scanning(temporal, sqlite, scan) as handle:
        await until_pending(handle, "await_remote")
        token, lines = await graph_lines(client, scan)
        await post(outside, scan, token, 1, *lines[:2])
        await until_pending(handle, "await_remote", "run_batch")
        await post(outside, scan, token, 2, *lines[2:])
        assert await ended(handle) == "completed"

    verdicts = await stage_of(sqlite, scan).verdicts()
    assert set(verdicts) == {"1.1.1", "1.1.3"}
    assert "error" not in verdicts.values()


async def test_a_pause_ends_the_wait_and_after_it_the_run_goes_on(
    client: httpx2.AsyncClient,
    outside: httpx2.AsyncClient,
    temporal: Client,
    sqlite: Database,
    scan: ScanRequest,
) -> None:
    async with scanning(temporal, sqlite, scan) as handle:
        await until_pending(handle, "await_remote")
        await handle.execute_update(ScanWorkflow.pause, Wish(by="kim"))
        token, lines = await graph_lines(client, scan)
        await send_all(outside, scan, token, lines)
        await handle.execute_update(ScanWorkflow.resume, Wish(by="kim"))
        assert await ended(handle) == "completed"

    assert "error" not in (await stage_of(sqlite, scan).verdicts()).values()


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (0, "no remote collector has reported for graph within 1 s"),
        (3, "lost contact with the remote collector: no lines for 1 s"),
    ],
)
async def test_silence_ends_in_errors_that_name_it(
    client: httpx2.AsyncClient,
    outside: httpx2.AsyncClient,
    temporal: Client,
    sqlite: Database,
    scan: ScanRequest,
    monkeypatch: pytest.MonkeyPatch,
    sent: int,
    reason: str,
) -> None:
    for moment in RemoteMoment:
        quick: dict[str, Any] = {"heartbeat_timeout": timedelta(seconds=1)}
        monkeypatch.setitem(policies.REMOTE, moment, policies.REMOTE[moment] | quick)
    patience = {"first_s" if sent == 0 else "silence_s": 1.0}
    async with scanning(temporal, sqlite, scan, **patience) as handle:
        await until_pending(handle, "await_remote")
        token, lines = await graph_lines(client, scan)
        if sent:
            await post(outside, scan, token, 1, *lines[:sent])
        assert await ended(handle) == "completed"

    stage = stage_of(sqlite, scan)
    assert reason in (await stage.datasets())["graph.users"].message
    assert set((await stage.verdicts()).values()) == {"error"}


async def test_lines_are_taken_while_temporal_is_away(
    services: Services,
    temporal_away: Client,
    outside: httpx2.AsyncClient,
    client: httpx2.AsyncClient,
    temporal: Client,
    sqlite: Database,
    scan: ScanRequest,
    ours: House,
) -> None:
    async with scanning(temporal, sqlite, scan) as handle:
        await until_pending(handle, "await_remote")
        token, lines = await graph_lines(client, scan)
        away = create_app(replace(services, temporal=temporal_away))
        async with browser(away, ours.username) as cut_off:
            answer = await post(cut_off, scan, token, 1, *lines[:1])
        assert answer.status_code == 200
        await post(outside, scan, token, 2, *lines[1:])
        assert await ended(handle) == "completed"
