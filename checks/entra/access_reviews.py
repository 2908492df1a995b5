"""Which access reviews count: every demand on a definition, and what the nearest one lacks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.verdict import Affected
from evidence.access_reviews import AccessReviewDefinition
from evidence.dataset import EvidenceMissing

Met = Callable[[AccessReviewDefinition], bool]
Shown = Callable[[AccessReviewDefinition], object]


@dataclass(frozen=True)
class Demand:
    setting: str
    is_met: Met
    actual: Shown


@dataclass(frozen=True)
class Judged:
    """One definition: what it surely lacks, and what of it nobody can tell."""

    definition: AccessReviewDefinition
    unmet: tuple[tuple[str, str], ...]
    unknown: tuple[EvidenceMissing, ...]

    @property
    def qualifies(self) -> bool:
        return not self.unmet and not self.unknown

    @property
    def is_undecided(self) -> bool:
        return not self.unmet and bool(self.unknown)

    @property
    def label(self) -> str:
        try:
            return self.definition.display_name or self.definition.id or "a review without a name"
        except EvidenceMissing:
            return "a review with an unreadable name"


def common_demands(on: date) -> tuple[Demand, ...]:
    """Of any review: it runs, somebody else answers, often, with reasons, and it has effect."""
    return (
        Demand("status", lambda review: review.is_active(on), _status),
        Demand("reviewers", lambda review: review.has_reviewers, lambda review: "self-review"),
        Demand("settings.recurrence", _is_monthly_or_more, _frequency),
        _switch("mailNotificationsEnabled", lambda item: item.settings.mail_notifications_enabled),
        _switch(
            "reminderNotificationsEnabled",
            lambda item: item.settings.reminder_notifications_enabled,
        ),
        _switch(
            "justificationRequiredOnApproval",
            lambda item: item.settings.justification_required_on_approval,
        ),
        _switch(
            "autoApplyDecisionsEnabled", lambda item: item.settings.auto_apply_decisions_enabled
        ),
    )


def decides(*allowed: str) -> Demand:
    """What happens to whoever nobody answers for; `none` when nothing does."""
    return Demand(
        "settings.defaultDecision",
        lambda review: review.settings.decision_without_answer in allowed,
        lambda review: review.settings.decision_without_answer,
    )


def judged(
    definitions: Sequence[AccessReviewDefinition], concerns: Met, demands: Sequence[Demand]
) -> list[Judged]:
    """Those that concern the matter, the nearest first; one whose scope nobody can tell may."""
    found = []
    for definition in definitions:
        unknown: list[EvidenceMissing] = []
        try:
            if not concerns(definition):
                continue
        except EvidenceMissing as gap:
            unknown.append(gap)
        found.append(_judge(definition, demands, unknown))
    return sorted(found, key=lambda item: (len(item.unmet), item.label, item.unmet))


def lacks_of(item: Judged, resource: str) -> list[Affected]:
    return [
        Affected(resource=resource, setting=setting, actual=actual)
        for setting, actual in item.unmet
    ]


def _judge(
    definition: AccessReviewDefinition, demands: Sequence[Demand], unknown: list[EvidenceMissing]
) -> Judged:
    unmet = []
    for demand in demands:
        try:
            if not demand.is_met(definition):
                unmet.append((demand.setting, str(demand.actual(definition))))
        except EvidenceMissing as gap:
            unknown.append(gap)
    return Judged(definition, tuple(unmet), tuple(unknown))


def _switch(name: str, is_on: Met) -> Demand:
    return Demand(f"settings.{name}", is_on, lambda review: "false")


def _status(review: AccessReviewDefinition) -> str:
    series = review.settings.recurrence.range if review.settings.recurrence else None
    if series is None:
        return f"{review.status}, once only"
    ends = series.end_date.date() if series.end_date else "never"
    begins = series.start_date.date() if series.start_date else "unset"
    return f"{review.status}, {series.type} from {begins} until {ends}"


def _is_monthly_or_more(review: AccessReviewDefinition) -> bool:
    return review.pattern is not None and review.pattern.is_monthly_or_more


def _frequency(review: AccessReviewDefinition) -> str:
    return review.pattern.shown if review.pattern else "none"
