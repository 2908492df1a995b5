"""What a scan's journal promises, whoever writes and however many at once."""

import asyncio
from collections import Counter

import pytest

from contracts.errors import ScanNotFound
from contracts.events import PowershellFinishedEvent, ResultsInsertedEvent, StatusEvent
from contracts.reducer import apply
from contracts.scan import ScanStatus
from contracts.verdict import Affected, errored, failed, manual, passed
from store import batches, events, scans
from store.database import Database
from tests.store.conftest import CHECKS
from tests.store.journal import Journal, now

WRITERS = 20


async def test_a_verdict_that_is_there_stands(journal: Journal) -> None:
    first = await journal.judge("1.1.1", passed("fine"))
    second = await journal.judge("1.1.1", failed("not fine"))

    assert first is not None
    assert second is None
    assert (await journal.verdicts())["1.1.1"] == "pass"
    assert len(await journal.events()) == 1


async def test_of_many_verdicts_at_once_one_is_kept(journal: Journal) -> None:
    told = await asyncio.gather(
        *(journal.judge("1.1.1", failed(f"number {n}")) for n in range(WRITERS))
    )

    assert sum(event is not None for event in told) == 1
    (event,) = await journal.events()
    assert isinstance(event, StatusEvent)
    assert (event.completed, event.failed) == (1, 1)


async def test_events_of_many_writers_count_without_holes(journal: Journal) -> None:
    async def write(number: int) -> None:
        for recommendation in CHECKS:
            await journal.judge(recommendation, passed("fine"))
        await journal.batch("reading", service=f"s{number % 5}")

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    found = await journal.events()

    assert [event.seq for event in found] == list(range(1, len(CHECKS) + WRITERS + 1))
    assert Counter(event.event for event in found) == {"status": len(CHECKS), "batch": WRITERS}
    assert (await journal.state()).seq == len(found)


async def test_the_state_is_what_its_events_say(journal: Journal) -> None:
    state = await journal.state()
    await journal.change(ScanStatus.RUNNING)
    await journal.batch("reading", dataset="graph.users")
    await journal.judge("1.1.1", failed("no", [Affected(resource="a", setting="b", actual="c")]))
    await journal.judge("1.1.3", manual("look"))
    await journal.judge("9.1.1", errored("broken"))
    await journal.judge("9.1.4", passed("fine"))
    async with journal.database.begin() as session:
        await events.record_collector_end(
            session, **journal.ids, service="graph", exit_code=0, duration_ms=12, at=now()
        )
        await events.record_results_inserted(session, **journal.ids, count=4, at=now())
    await journal.change(ScanStatus.COMPLETED)
    for event in await journal.events():
        state = apply(state, event)

    stored = await journal.state()
    assert stored.progress_percentage == 100
    assert (stored.passed, stored.failed, stored.manual, stored.errors) == (1, 1, 1, 1)
    # A batch that was reading when the scan ended is put right without an event of its own.
    assert state.model_copy(update={"batches": []}) == stored.model_copy(update={"batches": []})
    assert stored.batches[0].phase == "failed"


async def test_progress_is_a_hundred_at_completed_alone(journal: Journal) -> None:
    for recommendation in CHECKS:
        await journal.judge(recommendation, passed("fine"))
    before = (await journal.state()).progress_percentage
    await journal.change(ScanStatus.COMPLETED)

    assert 99 < before < 100
    assert (await journal.state()).progress_percentage == 100


@pytest.mark.parametrize("end", [ScanStatus.CANCELLED, ScanStatus.FAILED])
async def test_an_end_that_is_no_completion_keeps_the_progress(
    journal: Journal, end: ScanStatus
) -> None:
    await journal.judge("1.1.1", passed("fine"))
    event = await journal.change(end)

    assert event is not None
    assert (event.progress_percentage, event.current_check) == (25, None)
    assert (await journal.verdicts())["1.1.1"] == "pass"


async def test_of_racing_ends_the_first_stands(journal: Journal) -> None:
    ends = [ScanStatus.COMPLETED, ScanStatus.CANCELLED, ScanStatus.FAILED, ScanStatus.CANCELLING]
    told = await asyncio.gather(*(journal.change(ends[n % 4]) for n in range(WRITERS)))
    terminal = [event for event in told if event and event.status.is_terminal]

    assert len(terminal) == 1
    assert (await journal.state()).status == terminal[0].status
    statuses = [event for event in await journal.events() if isinstance(event, StatusEvent)]
    assert statuses[-1] == terminal[0]


async def test_verdicts_race_with_the_end_and_none_comes_after_it(journal: Journal) -> None:
    await asyncio.gather(
        *(journal.judge(name, passed("fine")) for name in CHECKS),
        journal.change(ScanStatus.CANCELLED),
        *(journal.batch("reading", service=f"s{n}") for n in range(5)),
    )
    found = await journal.events()

    assert isinstance(found[-1], StatusEvent)
    assert found[-1].status == ScanStatus.CANCELLED
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    judged = sum(verdict is not None for verdict in (await journal.verdicts()).values())
    assert found[-1].completed == judged


