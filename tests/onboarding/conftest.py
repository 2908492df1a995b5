"""The application of tests/api with a key ring, and a certificate that tests share."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from api.app import create_app
from api.certificates import KeyPair, generate
from api.services import Services
from assay.key_file import KeyFile
from contracts.clouds import CloudName
from contracts.errors import TenantIdUnknown
from contracts.scan import ScanRequest
from store.database import Database
from store.tables import Tenant
from tests.api.conftest import (  # noqa: F401  (fixtures)
    ORIGIN,
    House,
    browser,
    ours,
    password_hash,
    running,
    temporal,
    temporal_away,
    theirs,
)
from tests.api.conftest import services as services_without_keys  # noqa: F401
from tests.onboarding.ids import CLIENT_ID, FOUND_ID
from tests.onboarding.powershell import add_live_tenant, add_scan


@pytest.fixture(scope="session")
def pair() -> KeyPair:
    return generate("Assay for contoso.onmicrosoft.com", datetime.now(UTC))


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    file = KeyFile(tmp_path / "keys.json")
    file.make()
    return file


@pytest.fixture
def services(services_without_keys: Services, key_file: KeyFile) -> Services:  # noqa: F811
    async def find(domain: str, cloud: CloudName) -> str:
        if domain != "contoso.onmicrosoft.com" or cloud != "worldwide":
            raise TenantIdUnknown(domain)
        return FOUND_ID

    return replace(services_without_keys, keys=key_file, find_tenant_id=find)


@pytest.fixture
async def client(services: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:  # noqa: F811
    async with browser(create_app(services), ours.username) as found:
        yield found


def live_body(**changes: object) -> dict[str, object]:
    return {
        "tenant": "contoso.onmicrosoft.com",
        "name": "Contoso live",
        "client_id": CLIENT_ID,
        **changes,
    }


@pytest.fixture
async def remote_tenant(sqlite: Database, ours: House) -> Tenant:  # noqa: F811
    """Of our own organisation, read elsewhere."""
    found = await add_live_tenant(sqlite, remote=True)
    async with sqlite.begin() as session:
        row = await session.get_one(Tenant, found.id)
        row.organisation_id = ours.organisation_id
    return row


@pytest.fixture
async def scan(sqlite: Database, remote_tenant: Tenant) -> ScanRequest:
    return await add_scan(sqlite, remote_tenant, "1.1.1", "1.1.3")


@pytest.fixture
async def outside(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a session."""
    transport = httpx2.ASGITransport(app=create_app(services), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as found:
        yield found
