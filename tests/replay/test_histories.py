"""Histories of scans, schedules and campaigns, replayed on today's workflows: what is in flight
must not break."""

import asyncio
import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from contracts.scan import ScanRequest
from tests.builders.scans import ROOT
from tests.replay.fleet_scenarios import FLEET_SCENARIOS
from tests.replay.record import HISTORIES, OF_SCANS, record
from workflows.fleet import CampaignWorkflow, ScheduledScanWorkflow
from workflows.scan import ScanWorkflow

WORKFLOWS = [ScanWorkflow, ScheduledScanWorkflow, CampaignWorkflow]
FILES = sorted(HISTORIES.glob("*/*.json"))
HOW_IT_ENDED = {
    "campaign_cut": "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
    "cancelled_too_late": "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED",
    "plan_failed": "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED",
    "step_failed": "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED",
    "time_limit": "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED",
}


def named(file: Path) -> str:
    return f"{file.parent.name}-{file.stem}"


@pytest.mark.parametrize("file", FILES, ids=named)
async def test_what_is_recorded_goes_the_same_way_today(file: Path) -> None:
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)
    history = WorkflowHistory.from_json(file.stem, file.read_text("utf-8"))

    await replayer.replay_workflow(history)


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_history_ended_as_its_name_says_and_never_failed_a_task(file: Path) -> None:
    events = [event["eventType"] for event in json.loads(file.read_text("utf-8"))["events"]]
    usual = "CANCELED" if file.stem.startswith("cancelled") else "COMPLETED"

    expected = HOW_IT_ENDED.get(file.stem, f"EVENT_TYPE_WORKFLOW_EXECUTION_{usual}")
    assert events[-1] == expected
    assert "EVENT_TYPE_WORKFLOW_TASK_FAILED" not in events
    assert len(events) < 2000


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_history_knows_nothing_of_the_machine_it_was_recorded_on(file: Path) -> None:
    text = file.read_text("utf-8")

    assert str(ROOT) not in text
    assert "@" not in text
    assert "stackTrace" not in text


def test_every_way_it_can_go_is_recorded() -> None:
    assert set(OF_SCANS) | set(FLEET_SCENARIOS) <= {file.stem for file in FILES}


async def test_what_is_recorded_is_never_written_again() -> None:
    release = FILES[0].parent.name
    before = {file: file.read_bytes() for file in FILES}
    async with asyncio.timeout(5):
        await record(release, [file.stem for file in FILES if file.parent.name == release])

    assert {file: file.read_bytes() for file in FILES} == before


@workflow.defn(name="ScanWorkflow", sandboxed=False)
class _Impatient:
    """A change that nobody guarded: it waits before it plans."""

    @workflow.run
    async def run(self, _request: ScanRequest) -> str:
        await asyncio.sleep(1)
        return "completed"


async def test_an_unguarded_change_of_the_workflow_is_noticed() -> None:
    done = next(file for file in FILES if file.stem == "done")
    replayer = Replayer(workflows=[_Impatient], data_converter=pydantic_data_converter)
    history = WorkflowHistory.from_json("scan-done", done.read_text("utf-8"))

    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history)
