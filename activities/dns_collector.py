"""`python -m activities.dns_collector`: a collector of TXT records, protocol version 1.

The request's `domains` parameter says whose records to read; its credential may name a
`resolver`, a `port` and the `time_limit_s` of one look-up (without them: the system's resolver).
Exit codes: 0 after bye, 2 for a request that is none, 3 when the leash (stdin) was let go.
"""

import asyncio
import os
import platform
import sys
import threading
import time
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.version
from pydantic import BaseModel, ValidationError

from activities.txt_look_ups import Answer, TxtReader, make_resolver
from contracts.collector import (
    MAX_LINE_BYTES,
    PROTOCOL,
    Bye,
    CollectorRequest,
    Connected,
    ConnectFailed,
    DatasetFailed,
    DatasetFinished,
    DatasetRequest,
    DatasetStarted,
    Hello,
    ReadError,
    Rows,
    encode_line,
)
from evidence.dns import TxtRecords

EXIT_REQUEST = 2
EXIT_LEASH = 3
_ROWS_PER_LINE = 100
_LINE_ROOM = MAX_LINE_BYTES - 4096
_SHOWN_FAILURES = 5


class Collector:
    def __init__(self, request: CollectorRequest) -> None:
        self._request = request

    async def run(self) -> None:
        versions = {"python": platform.python_version(), "dnspython": dns.version.version}
        _send(Hello(protocol=PROTOCOL, collector="dns", versions=versions))
        service = self._request.service
        try:
            resolver = make_resolver(self._request.credential)
        except (dns.exception.DNSException, ValueError) as error:
            failure = ReadError(kind="other", message=f"no usable DNS resolver: {error}")
            _send(ConnectFailed(service=service, error=failure))
            _send(Bye(datasets=0))
            return
        _send(Connected(service=service, tenant_id=self._request.tenant.tenant_id))
        for dataset in self._request.datasets:
            await self._answer(dataset, resolver)
        _send(Bye(datasets=len(self._request.datasets)))

    async def _answer(self, dataset: DatasetRequest, resolver: dns.asyncresolver.Resolver) -> None:
        _send(DatasetStarted(name=dataset.name, read="TXT look-ups"))
        if why := _refusal(dataset):
            _send(DatasetFailed(name=dataset.name, error=ReadError(kind="other", message=why)))
            return
        sender = RowSender(dataset)
        await TxtReader(resolver, sender.take).read(dataset.parameters["domains"])
        _send(sender.close())


def _refusal(dataset: DatasetRequest) -> str:
    if dataset.name != TxtRecords.key:
        return f"this collector does not read {dataset.name}"
    if "domains" not in dataset.parameters:
        return "the tenant's mail domains are not known"
    return ""


class RowSender:
    """Answers to rows lines, none longer than the protocol allows."""

    def __init__(self, dataset: DatasetRequest) -> None:
        self._dataset = dataset
        self._started = time.monotonic()
        self._held: list[dict[str, Any]] = []
        self._size = self._rows = self._pages = 0
        self._failed: list[Answer] = []

    def take(self, answer: Answer) -> None:
        keep = set(self._dataset.select)
        row = {name: value for name, value in answer.row.items() if not keep or name in keep}
        size = len(Rows(name=self._dataset.name, rows=[row]).model_dump_json().encode())
        if len(self._held) == _ROWS_PER_LINE or self._size + size > _LINE_ROOM:
            self._flush()
        self._held.append(row)
        self._size += size
        self._rows += 1
        if not answer.is_final:
            self._failed.append(answer)

    def close(self) -> DatasetFinished | DatasetFailed:
        """Without an answer from every name the dataset is incomplete."""
        self._flush()
        name = self._dataset.name
        if self._failed:
            return DatasetFailed(name=name, error=self._error())
        spent = round((time.monotonic() - self._started) * 1000)
        return DatasetFinished(name=name, rows=self._rows, pages=self._pages, duration_ms=spent)

    def _flush(self) -> None:
        if self._held:
            _send(Rows(name=self._dataset.name, rows=self._held))
            self._pages += 1
        self._held, self._size = [], 0

    def _error(self) -> ReadError:
        count = len(self._failed)
        shown = [f"{item.name} ({item.status})" for item in self._failed[:_SHOWN_FAILURES]]
        more = [f"{count - len(shown)} more"] if count > len(shown) else []
        timed_out = any(item.status == "timeout" for item in self._failed)
        return ReadError(
            kind="timeout" if timed_out else "other",
            message=f"{count} of {self._rows} look-ups failed: {', '.join([*shown, *more])}",
        )


def _send(line: BaseModel) -> None:
    sys.stdout.buffer.write(encode_line(line))
    sys.stdout.buffer.flush()


def _hold_leash() -> None:
    """Whoever started us holds stdin open; at its end nobody waits for answers any more."""
    while os.read(0, 65536):
        pass
    os._exit(EXIT_LEASH)


def main() -> int:
    try:
        request = CollectorRequest.model_validate_json(sys.stdin.buffer.readline())
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) or "line" for item in error.errors())
        sys.stderr.write(f"not a request: {fields}\n")
        return EXIT_REQUEST
    threading.Thread(target=_hold_leash, daemon=True).start()
    try:
        asyncio.run(Collector(request).run())
    except BrokenPipeError:
        return EXIT_LEASH
    return 0


if __name__ == "__main__":
    sys.exit(main())
