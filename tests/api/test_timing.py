"""How long a scan still takes, learnt from those before it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from api.services import Services
from api.timing import Timing, timing_of
from checks.catalogue import CIS_M365_5, planned_checks
from contracts.scan import Profile, RetryScope, ScanStatus
from store import attempts, events, scans
from tests.api.conftest import House

START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
Step = tuple[float, str, str]  # seconds after the start; service or "scan"; phase or status


async def told(
    services: Services,
    house: House,
    steps: list[Step],
    *,
    days_ago: int = 0,
    profile: str = "E5-L1",
) -> str:
    begin = START - timedelta(days=days_ago)
    chosen = Profile.parse(profile)
    async with services.database.begin() as session:
        scan = await scans.add_scan(
            session,
            organisation_id=house.organisation_id,
            tenant=house.tenant,
            benchmark=CIS_M365_5,
            profile=chosen,
            checks=planned_checks(chosen)[:3],
            at=begin,
        )
        named = {"organisation_id": house.organisation_id, "scan_id": scan.id}
        for seconds, who, what in steps:
            at = begin + timedelta(seconds=seconds)
            if who == "scan":
                await events.change_status(session, **named, status=ScanStatus(what), at=at)
            else:
                await events.record_batch(session, **named, service=who, phase=_phase(what), at=at)
    return scan.id


def _phase(what: str) -> Any:
    return what


def lasting(total: float) -> list[Step]:
    """Graph reads for most of it, Exchange for a quarter."""
    return [
        (0, "scan", "running"),
        (0, "graph", "connecting"),
        (0, "exchange", "reading"),
        (total / 10, "graph", "reading"),
        (total / 4, "exchange", "finished"),
        (total, "graph", "finished"),
        (total, "scan", "completed"),
    ]


@pytest.fixture
def ask(services: Services, ours: House) -> Callable[[str, float], Any]:
    async def asked(scan_id: str, after_s: float) -> Timing:
        return await timing_of(
            services,
            organisation_id=ours.organisation_id,
            scan_id=scan_id,
            now=START + timedelta(seconds=after_s),
        )

    return asked


async def test_the_median_of_earlier_scans_is_expected_and_counts_down(
    services: Services, ours: House, ask: Callable[[str, float], Any]
) -> None:
    for day, total in enumerate((100, 120, 900), start=1):
        await told(services, ours, lasting(total), days_ago=day)
    scan_id = await told(services, ours, lasting(1000)[:4])

    found = await ask(scan_id, 50)

    by_service = {line.service: line for line in found.times}
    assert (found.expected_seconds, found.seconds_left, found.learnt_from) == (120, 70, 3)
    assert by_service["exchange"].expected_seconds == 30
    assert by_service["exchange"].phases == {"reading": 50}
    assert by_service["graph"].expected_seconds == 120


async def test_a_service_that_has_not_begun_makes_it_longer(
    services: Services, ours: House, ask: Callable[[str, float], Any]
) -> None:
    await told(services, ours, lasting(100), days_ago=1)
    scan_id = await told(services, ours, [(0, "scan", "running"), (5, "exchange", "reading")])

    found = await ask(scan_id, 90)

    assert found.seconds_left == 100  # Graph takes that long, and has not begun


async def test_longer_than_ever_before_is_not_known(
    services: Services, ours: House, ask: Callable[[str, float], Any]
) -> None:
    await told(services, ours, lasting(100), days_ago=1)
    scan_id = await told(services, ours, lasting(5000)[:4])

    found = await ask(scan_id, 4000)

    assert (found.expected_seconds, found.seconds_left) == (100, None)


async def test_pauses_are_no_time_spent(
    services: Services, ours: House, ask: Callable[[str, float], Any]
) -> None:
    before = [
        *lasting(100)[:4],
        (20, "scan", "paused"),
        (1020, "scan", "running"),
        (1100, "graph", "finished"),
        (1100, "exchange", "finished"),
        (1100, "scan", "completed"),
    ]
    await told(services, ours, before, days_ago=1)
    steps = [*lasting(100)[:4], (30, "scan", "paused"), (530, "scan", "running")]
    scan_id = await told(services, ours, steps)

    found = await ask(scan_id, 540)

    assert (found.expected_seconds, found.seconds_left) == (100, 60)
    assert {line.service: line.seconds for line in found.times} == {"exchange": 40, "graph": 40}


async def test_a_first_scan_has_nothing_to_learn_from_but_tells_its_phases(
    services: Services, ours: House, ask: Callable[[str, float], Any]
) -> None:
    scan_id = await told(services, ours, lasting(1000)[:4])

    found = await ask(scan_id, 200)

    assert (found.expected_seconds, found.seconds_left, found.learnt_from) == (None, None, 0)
    assert {line.service: line.phases for line in found.times}["graph"] == {
        "connecting": 100,
        "reading": 100,
    }


@pytest.mark.parametrize(
    ("steps", "profile"),
    [
        ([*lasting(100)[:-1], (100, "scan", "failed")], "E5-L1"),
        ([*lasting(100)[:-1], (100, "scan", "cancelled")], "E5-L1"),
        (lasting(100), "E3-L1"),
    ],
)
async def test_only_completed_scans_of_the_same_profile_teach(
    services: Services,
    ours: House,
    ask: Callable[[str, float], Any],
    steps: list[Step],
    profile: str,
) -> None:
    await told(services, ours, steps, days_ago=1, profile=profile)
    scan_id = await told(services, ours, lasting(1000)[:4])

    assert (await ask(scan_id, 10)).learnt_from == 0


async def test_scans_of_another_tenant_teach_nothing(
    services: Services, ours: House, theirs: House, ask: Callable[[str, float], Any]
) -> None:
    await told(services, theirs, lasting(100), days_ago=1)
    scan_id = await told(services, ours, lasting(1000)[:4])

    assert (await ask(scan_id, 10)).learnt_from == 0


async def test_a_scan_that_was_retried_teaches_by_its_first_attempt(
    services: Services, ours: House, ask: Callable[[str, float], Any]
) -> None:
    earlier = await told(services, ours, lasting(100), days_ago=1)
    named = {"organisation_id": ours.organisation_id, "scan_id": earlier}
    late = START - timedelta(hours=2)
    async with services.database.begin() as session:
        await attempts.begin_attempt(
            session,
            **named,
            scope=RetryScope.ALL,
            recommendation=None,
            requested_by="ann",
            at=late,
        )
        await events.change_status(session, **named, status=ScanStatus.RUNNING, at=late)
        await events.change_status(
            session, **named, status=ScanStatus.FAILED, at=late + timedelta(hours=1)
        )
    scan_id = await told(services, ours, lasting(1000)[:4])

    assert (await ask(scan_id, 10)).expected_seconds == 100


async def test_the_api_shows_it_without_asking_temporal(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    await told(services, ours, lasting(100), days_ago=1)
    scan_id = await told(services, ours, lasting(100))

    detail = (await client.get(f"/api/v1/scans/{scan_id}")).json()

    assert detail["execution"]["answered"] is False
    assert (detail["expected_seconds"], detail["seconds_left"]) == (None, None)  # it has ended
    assert [line["service"] for line in detail["times"]] == ["exchange", "graph"]
