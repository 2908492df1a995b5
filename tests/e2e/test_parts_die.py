"""Parts of the running product are killed in the middle of a scan; it ends as if nothing were."""

import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from activities.offline import judge_pack
from contracts.scan import Profile
from evidence.packs import Pack
from tests.e2e.conftest import Stack, start_stack
from tests.servers import free_port

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]
DEMO = Path(__file__).parent.parent.parent / "demo" / "contoso"
_END_S = 150


@pytest.mark.parametrize("part", ["worker", "nats-server", "api", "temporal"])
def test_killing_a_part_in_mid_scan_changes_nothing_of_the_result(stack: Stack, part: str) -> None:
    scan_id = _start(stack)
    _wait(stack, scan_id, lambda state: state["completed"] >= 10)
    stack.kill(part)

    state = _wait(stack, scan_id, lambda state: state["status"] not in _OPEN)

    assert state["status"] == "completed", state["error_message"]
    assert state["current_check"] is None
    _check_verdicts(state)
    _check_journal(stack, scan_id)


def test_everything_killed_at_once_starts_again_and_goes_on(tmp_path: Path) -> None:
    port = free_port()
    first = start_stack(tmp_path / "var", port)
    scan_id = _start(first)
    _wait(first, scan_id, lambda state: state["completed"] >= 10)
    first.process.kill()
    first.process.wait(10)

    second = start_stack(tmp_path / "var", port)
    try:
        state = _wait(second, scan_id, lambda state: state["status"] not in _OPEN)
        assert state["status"] == "completed", state["error_message"] + second.output()[-6000:]
        _check_verdicts(state)
        _check_journal(second, scan_id)
    finally:
        assert second.stop() == 0


_OPEN = ("pending", "running", "cancelling", "paused")


def _start(stack: Stack) -> str:
    with stack.client() as client:
        answer = client.post("/scans", json={"tenant": "Contoso Demo", "profile": "E5-L1"})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["scan_id"])


def _wait(stack: Stack, scan_id: str, condition: Any) -> dict[str, Any]:
    deadline = time.monotonic() + _END_S
    state: dict[str, Any] = {}
    with stack.client() as client:
        while time.monotonic() < deadline:
            try:
                state = client.get(f"/scans/{scan_id}").raise_for_status().json()
            except httpx2.HTTPError:  # the API is one of the parts that die
                time.sleep(0.2)
                continue
            if condition(state):
                return state
            time.sleep(0.2)
    raise AssertionError(f"not in time: {state}\n{stack.output()[-3000:]}")


def _check_verdicts(state: dict[str, Any]) -> None:
    expected = {
        line["recommendation"]: line["verdict"]
        for line in judge_pack(Pack.open(DEMO), Profile(level=1))
    }
    assert {line["recommendation"]: line["verdict"] for line in state["checks"]} == expected
    assert state["completed"] == 91


def _check_journal(stack: Stack, scan_id: str) -> None:
    """Numbers without a hole, one event a verdict, one end."""
    with stack.client() as client:
        events = client.get(f"/scans/{scan_id}/events").json()["items"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    statuses = [event for event in events if event["event"] == "status"]
    judged = [event["check"]["check_id"] for event in statuses if event["check"]]
    assert len(judged) == len(set(judged)) == 91
    assert [event["status"] for event in statuses if event["status"] not in _OPEN] == ["completed"]
