"""Task queues and workflow ids: the only place that spells them."""

SCANS = "assay-scans"
SCAN_ID_MEMO = "scan_id"  # the memo in which every run of a scan workflow names its scan
SERVICES = ("graph", "exchange", "purview", "sharepoint", "teams", "fabric", "dns")


def collect_queue(service: str) -> str:
    """The queue of the workers that can read this service."""
    return f"collect-{service}"


def scan_workflow_id(tenant_id: str) -> str:
    """Names the tenant, so that Temporal itself refuses a second running scan of it."""
    return f"scan-{tenant_id}"
