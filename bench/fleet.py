"""A campaign over hundreds of recorded tenants, and what pages cost meanwhile."""

import io
import json
import time
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from activities.offline import judge_pack
from bench.stack import Stack, demo
from bench.tenant import DEMO
from contracts.scan import Profile
from evidence.pack_files import DATASETS, MANIFEST
from evidence.packs import Pack

TENANTS = 500
_PROFILE = "E5-L2"
_EVERY_S = 2.0
_TAG = "bench"


@dataclass(frozen=True)
class Fleet:
    tenants: int
    seconds: float  # from the request until the campaign says it is completed
    statuses: Counter[str]  # of its scans
    different: int  # scans with a verdict other than the pack's, judged without a server
    verdicts: int
    tries: int  # of batches beyond the first
    pages_s: list[float]  # answers of the list of scans and of the campaign's page
    worker_mib: float  # the most it held in memory
    api_mib: float


def measure(tenants: int = TENANTS) -> Fleet:
    expected = {
        line["recommendation"]: line["verdict"]
        for line in judge_pack(Pack.open(DEMO), Profile.parse(_PROFILE))
    }
    with demo(pace_ms=0) as stack, stack.client() as client:
        for number in range(tenants):
            _add_tenant(client, number)
        began = time.monotonic()
        body = {"name": "All of them", "profile": _PROFILE, "tag": _TAG}
        answer = client.post("/campaigns", json=body).raise_for_status()
        campaign_id = answer.json()["campaign_id"]
        pages, worker, api = _watch(stack, client, campaign_id)
        seconds = time.monotonic() - began
        found = client.get(f"/campaigns/{campaign_id}").raise_for_status().json()
        scans = [member["scan_id"] for member in found["members"] if member["scan_id"]]
        states = [_state(client, scan_id) for scan_id in scans]
    return Fleet(
        tenants=tenants,
        seconds=seconds,
        statuses=Counter(state["status"] for state in states),
        different=sum(_verdicts(state) != expected for state in states),
        verdicts=sum(len(_verdicts(state)) for state in states),
        tries=sum(batch["attempt"] - 1 for state in states for batch in state["batches"]),
        pages_s=pages,
        worker_mib=worker,
        api_mib=api,
    )


def _add_tenant(client: httpx2.Client, number: int) -> None:
    """The demo's pack under an id and a name of its own, uploaded as a person would."""
    manifest = json.loads((DEMO / MANIFEST).read_text("utf-8"))
    manifest["tenant"] |= {"tenant_id": str(UUID(int=number + 1)), "name": f"Tenant {number + 1}"}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest))
        for path in sorted((DEMO / DATASETS).glob("*.json")):
            archive.write(path, f"{DATASETS}/{path.name}")
    files = {"pack": ("pack.zip", data.getvalue(), "application/zip")}
    added = client.post("/tenants/recorded", files=files).raise_for_status().json()
    tenant_id = added["tenant"]["tenant_id"]
    client.put(f"/tenants/{tenant_id}/tags", json={"tags": [_TAG]}).raise_for_status()


def _watch(
    stack: Stack, client: httpx2.Client, campaign_id: str
) -> tuple[list[float], float, float]:
    """Until it ends: how long pages took, and the most that worker and API held."""
    pages: list[float] = []
    worker = api = 0.0
    addresses = (f"{stack.url}/msp/cspm/scans", f"{stack.url}/msp/campaigns/{campaign_id}")
    while True:
        for address in addresses:
            began = time.monotonic()
            client.get(address, headers={"Accept": "text/html"}).raise_for_status()
            pages.append(time.monotonic() - began)
        worker = max(worker, stack.memory_mib("worker"))
        api = max(api, stack.memory_mib("api"))
        state = client.get(f"/campaigns/{campaign_id}").raise_for_status().json()
        if state["status"] in ("completed", "cancelled"):
            return pages, worker, api
        time.sleep(_EVERY_S)


def _state(client: httpx2.Client, scan_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/scans/{scan_id}").raise_for_status().json()
    return found


def _verdicts(state: dict[str, Any]) -> dict[str, str]:
    checks: Iterable[dict[str, Any]] = state["checks"]
    return {line["recommendation"]: line["verdict"] for line in checks if line["verdict"]}
