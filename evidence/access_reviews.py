"""Access reviews: what they look at, who decides, how often, and what silence means."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, ClassVar
from urllib.parse import unquote_plus

from pydantic import Field

from evidence.dataset import EvidenceMissing, GraphDataset, GraphPart, each_by_itself
from evidence.wire import Bool, Id, Int, Listed, Text, When

_UNDER_WAY = frozenset(
    ("inprogress", "starting", "autoreviewing", "autoreviewed", "completing", "applying", "applied")
)
_AHEAD = frozenset(("scheduled", "notstarted"))
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IS_GUEST = r"\busertype\s+eq\s+'guest'"
_IS_ROLE = (
    rf"\broledefinitions/(?P<path>{_GUID})(?![\w-])"
    rf"|\broledefinitionid\s+eq\s+'(?P<filter>{_GUID})'"
)
_PRINCIPAL = re.compile(r"\bisof\(\s*principal\s*,\s*'microsoft\.graph\.(\w+)'\s*\)", re.IGNORECASE)
# A collection as a whole: a filter or a search would leave some of it out.
_COLLECTION = re.compile(
    r"(?:https?://[^/]+)?\.?/?(?:v1\.0/|beta/)?(\w+)/?(?:\?(?!.*\$(?:filter|search)\b).*)?",
    re.IGNORECASE | re.DOTALL,
)


def affirmed(query: str, clause: str) -> Iterator[re.Match[str]]:
    """Where an OData filter states the clause outside every `not`."""
    tokens = rf"(?P<clause>{clause})|(?P<sign>\bnot\b|[()])|'[^']*'|\S"
    negated = [False]
    follows_not = False
    for token in re.finditer(tokens, query, re.IGNORECASE):
        sign = (token["sign"] or "").lower()
        if token["clause"] and not follows_not and not any(negated):
            yield token
        if sign == "(":
            negated.append(follows_not)
        elif sign == ")" and len(negated) > 1:
            negated.pop()
        follows_not = sign == "not"


class _ReviewPart(GraphPart):
    """What is missing in a part is told with the name of the dataset."""

    @classmethod
    def dataset_name(cls) -> str:
        return AccessReviewDefinition.key


class ReviewQuery(_ReviewPart):
    odata_type: Text | None = Field(None, alias="@odata.type")
    query: Text | None = None  # URL-encoded, or not

    @property
    def text(self) -> str:
        return unquote_plus(self.query or "").strip()

    @property
    def looks_at_inactive_only(self) -> bool:
        return "inactiveusers" in (self.odata_type or "").lower()


class ReviewScope(ReviewQuery):
    """One query, or principals and resources apart."""

    principal_scopes: Annotated[list[ReviewQuery], Listed] = Field(default_factory=list)
    resource_scopes: Annotated[list[ReviewQuery], Listed] = Field(default_factory=list)

    @property
    def queries(self) -> list[str]:
        """A query for inactive users looks at too few to count."""
        parts = [self, *self.principal_scopes, *self.resource_scopes]
        return [part.text for part in parts if part.text and not part.looks_at_inactive_only]

    @property
    def is_for_guests(self) -> bool:
        if self.looks_at_inactive_only:
            return False
        return any(True for query in self.queries for _ in affirmed(query, _IS_GUEST))

    @property
    def roles(self) -> frozenset[str]:
        """Template ids of the directory roles whose holders are looked at."""
        return frozenset(
            (found["path"] or found["filter"]).lower()
            for query in self.queries
            for found in affirmed(query, _IS_ROLE)
        )

    @property
    def covers_everyone(self) -> bool:
        """Users and groups as a whole, or no word about principals."""
        if self.looks_at_inactive_only:
            return False
        kinds = {kind for query in self.queries for kind in _PRINCIPAL.findall(query.lower())}
        if kinds and not kinds >= {"user", "group"}:
            return False
        return not self.principal_scopes or {"users", "groups"} <= self._whole_collections

    @property
    def _whole_collections(self) -> set[str]:
        matches = [
            _COLLECTION.fullmatch(part.text)
            for part in self.principal_scopes
            if not part.looks_at_inactive_only
        ]
        return {match[1].lower() for match in matches if match}

    @property
    def shown(self) -> str:
        return (
            "; ".join(part.text for part in [self, *self.principal_scopes] if part.text) or "none"
        )


class ReviewStage(_ReviewPart):
    duration_in_days: Int
    reviewers: Annotated[list[ReviewQuery], Listed] = Field()


class RecurrencePattern(_ReviewPart):
    type: Text
    interval: Int | None = None

    @property
    def is_monthly_or_more(self) -> bool:
        """A quarter is stored as a month with interval 3."""
        every = self.interval or 1
        return (self.type.lower() == "weekly" and 1 <= every <= 4) or (
            self.type.lower() == "absolutemonthly" and every == 1
        )

    @property
    def shown(self) -> str:
        return f"{self.type}, interval {self.interval or 1}"


class RecurrenceRange(_ReviewPart):
    type: Text
    start_date: When | None = None
    end_date: When | None = None

    def is_open(self, on: date) -> bool:
        kind = self.type.lower()
        if kind == "enddate":
            if self.end_date is None:
                raise EvidenceMissing(AccessReviewDefinition.key, "a series ends nobody knows when")
            return self.end_date.date() >= on
        return kind in ("noend", "numbered")

    def has_begun(self, on: date) -> bool:
        return self.start_date is not None and self.start_date.date() <= on


class Recurrence(_ReviewPart):
    pattern: Annotated[RecurrencePattern, each_by_itself(RecurrencePattern)] | None = None
    range: Annotated[RecurrenceRange, each_by_itself(RecurrenceRange)] | None = None


class ReviewSettings(_ReviewPart):
    mail_notifications_enabled: Bool
    reminder_notifications_enabled: Bool
    justification_required_on_approval: Bool
    auto_apply_decisions_enabled: Bool
    default_decision_enabled: Bool
    default_decision: Text | None  # null while no default decision is enabled
    instance_duration_in_days: Int
    recurrence: Annotated[Recurrence, each_by_itself(Recurrence)] | None = None

    @property
    def decision_without_answer(self) -> str:
        """In lower case; `none` when nobody's silence changes anything."""
        if not self.default_decision_enabled:
            return "none"
        if not self.default_decision:
            raise EvidenceMissing(
                AccessReviewDefinition.key, "a default decision that is not named"
            )
        return self.default_decision.lower()


