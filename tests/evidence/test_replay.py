import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from contracts import collector as protocol
from evidence import pack_files, replay
from evidence.packs import DatasetToWrite, write_pack
from tests.evidence.collector import ROOT, Ended, request, run, started
from tests.packs.small import CAPTURED_AT, TENANT, USERS

LEASH_S = 1.0


def names_of(ended: Ended, kind: str) -> list[str]:
    return [line.name for line in ended.of(kind)]


def rows_of(ended: Ended, name: str) -> list[dict[str, object]]:
    return [row for line in ended.of("rows") if line.name == name for row in line.rows]


def test_the_replayer_repeats_the_limits_of_the_contract() -> None:
    assert replay.PROTOCOL == protocol.PROTOCOL
    assert replay.MARKER == protocol.MARKER
    assert replay.MAX_LINE_BYTES == protocol.MAX_LINE_BYTES
    assert replay.MAX_ROWS_PER_LINE == protocol.MAX_ROWS_PER_LINE
    assert set(pack_files.STATUSES) == set(protocol.DatasetStatus)
    assert set(pack_files.ERROR_KINDS) == set(protocol.ErrorKind.__args__)


def test_the_replayer_loads_no_model_library() -> None:
    script = "import sys, evidence.replay; sys.exit('pydantic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_a_recorded_service_is_told_from_hello_to_bye(pack: Path) -> None:
    ended = run(request(pack, ["graph.organization", "graph.groups"]))

    assert [line.type for line in ended.lines] == [
        "hello",
        "connected",
        "dataset-started",
        "rows",
        "dataset-finished",
        "dataset-started",
        "dataset-finished",
        "bye",
    ]
    hello, connected = ended.lines[:2]
    assert hello.collector == "replay"
    assert hello.versions == {"pack": "small", "replay": "1"}
    assert hello.captured_at == CAPTURED_AT
    assert (connected.service, connected.tenant_id) == ("graph", TENANT.tenant_id)
    assert ended.of("dataset-started")[0].read == "GET /x"
    assert ended.lines[-1].datasets == 2
    assert ended.code == 0


def test_the_same_pack_gives_the_same_bytes(pack: Path) -> None:
    line = request(pack, ["graph.users", "graph.domains", "graph.forms_settings"])

    assert run(line).stdout == run(line).stdout


def test_only_datasets_of_the_service_are_answered_and_in_the_order_asked(pack: Path) -> None:
    ended = run(request(pack, ["graph.users", "exchange.transport_rules", "graph.organization"]))

    assert names_of(ended, "dataset-finished") == ["graph.users", "graph.organization"]


def test_rows_come_in_lines_of_at_most_500(pack: Path) -> None:
    ended = run(request(pack, ["graph.users"]))

    assert [len(line.rows) for line in ended.of("rows")] == [500, 500, 200]
    assert rows_of(ended, "graph.users") == USERS
    finished = ended.of("dataset-finished")[0]
    assert (finished.rows, finished.pages, finished.duration_ms) == (1200, 3, 0)


def test_no_line_is_longer_than_the_limit(pack: Path) -> None:
    broad = [{"id": str(number), "notes": "é" * 20_000} for number in range(30)]
    _replace_rows(pack, "graph.users", broad)

    ended = run(request(pack, ["graph.users"]))

    assert max(len(raw) for raw in ended.stdout.split(b"\n")) < protocol.MAX_LINE_BYTES
    assert rows_of(ended, "graph.users") == broad


def test_a_row_that_fits_into_no_line_fails_its_dataset_only(pack: Path) -> None:
    _replace_rows(pack, "graph.users", [{"id": "1"}, {"id": "2", "notes": "x" * 300_000}])

    ended = run(request(pack, ["graph.users", "graph.organization"]))

    failed = ended.of("dataset-failed")[0]
    assert (failed.name, failed.error.kind) == ("graph.users", "other")
    assert "does not fit into a line" in failed.error.message
    assert names_of(ended, "dataset-finished") == ["graph.organization"]


