"""docker-compose.yml as its tests see it: read, and with the values of .env.example put in."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from tests.containers.yaml_reader import read_yaml
from tests.conventions.tree import ROOT

REFERENCE = re.compile(r"\$\{([A-Z0-9_]+)(?::([?-])([^}]*))?\}")
ASSAY_IMAGES = ("assay-api:", "assay-worker:")


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text("utf-8")


@cache
def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return dict(pairs)  # type: ignore[arg-type]


def filled(value: str) -> str:
    return REFERENCE.sub(lambda found: example().get(found[1], found[3] or ""), value)


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(filled(text()))
    return found


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def ours() -> dict[str, dict[str, Any]]:
    return {name: it for name, it in services().items() if it["image"].startswith(ASSAY_IMAGES)}


def secrets_of(service: dict[str, Any]) -> dict[str, str]:
    """Name under /run/secrets → name of the secret."""
    return {
        (item["target"] if isinstance(item, dict) else item): (
            item["source"] if isinstance(item, dict) else item
        )
        for item in service.get("secrets", [])
    }


def put_secrets(service: dict[str, Any], made: Path, folder: Path) -> Path:
    """A folder as /run/secrets is in that container."""
    folder.mkdir()
    for target, source in secrets_of(service).items():
        (folder / target).write_text((made / source).read_text("utf-8"), "utf-8")
    return folder
