"""The unified audit log."""

from checks.registry import check
from contracts.verdict import Affected, Verdict, errored, failed, passed
from evidence.evidence import Evidence
from evidence.exchange import AdminAuditLogConfig


@check(AdminAuditLogConfig)
def unified_audit_log_on(evidence: Evidence) -> Verdict:
    """Passes when the Exchange session says that the unified audit log takes in records."""
    config = evidence.one(AdminAuditLogConfig)
    if config.is_from_compliance_session:
        return errored("The value was read in the compliance session, where it is always False")
    if config.unified_audit_log_ingestion_enabled:
        return passed("The unified audit log is on")
    opted_in = config.unified_audit_log_first_opt_in_date
    first = f", first switched on {opted_in}" if opted_in else ""
    return failed(
        "The unified audit log is off",
        [
            Affected(
                resource="Admin audit log settings",
                setting="UnifiedAuditLogIngestionEnabled",
                actual=f"False{first}",
            )
        ],
    )
