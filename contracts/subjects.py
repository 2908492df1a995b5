"""Stream name and subjects: the only place that spells them."""

from uuid import UUID

STREAM = "ASSAY"
ALL_SCANS = "assay.v1.scan.*.events"
MAX_AGE_S = 24 * 3600
MAX_BYTES = 256 * 1024 * 1024
MAX_MSG_SIZE = 256 * 1024
DUPLICATE_WINDOW_S = 600  # a publisher that was cut off may send again this much later


def scan_events(scan_id: str) -> str:
    """Raises ValueError unless `scan_id` is a UUID: nothing else may become a subject."""
    return f"assay.v1.scan.{UUID(scan_id)}.events"


def message_id(scan_id: str, seq: int) -> str:
    return f"{scan_id}:{seq}"
