"""Good rows of Purview policies in wire shape; a case names only what differs."""

from typing import Any


def dlp_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "Finance",
        "Type": "Dlp",
        "Mode": "Enable",
        "Enabled": True,
        "Workload": "Exchange, SharePoint, OneDriveForBusiness, Teams",
        "ExchangeLocation": ["All"],
        "SharePointLocation": ["All"],
        "OneDriveLocation": ["All"],
        "TeamsLocation": ["All"],
        "ExchangeAdaptiveScopes": [],
        "SharePointAdaptiveScopes": [],
        "OneDriveAdaptiveScopes": [],
        "TeamsAdaptiveScopes": [],
        "TeamsLocationException": [],
    } | changes


def dlp_rule(**changes: Any) -> dict[str, Any]:
    return {"Name": "Card numbers", "ParentPolicyName": "Finance", "Disabled": False} | changes


def label_policy(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "Global policy",
        "Type": "PublishedSensitivityLabel",
        "Enabled": True,
        "Mode": "Enforce",
        "Labels": ["Internal"],
        "ExchangeLocation": ["All"],
        "ModernGroupLocation": [],
        "SharePointLocation": [],
        "OneDriveLocation": [],
        "WhenChangedUTC": "2026-01-12T08:00:00Z",
    } | changes
