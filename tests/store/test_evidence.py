"""Datasets of a scan: which read stands, and content that is kept once."""

import asyncio
import zlib

import pytest
from sqlalchemy import func, select

from contracts.collector import DatasetStatus
from contracts.errors import DatasetNotFound, ScanNotFound
from contracts.scan import RetryScope, ScanStatus
from contracts.verdict import errored
from store import evidence, tenants
from store.database import Database
from store.tables import EvidenceBlob
from tests.builders.scans import new_scan
from tests.store.journal import Journal

ROWS = [b'[{"id":"1"},{"id":"2"}]', b'[{"id":"3"}]']
USERS = "graph.users"


async def blobs(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(EvidenceBlob)) or 0


async def status_of(journal: Journal, name: str = USERS) -> str:
    async with journal.database.read() as session:
        (line,) = await evidence.list_datasets(session, **journal.ids, names=[name])
    return line.status


def test_rows_come_back_as_they_were_packed() -> None:
    digest, packed, size = evidence.pack_rows(ROWS)

    assert evidence.unpack_rows(packed) == ROWS
    assert size == sum(len(chunk) + 1 for chunk in ROWS)
    assert digest == evidence.pack_rows(ROWS)[0]
    assert evidence.pack_rows([])[1] == zlib.compress(b"", 6)


async def test_rows_are_read_in_pages_with_how_they_were_read(journal: Journal) -> None:
    line = await journal.keep(USERS, ROWS)
    async with journal.database.read() as session:
        page = await evidence.read_rows(session, **journal.ids, dataset=USERS, offset=1, limit=1)
        rest = await evidence.read_rows(session, **journal.ids, dataset=USERS, limit=None)

    assert (page.rows, page.offset, page.total) == ([{"id": "2"}], 1, 3)
    assert [row["id"] for row in rest.rows] == ["1", "2", "3"]
    assert page.dataset.sha256 == line.sha256


async def test_a_dataset_that_was_not_read_is_not_found(journal: Journal) -> None:
    async with journal.database.read() as session:
        with pytest.raises(DatasetNotFound):
            await evidence.read_rows(session, **journal.ids, dataset=USERS)


async def test_equal_content_of_an_organisation_is_kept_once(journal: Journal) -> None:
    async with journal.database.read() as session:
        tenant = await tenants.get_tenant(
            session,
            organisation_id=journal.request.organisation_id,
            tenant=journal.request.tenant_id,
        )
    again = Journal(journal.database, await new_scan(journal.database, tenant=tenant))
    stranger = Journal(journal.database, await new_scan(journal.database))
    for scan in (journal, again):
        await scan.keep(USERS, ROWS)
        await scan.keep("graph.groups", ROWS)
    of_one = await blobs(journal.database)
    await stranger.keep(USERS, ROWS)

    assert of_one == 1
    assert await blobs(journal.database) == 2  # nothing crosses an organisation's border


async def test_equal_content_that_is_stored_at_the_same_moment_is_no_error(
    journal: Journal,
) -> None:
    """Every batch holds empty datasets: two of them may meet."""
    async with journal.database.read() as session:
        tenant = await tenants.get_tenant(
            session,
            organisation_id=journal.request.organisation_id,
            tenant=journal.request.tenant_id,
        )
    scans = [
        Journal(
            journal.database,
            await new_scan(journal.database, tenant=tenant, recommendations={"1.1.1"}),
        )
        for _ in range(10)
    ]
    await asyncio.gather(*(scan.keep(f"graph.d{n}", []) for scan in scans for n in range(2)))

    assert await blobs(journal.database) == 1


async def test_a_complete_read_is_not_replaced(journal: Journal) -> None:
    await journal.keep(USERS, ROWS)
    await journal.keep(USERS, [], status=DatasetStatus.OTHER)

    assert await status_of(journal) == "ok"


async def test_a_failed_read_is_replaced_by_the_next_one(journal: Journal) -> None:
    await journal.keep(USERS, ROWS[:1], status=DatasetStatus.PARTIAL, message="page 2 is missing")
    await journal.keep(USERS, ROWS)

    assert await status_of(journal) == "ok"


async def test_a_scan_of_somebody_else_takes_no_evidence(journal: Journal) -> None:
    request = journal.request.model_copy(update={"organisation_id": "somebody"})

    with pytest.raises(ScanNotFound):
        await Journal(journal.database, request).keep(USERS, ROWS)

    assert await blobs(journal.database) == 0


@pytest.mark.parametrize(
    ("keep_complete", "found"), [(True, {USERS, "graph.groups"}), (False, {"graph.groups"})]
)
async def test_an_attempt_may_stand_on_complete_reads_of_earlier_ones(
    journal: Journal, keep_complete: bool, found: set[str]
) -> None:
    await journal.keep(USERS, ROWS)
    await journal.keep("graph.domains", [], status=DatasetStatus.DENIED)
    await journal.judge("1.1.1", errored("not read"))
    await journal.change(ScanStatus.COMPLETED)
    await journal.retry(RetryScope.FAILED_READS)
    await journal.keep("graph.groups", ROWS, attempt=2)
    async with journal.database.read() as session:
        loaded = await evidence.load_chunks(
            session,
            **journal.ids,
            names=[USERS, "graph.domains", "graph.groups"],
            only_attempt=2,
            keep_complete=keep_complete,
        )

    assert set(loaded) == found
    assert evidence.unpack_rows(loaded["graph.groups"][1]) == ROWS


async def test_of_several_attempts_the_newest_read_is_shown(journal: Journal) -> None:
    await journal.keep(USERS, ROWS)
    await journal.judge("1.1.1", errored("not read"))
    await journal.change(ScanStatus.COMPLETED)
    await journal.retry(RetryScope.ERRORS)
    await journal.keep(USERS, [], status=DatasetStatus.THROTTLED, attempt=2)

    assert await status_of(journal) == "throttled"
