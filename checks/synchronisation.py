"""A directory that is said to be synchronised, and may not have been for long."""

from datetime import timedelta

from evidence.entra import Organization
from evidence.evidence import Evidence

STALE = timedelta(days=30)


def stale_sync(evidence: Evidence, organization: Organization) -> list[str]:
    """A note for a tenant that was last synchronised long before the evidence was captured."""
    last = organization.on_premises_last_sync_date_time
    if last is None or evidence.captured_at - last <= STALE:
        return []
    return [f"The last synchronisation was on {last.date()}: is it still in use?"]
