"""Secrets as the script makes them."""

import subprocess
from pathlib import Path

import pytest

from tests.conventions.tree import ROOT


@pytest.fixture(scope="session")
def made_secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    script = str(ROOT / "docker" / "make-secrets.sh")
    subprocess.run(["sh", script, str(folder)], check=True, capture_output=True, timeout=20)
    return folder
