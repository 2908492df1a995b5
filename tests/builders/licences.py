"""Rows of the licence inventory in wire shape."""

from typing import Any


def plan(name: str, id: str = "00000000-0000-4000-8000-00000000f00d") -> dict[str, Any]:
    return {"servicePlanId": id, "servicePlanName": name, "provisioningStatus": "Success"}


def sku(*plans: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A product with the given plans; without any, it unlocks nothing that a check asks for."""
    return {
        "skuId": "00000000-0000-4000-8000-000000000abc",
        "skuPartNumber": "TESTPACK",
        "capabilityStatus": "Enabled",
        "servicePlans": list(plans),
    } | changes
