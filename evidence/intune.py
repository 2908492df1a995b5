"""Intune: how devices are judged and enrolled where no policy of their own says otherwise."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import GraphDataset, GraphPart
from evidence.wire import Bool, Int, Text

_DEFAULT_ID = "_defaultplatformrestrictions"
_DEFAULT_KIND = "defaultplatformrestrictions"
_RESTRICTIONS_TYPE = "deviceenrollmentplatformrestrictionsconfiguration"


def _written(value: Any) -> Any:
    """Null is a restriction without any block; only an absent one stays None."""
    return {} if value is None else value


class DeviceManagementSettings(GraphDataset):
    """`GET /v1.0/deviceManagement/settings`: one object, bare or under `value` or `settings`."""

    key: ClassVar = "graph.device_management_settings"

    secure_by_default: Bool
    is_scheduled_action_enabled: Any = None
    device_compliance_checkin_threshold_days: Any = None

    @classmethod
    def _fold(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        for wrapper in ("value", "settings"):
            inner = {key.lower(): value for key, value in raw.items()}.get(wrapper)
            raw = inner if isinstance(inner, Mapping) else raw
        return super()._fold(raw)


class PlatformRestriction(GraphPart):
    platform_blocked: Bool | None = None
    personal_device_enrollment_blocked: Bool | None = None

    @property
    def blocks_personal_devices(self) -> bool:
        """Null or absent counts as not blocked."""
        return bool(self.platform_blocked or self.personal_device_enrollment_blocked)

    @property
    def spoken(self) -> str:
        return (
            f"platformBlocked {bool(self.platform_blocked)},"
            f" personalDeviceEnrollmentBlocked {bool(self.personal_device_enrollment_blocked)}"
        )


Restriction = Annotated[PlatformRestriction | None, BeforeValidator(_written)]


class EnrollmentConfiguration(GraphDataset):
    """`GET /beta/deviceManagement/deviceEnrollmentConfigurations`, of every kind.

    v1.0 knows no androidForWorkRestriction: an answer without it cannot be judged.
    """

    key: ClassVar = "graph.device_enrollment_configurations"

    id: Text
    display_name: Text | None = None
    priority: Int
    device_enrollment_configuration_type: Text | None = None  # absent in v1.0
    odata_type: Text | None = Field(default=None, alias="@odata.type")
    windows_restriction: Restriction = None
    ios_restriction: Restriction = None
    android_restriction: Restriction = None
    android_for_work_restriction: Restriction = None
    mac_os_restriction: PlatformRestriction | None = Field(default=None, alias="macOSRestriction")
    mac_restriction: PlatformRestriction | None = None  # its name where the other is null
    platform_restriction: Restriction = None  # of the single-platform kind

    @property
    def is_default(self) -> bool:
        """The restrictions for everybody whom no other configuration catches."""
        if (self.device_enrollment_configuration_type or "").lower() == _DEFAULT_KIND:
            return True
        is_restriction = (self.odata_type or "").lower().endswith(_RESTRICTIONS_TYPE)
        is_named = self.id.lower().endswith(_DEFAULT_ID)
        return (is_restriction or is_named) and self.priority == 0

    @property
    def restrictions(self) -> dict[str, PlatformRestriction | None]:
        """By property; None where the answer leaves the platform out."""
        return {
            "windowsRestriction": self.windows_restriction,
            "iosRestriction": self.ios_restriction,
            "androidRestriction": self.android_restriction,
            "androidForWorkRestriction": self.android_for_work_restriction,
            "macOSRestriction": self.mac_os_restriction or self.mac_restriction,
        }

    @property
    def is_custom_and_open(self) -> bool:
        """A restriction that comes before the default and lets personal devices in."""
        kind = (self.device_enrollment_configuration_type or "").lower()
        if self.is_default or kind not in ("platformrestrictions", "singleplatformrestriction"):
            return False
        found = [*self.restrictions.values(), self.platform_restriction]
        return any(item is not None and not item.blocks_personal_devices for item in found)
