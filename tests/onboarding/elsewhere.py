"""A collector elsewhere, as tests play it: its token and its posts."""

from typing import Any

import httpx2

from contracts.scan import ScanRequest
from tests.onboarding.powershell import (
    MICROSOFT_ID,
)

HELLO = {"type": "hello", "protocol": 1, "collector": "test"}
CONNECTED = {"type": "connected", "service": "graph", "tenant_id": MICROSOFT_ID}


async def token_of(client: httpx2.AsyncClient, scan: ScanRequest, service: str = "graph") -> str:
    answer = await client.post(
        f"/api/v1/scans/{scan.scan_id}/remote-token", params={"service": service}
    )
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["items"][0]["token"]
    return found


async def post(
    outside: httpx2.AsyncClient,
    scan: ScanRequest,
    token: str,
    sequence: int,
    *lines: dict[str, Any],
) -> httpx2.Response:
    return await outside.post(
        f"/msp/cspm/webhook/progress/{scan.scan_id}",
        json={"sequence": sequence, "lines": list(lines) or [HELLO]},
        headers={"Authorization": f"Bearer {token}"},
    )
