"""Stream name and subjects: the only place that spells them."""

from uuid import UUID

STREAM = "ASSAY"
ALL_SCANS = "assay.v1.scan.*.events"


def scan_events(scan_id: str) -> str:
    """Raises ValueError unless `scan_id` is a UUID: nothing else may become a subject."""
    return f"assay.v1.scan.{UUID(scan_id)}.events"


def message_id(scan_id: str, seq: int) -> str:
    return f"{scan_id}:{seq}"
