"""Which rows of a scan are shown and in which order: the query string of its page."""

from collections.abc import Iterable
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel

from api.looks import SEVERITY_ORDER
from contracts.scan import CheckLine
from contracts.verdict import Outcome

OPEN = "open"  # not judged yet
Sort = Literal["number", "verdict", "severity"]
_VERDICT_ORDER = (
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.MANUAL,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
    None,
)


class ResultQuery(BaseModel):
    """Empty means all. An unknown value matches nothing, and the page says so."""

    verdict: str = ""
    section: str = ""
    level: str = ""
    service: str = ""
    text: str = ""
    sort: Sort = "number"

    @property
    def is_empty(self) -> bool:
        return not (self.verdict or self.section or self.level or self.service or self.text)

    def matches(self, line: CheckLine) -> bool:
        return (
            self.verdict in ("", line.verdict or OPEN)
            and self.section in ("", str(line.section))
            and self.level in ("", str(line.level))
            and self.service in ("", line.service)
            and self.text.strip().lower() in _haystack(line)
        )

    def arrange(self, lines: Iterable[CheckLine]) -> list[CheckLine]:
        """Within the chosen order the benchmark's order stays."""
        if self.sort == "verdict":
            return sorted(lines, key=verdict_rank)
        if self.sort == "severity":
            return sorted(lines, key=severity_rank)
        return list(lines)

    def address(self, path: str, **changes: str) -> str:
        """The page with these rows; `changes` replace single values."""
        chosen = self.model_copy(update=changes)
        query = urlencode(chosen.model_dump(exclude_defaults=True))
        return f"{path}?{query}" if query else path


def verdict_rank(line: CheckLine) -> int:
    return _VERDICT_ORDER.index(line.verdict)


def severity_rank(line: CheckLine) -> int:
    known = line.severity in SEVERITY_ORDER
    return SEVERITY_ORDER.index(line.severity) if known else len(SEVERITY_ORDER)


def _haystack(line: CheckLine) -> str:
    return f"{line.recommendation} {line.title} {line.reason}".lower()
