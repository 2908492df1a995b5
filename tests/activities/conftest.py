import os
import sys
from pathlib import Path

import pytest

from activities.collectors import LocalCollectors
from tests.builders.scans import ROOT


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """In the environment of every child of this test, and of no other process."""
    return f"MARK={tmp_path}"


@pytest.fixture
def collectors(mark: str) -> LocalCollectors:
    name, _, value = mark.partition("=")
    return LocalCollectors(sys.executable, ROOT, {"PATH": os.environ["PATH"], name: value})