class AccessReviewDefinition(GraphDataset):
    """`GET /v1.0/identityGovernance/accessReviews/definitions`; needs Entra ID P2 or Governance."""

    key: ClassVar = "graph.access_review_definitions"
    time_limit_s: ClassVar = 600

    id: Id = ""
    display_name: Text | None = None
    status: Text
    scope: Annotated[ReviewScope, each_by_itself(ReviewScope)] | None
    instance_enumeration_scope: Annotated[ReviewScope, each_by_itself(ReviewScope)] | None = None
    reviewers: Annotated[list[ReviewQuery], Listed] = Field()
    stage_settings: Annotated[list[Annotated[ReviewStage, each_by_itself(ReviewStage)]], Listed] = (
        Field(default_factory=list)
    )  # only reviews in several stages have any
    settings: Annotated[ReviewSettings, each_by_itself(ReviewSettings)]

    @property
    def pattern(self) -> RecurrencePattern | None:
        return self.settings.recurrence.pattern if self.settings.recurrence else None

    def is_active(self, on: date) -> bool:
        """Under way, or between two instances of a series that is not over."""
        series = self.settings.recurrence.range if self.settings.recurrence else None
        if series is None or self.pattern is None or not series.is_open(on):
            return False
        status = self.status.lower()
        return status in _UNDER_WAY or (status in _AHEAD and series.has_begun(on))

    @property
    def has_reviewers(self) -> bool:
        """An empty list means that everybody reviews themselves; stages have lists of their own."""
        lists = [stage.reviewers for stage in self.stage_settings] or [self.reviewers]
        return all(any(reviewer.text for reviewer in found) for found in lists)

    @property
    def duration_in_days(self) -> int:
        if self.stage_settings:
            return sum(stage.duration_in_days for stage in self.stage_settings)
        return self.settings.instance_duration_in_days
