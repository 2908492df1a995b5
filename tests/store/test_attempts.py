"""A scan that has ended goes on with one more attempt; earlier ones stay readable."""

import asyncio

import pytest

from contracts.errors import ScanStillRunning
from contracts.events import StatusEvent
from contracts.scan import RetryScope, ScanStatus
from contracts.verdict import errored, failed, not_applicable, passed
from store import attempts, results, scans
from tests.store.journal import Journal, now


@pytest.fixture
async def ended(journal: Journal) -> Journal:
    """One check passed, one failed, one could not be judged, one was not reached."""
    await journal.change(ScanStatus.RUNNING)
    await journal.judge("1.1.1", passed("fine"))
    await journal.judge("1.1.3", failed("three of them"))
    await journal.judge("9.1.1", errored("not read"))
    await journal.batch("failed", failed=True)
    await journal.change(ScanStatus.CANCELLED)
    return journal


@pytest.mark.parametrize(
    ("scope", "recommendation", "chosen", "completed"),
    [
        (RetryScope.FAILED_READS, None, ["9.1.1", "9.1.4"], 2),
        (RetryScope.ERRORS, None, ["9.1.1", "9.1.4"], 2),
        (RetryScope.ALL, None, ["1.1.1", "1.1.3", "9.1.1", "9.1.4"], 0),
        (RetryScope.ONE, "1.1.3", ["1.1.3"], 2),
    ],
)
async def test_a_retry_judges_what_its_scope_names(
    ended: Journal, scope: RetryScope, recommendation: str | None, chosen: list[str], completed: int
) -> None:
    event = await ended.retry(scope, recommendation)
    async with ended.database.read() as session:
        attempt = await scans.get_attempt(session, **ended.ids, number=2)

    assert attempt.recommendations == chosen
    assert (attempt.scope, attempt.requested_by) == (scope, "ann")
    assert event is not None
    assert (event.status, event.attempt) == ("pending", 2)
    assert event.completed == completed
    assert (await ended.state()).batches == []


async def test_a_retry_of_nothing_is_none(ended: Journal) -> None:
    assert await ended.retry(RetryScope.ONE, "5.1.2.3") is None
    assert (await ended.state()).attempt == 1


async def test_the_newest_attempt_is_shown_and_earlier_ones_stay(ended: Journal) -> None:
    await ended.retry(RetryScope.ERRORS)
    await ended.judge("9.1.1", passed("read at last"), attempt=2)
    await ended.judge("9.1.4", failed("seven"), attempt=2)
    await ended.change(ScanStatus.COMPLETED)

    assert await ended.verdicts() == {
        "1.1.1": "pass",
        "1.1.3": "fail",
        "9.1.1": "pass",
        "9.1.4": "fail",
    }
    assert await ended.verdicts(attempt=1) == {
        "1.1.1": "pass",
        "1.1.3": "fail",
        "9.1.1": "error",
        "9.1.4": None,
    }
    state = await ended.state()
    assert (state.passed, state.failed, state.errors, state.completed) == (2, 2, 0, 4)
    async with ended.database.read() as session:
        now_shown = await results.read_result(session, **ended.ids, recommendation="9.1.1")
        before = await results.read_result(session, **ended.ids, recommendation="9.1.1", attempt=1)
    assert (now_shown.attempt, before.attempt) == (2, 1)
    assert (now_shown.reason, before.reason) == ("read at last", "not read")


async def test_a_worker_that_wakes_up_from_an_earlier_attempt_changes_nothing(
    ended: Journal,
) -> None:
    await ended.retry(RetryScope.ALL)
    before = await ended.events()

    assert await ended.judge("9.1.1", passed("stale"), attempt=1) is None
    assert await ended.events() == before
    async with ended.database.read() as session:
        judged = await results.judged_in(session, **ended.ids, attempt=2)
    assert judged == set()


async def test_events_go_on_counting_over_attempts(ended: Journal) -> None:
    await ended.retry(RetryScope.ERRORS)
    await ended.judge("9.1.1", passed("fine"), attempt=2)
    found = await ended.events()

    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    progress = [
        event.progress_percentage
        for event in found
        if isinstance(event, StatusEvent) and event.attempt == 2
    ]
    assert progress == sorted(progress)


async def test_an_attempt_that_could_not_be_started_is_taken_back(ended: Journal) -> None:
    before = await ended.state()
    await ended.retry(RetryScope.ERRORS)
    async with ended.database.begin() as session:
        taken = await attempts.take_back_attempt(session, **ended.ids, number=2, at=now())
    after = await ended.state()

    assert taken is not None
    assert (after.status, after.attempt, after.passed) == ("cancelled", 1, before.passed)
    async with ended.database.begin() as session:
        assert await attempts.take_back_attempt(session, **ended.ids, number=2, at=now()) is None


async def test_of_many_retries_at_once_one_begins(ended: Journal) -> None:
    told = await asyncio.gather(
        *(ended.retry(RetryScope.ERRORS) for _ in range(10)), return_exceptions=True
    )

    assert sum(isinstance(event, StatusEvent) for event in told) == 1
    assert sum(isinstance(event, ScanStillRunning) for event in told) == 9
    assert (await ended.state()).attempt == 2


async def test_a_scan_that_runs_is_not_retried(journal: Journal) -> None:
    await journal.change(ScanStatus.RUNNING)

    with pytest.raises(ScanStillRunning):
        await journal.retry(RetryScope.ALL)
    assert (await journal.state()).attempt == 1


async def test_resources_are_known_only_where_all_of_them_were_looked_at(ended: Journal) -> None:
    await ended.retry(RetryScope.ALL)
    await ended.judge("1.1.1", not_applicable("not bought"), attempt=2)
    async with ended.database.read() as session:
        before = await results.list_judged(session, **ended.ids, attempt=1)
        after = await results.list_judged(session, **ended.ids)

    assert {line.recommendation: line.objects for line in before} == {
        "1.1.1": [],
        "1.1.3": [],
        "9.1.1": None,
        "9.1.4": None,
    }
    assert after[0].objects is None
