"""The benchmarks and their words: which recommendation asks which check, and how we put it."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from checks.registry import CHECKS
from contracts.scan import Profile
from contracts.verdict import Severity

TOPIC_FOLDERS = (
    "entra",
    "exchange",
    "fabric",
    "intune",
    "microsoft365",
    "purview",
    "sharepoint",
    "teams",
)
CIS_M365_5 = "cis_m365_5_0_0"
_READ_THROUGH_GRAPH = ("entra", "intune", "microsoft365")


class CheckText(BaseModel):
    """The words of one check, from the .toml beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    severity: Severity
    rationale: str
    remediation: str
    passes_when: str
    prompt: str = ""  # what a person is asked where no API can answer


class Recommendation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    check: str
    level: Literal[1, 2]
    licences: list[Literal["E3", "E5"]]
    assessment: Literal["automated", "hybrid", "attested"]
    v6_id: str | None = None
    v7_id: str | None = None
    mappings: dict[str, list[str]] = Field(default_factory=dict)

    @property
    def section(self) -> int:
        return int(self.id.partition(".")[0])

    @property
    def sort_key(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.id.split("."))

    @property
    def public_id(self) -> str:
        return "CIS_" + self.id.replace(".", "_")


class Benchmark(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    version: str
    prefix: str
    recommendations: list[Recommendation]

    def select(self, profile: Profile) -> list[Recommendation]:
        chosen = [
            item
            for item in self.recommendations
            if item.level <= profile.level and profile.licence in item.licences
        ]
        return sorted(chosen, key=lambda item: item.sort_key)


@cache
def benchmark(name: str = CIS_M365_5) -> Benchmark:
    text = files("checks").joinpath("benchmarks", f"{name}.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    return Benchmark.model_validate(raw | {"recommendations": raw["recommendation"]})


@cache
def words() -> dict[str, CheckText]:
    """The text of every check, by slug."""
    return {
        slug: CheckText.model_validate(text)
        for tables in _tables().values()
        for slug, text in tables.items()
    }


def home_of(slug: str) -> str:
    """The service whose batch a check is shown with. One that reads several services is shown
    with that of its folder, as is one that reads nothing."""
    folder = next(folder for folder, tables in _tables().items() if slug in tables)
    home = "graph" if folder in _READ_THROUGH_GRAPH else folder
    check = CHECKS.get(slug)
    services = check.services if check else frozenset()
    return home if home in services or not services else min(services)


def datasets_of(slug: str) -> list[str]:
    """The datasets a check reads, its licence gate among them."""
    check = CHECKS.get(slug)
    return sorted(check.needs) if check else []


@cache
def _tables() -> dict[str, dict[str, Any]]:
    """Folder, slug, words as they are written."""
    found: dict[str, dict[str, Any]] = {folder: {} for folder in TOPIC_FOLDERS}
    for folder, tables in found.items():
        for entry in files("checks").joinpath(folder).iterdir():
            if entry.name.endswith(".toml"):
                tables |= tomllib.loads(entry.read_text("utf-8"))
    return found
