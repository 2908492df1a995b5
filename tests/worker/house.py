"""What a worker needs around it, all of it real: database, Temporal, NATS, the worker itself."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from contracts.events import AnyEvent, StatusEvent
from contracts.names import SCAN_ID_MEMO, SCANS, SERVICES, scan_workflow_id
from contracts.scan import ScanRequest
from store import events, results
from store.database import Database
from tests.activities.children import alive_with
from tests.builders.scans import ROOT
from workflows.scan import ScanWorkflow

_DAY_S = 24 * 3600


async def new_namespace(address: str) -> Client:
    """A namespace of its own: no worker of another test takes its scans."""
    name = f"t{uuid4().hex}"
    server = await Client.connect(address)
    await server.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=name, workflow_execution_retention_period=Duration(seconds=_DAY_S)
        )
    )
    client = await Client.connect(address, namespace=name, data_converter=pydantic_data_converter)
    await until(lambda: _knows(client), within_s=20)
    return client


async def _knows(client: Client) -> bool:
    try:
        await client.count_workflows()
    except RPCError:
        return False
    return True


async def until(condition: Callable[[], Coroutine[Any, Any, bool]], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.05)


@dataclass
class House:
    """`folder` is in the environment of every collector, and of nothing else's."""

    database: Database
    client: Client
    nats_url: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "ASSAY_DATA_DIR": str(self.folder),
            "ASSAY_DATABASE_URL": self.database.url,
            "ASSAY_NATS_URL": self.nats_url,
            "TEMPORAL_ADDRESS": self.client.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": self.client.namespace,
        }

    def start_worker(
        self, *, services: tuple[str, ...] = SERVICES, **more: str
    ) -> "subprocess.Popen[bytes]":
        served = "[" + ",".join(f'"{name}"' for name in services) + "]"
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "assay", "worker"],
                cwd=ROOT,
                env=self.environment | {"ASSAY_SERVICES": served} | more,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def collectors_alive(self) -> list[int]:
        workers = {process.pid for process in self.processes}
        return [pid for pid in alive_with(f"HOME={self.folder}") if pid not in workers]

    def kill_all(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(10)

    async def start_scan(self, request: ScanRequest) -> WorkflowHandle[ScanWorkflow, str]:
        return await self.client.start_workflow(
            ScanWorkflow.run,
            request,
            id=scan_workflow_id(request.tenant_id),
            task_queue=SCANS,
            memo={SCAN_ID_MEMO: request.scan_id},
        )

    async def events(self, request: ScanRequest) -> list[AnyEvent]:
        async with self.database.read() as session:
            return await events.list_events(
                session,
                organisation_id=request.organisation_id,
                scan_id=request.scan_id,
                limit=10_000,
            )

    async def verdicts(self, request: ScanRequest) -> dict[str, str | None]:
        async with self.database.read() as session:
            lines = await results.list_results(
                session, organisation_id=request.organisation_id, scan_id=request.scan_id
            )
        return {line.recommendation: line.verdict for line in lines}

    async def judged_at_least(self, request: ScanRequest, count: int) -> bool:
        async with self.database.read() as session:
            judged = await results.judged_in(
                session,
                organisation_id=request.organisation_id,
                scan_id=request.scan_id,
                attempt=request.attempt,
            )
        return len(judged) >= count


def end(process: "subprocess.Popen[bytes]", number: signal.Signals, within_s: float) -> float:
    """Seconds until it was gone."""
    began = time.monotonic()
    process.send_signal(number)
    process.wait(within_s)
    return time.monotonic() - began


def verdicts_told(found: list[AnyEvent]) -> list[str]:
    statuses = [event for event in found if isinstance(event, StatusEvent)]
    return [event.check.check_id for event in statuses if event.check]


def ends_told(found: list[AnyEvent]) -> list[str]:
    statuses = [event for event in found if isinstance(event, StatusEvent)]
    return [event.status for event in statuses if event.status.is_terminal]


async def workflow_task_failures(handle: WorkflowHandle[Any, Any]) -> list[Any]:
    history = await handle.fetch_history()
    return [
        event for event in history.events if event.HasField("workflow_task_failed_event_attributes")
    ]
