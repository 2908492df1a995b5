"""F57 to F59: wishes that race each other, the end of the scan, and themselves."""

import random
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.faults.harness.crowd import Crowd
from tests.faults.harness.invariants import check_all
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import World

RACES = 8  # a seed


def test_f57_a_cancel_that_races_the_completion_leaves_one_end(world: World, seed: int) -> None:
    dice = random.Random(seed)
    pilot = Run.start(world, world.add_tenant(), profile="E3-L1")
    began = time.monotonic()
    pilot.end()
    usual = time.monotonic() - began
    answers = {}
    for _ in range(RACES):
        run = Run.start(world, world.add_tenant(), profile="E3-L1")
        crowd = Crowd(run, 1)
        time.sleep(max(0, usual * dice.uniform(0.2, 1.15)))
        answers[run] = (run.post("cancel"), crowd)
    for run, (answer, crowd) in answers.items():
        state = run.end(30)
        confirmed = answer.status_code == 202
        assert confirmed or answer.status_code == 409, answer.text
        assert not (confirmed and _said(answer) == "cancelled" and state["status"] == "completed")
        if not confirmed:
            assert state["status"] == "completed"
        crowd.check(state["status"])
        check_all(run, status=state["status"])
    ends = [run.state()["status"] for run in answers]
    world.record("F57 races, cancelled", ends.count("cancelled"))
    world.record("F57 races, completed", ends.count("completed"))


def _said(answer: httpx2.Response) -> str:
    return str(answer.json()["status"])


@pytest.mark.smoke
def test_f58_fifty_starts_at_once_are_one_scan_and_all_are_led_to_it(
    world: World, seed: int
) -> None:
    tenant = world.add_tenant(pace_ms=100)

    def start(_number: int) -> httpx2.Response:
        with world.client(timeout=60) as client:
            body = {"tenant": tenant.id, "profile": "E5-L2"}
            return client.post("/api/v1/scans", json=body)

    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(start, range(50)))

    codes = [answer.status_code for answer in answers]
    assert codes.count(202) == 1, codes
    assert codes.count(409) == 49, codes
    begun = next(answer.json()["scan_id"] for answer in answers if answer.status_code == 202)
    led_to = {answer.json().get("scan_id") for answer in answers if answer.status_code == 409}
    run = Run(world, tenant, begun)
    run.end()
    assert led_to == {begun}
    assert len(world.rows("select id from scan where tenant_id = :t", t=tenant.id)) == 1
    check_all(run, expected=faultless())


@pytest.mark.smoke
def test_f59_a_retry_while_cancelling_is_refused_and_two_retries_are_one_attempt(
    world: World, seed: int
) -> None:
    hang = {"kind": "hang", "dataset": "teams.meeting_policies"}
    stubborn = {"kind": "stubborn", "service": "teams"}  # so that cancelling takes a while
    run = Run.start(world, world.add_tenant(stubborn, hang))
    run.wait(lambda state: any(b["dataset"] == hang["dataset"] for b in state["batches"]))
    run.post("cancel")
    early = run.post("retry", {"scope": "all"})
    run.end(20)
    world.give_faults(run.tenant)

    def retry(_number: int) -> int:
        return run.post("retry", {"scope": "all", "after_attempt": 1}).status_code

    with ThreadPoolExecutor(10) as crowd:
        codes = list(crowd.map(retry, range(10)))
    state = run.end()

    assert early.status_code == 409
    assert set(codes) <= {202, 409}, codes
    assert codes.count(202) >= 1
    assert state["attempt"] == 2
    check_all(run, expected=faultless())


def test_f59_the_same_wish_sent_three_times_is_one_wish(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=200))
    run.judged(5)
    wish = {"Idempotency-Key": f"pause-{seed}"}
    with ThreadPoolExecutor(3) as crowd:
        codes = list(crowd.map(lambda _n: run.post("pause", **wish).status_code, range(3)))
    run.wait(lambda state: state["status"] == "paused", 20)
    assert world.sampler.alive() == []
    late = run.post("pause", **wish)
    assert run.post("resume").status_code == 202
    run.end()

    assert codes == [202, 202, 202]
    assert late.status_code in (202, 409)
    paused = [event for event in run.events() if event.get("status") == "paused"]
    assert len({event["seq"] for event in paused if not event["check"]}) == 1
    check_all(run, expected=faultless())
