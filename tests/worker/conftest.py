from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.database import Database
from tests.worker.house import House, new_namespace


@pytest.fixture
async def house(
    sqlite: Database, temporal_address: str, nats_url: str, tmp_path: Path
) -> AsyncIterator[House]:
    found = House(sqlite, await new_namespace(temporal_address), nats_url, tmp_path)
    yield found
    found.kill_all()
