"""Purview: data loss prevention and sensitivity label policies."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import CmdletDataset
from evidence.wire import Bool, Names, Text


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)


class DlpPolicy(CmdletDataset):
    """`Get-DlpCompliancePolicy`. Workload names more than the policy covers: locations decide."""

    key: ClassVar = "purview.dlp_policies"

    name: Text
    type: Text | None = None
    mode: Text  # Enable, Disable, TestWithNotifications, TestWithoutNotifications, PendingDeletion
    enabled: Bool | None = None
    workload: Text | None = None
    exchange_location: Names
    share_point_location: Names
    one_drive_location: Names
    teams_location: Names
    exchange_adaptive_scopes: Names = Field(default_factory=list)  # absent in older answers
    share_point_adaptive_scopes: Names = Field(default_factory=list)
    one_drive_adaptive_scopes: Names = Field(default_factory=list)
    teams_adaptive_scopes: Names = Field(default_factory=list)
    teams_location_exception: Names

    @property
    def is_enforced(self) -> bool:
        """Test modes do not protect."""
        return self.mode.lower() == "enable" and self.enabled is not False

    @property
    def covered_workloads(self) -> list[str]:
        """Mail, sites, OneDrive and Teams; endpoints and other planes do not count."""
        places = {
            "Exchange": [*self.exchange_location, *self.exchange_adaptive_scopes],
            "SharePoint": [*self.share_point_location, *self.share_point_adaptive_scopes],
            "OneDrive": [*self.one_drive_location, *self.one_drive_adaptive_scopes],
            "Teams": [*self.teams_location, *self.teams_adaptive_scopes],
        }
        return [name for name, entries in places.items() if entries]

    @property
    def covers_all_teams(self) -> bool:
        return any(entry.strip().lower() == "all" for entry in self.teams_location)


class DlpRule(CmdletDataset):
    """`Get-DlpComplianceRule`, one row a rule of a policy."""

    key: ClassVar = "purview.dlp_rules"

    name: Text | None = None
    parent_policy_name: Text
    disabled: Bool


class LabelPolicy(CmdletDataset):
    """`Get-LabelPolicy`: no row when no label was ever published."""

    key: ClassVar = "purview.label_policies"
    time_limit_s: ClassVar = 600

    name: Text
    type: Text
    enabled: Bool | None = None
    mode: Text | None = None
    labels: Names
    exchange_location: Names
    modern_group_location: Names
    share_point_location: Names
    one_drive_location: Names
    when_changed_utc: Annotated[str | None, BeforeValidator(_shown)] = Field(
        default=None, alias="WhenChangedUTC"
    )

    @property
    def publishes_labels(self) -> bool:
        return self.type.lower() == "publishedsensitivitylabel"

    @property
    def is_enforced(self) -> bool:
        return self.enabled is not False and (self.mode or "enforce").lower() == "enforce"

    @property
    def reaches_somebody(self) -> bool:
        return bool(
            self.exchange_location
            or self.modern_group_location
            or self.share_point_location
            or self.one_drive_location
        )
