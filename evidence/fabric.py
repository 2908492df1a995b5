"""The tenant settings of Microsoft Fabric and Power BI."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import GraphDataset, GraphPart
from evidence.wire import Bool, Listed, Text


def _shown(value: Any) -> str:
    """For people only: never decides, so whatever came is shown."""
    return "" if value is None else str(value)


Shown = Annotated[str, BeforeValidator(_shown)]


class SecurityGroup(GraphPart):
    graph_id: Annotated[Text, Field(min_length=1)]
    name: Shown = ""

    @property
    def label(self) -> str:
        return self.name or self.graph_id


class SettingProperty(GraphPart):
    name: Text
    value: Shown = ""  # always text in the answer: "true", "false"


class TenantSetting(GraphDataset):
    """`GET /v1/admin/tenantsettings`, one row a setting. Titles differ by cloud, names do not."""

    key: ClassVar = "fabric.tenant_settings"

    setting_name: Text
    title: Shown = ""
    enabled: Bool
    enabled_security_groups: Annotated[list[SecurityGroup], Listed] = Field(default_factory=list)
    excluded_security_groups: Any = None  # everybody but these: still unrestricted
    properties: Annotated[list[SettingProperty], Listed] = Field(default_factory=list)
    delegate_to_capacity: Any = None
    delegate_to_domain: Any = None
    delegate_to_workspace: Any = None

    @property
    def is_restricted(self) -> bool:
        """Off, or on for named groups only. Absent groups mean the whole organisation."""
        return not self.enabled or bool(self.enabled_security_groups)

    @property
    def audience(self) -> str:
        if not self.enabled:
            return "off"
        groups = sorted(group.label for group in self.enabled_security_groups)
        if groups:
            return f"on for {', '.join(groups)}"
        return f"on for the whole organisation{self._but}"

    @property
    def is_delegated(self) -> bool:
        """Administrators below may set it otherwise: for people, never decides."""
        return True in (
            self.delegate_to_capacity,
            self.delegate_to_domain,
            self.delegate_to_workspace,
        )

    def values(self, name: str) -> list[str]:
        """What a property of the setting says, in lower case."""
        return [
            found.value.strip().lower()
            for found in self.properties
            if found.name.lower() == name.lower()
        ]

    @property
    def _but(self) -> str:
        """The excluded groups are shown only, in whatever form they came."""
        if not isinstance(self.excluded_security_groups, list):
            return ""
        return f" but {len(self.excluded_security_groups)} excluded group(s)"
