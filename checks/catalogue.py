"""The benchmarks and their words: which recommendation asks which check, and how we put it."""

import inspect
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from checks.registry import CHECKS
from contracts.scan import CheckLine, Profile
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


_CUSTOM: dict[str, tuple["Recommendation", "CheckText"]] = {}


class CheckText(BaseModel):
    """The words of one check, from the .toml beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    severity: Severity
    rationale: str
    remediation: str
    passes_when: str
    prompt: str = ""  # what a person is asked where no API can answer
    version: str = "1"


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
    prefix: str = "CIS"

    @property
    def section(self) -> int:
        return int(self.id.partition(".")[0])

    @property
    def sort_key(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.id.split("."))

    @property
    def public_id(self) -> str:
        return f"{self.prefix}_{self.id.replace('.', '_')}"


class Benchmark(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    version: str
    prefix: str
    recommendations: list[Recommendation]

    def select(self, profile: Profile) -> list[Recommendation]:
        chosen = [
            item for item in self.recommendations if profile.covers(item.level, item.licences)
        ]
        return sorted(chosen, key=lambda item: item.sort_key)


@cache
def benchmark(name: str = CIS_M365_5) -> Benchmark:
    text = files("checks").joinpath("benchmarks", f"{name}.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    return Benchmark.model_validate(raw | {"recommendations": raw["recommendation"]})


def words() -> dict[str, CheckText]:
    """The text of every check, by slug."""
    return _own_words() | {slug: text for slug, (_, text) in _CUSTOM.items()}


def add_custom(recommendation: Recommendation, text: CheckText) -> None:
    """From now on every plan of this process holds it: call it once, before the first plan."""
    _CUSTOM[recommendation.check] = (recommendation, text)


def selected(profile: Profile) -> list[Recommendation]:
    """The profile's recommendations in the benchmark's order, then the organisation's own."""
    own = [item for item, _ in _CUSTOM.values() if profile.covers(item.level, item.licences)]
    return benchmark().select(profile) + sorted(own, key=lambda item: item.sort_key)


@cache
def _own_words() -> dict[str, CheckText]:
    return {
        slug: CheckText.model_validate(text)
        for tables in _tables().values()
        for slug, text in tables.items()
    }


def home_of(slug: str) -> str:
    """The service whose batch a check is shown with. One that reads several services is shown
    with that of its folder, as is one that reads nothing."""
    folder = next((folder for folder, tables in _tables().items() if slug in tables), "")
    home = "graph" if folder in _READ_THROUGH_GRAPH else folder
    check = CHECKS.get(slug)
    services = check.services if check else frozenset()
    return home if home in services or not services else min(services)


def planned_checks(profile: Profile) -> list[CheckLine]:
    """Every recommendation of the profile, in the benchmark's order."""
    texts = words()
    return [
        CheckLine(
            check_id=item.public_id,
            recommendation=item.id,
            check=item.check,
            title=texts[item.check].title,
            section=item.section,
            level=item.level,
            severity=texts[item.check].severity,
            service=home_of(item.check),
        )
        for item in selected(profile)
    ]


def rule_of(slug: str) -> str:
    """When the check passes, in a sentence or two for people; its words hold the exact form."""
    check = CHECKS.get(slug)
    return inspect.cleandoc(check.judge.__doc__ or "") if check else ""


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
