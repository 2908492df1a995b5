"""Idle time-outs of web sessions: policies that carry their rules as JSON text."""

import re
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, ValidationError

from evidence.dataset import CmdletPart, EvidenceMissing, GraphDataset
from evidence.parse import UnreadableJson, loads_strict
from evidence.wire import Bool, Listed, Names, Text

_SPAN = re.compile(r"(?:(\d+)\.)?([01]?\d|2[0-3]):([0-5]\d):([0-5]\d)")


class ApplicationPolicy(CmdletPart):
    """The Azure portal may have an entry of its own beside `default`, also before it."""

    application_id: Text
    web_session_idle_timeout: Text | None = None

    @property
    def is_default(self) -> bool:
        return self.application_id.lower() == "default"

    @property
    def idle_timeout(self) -> timedelta:
        """[d.]hh:mm:ss, as .NET writes a time span."""
        found = _SPAN.fullmatch((self.web_session_idle_timeout or "").strip())
        if not found:
            why = f"{self.web_session_idle_timeout!r} is not a time span"
            raise EvidenceMissing(ActivityBasedTimeoutPolicy.key, why)
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


class TimeoutRules(CmdletPart):
    application_policies: Annotated[list[ApplicationPolicy], Listed] = Field()


class TimeoutDefinition(CmdletPart):
    activity_based_timeout_policy: TimeoutRules


class ActivityBasedTimeoutPolicy(GraphDataset):
    """`GET /v1.0/policies/activityBasedTimeoutPolicies`."""

    key: ClassVar = "graph.activity_based_timeout_policies"

    id: Text
    display_name: Text | None = None
    is_organization_default: Bool  # false: not in force
    definition: Names

    @property
    def application_policies(self) -> list[ApplicationPolicy]:
        found: list[ApplicationPolicy] = []
        for text in self.definition:
            try:
                parsed = TimeoutDefinition.model_validate(loads_strict(text))
            except (UnreadableJson, ValidationError) as error:
                why = f"the definition of {self.display_name or self.id} cannot be read"
                raise EvidenceMissing(self.key, why) from error
            found += parsed.activity_based_timeout_policy.application_policies
        return found

    @property
    def default_timeouts(self) -> list[timedelta]:
        return [item.idle_timeout for item in self.application_policies if item.is_default]
