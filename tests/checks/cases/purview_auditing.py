"""Cases of checks/purview/auditing.py."""

from checks.purview.auditing import unified_audit_log_on
from evidence.exchange import AdminAuditLogConfig
from tests.builders.exchange import admin_audit_log_config
from tests.checks.case import Case

_COMPLIANCE_SESSION = "CN=Admin Audit Log Settings,DC=FFO,DC=extest,DC=microsoft,DC=com"

CASES = [
    Case(
        unified_audit_log_on,
        "on",
        given={AdminAuditLogConfig: [admin_audit_log_config()]},
        expect="pass",
    ),
    Case(
        unified_audit_log_on,
        "off, with the date it was first on",
        given={
            AdminAuditLogConfig: [
                admin_audit_log_config(
                    UnifiedAuditLogIngestionEnabled=False,
                    UnifiedAuditLogFirstOptInDate="2021-04-13T15:16:51.162Z",
                )
            ]
        },
        expect="fail",
    ),
    Case(
        unified_audit_log_on,
        "off while the administrators' log, another switch, is on",
        given={
            AdminAuditLogConfig: [
                admin_audit_log_config(
                    UnifiedAuditLogIngestionEnabled="False", AdminAuditLogEnabled=True
                )
            ]
        },
        expect="fail",
    ),
    Case(
        unified_audit_log_on,
        "on while the administrators' log is off",
        given={AdminAuditLogConfig: [admin_audit_log_config(AdminAuditLogEnabled=False)]},
        expect="pass",
    ),
    Case(
        unified_audit_log_on,
        "read in the compliance session",
        given={
            AdminAuditLogConfig: [
                admin_audit_log_config(
                    UnifiedAuditLogIngestionEnabled=False, DistinguishedName=_COMPLIANCE_SESSION
                )
            ]
        },
        expect="error",
        says="compliance session",
    ),
    Case(
        unified_audit_log_on,
        "the value is null",
        given={AdminAuditLogConfig: [admin_audit_log_config(UnifiedAuditLogIngestionEnabled=None)]},
        expect="error",
    ),
    Case(
        unified_audit_log_on,
        "the property was cut away before it was used",
        given={AdminAuditLogConfig: [{"AdminAuditLogEnabled": True}]},
        expect="error",
        says="is absent",
    ),
    Case(unified_audit_log_on, "nothing", given={AdminAuditLogConfig: []}, expect="error"),
    Case(
        unified_audit_log_on,
        "denied",
        given={},
        unread={AdminAuditLogConfig: "denied"},
        expect="error",
    ),
]
