"""An organisation with a tenant and somebody signed in, around the real application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from api.app import SERVER_OPTIONS, create_app
from api.hub import LiveHub
from api.identity import hash_password
from api.live import follow
from api.outages import Outages
from api.services import ApiSettings, Services
from contracts.errors import PackInvalid
from contracts.parameters import TenantParameters
from contracts.results import RecordedTenant
from store import accounts, tenants
from store.database import Database
from store.tables import Tenant
from tests.api.live_tools import Follow, Reading, Teller, until
from tests.servers import NatsServer, free_port

PASSWORD = "correct horse battery staple"
ORIGIN = "http://127.0.0.1:8000"
NOWHERE = "127.0.0.1:1"


@pytest.fixture(scope="session")
def password_hash() -> str:
    return asyncio.run(hash_password(PASSWORD))


@pytest.fixture
async def temporal_away() -> Client:
    """A client whose server does not exist."""
    return await Client.connect(NOWHERE, lazy=True, data_converter=pydantic_data_converter)


@pytest.fixture
async def temporal(temporal_address: str) -> Client:
    return await Client.connect(temporal_address, data_converter=pydantic_data_converter)


@pytest.fixture
async def services(sqlite: Database, temporal_away: Client) -> AsyncIterator[Services]:
    """Without NATS and Temporal: what does not need them must work without them."""
    live = LiveHub(f"nats://{NOWHERE}")
    yield Services(
        database=sqlite,
        temporal=temporal_away,
        live=live,
        settings=ApiSettings(public_url=ORIGIN),
        import_pack=refuse_every_pack,
        outages=Outages(blink_s=3600),  # most tests have neither Temporal nor NATS
    )
    await live.stop()


@pytest.fixture
async def running(services: Services, temporal: Client) -> Services:
    """With Temporal."""
    return replace(services, temporal=temporal)


def refuse_every_pack(_path: Path) -> RecordedTenant:
    raise PackInvalid("pack.json", "is missing")


@dataclass(frozen=True)
class House:
    """One organisation: its user and its tenant."""

    organisation_id: str
    username: str
    tenant: Tenant


@pytest.fixture
async def ours(services: Services, password_hash: str) -> House:
    return await add_house(services.database, "admin", "Contoso", password_hash)


@pytest.fixture
async def theirs(services: Services, password_hash: str) -> House:
    return await add_house(services.database, "other", "Fabrikam", password_hash)


async def add_house(database: Database, username: str, name: str, hashed: str) -> House:
    async with database.begin() as session:
        organisation = await accounts.add_organisation(session, name=name, at=now())
        await accounts.put_user(
            session,
            organisation_id=organisation.id,
            username=username,
            password_hash=hashed,
            at=now(),
        )
        tenant = await tenants.add_tenant(
            session,
            organisation_id=organisation.id,
            microsoft_id=str(uuid4()),
            name=name,
            domain=f"{name.lower()}.onmicrosoft.com",
            connection="recorded",
            settings={"pack": "somewhere"},
            parameters=TenantParameters(),
            at=now(),
        )
    return House(organisation.id, username, tenant)


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def browser(app: FastAPI, username: str | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """Sends the origin of our own pages, as a browser does; signed in when a user is named."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}
    ) as client:
        if username is not None:
            answer = await client.post(
                "/api/v1/session", json={"username": username, "password": PASSWORD}
            )
            assert answer.status_code == 200, answer.text
        yield client


@pytest.fixture
async def anonymous(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(create_app(services)) as client:
        yield client


@pytest.fixture
async def client(services: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(create_app(services), ours.username) as client:
        yield client


@dataclass
class Served:
    """The application under uvicorn, and the cookie of somebody signed in."""

    port: int
    cookie: str
    server: uvicorn.Server

    def socket(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    def headers(self, *, origin: str | None = ORIGIN, cookie: bool = True) -> dict[str, str]:
        found = {"Origin": origin} if origin else {}
        return found | ({"Cookie": self.cookie} if cookie else {})


@asynccontextmanager
async def served(services: Services, username: str, **options: Any) -> AsyncIterator[Served]:
    app = create_app(services)
    port = free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", **SERVER_OPTIONS | options
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    async with browser(app, username) as client:
        name = services.settings.cookie_name
        cookie = f"{name}={client.cookies[name]}"
    try:
        yield Served(port, cookie, server)
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def watched(services: Services, nats_server: NatsServer) -> AsyncIterator[Services]:
    """With a NATS server of its own, connected."""
    hub = LiveHub(nats_server.url)
    await hub.start()
    await until(lambda: hub.connected)
    yield replace(services, live=hub)
    await hub.stop()


@pytest.fixture
async def teller(nats_server: NatsServer) -> AsyncIterator[Teller]:
    found = await Teller.connect(nats_server.url)
    yield found
    await found.close()


@pytest.fixture
async def reading() -> AsyncIterator[Follow]:
    """Starts readers and stops them all at the end."""
    started: list[Reading] = []

    def start(*args: Any, **kwargs: Any) -> Reading:
        started.append(Reading(follow(*args, **kwargs)))
        return started[-1]

    yield start
    for reader in started:
        await reader.stop()
