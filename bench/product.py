"""The whole product: from nothing to an accepted scan, a scan without pacing, a cancel."""

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import httpx2

from activities.offline import judge_pack
from assay.wiring import ROOT
from bench.stack import Stack, demo, until
from bench.tenant import DEMO
from evidence.packs import Pack

_SCANS = 3
_IMPORTS = 3
_CANCELS = 3
_PACE_MS = 700
_PROFILE = "E5-L2"


@dataclass(frozen=True)
class Product:
    import_s: float  # worker and API imported by one process, nothing started
    ready_s: float
    accepted_s: float
    checks: int
    scan_s: float  # median, from the request to the last verdict
    judging_s: float  # the same verdicts in one process, nothing stored or told
    cancels_ms: list[float]

    @property
    def overhead_ms(self) -> float:
        return (self.scan_s - self.judging_s) / self.checks * 1000


def measure() -> Product:
    importing = statistics.median(_importing() for _ in range(_IMPORTS))
    with demo(pace_ms=0) as stack, stack.client() as client:
        ready = time.monotonic() - stack.began
        first, _ = _start(client)
        accepted = time.monotonic() - stack.began
        _wait_for_end(client, first)
        scans = [_one_scan(client) for _ in range(_SCANS)]
    with demo(pace_ms=_PACE_MS) as stack, stack.client() as client:
        cancels = [_one_cancel(stack, client) for _ in range(_CANCELS)]
    judged, judging = _judging()
    return Product(
        import_s=importing,
        ready_s=ready,
        accepted_s=accepted,
        checks=judged,
        scan_s=statistics.median(scans),
        judging_s=judging,
        cancels_ms=cancels,
    )


def _importing() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import assay.worker, assay.api"], check=True, cwd=ROOT)
    return time.monotonic() - began


def _start(client: httpx2.Client) -> tuple[str, float]:
    """Its id, and when it was asked for. The scan before it may still be closing: then again."""
    tenant = client.get("/tenants").raise_for_status().json()["items"][0]["tenant_id"]

    def begun() -> tuple[str, float] | None:
        began = time.monotonic()
        answer = client.post("/scans", json={"tenant": tenant, "profile": _PROFILE})
        if answer.status_code == httpx2.codes.CONFLICT:
            return None
        return str(answer.raise_for_status().json()["scan_id"]), began

    found: tuple[str, float] = until(begun, "a scan is accepted", every_s=0.1)
    return found


def _wait_for_end(client: httpx2.Client, scan_id: str) -> dict[str, object]:
    def ended() -> dict[str, object] | None:
        state: dict[str, object] = client.get(f"/scans/{scan_id}").raise_for_status().json()
        return state if state["status"] in ("completed", "failed", "cancelled") else None

    found: dict[str, object] = until(ended, "the end of a scan", every_s=0.1)
    return found


def _one_scan(client: httpx2.Client) -> float:
    scan_id, began = _start(client)
    state = _wait_for_end(client, scan_id)
    if state["status"] != "completed":
        raise RuntimeError(f"a scan ended as {state['status']}: {state['error_message']}")
    return time.monotonic() - began


def _one_cancel(stack: Stack, client: httpx2.Client) -> float:
    """Milliseconds from the request until no collector of the scan is left."""
    scan_id, _ = _start(client)
    until(lambda: len(stack.collectors()) >= 4, "collectors")
    began = time.monotonic()
    client.post(f"/scans/{scan_id}/cancel", json={}).raise_for_status()
    until(lambda: not stack.collectors(), "collectors gone", every_s=0.005)
    gone = (time.monotonic() - began) * 1000
    _wait_for_end(client, scan_id)
    return gone


def _judging() -> tuple[int, float]:
    pack = Pack.open(DEMO)
    judge_pack(pack)
    began = time.monotonic()
    judged = len(judge_pack(pack))
    return judged, time.monotonic() - began
