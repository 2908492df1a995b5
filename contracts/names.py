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


def connection_test_workflow_id(tenant_id: str) -> str:
    """One connection test of a tenant at a time; asking again joins it."""
    return f"connection-test-{tenant_id}"


def schedule_workflow_id(schedule_id: str) -> str:
    """Of the Temporal Schedule, and how the ids of its runs begin."""
    return f"assay-schedule-{schedule_id}"


def campaign_workflow_id(campaign_id: str) -> str:
    return f"campaign-{campaign_id}"


def campaign_scan_key(campaign_id: str, run: int, tenant_id: str) -> str:
    """Makes a repeated wish of a campaign the same scan."""
    return f"{campaign_workflow_id(campaign_id)}/{run}/{tenant_id}"


def wishing_workflow_id(key: str) -> str:
    """The workflow that wished for a scan, from the key it wished with."""
    return key.partition("/")[0]
