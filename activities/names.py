"""Task queues."""

SCANS = "assay-scans"
SERVICES = ("graph", "exchange", "purview", "sharepoint", "teams", "fabric", "dns")


def collect_queue(service: str) -> str:
    return f"collect-{service}"
