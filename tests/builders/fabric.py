"""Good rows of Fabric's tenant settings in wire shape; a case names only what differs."""

from typing import Any

BI_TEAM = {"graphId": "f51b705f-a409-4d40-9197-c5d5f349e2f0", "name": "BI team"}


def setting(name: str, *, enabled: Any = False, **changes: Any) -> dict[str, Any]:
    """As the service sends it: no groups and no properties unless there are some."""
    return {
        "settingName": name,
        "title": f"Title of {name}",
        "enabled": enabled,
        "canSpecifySecurityGroups": True,
        "tenantSettingGroup": "Export and sharing settings",
    } | changes


def create_codes(value: Any) -> list[dict[str, Any]]:
    return [{"name": "CreateP2w", "value": value, "type": "Boolean"}]
