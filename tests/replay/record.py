"""Records the histories that are missing: `python -m tests.replay.record <release> [names]`.

What is recorded once is never written again: a history is a promise to scans in flight.
"""

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from store import schema
from store.database import Database
from tests.replay.fleet_scenarios import FLEET_SCENARIOS
from tests.replay.recorder import Recorder
from tests.replay.remote_scenarios import REMOTE_SCENARIOS
from tests.replay.scenarios import SCENARIOS, SKIPS_TIME
from tests.servers import binary

OF_SCANS = SCENARIOS | REMOTE_SCENARIOS
HISTORIES = Path(__file__).parent / "histories"
_OF_THE_MACHINE = {"stackTrace", "identity", "binaryChecksum"}
_PROCESS = re.compile(r'\d+@[^"]*')  # number and host, in the names of sticky queues


async def record(release: str, names: list[str]) -> None:
    folder = HISTORIES / release
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in names if not (folder / f"{name}.json").exists()]
    for skips_time in (False, True):
        chosen = [name for name in missing if _skips_time(name) is skips_time]
        if not chosen:
            continue
        environment = await _server(skips_time=skips_time)
        try:
            for name in chosen:
                text = await _history(environment, name)
                (folder / f"{name}.json").write_text(text, "utf-8")
                sys.stdout.write(f"{release}/{name}\n")
        finally:
            await environment.shutdown()


def _skips_time(name: str) -> bool:
    return name in SKIPS_TIME or name in FLEET_SCENARIOS


async def _server(*, skips_time: bool) -> WorkflowEnvironment:
    if not skips_time:
        return await WorkflowEnvironment.start_local(
            dev_server_existing_path=binary("temporal"), dev_server_log_level="error"
        )
    return await WorkflowEnvironment.start_time_skipping_v2(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=binary("temporal"),
        dev_server_extra_args=[
            *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"),
            *("--log-level", "error"),
        ],
    )


async def _history(environment: WorkflowEnvironment, name: str) -> str:
    if name in FLEET_SCENARIOS:
        handle = await FLEET_SCENARIOS[name](environment)
    else:
        handle = await _run_scan(environment, name)
    history = json.loads((await handle.fetch_history()).to_json())
    return _PROCESS.sub("worker", json.dumps(without_the_machine(history), indent=1) + "\n")


async def _run_scan(environment: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/assay.db")
        await schema.upgrade(database)
        try:
            client = environment.client
            if name not in SKIPS_TIME:
                client = await Client.connect(
                    client.service_client.config.target_host,
                    data_converter=pydantic_data_converter,
                )
            return await OF_SCANS[name](Recorder(client, database, Path(folder)))
        finally:
            await database.close()


def without_the_machine(value: Any) -> Any:
    """Replaying needs neither the names of processes nor where their files lay."""
    if isinstance(value, dict):
        return {
            name: without_the_machine(item)
            for name, item in value.items()
            if name not in _OF_THE_MACHINE
        }
    if isinstance(value, list):
        return [without_the_machine(item) for item in value]
    return value


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1], sys.argv[2:] or [*OF_SCANS, *FLEET_SCENARIOS]))
