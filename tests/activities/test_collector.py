"""CollectorProcess against children that keep to nothing."""

import asyncio
import time
from pathlib import Path

import pytest

from activities.collector import CollectorCommand, CollectorFailed, CollectorProcess
from contracts.collector import MAX_LINE_BYTES, Bye, Hello, Log, Rows
from tests.activities.children import SECRET, alive_in_group, asked, command, lines_of

STOPPED_WITHIN_S = 3.0
HELLO = 'line(type="hello", protocol=1, collector="scripted")\n'
# A child and its own child, both deaf to SIGTERM; the second holds stdout as well. An alarm ends
# them should a test fail.
STUBBORN = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    signal.alarm(30)
    while True:
        signal.pause()
signal.alarm(30)
"""


async def test_the_request_arrives_and_lines_come_back() -> None:
    found, log = await lines_of(
        HELLO + 'line(type="log", level="info", message=request["datasets"][0]["name"])\n'
        'line(type="bye", datasets=0)'
    )

    assert [line.type for line in found] == ["hello", "log", "bye"]
    assert log.splitlines() == ["[info] graph.users"]


async def test_what_is_no_protocol_line_is_log() -> None:
    found, log = await lines_of(
        r"""
        raw(b"\xef\xbb\xbfWARNING: a banner\r\n")
        raw(b"\x1b[33;1mVERBOSE\x1b[0m\n\r\n\n")
        raw(b'{"type":"bye","datasets":0}\n')
        raw(b"caf\xe9 \xff\xfe\n")
        raw(b"@assayed is not the marker\n")
        raw(b"\xef\xbb\xbf@assay " + b'{"type":"hello","protocol":1,"collector":"bom"}' + b"\r\n")
        raw(b"\x1b[?1h\x1b[0m@assay " + b'{"type":"bye","datasets":0}' + b"\r\n")
        """
    )

    assert [line.type for line in found] == ["hello", "bye"]
    assert log.splitlines()[0] == "WARNING: a banner"
    assert "caf� ��" in log
    assert "@assayed is not the marker" in log


async def test_a_type_of_a_newer_protocol_is_log() -> None:
    found, log = await lines_of(
        'line(type="telemetry", name="x")\nline(type=["rows"])\nline(type=None)\nline()\n' + HELLO
    )

    assert [line.type for line in found] == ["hello"]
    assert log.count("[unknown line]") == 4


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('b\'{"type":"rows","name":\'', "cannot be decoded"),
        ('b\'{"type":"log","message":"caf\\xe9"}\'', "cannot be decoded"),
        ('b\'{"type":"log","message":"a","message":"b"}\'', "the same key twice"),
        ('b\'{"type":"bye","datasets":NaN}\'', "NaN is not a JSON number"),
        ('b\'{"type":"bye","datasets":1e400}\'', "beyond what can be represented"),
        ('b\'{"type":"rows","name":"x","rows":[\' + b"[" * 90000 + b"]" * 90000 + b"]}"', "nested"),
        ('b\'{"type":"bye","datasets":\' + b"9" * 5000 + b"}"', "cannot be decoded"),
        ('b"[1, 2]"', "is not a JSON object"),
        ('b\'{"type":"bye","datasets":"many"}\'', "does not fit: bye.datasets"),
        ('b\'{"type":"rows","name":"x","rows":[\' + b"{}," * 500 + b"{}]}"', "does not fit"),
        ('b\'{"type":"log","message":"\' + b"x" * (256 * 1024) + b\'"}\'', "longer than 256 KiB"),
    ],
)
async def test_a_protocol_line_that_cannot_be_trusted_ends_the_reading(
    written: str, named: str
) -> None:
    with pytest.raises(CollectorFailed, match=named):
        await lines_of(HELLO + f'raw(b"@assay " + {written} + b"\\n")\ntime.sleep(30)')


async def test_a_protocol_line_without_an_end_is_not_waited_for() -> None:
    with pytest.raises(CollectorFailed, match="longer than 256 KiB"):
        await lines_of('raw(b"@assay " + b"x" * (600 * 1024))\ntime.sleep(30)')


async def test_a_line_of_exactly_the_limit_is_read_with_whatever_a_terminal_puts_around() -> None:
    found, _ = await lines_of(
        f"""
        head, tail = b'{{"type":"log","message":"', b'"}}'
        body = head + b"x" * ({MAX_LINE_BYTES} - len(head) - len(tail)) + tail
        raw(b"\\x1b[?1h\\x1b[0m@assay " + body + b"\\r")
        time.sleep(0.2)
        raw(b"\\n")
        """
    )

    assert [type(line) for line in found] == [Log]


async def test_a_cut_last_line_is_not_taken_for_data() -> None:
    with pytest.raises(CollectorFailed, match="cut"):
        await lines_of(HELLO + 'raw(b\'@assay {"type":"bye","datasets":0}\')')


async def test_of_a_huge_log_line_the_beginning_is_kept_and_the_scan_goes_on() -> None:
    found, log = await lines_of(
        'raw(b"HUGE" + b"x" * (5 * 1024 * 1024) + b"\\n")\n' + HELLO, token=SECRET
    )

    assert [line.type for line in found] == ["hello"]
    assert log.startswith("HUGE")
    assert len(log) < 3000


async def test_endless_log_lines_do_not_fill_the_memory() -> None:
    _, log = await lines_of(
        'for n in range(6000): line(type="log", message=f"{n} " + "x" * 5000)', token=SECRET
    )

    assert log.splitlines()[-1].startswith("[info] 5999")
    assert len(log) < 11_000_000


async def test_a_flood_of_stderr_does_not_block_and_its_end_is_kept() -> None:
    found, log = await lines_of(
        HELLO + 'sys.stderr.write("w" * 79 + "\\n")\n'
        'for _ in range(5): sys.stderr.write("x" * 1024 * 1024 + "\\n")\n'
        'sys.stderr.write("the last words\\n"); sys.stderr.flush()\nline(type="bye", datasets=0)'
    )

    assert [line.type for line in found] == ["hello", "bye"]
    assert "[stderr] the last words" in log
    assert "w" * 79 not in log
    assert len(log) < 70_000


async def test_secrets_of_the_request_are_in_no_log_and_no_error() -> None:
    key = "-----BEGIN KEY-----\nQ0FOQVJZLWxpbmUtb25l\n-----END KEY-----"
    found, log = await lines_of(
        """
        secret = request["credential"]["client_secret"]
        raw(("sign-in with " + secret + " failed\\n").encode())
        for part in request["credential"]["key"].splitlines(): print(part, file=sys.stderr)
        line(type="log", message="tried " + secret)
        line(type="connect-failed", service="graph", error={"kind": "denied", "message": secret})
        line(type="dataset-failed", name="x", error={"kind": "other", "message": "a " + secret})
        """,
        client_secret=SECRET,
        key=key,
    )

    everything = log + "".join(line.model_dump_json() for line in found)
    assert SECRET not in everything
    assert "Q0FOQVJZ" not in everything
    assert everything.count("[redacted]") == 8


async def test_a_secret_is_found_beneath_the_colours_of_a_terminal() -> None:
    painted = r"""
        secret = request["credential"]["client_secret"]
        painted = "\x1b[31m" + secret[:8] + "\x1b[7m" + secret[8:] + "\x1b[0m"
        raw(("raw " + painted + "\n").encode())
        print("error " + painted, file=sys.stderr)
        line(type="log", message="log " + painted)
        """
    _, log = await lines_of(painted, client_secret=SECRET)

    assert log.splitlines() == [
        "raw [redacted]",
        "[info] log [redacted]",
        "[stderr] error [redacted]",
    ]


async def test_a_child_sees_the_given_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_CANARY", SECRET)
    found, _ = await lines_of('line(type="log", message=json.dumps(dict(os.environ)))')

    assert isinstance(found[0], Log)
    assert SECRET not in found[0].message


async def test_the_secret_is_not_in_the_command_line_of_the_child() -> None:
    process = await CollectorProcess.start(
        command(HELLO + "time.sleep(30)"), asked(client_secret=SECRET)
    )
    await anext(process.lines())
    argv = Path(f"/proc/{process._process.pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{process._process.pid}/environ").read_bytes()
    await process.stop()

    assert SECRET.encode() not in argv + environment


async def test_the_leash_lets_a_polite_child_go_at_once() -> None:
    script = HELLO + "sys.stdin.buffer.read(); sys.exit(3)"
    process = await CollectorProcess.start(
        command("signal.signal(15, signal.SIG_IGN)\n" + script), asked()
    )
    await anext(process.lines())
    began = time.monotonic()
    await process.stop()

    assert process.exit_code == 3
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("shape", ["stubborn", "grandchild dies late", "grandchild in a session"])
async def test_stopping_leaves_nothing_of_the_group(shape: str) -> None:
    script = {
        "stubborn": STUBBORN + HELLO + "\nwhile True: signal.pause()",
        "grandchild dies late": STUBBORN.replace("signal.signal", "0 and signal.signal", 1)
        + HELLO
        + "\nsys.stdin.buffer.read()",
        "grandchild in a session": STUBBORN.replace(
            "    signal.alarm(30)", "    os.setsid(); signal.alarm(6)", 1
        )
        + HELLO
        + "\nwhile True: signal.pause()",
    }[shape]
    process = await CollectorProcess.start(command(script), asked())
    await anext(process.lines())
    group = process._process.pid
    began = time.monotonic()
    await process.stop()

    assert time.monotonic() - began < STOPPED_WITHIN_S
    assert alive_in_group(group) == []


async def test_stopping_twice_and_after_the_end_is_harmless() -> None:
    process = await CollectorProcess.start(command(HELLO), asked())
    found = [line async for line in process.lines()]
    assert await process.wait(5) == 0
    await process.stop()
    await process.stop()

    assert [type(line) for line in found] == [Hello]
    assert process.exit_code == 0


async def test_a_child_whose_grandchild_holds_the_pipes_has_ended_all_the_same() -> None:
    """asyncio's own wait() would wait for the pipes."""
    process = await CollectorProcess.start(
        command("if os.fork() == 0:\n    time.sleep(20)\n    os._exit(0)\nos._exit(7)"), asked()
    )
    began = time.monotonic()
    code = await process.wait(5)
    waited = time.monotonic() - began
    await process.stop()

    assert code == 7
    assert waited < 2.0


