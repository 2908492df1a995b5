from pathlib import Path

import pytest

from tests.packs.small import write_small_pack


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write_small_pack(tmp_path / "small")
