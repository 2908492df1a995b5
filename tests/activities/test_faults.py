"""Every way in which a collector can misbehave, over checks that pass when it does not."""

from dataclasses import dataclass
from typing import Any

import pytest

from activities.batch import Limits
from activities.collectors import LocalCollectors
from contracts.events import BatchEvent
from evidence.faults import KINDS
from store.database import Database
from tests.activities.children import alive_with
from tests.activities.stage import Stage
from tests.builders.scans import new_scan

CHECKS = frozenset({"8.1.2", "8.2.4", "8.5.2", "8.5.3"})
TARGET = "teams.meeting_policies"
OF_TARGET = frozenset({"8.5.2", "8.5.3"})
PATIENT = Limits(sign_in_s=60, dataset_s=60, failures=2)
HASTY = Limits(sign_in_s=60, dataset_s=1.0, failures=2)
THREE_TRIES = Limits()


@dataclass(frozen=True)
class Case:
    """`reason`: what the verdicts of `costs` say; `refused`: tries that ask for another one."""

    fault: dict[str, Any]
    reason: str = ""
    costs: frozenset[str] = OF_TARGET
    refused: int = 0
    told: str = ""  # by the batch, when a try is refused
    limits: Limits = PATIENT


def at_target(kind: str, **members: Any) -> dict[str, Any]:
    return {"kind": kind, "dataset": TARGET} | members


HARMLESS = [
    Case({"kind": kind}, costs=frozenset())
    for kind in ("noise", "slow", "flood_stderr", "foreign", "stubborn")
]
ONE_DATASET = [
    Case(at_target("failed"), "the read failed (a fault script says so)"),
    Case(at_target("failed", error="denied"), "permission denied (a fault"),
    Case(at_target("failed", error="unlicensed"), "refused for want of a licence"),
    Case(at_target("failed", error="missing-cmdlet"), "the command does not exist"),
    Case(at_target("failed", error="timeout"), "ran into its time limit (a fault"),
    Case(at_target("failed", at="rows"), "read only in part (a fault"),
    Case(at_target("throttled"), "throttled by Microsoft"),
    Case(at_target("lying_count"), "read only in part (the collector counted"),
    Case(at_target("hang"), "time limit (not finished within 1 s)", limits=HASTY),
    Case(at_target("hang", at="rows"), "read only in part (not finished within 1 s)", limits=HASTY),
    Case(at_target("spin"), "time limit (not finished within 1 s)", limits=HASTY),
]
ENDS_IN_THE_MIDDLE = "the collector ended in the middle of its work"
ONE_DATASET_AFTER_ALL_TRIES = [
    Case(at_target(kind, **more), reason, refused=1)
    for kind, more, reason in (
        ("exit", {}, f"{ENDS_IN_THE_MIDDLE} (exit code 1)"),
        ("exit", {"code": 137, "at": "rows"}, f"{ENDS_IN_THE_MIDDLE} (exit code 137)"),
        ("no_bye", {"at": "dataset"}, f"{ENDS_IN_THE_MIDDLE} (exit code 0)"),
        ("cut", {"at": "dataset"}, "the collector's last line was cut"),
        ("rubbish", {}, "a protocol line cannot be decoded"),
        ("over_long", {}, "a protocol line is longer than 256 KiB"),
        ("duplicate_keys", {}, "the same key twice in one object"),
        ("nan", {}, "NaN is not a JSON number"),
        ("deep", {}, "nested deeper than 64 levels"),
    )
]
WHOLE_BATCH = [
    Case({"kind": "wrong_tenant"}, "the collector signed in to another tenant", CHECKS),
    Case(
        {"kind": "connect_failed", "error": "denied", "message": "AADSTS700016"},
        "permission denied (sign-in: AADSTS700016)",
        CHECKS,
    ),
    Case({"kind": "connect_failed", "error": "unlicensed"}, "want of a licence", CHECKS),
    Case({"kind": "connect_failed", "error": "missing-cmdlet"}, "does not exist", CHECKS),
    Case({"kind": "connect_failed", "error": "throttled"}, "throttled", CHECKS, refused=1),
    Case({"kind": "connect_failed", "error": "timeout"}, "time limit", CHECKS, refused=1),
    Case({"kind": "exit", "at": "start", "code": 9}, "(exit code 9)", CHECKS, refused=1),
]
EVERYTHING_ANSWERED = [
    Case(
        {"kind": "no_bye"}, costs=frozenset(), refused=1, told=f"{ENDS_IN_THE_MIDDLE} (exit code 0)"
    ),
    Case({"kind": "cut"}, costs=frozenset(), refused=1, told="last line was cut"),
    Case(
        {"kind": "exit", "at": "end", "code": 5}, costs=frozenset(), refused=1, told="(exit code 5)"
    ),
]
LARGE = [Case(at_target("flood_rows", rows=6_000), costs=frozenset())]
CASES = [
    *HARMLESS,
    *ONE_DATASET,
    *ONE_DATASET_AFTER_ALL_TRIES,
    *WHOLE_BATCH,
    *EVERYTHING_ANSWERED,
    *LARGE,
]


