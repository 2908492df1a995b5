"""A batch that is cancelled or handed over: nothing is left alive, nothing is done twice."""

import asyncio
import shlex
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.collector import CollectorCommand
from activities.collectors import LocalCollectors, Source
from contracts.events import BatchEvent, PowershellFinishedEvent
from contracts.scan import ScanStatus
from store.database import Database
from tests.activities.children import alive_with
from tests.activities.stage import Stage
from tests.builders.scans import new_scan

STOPPED_WITHIN_S = 3.0
CHECKS = frozenset({"8.1.2", "8.2.4", "8.5.2", "8.5.3"})
LAST = "teams.tenant"
HANG = {"kind": "hang", "dataset": LAST}
STUBBORN = {"kind": "stubborn", "seconds": 30}


@dataclass(frozen=True)
class Overheard:
    """What the real collectors write goes into `file` as well."""

    collectors: LocalCollectors
    file: Path

    async def source(self, **asked: Any) -> Source:
        found = await self.collectors.source(**asked)
        assert isinstance(found.command, CollectorCommand)
        line = f"{shlex.join(found.command.argv)} | tee -a {shlex.quote(str(self.file))}"
        command = CollectorCommand(("/bin/sh", "-c", line), found.command.environment)
        return replace(found, command=command)

    def reads(self) -> Counter[str]:
        """How often each dataset was begun."""
        parts = [
            line.partition('"dataset-started","name":"')[2].partition('"')[0]
            for line in self.file.read_text().splitlines()
        ]
        return Counter(filter(None, parts))


@pytest.fixture
def overheard(collectors: LocalCollectors, tmp_path: Path) -> Overheard:
    return Overheard(collectors, tmp_path / "stdout")


def reading(stage: Stage, dataset: str) -> bool:
    return any(
        isinstance(event, BatchEvent) and event.phase == "reading" and event.dataset == dataset
        for event in stage.heard.events
    )


async def hanging_stage(
    database: Database, collectors: Any, tmp_path: Path, *faults: dict[str, Any], times: int = 99
) -> Stage:
    script = {"counters": str(tmp_path), "faults": [HANG | {"times": times}, *faults]}
    request = await new_scan(database, recommendations=CHECKS, settings={"faults": script})
    return Stage(database, collectors, request)


@pytest.mark.parametrize("faults", [(), (STUBBORN,)], ids=["polite", "stubborn"])
async def test_a_cancel_ends_the_collector_and_keeps_the_verdicts(
    sqlite: Database,
    collectors: LocalCollectors,
    tmp_path: Path,
    mark: str,
    faults: tuple[dict[str, Any], ...],
) -> None:
    stage = await hanging_stage(sqlite, collectors, tmp_path, *faults)
    environment = stage.environment()
    batch = asyncio.create_task(stage.batch("teams", environment=environment))
    await stage.until(lambda: reading(stage, LAST))
    assert alive_with(mark)
    began = time.monotonic()
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch

    assert time.monotonic() - began < STOPPED_WITHIN_S
    assert alive_with(mark) == []
    assert await stage.verdicts() == dict.fromkeys(CHECKS - {"8.1.2"}, "pass")
    assert isinstance((await stage.events())[-1], PowershellFinishedEvent)
    assert await stage.finish(ScanStatus.CANCELLED)
    assert len(await stage.verdicts()) == 3


async def test_cancelling_twice_does_not_leave_the_collector_behind(
    sqlite: Database, collectors: LocalCollectors, tmp_path: Path, mark: str
) -> None:
    stage = await hanging_stage(sqlite, collectors, tmp_path, STUBBORN)
    batch = asyncio.create_task(stage.batch("teams"))
    await stage.until(lambda: reading(stage, LAST))
    batch.cancel()
    await asyncio.sleep(0.2)
    batch.cancel()
    await asyncio.wait({batch})

    assert batch.cancelled()
    assert alive_with(mark) == []


