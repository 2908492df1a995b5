"""What closed sets are called on a page, and the icon and tone that go with each name."""

from dataclasses import dataclass

from contracts.results import Change
from contracts.scan import RetryScope, ScanStatus
from contracts.verdict import Outcome, Severity


@dataclass(frozen=True)
class Look:
    text: str
    icon: str
    tone: str  # a colour of ui/static/tokens.css; never the only carrier of a meaning


VERDICTS: dict[Outcome, Look] = {
    Outcome.PASS: Look("Pass", "circle-check", "pass"),
    Outcome.FAIL: Look("Fail", "circle-x", "fail"),
    Outcome.MANUAL: Look("Manual", "user-check", "manual"),
    Outcome.NOT_APPLICABLE: Look("Not applicable", "circle-minus", "neutral"),
    Outcome.ERROR: Look("Error", "alert-triangle", "error"),
}
WAITING = Look("Waiting", "circle-dashed", "quiet")
NOT_EVALUATED = Look("Not evaluated", "circle-off", "quiet")

STATUSES: dict[ScanStatus, Look] = {
    ScanStatus.PENDING: Look("Queued", "hourglass", "neutral"),
    ScanStatus.RUNNING: Look("Running", "player-play", "running"),
    ScanStatus.PAUSED: Look("Paused", "player-pause", "neutral"),
    ScanStatus.CANCELLING: Look("Cancelling", "hourglass", "error"),
    ScanStatus.COMPLETED: Look("Completed", "circle-check", "pass"),
    ScanStatus.FAILED: Look("Failed", "alert-triangle", "fail"),
    ScanStatus.CANCELLED: Look("Cancelled", "ban", "neutral"),
}

PHASES: dict[str, Look] = {
    "waiting": Look("Waiting", "circle-dashed", "quiet"),
    "connecting": Look("Connecting", "plug-connected", "running"),
    "reading": Look("Reading", "database", "running"),
    "judging": Look("Judging", "list-check", "running"),
    "finished": Look("Finished", "circle-check", "pass"),
    "retrying": Look("Retrying", "rotate-clockwise-2", "error"),
    "failed": Look("Failed", "circle-x", "fail"),
    "skipped": Look("Skipped", "circle-minus", "neutral"),
}
STOPPED = Look("Stopped", "ban", "neutral")  # a batch that its scan's cancellation ended
ENDED_PHASES = ("finished", "failed", "skipped")

CHANGES: dict[Change, Look] = {
    Change.BROKEN: Look("Broken", "circle-x", "fail"),
    Change.ERROR_CHANGED: Look("Error changed", "alert-triangle", "error"),
    Change.FIXED: Look("Fixed", "circle-check", "pass"),
    Change.CHANGED: Look("Changed", "refresh", "neutral"),
    Change.NEW: Look("New", "plus", "neutral"),
    Change.GONE: Look("Gone", "circle-minus", "neutral"),
    Change.SAME: Look("Same verdict", "check", "quiet"),
}
SCOPES: dict[str, str] = {
    RetryScope.ALL: "Everything",
    RetryScope.ERRORS: "Checks without a clear verdict",
    RetryScope.FAILED_READS: "Failed reads only",
    RetryScope.ONE: "One recommendation",
}

SEVERITIES: dict[str, Look] = {
    Severity.CRITICAL: Look("Critical", "alert-triangle", "fail"),
    Severity.HIGH: Look("High", "alert-triangle", "error"),
    Severity.MEDIUM: Look("Medium", "info-circle", "neutral"),
    Severity.LOW: Look("Low", "info-circle", "quiet"),
}
SEVERITY_ORDER = tuple(str(severity) for severity in Severity)

READS: dict[str, Look] = {
    "ok": Look("Complete", "circle-check", "pass"),
    "denied": Look("Denied", "shield-lock", "fail"),
    "throttled": Look("Throttled", "clock", "error"),
    "unlicensed": Look("Not licensed", "circle-minus", "neutral"),
    "missing-cmdlet": Look("Cmdlet missing", "circle-off", "error"),
    "timeout": Look("Timed out", "clock", "error"),
    "partial": Look("Partial", "alert-triangle", "error"),
    "other": Look("Failed", "alert-triangle", "error"),
    "not-read": Look("Not read", "circle-dashed", "quiet"),
}

SERVICES: dict[str, Look] = {
    "graph": Look("Microsoft Graph", "users", "neutral"),
    "exchange": Look("Exchange Online", "mail", "neutral"),
    "purview": Look("Purview", "shield-lock", "neutral"),
    "sharepoint": Look("SharePoint", "folder", "neutral"),
    "teams": Look("Teams", "message-circle", "neutral"),
    "fabric": Look("Fabric", "chart-bar", "neutral"),
    "dns": Look("DNS", "world", "neutral"),
}

SECTIONS: dict[int, str] = {
    1: "Microsoft 365 admin center",
    2: "Defender",
    3: "Purview",
    4: "Intune",
    5: "Entra",
    6: "Exchange",
    7: "SharePoint",
    8: "Teams",
    9: "Fabric",
}

CONNECTIONS: dict[str, Look] = {
    "powershell": Look("PowerShell (live)", "plug-connected", "neutral"),
    "recorded": Look("Recorded evidence", "file-zip", "neutral"),
}


CONNECTION_LINES: dict[str, Look] = {
    "pass": Look("Pass", "circle-check", "pass"),
    "fail": Look("Fail", "circle-x", "fail"),
    "unknown": Look("Not certain", "help-circle", "neutral"),
    "not-needed": Look("Not needed", "info-circle", "neutral"),
}


def verdict_look(verdict: Outcome | None, *, ended: bool) -> Look:
    if verdict is None:
        return NOT_EVALUATED if ended else WAITING
    return VERDICTS[verdict]


def named(looks: dict[str, Look], name: str) -> Look:
    """A name of a newer version is shown as it is, not dropped."""
    return looks.get(name) or Look(name, "help-circle", "neutral")


def section_name(section: int) -> str:
    return SECTIONS.get(section, f"Section {section}")