def test_select_keeps_properties_in_any_case_and_invents_none(pack: Path) -> None:
    select = ["ID", "DisplayName", "userType"]

    ended = run(request(pack, ["graph.users"], select=select))

    assert rows_of(ended, "graph.users")[0] == {"id": "user-0", "displayName": "Person 0"}


def test_a_failed_read_is_repeated_with_its_kind_and_message(pack: Path) -> None:
    ended = run(request(pack, ["graph.forms_settings", "graph.subscribed_skus"]))

    denied, throttled = (line.error for line in ended.of("dataset-failed"))
    assert (denied.kind, denied.message) == ("denied", "needs OrgSettings-Forms.Read.All")
    assert (throttled.kind, throttled.retry_after_s) == ("throttled", 12)
    assert ended.of("dataset-finished") == []


def test_a_partial_read_brings_its_rows_and_then_fails(pack: Path) -> None:
    ended = run(request(pack, ["graph.domains"]))

    assert [line.type for line in ended.lines[2:]] == [
        "dataset-started",
        "rows",
        "dataset-failed",
        "bye",
    ]
    assert ended.of("dataset-failed")[0].error.kind == "timeout"


def test_what_was_not_recorded_is_a_failed_read(pack: Path) -> None:
    error = run(request(pack, ["graph.security_defaults"])).of("dataset-failed")[0].error

    assert (error.kind, error.message) == ("other", "not recorded")


def test_a_damaged_file_fails_its_dataset_and_not_the_others(pack: Path) -> None:
    (pack / "datasets" / "graph.users.json").write_text('[{"id": "1"}, {"id"')

    ended = run(request(pack, ["graph.users", "graph.organization"]))

    assert "graph.users.json" in ended.of("dataset-failed")[0].error.message
    assert names_of(ended, "dataset-finished") == ["graph.organization"]
    assert ended.code == 0


def test_a_missing_pack_is_a_failed_sign_in(tmp_path: Path) -> None:
    ended = run(request(tmp_path / "nowhere", ["graph.users"]))

    assert [line.type for line in ended.lines] == ["hello", "connect-failed", "bye"]
    assert "not usable" in ended.of("connect-failed")[0].error.message


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{}\n", b"[]\n", b'{"protocol":2}\n', b'{"protocol":1,"protocol":1}\n', b"\xff\n"],
)
def test_a_line_that_is_no_request_ends_the_process_with_a_code(line: bytes) -> None:
    ended = run(line)

    assert ended.code == replay.EXIT_REQUEST
    assert ended.stdout == b""
    assert ended.stderr.startswith(b"not a request: ")


def test_a_paced_dataset_takes_its_time_and_says_so(pack: Path) -> None:
    ended = run(request(pack, ["graph.organization"], pace_ms=150))

    assert ended.of("dataset-finished")[0].duration_ms == 150


@pytest.mark.parametrize("pace_ms", [0, 60_000])
def test_letting_go_of_stdin_ends_a_waiting_collector(pack: Path, pace_ms: int) -> None:
    fault = {"faults": [{"kind": "hang"}]} if pace_ms == 0 else None
    with started(request(pack, ["graph.users"], pace_ms=pace_ms, faults=fault)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        while b"dataset-started" not in process.stdout.readline():
            pass
        process.stdin.close()
        before = time.monotonic()
        code = process.wait(5)

    assert code == replay.EXIT_LEASH
    assert timedelta(seconds=time.monotonic() - before) < timedelta(seconds=LEASH_S)


def test_letting_go_of_stdin_ends_a_collector_nobody_reads(pack: Path) -> None:
    flood = {"faults": [{"kind": "flood_rows", "dataset": "graph.users", "rows": 500_000}]}
    with started(request(pack, ["graph.users"], faults=flood)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.close()

        assert process.wait(5) == replay.EXIT_LEASH


def _replace_rows(pack: Path, name: str, rows: list[dict[str, str]]) -> None:
    datasets = [DatasetToWrite(name, rows), DatasetToWrite("graph.organization", [{"id": "1"}])]
    write_pack(pack, name="small", tenant=TENANT, captured_at=CAPTURED_AT, datasets=datasets)
