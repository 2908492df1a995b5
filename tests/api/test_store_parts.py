"""What the API asks of the store, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select

from api.app import create_app
from api.services import Services
from contracts.scan import ScanStatus
from store import accounts, scans
from store.database import Database
from store.tables import Attempt, PlannedCheck, Scan
from tests.api.conftest import House, add_house, browser, now
from tests.api.scanning import add_scan, change


@pytest.fixture
async def house(database: Database, password_hash: str) -> House:
    return await add_house(database, "someone", "Tailspin", password_hash)


@pytest.fixture
async def page(
    database: Database, services: Services, house: House
) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(replace(services, database=database))
    async with browser(app, house.username) as client:
        yield client


async def test_a_scan_that_never_started_is_taken_back_whole(
    database: Database, house: House
) -> None:
    scan_id = await add_scan(database, house)
    async with database.begin() as session:
        removed = await scans.remove_unstarted(
            session, organisation_id=house.organisation_id, scan_id=scan_id
        )

    async with database.read() as session:
        left = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (Scan, PlannedCheck, Attempt)
        ]
    assert removed
    assert left == [0, 0, 0]


async def test_a_scan_that_has_begun_or_is_foreign_is_not_taken_back(
    database: Database, house: House
) -> None:
    begun = await add_scan(database, house)
    await change(database, house, begun, ScanStatus.RUNNING)
    waiting = await add_scan(database, house)
    async with database.begin() as session:
        removed = [
            await scans.remove_unstarted(session, organisation_id=owner, scan_id=scan_id)
            for owner, scan_id in [(house.organisation_id, begun), ("somebody else", waiting)]
        ]

    assert removed == [False, False]


async def test_a_token_is_found_until_it_expires(database: Database, house: House) -> None:
    at = now()
    async with database.begin() as session:
        user = await accounts.find_user(session, username=house.username)
        assert user is not None
        await accounts.add_token(
            session,
            user_id=user.id,
            name="cli",
            token_hash="f" * 64,
            at=at,
            expires_at=at + timedelta(days=1),
        )
    async with database.read() as session:
        today = await accounts.find_token(session, token_hash="f" * 64, at=at)
        later = await accounts.find_token(session, token_hash="f" * 64, at=at + timedelta(days=2))

    assert today is not None
    assert today.id == user.id
    assert later is None


async def test_a_list_is_paged_on_both_databases(
    page: httpx2.AsyncClient, database: Database, house: House
) -> None:
    made = [await add_scan(database, house) for _ in range(3)]
    first = (await page.get("/api/v1/scans?limit=2")).json()
    second = (await page.get(f"/api/v1/scans?limit=2&cursor={first['next_cursor']}")).json()

    seen = [state["scan_id"] for state in [*first["items"], *second["items"]]]
    assert seen == list(reversed(made))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/tenants/a%00b", None),
        ("GET", "/api/v1/scans?tenant=a%00b", None),
        ("GET", "/api/v1/scans/a%00b", None),
        ("POST", "/login", {"username": "a\x00b", "password": "x"}),
        ("POST", "/api/v1/session", {"username": "a\x00b", "password": "x"}),
    ],
)
async def test_a_nul_breaks_neither_database(
    page: httpx2.AsyncClient, method: str, path: str, body: dict[str, str] | None
) -> None:
    answer = await page.request(method, path, data=body)

    assert answer.status_code in (401, 422), answer.text


async def test_parameters_with_odd_text_are_kept_by_both_databases(
    page: httpx2.AsyncClient, house: House
) -> None:
    accounts_given = ["ünïcode@tailspin.example", "<script>", "'; DROP TABLE tenant; --"]
    path = f"/api/v1/tenants/{house.tenant.id}/parameters"
    answer = await page.put(path, json={"emergency_access_accounts": accounts_given})

    assert answer.status_code == 200
    assert (await page.get(path)).json()["emergency_access_accounts"] == accounts_given
