"""From protocol lines to datasets: the order of lines, and what is believed of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from activities import reading
from activities.collector import CollectorFailed
from activities.reading import ReadDataset, Reading, SignInFailed, WrongTenant
from contracts.collector import (
    Bye,
    CollectorLine,
    Connected,
    ConnectFailed,
    DatasetFailed,
    DatasetFinished,
    DatasetStarted,
    DatasetStatus,
    Hello,
    Log,
    ReadError,
    Rows,
)
from tests.activities.children import asked

TENANT = "11111111-1111-4111-8111-111111111111"
HELLO = Hello(protocol=1, collector="scripted", versions={"module": "2.1"})
CONNECTED = Connected(service="graph", tenant_id=TENANT)
STARTED = DatasetStarted(name="graph.users", read="GET /users")
ROWS = Rows(name="graph.users", rows=[{"id": "1"}, {"id": "2"}])
BEGUN: list[CollectorLine] = [HELLO, CONNECTED, STARTED]


def finished(rows: int, name: str = "graph.users") -> DatasetFinished:
    return DatasetFinished(name=name, rows=rows, pages=3, duration_ms=70)


def broken(kind: str = "denied", name: str = "graph.users") -> DatasetFailed:
    error = ReadError.model_validate({"kind": kind, "message": "403"})
    return DatasetFailed(name=name, error=error)


def after(*lines: CollectorLine) -> tuple[Reading, list[ReadDataset]]:
    found = Reading(asked())
    done = [found.take(line) for line in lines]
    return found, [item for item in done if item is not None]


def only(lines: Sequence[CollectorLine]) -> ReadDataset:
    _, (done,) = after(*lines)
    return done


def test_a_complete_read_is_told_with_how_it_was_read() -> None:
    done = only([*BEGUN, ROWS, Log(message="a page"), ROWS, finished(4)])

    line = done.line
    assert (line.name, line.service, line.status) == ("graph.users", "graph", "ok")
    assert (line.rows, line.pages, line.duration_ms, line.read) == (4, 3, 70, "GET /users")
    assert (line.collector, line.versions) == ("scripted", {"module": "2.1"})
    assert line.tenant_id == TENANT
    assert line.started_at is not None
    assert line.finished_at is not None
    assert line.started_at <= line.finished_at
    assert [json.loads(chunk) for chunk in done.recorded.chunks] == [ROWS.rows, ROWS.rows]
    assert done.recorded.is_complete


def test_an_empty_read_is_complete() -> None:
    done = only([*BEGUN, finished(0)])

    assert (done.line.status, done.line.rows, done.recorded.is_complete) == ("ok", 0, True)


@pytest.mark.parametrize("counted", [0, 1, 3])
def test_a_count_that_does_not_fit_the_rows_makes_the_read_partial(counted: int) -> None:
    done = only([*BEGUN, ROWS, finished(counted)])

    assert done.line.status == DatasetStatus.PARTIAL
    assert f"counted {counted} rows and sent 2" in done.line.message
    assert not done.recorded.is_complete


def test_a_count_of_rows_that_never_came_is_no_complete_read() -> None:
    done = only([*BEGUN, finished(2)])

    assert not done.recorded.is_complete
    assert done.line.status == DatasetStatus.PARTIAL


@pytest.mark.parametrize(
    "kind", ["denied", "throttled", "unlicensed", "missing-cmdlet", "timeout", "other"]
)
def test_a_read_that_fails_keeps_its_kind_and_its_message(kind: str) -> None:
    done = only([*BEGUN, broken(kind)])

    assert (done.line.status, done.line.message, done.line.rows) == (kind, "403", 0)


def test_a_read_that_fails_after_rows_is_partial_and_keeps_them() -> None:
    done = only([*BEGUN, ROWS, broken("throttled")])

    assert (done.line.status, done.line.message) == ("partial", "403")
    assert (done.line.rows, len(done.recorded.chunks)) == (2, 1)


def test_a_read_may_fail_without_having_started() -> None:
    done = only([HELLO, CONNECTED, broken("missing-cmdlet")])

    assert done.line.status == DatasetStatus.MISSING_CMDLET


def test_signing_in_to_another_tenant_is_refused() -> None:
    found, _ = after(HELLO)

    with pytest.raises(WrongTenant):
        found.take(Connected(service="graph", tenant_id="22222222-2222-4222-8222-222222222222"))


def test_a_tenant_id_may_be_spelled_in_capitals() -> None:
    found, _ = after(HELLO, Connected(service="graph", tenant_id=TENANT.upper()), STARTED)

    assert found.dataset == "graph.users"


def test_a_refused_sign_in_says_why() -> None:
    found, _ = after(HELLO)
    refused = ConnectFailed(service="graph", error=ReadError(kind="denied", message="no consent"))

    with pytest.raises(SignInFailed) as failure:
        found.take(refused)

    assert failure.value.error == refused.error
    assert "no consent" not in str(failure.value)  # it goes through Temporal


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([Hello(protocol=2, collector="x")], "speaks protocol 2, not 1"),
        ([CONNECTED], "before it said hello"),
        ([HELLO, STARTED], "before it had signed in"),
        ([*BEGUN, finished(0), Bye(datasets=2)], "counted 2 datasets and answered 1"),
        ([*BEGUN, Bye(datasets=1)], "counted 1 datasets and answered 0"),
    ],
    ids=["protocol", "no hello", "no sign-in", "bye counts more", "bye in the middle"],
)
def test_lines_in_a_wrong_order_break_the_protocol(lines: list[CollectorLine], named: str) -> None:
    with pytest.raises(CollectorFailed, match=named):
        after(*lines)


def test_what_nobody_asked_for_is_passed_over() -> None:
    foreign: list[CollectorLine] = [
        DatasetStarted(name="graph.mail"),
        Rows(name="graph.mail", rows=[{"id": "1"}]),
        finished(1, "graph.mail"),
        broken("denied", "graph.mail"),
    ]
    found, done = after(HELLO, CONNECTED, *foreign, STARTED, ROWS, finished(2), Bye(datasets=1))

    assert [item.line.name for item in done] == ["graph.users"]
    assert found.ended


def test_rows_of_another_dataset_are_not_mixed_in() -> None:
    done = only([*BEGUN, ROWS, Rows(name="graph.groups", rows=[{"id": "x"}]), finished(2)])

    assert done.line.status == DatasetStatus.OK
    assert done.line.rows == 2


def test_a_dataset_is_answered_once() -> None:
    _, done = after(*BEGUN, ROWS, finished(2), STARTED, finished(0), broken())

    assert [(item.line.status, item.line.rows) for item in done] == [("ok", 2)]


def test_a_dataset_that_is_left_for_another_one_stays_unanswered() -> None:
    found, done = after(*BEGUN, ROWS, DatasetStarted(name="graph.groups"), finished(2))

    assert done == []
    assert found.dataset == "graph.groups"


def test_what_had_arrived_before_an_interruption_is_partial() -> None:
    found, _ = after(*BEGUN, ROWS)
    part = found.interrupt(DatasetStatus.TIMEOUT, "not finished within 5 s")

    assert part is not None
    assert (part.line.status, part.line.rows) == ("partial", 2)
    assert part.line.message == "not finished within 5 s"
    assert found.dataset is None
    assert found.interrupt(DatasetStatus.TIMEOUT, "") is None


def test_an_interruption_before_the_first_row_has_the_status_of_its_cause() -> None:
    found, _ = after(*BEGUN)
    part = found.interrupt(DatasetStatus.TIMEOUT, "not finished within 5 s")

    assert part is not None
    assert (part.line.status, part.line.message) == ("timeout", "not finished within 5 s")


def test_a_recorded_tenant_says_when_it_was_read() -> None:
    at = datetime(2026, 5, 4, 8, 15, tzinfo=UTC)
    recorded, _ = after(HELLO.model_copy(update={"captured_at": at}))
    live, _ = after(HELLO)

    assert (recorded.captured_at, live.captured_at) == (at, None)


def test_a_dataset_too_large_to_hold_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_DATASET_BYTES", 50)

    with pytest.raises(CollectorFailed, match=r"graph\.users is larger than"):
        after(*BEGUN, *[ROWS] * 3)


def test_an_endless_message_is_cut() -> None:
    done = only(
        [*BEGUN, broken().model_copy(update={"error": ReadError(kind="other", message="x" * 9999)})]
    )

    assert len(done.line.message) == 2000
