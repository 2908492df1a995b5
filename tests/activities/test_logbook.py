"""The log of a batch grows while the batch runs: every line once, no secret in any."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from activities.batch import Limits
from activities.collector import CollectorProcess
from activities.collectors import LocalCollectors
from activities.log_lines import LogLines
from activities.logbook import Logbook
from store.database import Database
from tests.activities.children import SECRET, asked, command
from tests.activities.stage import Stage
from tests.activities.test_going_on import CHECKS, HANG
from tests.builders.scans import new_scan

OFTEN = Limits(log_s=0.02)


@dataclass
class Talker:
    """A collector of which only the log matters."""

    said: list[str] = field(default_factory=list)

    def take_log(self) -> list[str]:
        said, self.said = self.said, []
        return said


class Unreliable(Database):
    """Fails so many transactions, before or after their commit."""

    failures = 0
    commits_first = False

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        if not self.failures:
            async with super().begin() as session:
                yield session
            return
        self.failures -= 1
        if self.commits_first:
            async with super().begin() as session:
                yield session
        raise OperationalError("COMMIT", {}, ConnectionError("gone"))


@pytest.fixture
async def stage(sqlite: Database, collectors: LocalCollectors) -> Stage:
    request = await new_scan(sqlite, recommendations=CHECKS)
    return Stage(sqlite, collectors, request, OFTEN)


def logbook(stage: Stage, database: Database | None = None, *, attempt: int = 1) -> Logbook:
    return Logbook(
        database or stage.database, stage.request, "teams", attempt=attempt, every_s=0.02
    )


async def until_log(stage: Stage, condition: Callable[[list[str]], bool]) -> list[str]:
    async with asyncio.timeout(15):
        while not condition(lines := (await stage.log("teams")).splitlines()):
            await asyncio.sleep(0.02)
    return lines


async def test_the_log_is_there_while_its_collector_still_reads(
    sqlite: Database, collectors: LocalCollectors, tmp_path: Path
) -> None:
    faults = {"counters": str(tmp_path), "faults": [HANG | {"kind": "spin"}]}
    request = await new_scan(sqlite, recommendations=CHECKS, settings={"faults": faults})
    stage = Stage(sqlite, collectors, request, OFTEN)
    batch = asyncio.create_task(stage.batch("teams"))
    early = await until_log(stage, lambda lines: len(lines) >= 3)
    await until_log(stage, lambda lines: len(lines) >= len(early) + 3)
    batch.cancel()
    await asyncio.wait({batch})
    head, *lines = (await stage.log("teams")).splitlines()

    assert head.startswith("--- attempt 1, try 1, 20")
    assert lines == [f"[info] still reading, turn {number}" for number in range(1, len(lines) + 1)]


async def test_each_try_that_says_something_begins_with_a_line_of_its_own(stage: Stage) -> None:
    for attempt, said in enumerate((["one"], [], ["three"]), start=1):
        await logbook(stage, attempt=attempt).keep(Talker(said))
    lines = (await stage.log("teams")).splitlines()

    assert [line[:22].rstrip(", ") for line in lines] == [
        "--- attempt 1, try 1",
        "one",
        "--- attempt 1, try 3",
        "three",
    ]


@pytest.mark.parametrize("commits_first", [False, True], ids=["refused", "unheard"])
async def test_a_database_that_is_away_costs_no_line_and_doubles_none(
    stage: Stage, caplog: pytest.LogCaptureFixture, commits_first: bool
) -> None:
    database = Unreliable(stage.database.url)
    book, talker = logbook(stage, database), Talker(["same"])
    await book.keep(talker)
    database.failures, database.commits_first = 3, commits_first
    book.follow(talker)
    talker.said.append("same")
    async with asyncio.timeout(15):
        while database.failures:
            await asyncio.sleep(0.01)
    talker.said.append("new")
    lines = await until_log(stage, lambda lines: "new" in lines)
    await book.rest()
    await database.close()

    assert lines[1:] == ["same", "same", "new"]
    assert caplog.text.count("log not kept yet") == 3


async def test_what_a_step_was_about_to_keep_is_kept_at_the_end(stage: Stage) -> None:
    book, talker = logbook(stage), Talker(["first"])
    async with stage.database.begin():  # nobody else writes meanwhile
        book.follow(talker)
        async with asyncio.timeout(15):
            while talker.said:
                await asyncio.sleep(0.01)
        await book.rest()
    talker.said.append("last")
    await book.keep(talker)

    assert (await stage.log("teams")).splitlines()[1:] == ["first", "last"]


async def test_no_secret_reaches_the_log_that_is_kept_while_a_collector_runs(
    stage: Stage,
) -> None:
    talkative = """
    secret = request["credential"]["client_secret"]
    line(type="log", message="tried " + secret)
    raw(("sign-in with " + secret + "\\n").encode())
    line(type=secret)
    print("stderr: " + secret[:9], end="", file=sys.stderr, flush=True)
    time.sleep(0.2)
    print(secret[9:], file=sys.stderr, flush=True)
    time.sleep(60)
    """
    process = await CollectorProcess.start(command(talkative), asked(client_secret=SECRET))
    book = logbook(stage)
    book.follow(process)
    reading = asyncio.create_task(_read(process))
    lines = await until_log(stage, lambda lines: "[stderr] stderr: [redacted]" in lines)
    await book.rest()
    await process.stop()
    await book.keep(process)
    await reading

    assert lines[1:4] == [
        "[info] tried [redacted]",
        "sign-in with [redacted]",
        "[unknown line] [redacted]",
    ]
    assert SECRET[:9] not in await stage.log("teams")


async def _read(process: CollectorProcess) -> None:
    async for _ in process.lines():
        pass


def test_a_flood_of_lines_keeps_the_newest_and_says_how_many_are_gone() -> None:
    lines = LogLines()
    for number in range(5010):
        lines.append(f"{number}\0")
    taken = lines.take()

    assert taken[:2] == ["[10 lines are left out]", "10\ufffd"]
    assert (len(taken), taken[-1], lines.take()) == (5001, "5009\ufffd", [])
