"""Good mailboxes and mail domains in wire shape; a case names only what differs."""

from typing import Any

_SHARED_ACTIONS = [
    "ApplyRecord",
    "Create",
    "HardDelete",
    "MailItemsAccessed",
    "Move",
    "MoveToDeletedItems",
    "SoftDelete",
    "Update",
    "UpdateFolderPermissions",
    "UpdateInboxRules",
]


def mailbox(**changes: Any) -> dict[str, Any]:
    """A user mailbox that audits every action."""
    return {
        "ExternalDirectoryObjectId": "11111111-0000-4000-8000-000000000001",
        "UserPrincipalName": "ada@contoso.com",
        "DisplayName": "Ada",
        "PrimarySmtpAddress": "ada@contoso.com",
        "RecipientTypeDetails": "UserMailbox",
        "AuditEnabled": True,
        "AuditAdmin": [
            *_SHARED_ACTIONS,
            "Copy",
            "FolderBind",
            "Send",
            "SendAs",
            "SendOnBehalf",
            "UpdateCalendarDelegation",
        ],
        "AuditDelegate": [*_SHARED_ACTIONS, "FolderBind", "SendAs", "SendOnBehalf"],
        "AuditOwner": [*_SHARED_ACTIONS, "MailboxLogin", "Send", "UpdateCalendarDelegation"],
        "RoleAssignmentPolicy": "Default Role Assignment Policy",
    } | changes


def accepted_domain(name: str = "contoso.com", **changes: Any) -> dict[str, Any]:
    return {
        "DomainName": name,
        "InitialDomain": False,
        "IsCoexistenceDomain": False,
        "SendingFromDomainDisabled": False,
        "DomainType": "Authoritative",
        "MatchSubDomains": False,
    } | changes


def initial_domain(name: str = "contoso.onmicrosoft.com", **changes: Any) -> dict[str, Any]:
    return accepted_domain(name, InitialDomain=True) | changes
