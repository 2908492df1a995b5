"""The lines of a connection test: what passed, what did not, and what to do about it."""

from datetime import datetime

from activities.tokens import Token
from checks.permissions import RESOURCE_OF_SERVICE, missing_for, permission_plan
from contracts.collector import DatasetStatus
from contracts.onboarding import ConnectionLine, Permission, expiry
from contracts.scan import Profile
from evidence import licences
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence

_SHOWN_LICENCES = (
    licences.ENTRA_P1,
    licences.ENTRA_P2,
    licences.EXCHANGE,
    licences.DEFENDER,
    licences.DEFENDER_PLAN_2,
    licences.DATA_LOSS_PREVENTION,
    licences.SENSITIVITY_LABELS,
    licences.CLOUD_APPS,
    licences.INTUNE,
    licences.SHAREPOINT,
    licences.TEAMS,
    licences.POWER_BI,
)
_REMEDIES: dict[DatasetStatus, str] = {
    DatasetStatus.DENIED: (
        "Grant the permissions and the directory role of the plan; a grant can take an hour."
    ),
    DatasetStatus.THROTTLED: "Microsoft slows this application down: try again later.",
    DatasetStatus.MISSING_CMDLET: (
        "Assign the directory role of the plan to the application, and check the module's version."
    ),
    DatasetStatus.TIMEOUT: "Check that the worker reaches Microsoft, and try again.",
    DatasetStatus.PARTIAL: "Try again; a read that stays partial is shown in the scan.",
    DatasetStatus.OTHER: "Look at the message, and at the log of the worker.",
}
_NO_POWERSHELL_REMEDY = (
    "Install PowerShell 7 and the modules there, or let a worker that has them serve this service."
)


def certificate_line(expires_at: datetime, at: datetime) -> ConnectionLine:
    days, warning, message = expiry(expires_at, at)
    return ConnectionLine(
        subject="certificate",
        name="certificate",
        outcome="pass",
        message=message or f"Valid for {days} more days.",
        remedy="Replace it, and add the new public part to the application." if warning else "",
    )


def credential_failure(sentence: str) -> ConnectionLine:
    return ConnectionLine(
        subject="certificate",
        name="certificate",
        outcome="fail",
        message=sentence,
        remedy="Store a certificate for this tenant.",
    )


def unserved_line(sentence: str) -> ConnectionLine:
    return ConnectionLine(
        subject="connection",
        name="worker",
        outcome="fail",
        message=sentence,
        remedy="Start a worker that serves this service (ASSAY_SERVICES).",
    )


def read_line(name: str, status: DatasetStatus, message: str) -> ConnectionLine:
    """Not licensed is an answer, no fault: checks of it end not applicable."""
    if status is DatasetStatus.OK:
        return ConnectionLine(subject="read", name=name, outcome="pass")
    if status is DatasetStatus.UNLICENSED:
        return ConnectionLine(
            subject="read", name=name, outcome="unknown", message=message or "not licensed"
        )
    remedy = _NO_POWERSHELL_REMEDY if "PowerShell 7" in message else _REMEDIES[status]
    return ConnectionLine(
        subject="read",
        name=name,
        outcome="fail",
        message=message or status.value,
        remedy=remedy,
    )


def permission_lines(profile: Profile, service: str, token: Token) -> list[ConnectionLine]:
    """Granted, missing, and what was granted without need."""
    resource = RESOURCE_OF_SERVICE.get(service, "")
    plan = permission_plan(profile).permissions
    of_resource = [
        item for item in plan if item.kind == "application" and item.resource == resource
    ]
    lines = [_application_line(item, token) for item in of_resource if service in item.services]
    lines += [
        _directory_line(item, token)
        for item in plan
        if item.kind == "directory-role" and service in item.services
    ]
    lines += [
        _by_hand_line(item) for item in plan if item.kind == "by-hand" and service in item.services
    ]
    return lines + (_not_needed(of_resource, token) if resource else [])


def _not_needed(planned: list[Permission], token: Token) -> list[ConnectionLine]:
    needed = {name for item in planned for name in (item.name, *item.accepted)}
    return [
        ConnectionLine(
            subject="permission",
            name=name,
            outcome="not-needed",
            message="Granted, and no check of this profile needs it.",
            remedy="Take it away, unless another use of the application needs it.",
        )
        for name in sorted(token.roles - needed)
    ]


def licence_lines(evidence: Evidence) -> list[ConnectionLine]:
    try:
        missing = [item.name for item in _SHOWN_LICENCES if licences.lacks(evidence, item)]
    except EvidenceMissing as gap:
        return [
            ConnectionLine(
                subject="licence",
                name="licences",
                outcome="fail",
                message=str(gap),
                remedy="Check that this is the right tenant.",
            )
        ]
    if not evidence.is_complete(licences.SubscribedSku):
        return []
    found = [item.name for item in _SHOWN_LICENCES if item.name not in missing]
    lines = [
        ConnectionLine(subject="licence", name="licences", outcome="pass", message=", ".join(found))
    ]
    if missing:
        lines.append(
            ConnectionLine(
                subject="licence",
                name="not licensed",
                outcome="unknown",
                message=", ".join(missing),
                remedy="Checks of these features end not applicable.",
            )
        )
    return lines


def _application_line(item: Permission, token: Token) -> ConnectionLine:
    lacking = [name for name in item.datasets if missing_for(name, token.roles)]
    if not lacking:
        instead = "" if item.name in token.roles else "Another granted permission does as well."
        return ConnectionLine(subject="permission", name=item.name, outcome="pass", message=instead)
    return ConnectionLine(
        subject="permission",
        name=item.name,
        outcome="fail",
        message=f"Not granted; {len(item.checks)} checks need it.",
        remedy=f"Grant the application permission {item.name} of {item.resource_name}, "
        "and agree to it as an administrator.",
    )


def _directory_line(item: Permission, token: Token) -> ConnectionLine:
    """A token may leave a role out: only its presence is sure, the read decides."""
    if item.name in token.directory_roles:
        return ConnectionLine(subject="permission", name=item.name, outcome="pass")
    return ConnectionLine(
        subject="permission",
        name=item.name,
        outcome="unknown",
        message="The token does not name this directory role; the read below decides.",
        remedy=f"When the read is denied: assign {item.name} to the application.",
    )


def _by_hand_line(item: Permission) -> ConnectionLine:
    return ConnectionLine(
        subject="permission",
        name="by hand",
        outcome="unknown",
        message=item.name,
        remedy="When the read is denied: set it as the message says.",
    )
