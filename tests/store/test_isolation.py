"""Nothing of a scan crosses an organisation's border: every query, found by its signature."""

import inspect
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from contracts.collector import DatasetStatus
from contracts.errors import NotFound
from contracts.parameters import TenantParameters
from contracts.results import DatasetLine
from contracts.scan import RemoteMoment, RetryScope, ScanStatus
from contracts.verdict import errored, failed
from store import (
    attempts,
    batches,
    durations,
    events,
    evidence,
    remote,
    results,
    scans,
    tenants,
)
from store.database import Database
from store.tables import Base
from tests.builders.scans import new_scan
from tests.store.conftest import CHECKS
from tests.store.journal import Journal, now

MODULES = (attempts, batches, durations, evidence, events, remote, results, scans, tenants)
OF_ONES_OWN = {"add_tenant", "add_scan", "add_tags"}  # makes a row of the asking organisation
OF_THE_ASKING = {"list_open", "list_scans", "list_tenants", "choose_tenants"}
DATASET = "graph.users"
KEY = "the key of a wish"
ROWS = [b'[{"id":"1"}]']

Query = Callable[..., Coroutine[Any, Any, Any]]


def _queries() -> list[tuple[ModuleType, str]]:
    return [
        (module, name)
        for module in MODULES
        for name, found in vars(module).items()
        if inspect.iscoroutinefunction(found)
        and found.__module__ == module.__name__
        and not name.startswith("_")
        and "organisation_id" in inspect.signature(found).parameters
        and name not in OF_ONES_OWN
    ]


QUERIES = _queries()


def _arguments(query: Query, known: dict[str, Any]) -> dict[str, Any]:
    """What the query must be given. A name that is not known here has to be added."""
    needed = [
        name
        for name, parameter in inspect.signature(query).parameters.items()
        if parameter.default is parameter.empty and name not in ("session", "organisation_id")
    ]
    assert set(needed) <= set(known), f"no argument for {set(needed) - set(known)}"
    return {name: known[name] for name in needed}


@pytest.fixture
async def theirs(database: Database) -> Journal:
    """A scan with something of everything, ended, and retried once."""
    journal = Journal(database, await new_scan(database, recommendations=CHECKS))
    await journal.change(ScanStatus.RUNNING)
    await journal.keep(DATASET, ROWS)
    await journal.batch("reading", dataset=DATASET, failed=True)
    await journal.log("signed in")
    await journal.judge("1.1.1", failed("three of them"))
    await journal.judge("1.1.3", errored("not read"))
    await journal.change(ScanStatus.COMPLETED)
    await journal.retry(RetryScope.ERRORS)
    await journal.keep("graph.groups", ROWS, attempt=2)
    await journal.judge("1.1.3", failed("two of them"), attempt=2)
    await journal.batch("reading", dataset=DATASET, failed=True)
    return journal


def _known(journal: Journal) -> dict[str, Any]:
    digest, packed, size = evidence.pack_rows(ROWS)
    line = DatasetLine(
        name=DATASET, service="graph", status=DatasetStatus.OK, sha256=digest, bytes=size
    )
    return {
        "scan_id": journal.request.scan_id,
        "tenant_id": journal.request.tenant_id,
        "tenant": journal.request.tenant_id,
        "attempt": 2,
        "number": 2,
        "recommendation": "1.1.1",
        "service": "graph",
        "dataset": DATASET,
        "names": [DATASET],
        "line": line,
        "packed": packed,
        "status": ScanStatus.CANCELLED,
        "verdict": errored("planted"),
        "duration_ms": 1,
        "at": now(),
        "phase": "failed",
        "exit_code": 1,
        "count": 7,
        "text": "planted",
        "scope": RetryScope.ALL,
        "requested_by": "mallory",
        "key": KEY,
        "parameters": TenantParameters(emergency_access_accounts=["mallory@example.test"]),
        "generation": 1,
        "sequence": 1,
        "lines": [{"type": "bye", "datasets": 0}],
        "after": 0,
        "until": RemoteMoment.REPORTED,
        "task_token": b"planted",
        "tags": ["planted"],
        "changes": {"name": "planted"},
        "domain": "planted.example",
        "name": "planted",
        "by": "mallory",
    }


async def _everything(database: Database) -> dict[str, list[str]]:
    async with database.read() as session:
        return {
            table.name: sorted(repr(tuple(row)) for row in await session.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


async def _answer(database: Database, organisation_id: str, query: Query, known: Any) -> Any:
    try:
        async with database.begin() as session:
            return await query(session, organisation_id=organisation_id, **_arguments(query, known))
    except NotFound:
        return None


async def test_a_stranger_finds_nothing_and_changes_nothing(theirs: Journal) -> None:
    database, known = theirs.database, _known(theirs)
    mine = await new_scan(database, recommendations=CHECKS)
    before = await _everything(database)
    told: dict[str, Any] = {}
    changed: list[str] = []
    for module, name in QUERIES:
        answer = await _answer(database, mine.organisation_id, getattr(module, name), known)
        foreign = [mark for mark in (known["scan_id"], known["tenant_id"]) if mark in _text(answer)]
        if foreign or (answer and name not in OF_THE_ASKING):
            told[f"{module.__name__}.{name}"] = answer
        if await _everything(database) != before:
            changed.append(f"{module.__name__}.{name}")
            before = await _everything(database)

    assert told == {}
    assert changed == []


def _text(answer: Any) -> str:
    items = answer if isinstance(answer, list) else [answer]
    return repr([vars(item) if hasattr(item, "__dict__") else item for item in items])


async def test_the_owner_finds_what_the_stranger_does_not(theirs: Journal) -> None:
    """Otherwise the test above could look at nothing."""
    known = _known(theirs)
    silent: list[str] = []
    for module, name in QUERIES:
        is_question = name.startswith(("list_", "read_", "get_", "load_", "count_", "owns_"))
        query = getattr(module, name)
        owner = theirs.request.organisation_id
        if is_question and not await _answer(theirs.database, owner, query, known):
            silent.append(name)

    assert silent == []


def test_the_queries_of_a_scan_were_found() -> None:
    assert len(QUERIES) > 30
    assert (events, "record_verdict") in QUERIES
