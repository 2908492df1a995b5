import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from contracts.collector import MARKER, MAX_LINE_BYTES
from evidence.faults import KINDS, BadScript, Script
from evidence.parse import UnreadableJson, loads_strict
from evidence.replay import EXIT_REQUEST
from tests.evidence.collector import Ended, request, run, started

BOTH = ["graph.organization", "graph.users"]


def misbehave(pack: Path, *faults: dict[str, Any], **script: Any) -> Ended:
    return run(request(pack, BOTH, faults={"faults": list(faults), **script}))


def types(ended: Ended) -> list[str]:
    return [line.type for line in ended.lines]


def protocol_lines(ended: Ended) -> list[bytes]:
    return [raw for raw in ended.stdout.split(b"\n") if raw.startswith(MARKER)]


@pytest.mark.parametrize(
    "script",
    [
        [],
        {"faults": {}},
        {"faults": [{"kind": "sing"}]},
        {"faults": [{"kind": "hang", "at": "noon"}]},
        {"faults": [{"kind": "hang", "colour": "red"}]},
        {"faults": [{"kind": "exit", "code": "one"}]},
        {"faults": [{"kind": "failed", "error": "tired"}]},
        {"faults": [{"kind": "hang", "times": 1}]},
        {"fault": []},
    ],
)
def test_a_script_that_is_none_is_refused(script: Any, pack: Path) -> None:
    with pytest.raises(BadScript):
        Script.read(script, "graph")

    assert run(request(pack, BOTH, faults=script)).code == EXIT_REQUEST


def test_every_kind_is_described_in_the_module() -> None:
    from evidence import faults

    assert [kind for kind in KINDS if kind not in str(faults.__doc__)] == []


def test_a_hanging_dataset_is_silent_after_it_started(pack: Path) -> None:
    hang = {"kind": "hang", "dataset": "graph.users"}
    with started(request(pack, BOTH, faults={"faults": [hang]})) as process:
        assert process.stdout is not None
        while b'"dataset-started","name":"graph.users"' not in process.stdout.readline():
            pass
        os.set_blocking(process.stdout.fileno(), False)
        time.sleep(0.3)

        assert process.stdout.read() is None
        assert process.poll() is None


def test_a_spinning_dataset_goes_on_sending_lines(pack: Path) -> None:
    spin = {"kind": "spin", "dataset": "graph.users"}
    with started(request(pack, BOTH, faults={"faults": [spin]})) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(30)]

    assert sum(b'"type":"log"' in line for line in seen) > 10
    assert sum(b'"name":"graph.users","rows":[]' in line for line in seen) > 10
    assert not any(b'"dataset-finished","name":"graph.users"' in line for line in seen)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"at": "start"}, []),
        ({"after": 1}, ["dataset-finished", "dataset-started"]),
        ({"at": "rows", "dataset": "graph.users"}, ["dataset-started", "rows"]),
        ({"at": "end"}, ["rows", "dataset-finished"]),
    ],
)
def test_an_exit_strikes_where_the_script_says(
    fault: dict[str, Any], expected: list[str], pack: Path
) -> None:
    ended = misbehave(pack, {"kind": "exit", "code": 7} | fault)

    assert ended.code == 7
    assert types(ended)[-2:] == expected


def test_a_collector_may_end_well_and_forget_to_say_bye(pack: Path) -> None:
    ended = misbehave(pack, {"kind": "no_bye"})

    assert ended.code == 0
    assert types(ended)[-1] == "dataset-finished"


@pytest.mark.parametrize(
    ("fault", "whole"),
    [({}, "dataset-finished"), ({"at": "finish", "dataset": "graph.users"}, "rows")],
)
def test_a_cut_line_is_the_last_one(fault: dict[str, Any], whole: str, pack: Path) -> None:
    ended = misbehave(pack, {"kind": "cut"} | fault)
    *lines, last = ended.stdout.split(b"\n")

    assert last.startswith(MARKER)
    with pytest.raises(UnreadableJson):
        loads_strict(last[len(MARKER) :])
    assert loads_strict(lines[-1][len(MARKER) :])["type"] == whole
    assert ended.code == 0


def test_noise_surrounds_the_same_protocol_lines(pack: Path) -> None:
    quiet = run(request(pack, BOTH)).stdout
    noisy = misbehave(pack, {"kind": "noise"}).stdout

    bare = [raw[raw.find(MARKER) :].rstrip(b"\r") for raw in noisy.split(b"\n") if MARKER in raw]
    assert bare == quiet.splitlines()
    for trace in (b"\xef\xbb\xbf@assay", b"\x1b[0m@assay", b"\xff\xfe", b"WARNING", b"}\r\n"):
        assert trace in noisy