@pytest.mark.parametrize("faults", [(), (STUBBORN,)], ids=["polite", "stubborn"])
async def test_a_worker_that_stops_hands_the_batch_over_at_once(
    sqlite: Database,
    collectors: LocalCollectors,
    tmp_path: Path,
    mark: str,
    faults: tuple[dict[str, Any], ...],
) -> None:
    stage = await hanging_stage(sqlite, collectors, tmp_path, *faults)
    environment = stage.environment()
    batch = asyncio.create_task(stage.batch("teams", environment=environment))
    await stage.until(lambda: reading(stage, LAST))
    began = time.monotonic()
    environment.worker_shutdown()
    with pytest.raises(ApplicationError) as handed_over:
        await batch

    assert time.monotonic() - began < STOPPED_WITHIN_S + 1.5  # a beat may come before it
    assert (handed_over.value.type, handed_over.value.non_retryable) == ("WorkerStops", False)
    assert alive_with(mark) == []


async def test_the_next_try_reads_and_judges_only_what_is_missing(
    sqlite: Database, overheard: Overheard, tmp_path: Path
) -> None:
    stage = await hanging_stage(sqlite, overheard, tmp_path, times=1)
    environment = stage.environment()
    batch = asyncio.create_task(stage.batch("teams", environment=environment))
    await stage.until(lambda: reading(stage, LAST))
    environment.cancel()
    await asyncio.wait({batch})
    before = overheard.reads()
    judged_before = await stage.judged()
    await stage.batch("teams", attempt=2)

    assert set(before) == set(await stage.datasets())
    assert overheard.reads() - before == Counter({LAST: 1})
    judged = await stage.judged()
    assert judged[: len(judged_before)] == judged_before
    assert len(judged) == len(set(judged)) == len(CHECKS)
    assert await stage.verdicts() == dict.fromkeys(CHECKS, "pass")
    events = await stage.events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_a_failure_of_a_try_counts_for_the_next_worker_too(
    sqlite: Database, collectors: LocalCollectors, mark: str
) -> None:
    """Collector failures are counted in the database: a new worker does not begin at one."""
    exits = {"kind": "exit", "at": "start"}
    request = await new_scan(
        sqlite, recommendations={"9.1.1"}, settings={"faults": {"faults": [exits]}}
    )
    first, second, third = (Stage(sqlite, collectors, request) for _ in range(3))
    for stage in (first, second):
        with pytest.raises(ApplicationError):
            await stage.batch("fabric")
    await third.batch("fabric")
    await third.joint()

    assert await third.verdicts() == {"9.1.1": "error"}
    assert alive_with(mark) == []


async def test_a_silent_collector_is_spoken_of(
    sqlite: Database,
    collectors: LocalCollectors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("activities.batch._SILENCE_STEP_S", 1)
    stage = await hanging_stage(sqlite, collectors, tmp_path)
    batch = asyncio.create_task(stage.batch("teams"))
    await stage.until(
        lambda: any(
            isinstance(event, BatchEvent) and "no sign of life for" in event.message
            for event in stage.heard.events
        )
    )
    batch.cancel()
    await asyncio.wait({batch})

    assert batch.cancelled()


async def test_a_database_that_is_away_does_not_stop_the_beats(
    sqlite: Database,
    collectors: LocalCollectors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from sqlalchemy.exc import OperationalError

    stage = await hanging_stage(sqlite, collectors, tmp_path)
    batch = asyncio.create_task(stage.batch("teams"))
    await stage.until(lambda: reading(stage, LAST))

    async def away(*_args: object) -> None:
        raise OperationalError("SELECT", {}, ConnectionError("gone"))

    monkeypatch.setattr("activities.batch.BatchRun._tell_reading", away)
    monkeypatch.setattr("activities.batch._SILENCE_STEP_S", 1)
    so_far = len(stage.beats)
    await stage.until(lambda: len(stage.beats) >= so_far + 3)
    batch.cancel()
    await asyncio.wait({batch})

    assert "silence not told" in caplog.text
