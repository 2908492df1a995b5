import pytest

from store.database import Database
from tests.builders.scans import new_scan
from tests.store.journal import Journal

CHECKS = ("1.1.1", "1.1.3", "9.1.1", "9.1.4")


@pytest.fixture
async def journal(database: Database) -> Journal:
    """A pending scan of four checks."""
    return Journal(database, await new_scan(database, recommendations=CHECKS))