def test_a_foreign_type_is_well_formed_and_unknown(pack: Path) -> None:
    ended = misbehave(pack, {"kind": "foreign", "dataset": "graph.users"})

    bodies = [loads_strict(raw[len(MARKER) :])["type"] for raw in protocol_lines(ended)]
    assert bodies.count("telemetry") == 1
    assert bodies[-1] == "bye"


def test_an_over_long_line_is_longer_than_the_protocol_allows(pack: Path) -> None:
    ended = misbehave(pack, {"kind": "over_long", "dataset": "graph.users"})

    assert [len(raw) > MAX_LINE_BYTES for raw in protocol_lines(ended)].count(True) == 1


@pytest.mark.parametrize("kind", ["rubbish", "duplicate_keys", "nan", "deep"])
def test_lines_nobody_may_trust_are_refused_by_the_strict_reader(kind: str, pack: Path) -> None:
    ended = misbehave(pack, {"kind": kind, "dataset": "graph.users"})

    refused = 0
    for raw in protocol_lines(ended):
        try:
            loads_strict(raw[len(MARKER) :])
        except UnreadableJson:
            refused += 1
    assert refused == 1


def test_a_lying_collector_counts_more_rows_than_it_sent(pack: Path) -> None:
    ended = misbehave(pack, {"kind": "lying_count", "dataset": "graph.users", "rows": 5})

    assert [line.rows for line in ended.of("dataset-finished")] == [1, 1205]


def test_a_wrong_tenant_answers_under_its_own_id(pack: Path) -> None:
    other = "22222222-2222-4222-8222-222222222222"

    ended = misbehave(pack, {"kind": "wrong_tenant", "tenant_id": other})

    assert ended.of("connected")[0].tenant_id == other


def test_a_failed_sign_in_reads_nothing(pack: Path) -> None:
    ended = misbehave(pack, {"kind": "connect_failed", "error": "denied", "message": "no consent"})

    assert types(ended) == ["hello", "connect-failed", "bye"]
    error = ended.of("connect-failed")[0].error
    assert (error.kind, error.message) == ("denied", "no consent")


def test_a_throttled_dataset_says_when_to_come_again(pack: Path) -> None:
    throttled = {"kind": "throttled", "dataset": "graph.users", "retry_after_s": 9}

    ended = misbehave(pack, throttled)

    failed = ended.of("dataset-failed")[0]
    assert (failed.name, failed.error.kind) == ("graph.users", "throttled")
    assert failed.error.retry_after_s == 9
    assert [line.name for line in ended.of("dataset-finished")] == ["graph.organization"]


def test_a_later_page_that_fails_leaves_the_rows_before_it(pack: Path) -> None:
    ended = misbehave(pack, {"kind": "failed", "at": "rows", "dataset": "graph.users"})

    assert [len(line.rows) for line in ended.of("rows")] == [1, 500]
    assert [line.name for line in ended.of("dataset-failed")] == ["graph.users"]


def test_floods_are_as_large_as_the_script_says(pack: Path) -> None:
    rows = {"kind": "flood_rows", "dataset": "graph.users", "rows": 3001}

    ended = misbehave(pack, rows, {"kind": "flood_stderr", "mib": 3})

    flooded = [row for line in ended.of("rows")[1:] for row in line.rows]
    assert len({row["id"] for row in flooded}) == len(flooded) == 3001
    assert ended.of("dataset-finished")[1].rows == 3001
    assert len(ended.stderr) == pytest.approx(3 * 1024 * 1024, rel=0.01)


def test_a_slow_collector_waits_before_every_line(pack: Path) -> None:
    before = time.monotonic()

    ended = misbehave(pack, {"kind": "slow", "ms": 30})

    assert time.monotonic() - before >= 0.03 * len(ended.lines)


def test_a_stubborn_collector_outlives_sigterm_and_leaves_a_child_with_the_pipe(
    pack: Path,
) -> None:
    script = {"faults": [{"kind": "stubborn", "seconds": 3}, {"kind": "hang"}]}
    with started(request(pack, BOTH, faults=script)) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        while b"dataset-started" not in process.stdout.readline():
            pass
        process.stdin.close()
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.kill()
        process.wait(5)
        os.set_blocking(process.stdout.fileno(), False)

        assert process.stdout.read() is None  # not the end of file: the grandchild holds it


def test_a_fault_strikes_only_as_often_as_it_should(pack: Path, tmp_path: Path) -> None:
    twice = {"kind": "exit", "code": 3, "times": 2}

    codes = [misbehave(pack, twice, counters=str(tmp_path)).code for _ in range(4)]

    assert codes == [3, 3, 0, 0]


def test_a_fault_of_another_service_does_not_strike(pack: Path, tmp_path: Path) -> None:
    foreign = [
        {"kind": "exit", "service": "exchange"},
        {"kind": "exit", "at": "start", "dataset": "exchange.transport_rules"},
    ]

    assert misbehave(pack, *foreign).code == 0
