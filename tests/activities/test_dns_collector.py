"""The DNS collector, as the child process it is, against a real name server on loopback."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from activities.collector import CollectorCommand, CollectorProcess
from activities.dns_collector import EXIT_LEASH, EXIT_REQUEST
from contracts.collector import (
    MAX_LINE_BYTES,
    CollectorLine,
    CollectorRequest,
    DatasetFailed,
    DatasetFinished,
    DatasetRequest,
    Rows,
    TenantRef,
    encode_line,
)
from evidence.dns import TxtRecords

ROOT = Path(__file__).parents[2]
COMMAND = CollectorCommand(
    (sys.executable, "-m", "activities.dns_collector"),
    {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
)
SILENT = "silent"
BROKEN = "broken"
MICROSOFT = {"spf.protection.outlook.com": ['"v=spf1 ip4:192.0.2.0/24 -all"']}


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """`zone`: TXT data by name, in zone-file form; `aliases` by name, followed in the answer or,
    for names in `bare`, not. What is in neither does not exist."""

    zone: Mapping[str, Sequence[str] | str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    bare: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    waiting: int = 0
    most_waiting: int = 0
    delay_s: float = 0
    port: int = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, address: Any) -> None:
        query = dns.message.from_wire(data)
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        asyncio.get_running_loop().call_later(self.delay_s, self._answer, query, address)

    def _answer(self, query: dns.message.Message, address: Any) -> None:
        self.waiting -= 1
        name = query.question[0].name.to_text().rstrip(".").lower()
        self.asked.append(name)
        if self.zone.get(name) == SILENT:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        self._fill(response, name)
        self._transport.sendto(response.to_wire(), address)

    def _fill(self, response: dns.message.Message, name: str) -> None:
        while name in self.aliases:
            target = self.aliases[name]
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{target}."))
            if name in self.bare:
                return
            name = target
        records = self.zone.get(name)
        if records is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif records == BROKEN:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            response.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", "TXT", records))


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    transport, found = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    yield found
    transport.close()


@dataclass
class Run:
    lines: list[CollectorLine]
    exit_code: int | None

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """By name; fails when one was sent twice."""
        sent = [row for line in self.lines if isinstance(line, Rows) for row in line.rows]
        found = {row["name"]: row for row in sent}
        assert len(found) == len(sent)
        return found

    @property
    def last(self) -> CollectorLine:
        """How the dataset ended."""
        return self.lines[-2]


def request(
    server: NameServer, domains: Sequence[str], *, select: Sequence[str] = ()
) -> CollectorRequest:
    return CollectorRequest(
        scan_id="scan",
        service="dns",
        tenant=TenantRef(tenant_id="tenant-1"),
        credential={"resolver": "127.0.0.1", "port": server.port, "time_limit_s": 1.5},
        datasets=[
            DatasetRequest(
                name=TxtRecords.key, select=list(select), parameters={"domains": list(domains)}
            )
        ],
    )


async def collect(asked: CollectorRequest) -> Run:
    process = await CollectorProcess.start(COMMAND, asked)
    try:
        async with asyncio.timeout(30):
            lines = [line async for line in process.lines()]
        return Run(lines, await process.wait(5))
    finally:
        await process.stop()


async def test_a_run_keeps_to_the_protocol(server: NameServer) -> None:
    server.zone = {"contoso.com": ['"v=spf1 -all"'], "_dmarc.contoso.com": []}

    run = await collect(request(server, ["contoso.com"]))

    assert [line.type for line in run.lines] == [
        "hello",
        "connected",
        "dataset-started",
        "rows",
        "dataset-finished",
        "bye",
    ]
    assert run.lines[1].tenant_id == "tenant-1"  # type: ignore[union-attr]
    assert isinstance(run.last, DatasetFinished)
    assert (run.last.rows, run.last.pages) == (2, 1)
    assert run.exit_code == 0


async def test_strings_of_one_record_are_joined_and_records_stay_apart(server: NameServer) -> None:
    server.zone = {
        "contoso.com": ['"v=spf1 include:spf.protection." "outlook.com ~all"', '"MS=ms1"'],
        "_dmarc.contoso.com": ['"v=DMARC1; p=reject"'],
    } | MICROSOFT

    run = await collect(request(server, ["Contoso.com."]))

    row = run.rows["contoso.com"]
    assert sorted(row["strings"]) == ["MS=ms1", "v=spf1 include:spf.protection.outlook.com ~all"]
    assert (row["status"], row["cname_chain"]) == ("noerror", [])
    assert run.rows["_dmarc.contoso.com"]["strings"] == ["v=DMARC1; p=reject"]


async def test_a_name_that_does_not_exist_and_one_without_text_are_facts(
    server: NameServer,
) -> None:
    server.zone = {"contoso.com": []}

    run = await collect(request(server, ["contoso.com"]))

    assert {name: row["status"] for name, row in run.rows.items()} == {
        "contoso.com": "nodata",
        "_dmarc.contoso.com": "nxdomain",
    }
    assert isinstance(run.last, DatasetFinished)


async def test_includes_and_redirects_are_followed_and_asked_once(server: NameServer) -> None:
    server.zone = {
        "contoso.com": ['"v=spf1 include:a.example include:%{i}.m.example redirect=r.example"'],
        "fabrikam.com": ['"v=spf1 include:a.example -all"'],
        "a.example": ['"v=spf1 include:spf.protection.outlook.com include:contoso.com ?all"'],
        "r.example": ['"v=spf1 include:gone.example -all"'],
    } | MICROSOFT

    run = await collect(request(server, ["contoso.com", "fabrikam.com", "contoso.com"]))

    assert set(run.rows) == {
        "contoso.com",
        "_dmarc.contoso.com",
        "fabrikam.com",
        "_dmarc.fabrikam.com",
        "a.example",
        "r.example",
        "gone.example",
        "spf.protection.outlook.com",
    }
    assert sorted(server.asked) == sorted(run.rows)


async def test_a_chain_without_end_is_left_at_the_limit(server: NameServer) -> None:
    names = {f"s{n}.example": [f'"v=spf1 include:s{n + 1}.example -all"'] for n in range(60)}
    server.zone = {"contoso.com": ['"v=spf1 include:s0.example -all"']} | names

    run = await collect(request(server, ["contoso.com"]))

    assert len(run.rows) <= 2 + 11
    assert isinstance(run.last, DatasetFinished)


async def test_aliases_are_followed_and_named(server: NameServer) -> None:
    server.zone = {"contoso.com": [], "d.vendor.example": ['"v=DMARC1; p=reject"']}
    server.aliases = {
        "_dmarc.contoso.com": "dmarc.hosted.example",
        "dmarc.hosted.example": "d.vendor.example",
    }
    server.bare = frozenset({"dmarc.hosted.example"})

    run = await collect(request(server, ["contoso.com"]))

    row = run.rows["_dmarc.contoso.com"]
    assert row["strings"] == ["v=DMARC1; p=reject"]
    assert row["cname_chain"] == ["dmarc.hosted.example", "d.vendor.example"]


async def test_an_alias_to_nowhere_names_its_chain(server: NameServer) -> None:
    server.zone = {"contoso.com": []}
    server.aliases = {"_dmarc.contoso.com": "gone.example"}

    run = await collect(request(server, ["contoso.com"]))

    row = run.rows["_dmarc.contoso.com"]
    assert (row["status"], row["cname_chain"]) == ("nxdomain", ["gone.example"])


async def test_a_server_failure_makes_the_dataset_fail_after_its_rows(server: NameServer) -> None:
    server.zone = {"contoso.com": BROKEN, "_dmarc.contoso.com": ['"v=DMARC1; p=reject"']}

    run = await collect(request(server, ["contoso.com"]))

    assert isinstance(run.last, DatasetFailed)
    assert run.last.error.kind == "other"
    assert "contoso.com (servfail)" in run.last.error.message
    assert run.rows["_dmarc.contoso.com"]["status"] == "noerror"
    assert run.rows["contoso.com"]["status"] == "servfail"
    assert run.exit_code == 0


async def test_silence_makes_the_dataset_fail_with_a_timeout(server: NameServer) -> None:
    server.zone = {
        "contoso.com": ['"v=spf1 include:slow.example -all"'],
        "_dmarc.contoso.com": [],
        "slow.example": SILENT,
    }

    run = await collect(request(server, ["contoso.com"]))

    assert isinstance(run.last, DatasetFailed)
    assert run.last.error.kind == "timeout"
    assert run.rows["slow.example"]["status"] == "timeout"
    assert run.rows["contoso.com"]["status"] == "noerror"


async def test_many_domains_are_asked_a_limited_number_at_a_time(server: NameServer) -> None:
    names = [f"d{n}.example" for n in range(150)]
    server.zone = {name: ['"v=spf1 -all"'] for name in names}
    server.delay_s = 0.02

    run = await collect(request(server, names))

    assert len(run.rows) == 300
    assert 1 < server.most_waiting <= 20
    assert sum(isinstance(line, Rows) for line in run.lines) == 3


async def test_only_selected_properties_are_sent(server: NameServer) -> None:
    server.zone = {"contoso.com": []}

    run = await collect(request(server, ["contoso.com"], select=["name", "status"]))

    assert run.rows["contoso.com"] == {"name": "contoso.com", "status": "nodata"}


async def test_control_characters_and_broken_text_do_not_reach_a_row(server: NameServer) -> None:
    server.zone = {"contoso.com": ['"a\\000b\\010c\\255"'], "_dmarc.contoso.com": []}

    run = await collect(request(server, ["contoso.com"]))

    assert run.rows["contoso.com"]["strings"] == ["a\ufffdb\ufffdc\ufffd"]


async def test_no_line_is_longer_than_the_protocol_allows(server: NameServer) -> None:
    text = " ".join(['"' + "x" * 250 + '"'] * 12)
    names = [f"d{n}.example" for n in range(120)]
    server.zone = {name: [text] for name in names}

    run = await collect(request(server, names))

    assert len(run.rows) == 240
    assert all(len(encode_line(line)) <= MAX_LINE_BYTES for line in run.lines)


async def test_names_that_cannot_exist_are_answered_without_a_question(
    server: NameServer,
) -> None:
    long = f"{'x' * 70}.example"
    server.zone = {"contoso.com": [f'"v=spf1 include:{long} -all"'], "_dmarc.contoso.com": []}

    run = await collect(request(server, ["contoso.com"]))

    assert run.rows[long]["status"] == "nxdomain"
    assert long not in server.asked


async def test_no_domains_is_an_empty_answer_and_unknown_domains_are_a_failure(
    server: NameServer,
) -> None:
    unknown = request(server, [])
    unknown.datasets[0].parameters.clear()

    empty, failed = await collect(request(server, [])), await collect(unknown)

    assert isinstance(empty.last, DatasetFinished)
    assert empty.last.rows == 0
    assert isinstance(failed.last, DatasetFailed)


async def test_a_dataset_it_does_not_know_fails_and_the_others_go_on(server: NameServer) -> None:
    asked = request(server, [])
    asked.datasets.insert(0, DatasetRequest(name="dns.mx_records"))

    run = await collect(asked)

    assert [line.type for line in run.lines if line.type.startswith("dataset-f")] == [
        "dataset-failed",
        "dataset-finished",
    ]


async def test_an_unusable_resolver_is_a_failed_connection(server: NameServer) -> None:
    asked = request(server, ["contoso.com"])
    asked.credential["resolver"] = "not an address"

    run = await collect(asked)

    assert [line.type for line in run.lines] == ["hello", "connect-failed", "bye"]


async def test_it_exits_when_the_leash_is_let_go(server: NameServer) -> None:
    server.zone = {"contoso.com": SILENT}
    asked = request(server, ["contoso.com"])
    asked.credential["time_limit_s"] = 60
    process = await _child()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(asked.model_dump_json().encode() + b"\n")
    async with asyncio.timeout(20):
        while b"dataset-started" not in await process.stdout.readline():
            pass

        process.stdin.close()

        assert await process.wait() == EXIT_LEASH


async def test_a_line_that_is_no_request_is_refused_without_repeating_it() -> None:
    process = await _child(stderr=asyncio.subprocess.PIPE)

    async with asyncio.timeout(20):
        out, err = await process.communicate(b'{"protocol":1,"credential":{"key":"hush"}}\n')

    assert process.returncode == EXIT_REQUEST
    assert out == b""
    assert b"hush" not in err


async def _child(stderr: int | None = None) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    environment = dict(COMMAND.environment)
    return await asyncio.create_subprocess_exec(
        *COMMAND.argv, stdin=pipe, stdout=pipe, stderr=stderr, env=environment
    )
