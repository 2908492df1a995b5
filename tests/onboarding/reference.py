"""The reference of reads, where it is at hand, in the shape of checks/permissions.toml."""

import json
import re
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
_APPLICATION = re.compile(r"(?:or )?([A-Z][\w-]*(?:\.[\w-]+)+)")
_OF_RESOURCE = re.compile(r"([\w.]+) \(application, Office 365 (Exchange|SharePoint) Online\)")
_DIRECTORY = "directory role "


def expected() -> dict[str, dict[str, Any]]:
    """By dataset: its read, and what may be granted for it, the least first."""
    return {row["dataset"]: _facts(row) for row in _rows("datasets.json")}


def least_of_graph() -> dict[str, str]:
    return {
        row["dataset"]: row["app_permission_least"]
        for row in _rows("graph.json")
        if row.get("dataset", "").startswith("graph.") and "app_permission_least" in row
    }


def _rows(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((REFERENCE / name).read_text("utf-8"))
    return [row for row in rows if row.get("dataset")]


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {"read": row["read"]}
    for text in row["permission"]:
        if of_resource := _OF_RESOURCE.fullmatch(text):
            facts["resource"] = of_resource[2].lower()
            facts["roles"] = [of_resource[1]]
        elif text.startswith(_DIRECTORY):
            names = text.removeprefix(_DIRECTORY).removesuffix(" on the service principal")
            facts["directory_roles"] = re.split(r", | or ", names)
        elif application := _APPLICATION.fullmatch(text):
            facts["resource"] = "graph"
            facts.setdefault("roles", []).append(application[1])
        elif text.startswith("none documented"):
            facts["undocumented"] = True
        elif "(" not in text:
            facts["by_hand"] = text
    return facts