def test_every_kind_of_fault_is_tried() -> None:
    assert {case.fault["kind"] for case in CASES} == set(KINDS)


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: "-".join(str(part) for part in case.fault.values())
)
async def test_a_fault_costs_its_own_checks_and_is_named(
    case: Case, sqlite: Database, collectors: LocalCollectors, mark: str
) -> None:
    settings = {"faults": {"faults": [case.fault]}}
    request = await new_scan(sqlite, recommendations=CHECKS, settings=settings)
    stage = Stage(sqlite, collectors, request, case.limits)

    refused = await stage.until_settled("teams")
    await stage.joint()

    expected = {name: "error" if name in case.costs else "pass" for name in CHECKS}
    assert await stage.verdicts() == expected
    for name in case.costs:
        assert case.reason in (await stage.detail(name)).reason
    assert len(refused) == case.refused
    assert alive_with(mark) == []
    assert case.told in " ".join(
        event.message
        for event in await stage.events()
        if isinstance(event, BatchEvent) and event.phase == "retrying"
    )


async def test_a_refused_try_asks_for_the_next_one_and_hides_its_reason(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    """Temporal's histories are readable by more people than the scan is."""
    settings = {"faults": {"faults": [at_target("exit", code=3)]}}
    request = await new_scan(sqlite, recommendations=CHECKS, settings=settings)
    stage = Stage(sqlite, collectors, request, THREE_TRIES)

    first, second = await stage.until_settled("teams")

    assert (first.type, first.non_retryable) == ("CollectorFailed", False)
    delays = [error.next_retry_delay for error in (first, second)]
    assert [delay.total_seconds() for delay in delays if delay] == [2, 5]
    assert "exit code" not in str(first)


async def test_a_throttled_sign_in_waits_as_long_as_it_was_told_to(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    throttled = {"kind": "connect_failed", "error": "throttled", "retry_after_s": 120}
    request = await new_scan(
        sqlite, recommendations=CHECKS, settings={"faults": {"faults": [throttled]}}
    )
    first, _ = await Stage(sqlite, collectors, request, THREE_TRIES).until_settled("teams")

    assert first.next_retry_delay is not None
    assert first.next_retry_delay.total_seconds() == 120


async def test_a_fault_that_passes_by_leaves_no_trace_in_the_verdicts(
    sqlite: Database, collectors: LocalCollectors, tmp_path: object
) -> None:
    fault = at_target("exit", code=3, times=1)
    settings = {"faults": {"faults": [fault], "counters": str(tmp_path)}}
    request = await new_scan(sqlite, recommendations=CHECKS, settings=settings)
    stage = Stage(sqlite, collectors, request, THREE_TRIES)

    assert len(await stage.until_settled("teams")) == 1
    assert await stage.verdicts() == dict.fromkeys(CHECKS, "pass")


async def test_a_read_that_breaks_the_collector_comes_last_the_next_time(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    settings = {"faults": {"faults": [at_target("exit")]}}
    request = await new_scan(sqlite, recommendations=CHECKS, settings=settings)
    stage = Stage(sqlite, collectors, request, THREE_TRIES)
    await stage.until_settled("teams")

    reads = [
        event.dataset
        for event in await stage.events()
        if isinstance(event, BatchEvent) and event.phase == "reading"
    ]
    assert reads == [
        "teams.client_configuration",
        "teams.federation_configuration",
        TARGET,
        "teams.tenant",
        TARGET,
        TARGET,
    ]


async def test_a_part_that_proves_a_fail_does_so_and_says_that_it_is_incomplete(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    fault = {"kind": "failed", "dataset": "fabric.tenant_settings", "at": "rows"}
    request = await new_scan(
        sqlite,
        recommendations={"9.1.1", "9.1.4"},
        settings={"faults": {"faults": [fault]}},
    )
    stage = Stage(sqlite, collectors, request)
    await stage.batch("fabric")
    await stage.joint()

    assert await stage.verdicts() == {"9.1.1": "error", "9.1.4": "fail"}
    assert (await stage.detail("9.1.4")).incomplete


async def test_the_log_of_a_batch_keeps_every_try(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    faults = [{"kind": "noise"}, at_target("exit")]
    request = await new_scan(
        sqlite, recommendations=CHECKS, settings={"faults": {"faults": faults}}
    )
    stage = Stage(sqlite, collectors, request, THREE_TRIES)
    await stage.until_settled("teams")

    assert (await stage.log("teams")).count("The names of some imported") == 3
