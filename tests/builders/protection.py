"""Good rows of mail protection in wire shape; a case names only what differs."""

from typing import Any


def spam_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Identity": "Default",
        "Name": "Default",
        "IsDefault": True,
        "RecommendedPolicyType": "Custom",
        "AllowedSenderDomains": [],
    } | changes