async def test_nothing_changes_a_scan_that_has_ended(journal: Journal) -> None:
    await journal.change(ScanStatus.CANCELLED)
    before = await journal.events()
    async with journal.database.begin() as session:
        late: list[PowershellFinishedEvent | ResultsInsertedEvent | None] = [
            await events.record_collector_end(
                session, **journal.ids, service="graph", exit_code=0, duration_ms=1, at=now()
            ),
            await events.record_results_inserted(session, **journal.ids, count=1, at=now()),
        ]

    assert late == [None, None]
    assert await journal.judge("1.1.1", passed("fine")) is None
    assert await journal.batch("finished") is None
    assert await journal.change(ScanStatus.RUNNING) is None
    assert await journal.change(ScanStatus.COMPLETED) is None
    assert await journal.events() == before


@pytest.mark.parametrize(
    ("only_from", "changes"),
    [((ScanStatus.PENDING,), True), ((ScanStatus.RUNNING, ScanStatus.PAUSED), False), (None, True)],
)
async def test_a_status_is_set_only_from_those_that_are_named(
    journal: Journal, only_from: tuple[ScanStatus, ...] | None, changes: bool
) -> None:
    event = await journal.change(ScanStatus.PAUSED, only_from=only_from)

    assert (event is not None) is changes


async def test_the_same_status_twice_is_told_once(journal: Journal) -> None:
    assert await journal.change(ScanStatus.RUNNING) is not None
    assert await journal.change(ScanStatus.RUNNING) is None


async def test_the_evidences_moment_is_stamped_once(journal: Journal) -> None:
    async def stamp() -> object:
        async with journal.database.begin() as session:
            return await scans.stamp_capture(session, **journal.ids, at=now())

    stamps = await asyncio.gather(*(stamp() for _ in range(WRITERS)))

    assert len(set(stamps)) == 1


async def test_failures_of_a_batch_are_counted(journal: Journal) -> None:
    await journal.batch("retrying", failed=True, dataset="graph.users")
    await journal.batch("connecting")
    await journal.batch("retrying", failed=True, dataset="graph.users")
    async with journal.database.read() as session:
        failures = await batches.count_failures(session, **journal.ids, service="graph")
        others = await batches.count_failures(session, **journal.ids, service="teams")
        last = await batches.interrupted_read(session, **journal.ids, service="graph")

    assert (failures, others, last) == (2, 0, "graph.users")


async def test_a_log_follows_what_earlier_tries_left(journal: Journal) -> None:
    await journal.log("first try")
    await journal.log("second try")
    async with journal.database.read() as session:
        found = await batches.read_log(session, **journal.ids, service="graph")

    assert found is not None
    assert found.text.splitlines() == ["first try", "second try"]


async def test_a_log_is_read_on_from_where_a_reader_left_off(journal: Journal) -> None:
    await journal.log("first")
    async with journal.database.read() as session:
        early = await batches.read_log(session, **journal.ids, service="graph")
    await journal.log("second")
    await journal.log("third", attempt=2)
    assert early is not None
    async with journal.database.read() as session:
        late = await batches.read_log(session, **journal.ids, service="graph", after=early.end)
        none = await batches.read_log(session, **journal.ids, service="graph", after=10_000)

    assert (early.text, early.end) == ("first\n", 6)
    assert late == batches.LogText("second\nthird\n", 19)
    assert none == batches.LogText("", 19)


async def test_of_a_long_log_the_end_is_kept_and_places_stay_the_same(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.batches.MAX_LOG", 20)
    for line in ("one", "two", "three", "four", "five", "six"):
        await journal.log(line)
    async with journal.database.read() as session:
        whole = await batches.read_log(session, **journal.ids, service="graph")
        rest = await batches.read_log(session, **journal.ids, service="graph", after=19)

    head = "[8 earlier characters are left out]"
    assert whole == batches.LogText(f"{head}\nthree\nfour\nfive\nsix\n", 28)
    assert rest == batches.LogText("five\nsix\n", 28)


async def test_a_scan_of_nobody_takes_no_log(journal: Journal) -> None:
    stranger = Journal(
        journal.database, journal.request.model_copy(update={"organisation_id": "somebody"})
    )

    with pytest.raises(ScanNotFound):
        await stranger.log("planted")


async def test_increments_of_many_connections_are_not_lost(
    database: Database, journal: Journal
) -> None:
    """Two processes have two engines: the lock is the database's, not ours."""
    other = Database(database.url)
    try:
        beside = Journal(other, journal.request)
        await asyncio.gather(
            *((journal, beside)[n % 2].batch("reading", service=f"s{n}") for n in range(WRITERS))
        )
    finally:
        await other.close()

    assert [event.seq for event in await journal.events()] == list(range(1, WRITERS + 1))