async def test_a_child_that_never_reads_its_request_can_be_started_and_stopped() -> None:
    request = asked()
    request.datasets[0].parameters["domains"] = [f"d{n}.example" for n in range(40_000)]
    silent = CollectorCommand(("/bin/sleep", "30"), {})
    async with asyncio.timeout(STOPPED_WITHIN_S):
        process = await CollectorProcess.start(silent, request)
        await process.stop()

    assert process.exit_code is not None


async def test_a_program_that_does_not_exist_is_an_error_of_the_attempt() -> None:
    process = await CollectorProcess.start(CollectorCommand(("/no/such/program",), {}), asked())
    found = [line async for line in process.lines()]
    code = await process.wait(5)
    await process.stop()

    assert found == []
    assert code not in (0, None)
    assert "/no/such/program" in "".join(process.take_log())


async def test_rows_keep_their_types_and_lose_what_no_database_can_hold() -> None:
    found, _ = await lines_of(
        r"""
        raw(b'@assay {"type":"rows","name":"x","rows":[{"a":"\\u0000z\\ud800","b":"False","c":1}]}')
        raw(b"\n")
        """
    )

    assert isinstance(found[0], Rows)
    assert found[0].rows == [{"a": "z", "b": "False", "c": 1}]


async def test_a_bye_is_read_in_whatever_pieces_it_comes() -> None:
    found, _ = await lines_of(
        'for byte in b\'@assay {"type":"bye","datasets":2}\\n\': raw(bytes([byte]))'
    )

    assert found == [Bye(datasets=2)]
