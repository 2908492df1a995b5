"""A tenant small enough to know by heart, recorded in every way a read can end."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.collector import DatasetStatus, ReadError, TenantRef
from evidence.packs import DatasetToWrite, write_pack

TENANT = TenantRef(
    tenant_id="11111111-1111-4111-8111-111111111111",
    name="Tailspin Demo",
    domain="tailspin.example",
)
CAPTURED_AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
USERS = [
    {"id": f"user-{number}", "displayName": f"Person {number}", "accountEnabled": True}
    for number in range(1200)
]


def write_small_pack(folder: Path, *, parameters: Mapping[str, Any] | None = None) -> Path:
    write_pack(
        folder,
        name="small",
        tenant=TENANT,
        captured_at=CAPTURED_AT,
        parameters=parameters,
        datasets=[
            DatasetToWrite("graph.organization", [{"id": TENANT.tenant_id}], read="GET /x"),
            DatasetToWrite("graph.users", USERS, read="GET /users"),
            DatasetToWrite("graph.groups", []),
            DatasetToWrite(
                "graph.domains",
                [{"id": "tailspin.example"}],
                DatasetStatus.PARTIAL,
                error=ReadError(kind="timeout", message="page 2 of 3 did not come"),
            ),
            DatasetToWrite(
                "graph.forms_settings",
                status=DatasetStatus.DENIED,
                error=ReadError(kind="denied", message="needs OrgSettings-Forms.Read.All"),
            ),
            DatasetToWrite(
                "graph.subscribed_skus",
                status=DatasetStatus.THROTTLED,
                error=ReadError(kind="throttled", message="429", retry_after_s=12),
            ),
            DatasetToWrite("exchange.transport_rules", [{"Name": "Größe"}]),
        ],
    )
    return folder
