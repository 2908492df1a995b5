"""Schedules against a real Temporal server, and without one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from temporalio.client import Client, ScheduleDescription, ScheduleOverlapPolicy
from temporalio.service import RPCError

from api.app import create_app
from api.scheduling import describe_schedule, handle_of
from api.services import Services
from contracts.names import schedule_workflow_id
from contracts.scan import ScanStatus
from store import schedules
from tests.api.conftest import House, browser
from tests.api.scanning import add_scan, change

URL = "/api/v1/schedules"
NIGHTLY = {
    "tenant": "Contoso",
    "cron": "30 3 * * mon-fri",
    "timezone": "Europe/Berlin",
    "jitter_s": 0,
    "quiet_from": "07:00",
    "quiet_to": "19:00",
}


@pytest.fixture
async def operator(running: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Signed in, with Temporal; what was scheduled is removed afterwards."""
    async with browser(create_app(running), ours.username) as client:
        yield client
        for line in (await client.get(URL)).json()["items"]:
            await client.delete(f"{URL}/{line['schedule_id']}")


async def add(operator: httpx2.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await operator.post(URL, json=NIGHTLY | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def known(temporal: Client, schedule_id: str) -> ScheduleDescription:
    found = await describe_schedule(temporal, schedule_id)
    assert found is not None
    return found


async def rows(services: Services, house: House) -> list[str]:
    async with services.database.read() as session:
        found = await schedules.list_schedules(session, organisation_id=house.organisation_id)
    return [line.schedule_id for line in found]


async def test_a_schedule_is_carried_out_by_temporal_with_safe_manners(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    line = await add(operator, jitter_s=120)

    schedule = (await known(running.temporal, line["schedule_id"])).schedule
    assert schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert schedule.policy.catchup_window == timedelta(minutes=10)
    assert schedule.spec.jitter == timedelta(seconds=120)
    assert schedule.spec.time_zone_name == "Europe/Berlin"
    assert schedule.state.note == "30 3 * * mon-fri Europe/Berlin, jitter 120 s"
    assert await rows(running, ours) == [line["schedule_id"]]


async def test_its_next_runs_are_told_in_its_own_time_zone(operator: httpx2.AsyncClient) -> None:
    line = await add(operator)

    runs = [datetime.fromisoformat(run) for run in line["next_runs"]]
    assert len(runs) == 5
    assert runs == sorted(runs)
    assert all(run > datetime.now(UTC) for run in runs)
    assert {run.astimezone(UTC).hour for run in runs} <= {1, 2}  # half past three in Berlin
    assert {run.weekday() for run in runs} <= set(range(5))
    assert (line["answered"], line["paused"], line["missed"]) == (True, False, 0)
    assert (line["created_by"], line["tenant_name"]) == ("admin", "Contoso")


@pytest.mark.parametrize("cron", ["5 4 * * 7", "*/20 0-6/2 1,15 jan-mar sat", "0 0 1 1 0"])
async def test_what_the_contract_takes_temporal_takes_too(
    operator: httpx2.AsyncClient, cron: str
) -> None:
    assert (await add(operator, cron=cron))["next_runs"]


async def test_a_schedule_is_paused_changed_and_resumed_and_tells_by_whom(
    operator: httpx2.AsyncClient, running: Services
) -> None:
    schedule_id = (await add(operator))["schedule_id"]
    paused = (await operator.patch(f"{URL}/{schedule_id}", json={"paused": True})).json()
    held = (await known(running.temporal, schedule_id)).schedule.state.paused
    changes = {"cron": "0 5 1 * *", "profile": "e3 level 1", "quiet_from": None, "quiet_to": None}
    changed = (await operator.patch(f"{URL}/{schedule_id}", json=changes)).json()
    resumed = (await operator.patch(f"{URL}/{schedule_id}", json={"paused": False})).json()

    described = await known(running.temporal, schedule_id)
    assert (paused["paused"], paused["next_runs"], held) == (True, [], True)
    assert (changed["cron"], changed["profile"], changed["quiet_from"]) == (
        "0 5 1 * *",
        "E3-L1",
        None,
    )
    assert described.schedule.state.paused is False
    assert described.schedule.state.note.startswith("0 5 1 * * Europe/Berlin")
    assert {datetime.fromisoformat(run).day for run in resumed["next_runs"]} == {1}
    assert [(wish["wish"], wish["by"]) for wish in resumed["wishes"]] == [
        ("add", "admin"),
        ("pause", "admin"),
        ("change", "admin"),
        ("resume", "admin"),
    ]


async def test_a_removed_schedule_is_gone_everywhere(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    schedule_id = (await add(operator))["schedule_id"]

    first = await operator.delete(f"{URL}/{schedule_id}")
    again = await operator.delete(f"{URL}/{schedule_id}")

    assert (first.status_code, again.status_code) == (204, 404)
    assert await rows(running, ours) == []
    with pytest.raises(RPCError):
        await handle_of(running.temporal, schedule_id).describe()


async def test_run_now_starts_one_run_also_of_a_paused_schedule(
    operator: httpx2.AsyncClient, running: Services
) -> None:
    schedule_id = (await add(operator))["schedule_id"]
    await operator.patch(f"{URL}/{schedule_id}", json={"paused": True})

    answer = await operator.post(f"{URL}/{schedule_id}/run-now")

    async def runs() -> list[str]:
        query = f"WorkflowType = 'ScheduledScanWorkflow' AND WorkflowId STARTS_WITH '{prefix}'"
        return [run.id async for run in running.temporal.list_workflows(query)]

    prefix = schedule_workflow_id(schedule_id)
    found: list[str] = []
    while not found:
        found = await runs()
    for run in found:
        await running.temporal.get_workflow_handle(run).terminate()
    assert answer.status_code == 202
    assert answer.json()["wishes"][-1]["wish"] == "run now"
    assert len(found) == 1


async def test_run_now_is_refused_while_the_tenant_is_being_scanned(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    schedule_id = (await add(operator))["schedule_id"]
    scan_id = await add_scan(running.database, ours)
    await change(running.database, ours, scan_id, ScanStatus.RUNNING)

    answer = await operator.post(f"{URL}/{schedule_id}/run-now")

    assert answer.status_code == 409
    assert answer.json()["scan_id"] == scan_id


async def test_run_now_of_a_schedule_that_temporal_has_forgotten_tells_it_again(
    operator: httpx2.AsyncClient, running: Services
) -> None:
    schedule_id = (await add(operator))["schedule_id"]
    await handle_of(running.temporal, schedule_id).delete()
    forgotten = (await operator.get(f"{URL}/{schedule_id}")).json()

    answer = await operator.post(f"{URL}/{schedule_id}/run-now")

    assert forgotten["next_runs"] == []
    assert "does not know it yet" in forgotten["note"]
    assert answer.status_code == 202
    assert answer.json()["next_runs"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"tenant": "Nobody"}, 404),
        ({"tenant": "Fabrikam"}, 404),
        ({"cron": "61 * * * *"}, 422),
        ({"timezone": "Mars/Olympus"}, 422),
        ({"profile": "E9"}, 422),
        ({"quiet_to": None}, 422),
        ({"wish": "more"}, 422),
    ],
)
async def test_a_schedule_that_makes_no_sense_leaves_nothing(
    operator: httpx2.AsyncClient,
    running: Services,
    ours: House,
    theirs: House,
    changes: dict[str, Any],
    status: int,
) -> None:
    answer = await operator.post(URL, json=NIGHTLY | changes)

    assert answer.status_code == status, answer.text
    assert await rows(running, ours) == []


@pytest.mark.parametrize(
    "body", [{"cron": "x"}, {"cron": None}, {"quiet_from": None}, {"profile": "E9"}, {"by": "me"}]
)
async def test_a_change_that_makes_no_sense_changes_nothing(
    operator: httpx2.AsyncClient, body: dict[str, Any]
) -> None:
    before = await add(operator)

    answer = await operator.patch(f"{URL}/{before['schedule_id']}", json=body)

    after = (await operator.get(f"{URL}/{before['schedule_id']}")).json()
    assert answer.status_code == 422
    assert after == before


async def test_with_temporal_away_nothing_is_added(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    answer = await client.post(URL, json=NIGHTLY)

    assert answer.status_code == 503
    assert await rows(services, ours) == []


async def test_with_temporal_away_schedules_are_listed_and_stay_as_they_are(
    operator: httpx2.AsyncClient, services: Services, running: Services, ours: House
) -> None:
    before = await add(operator)
    url = f"{URL}/{before['schedule_id']}"

    async with browser(create_app(services), ours.username) as client:
        listed = (await client.get(URL)).json()["items"]
        answers = [
            await client.patch(url, json={"paused": True, "cron": "0 1 * * *"}),
            await client.post(f"{url}/run-now"),
            await client.delete(url),
        ]
    after = (await operator.get(url)).json()

    assert [(line["answered"], line["next_runs"]) for line in listed] == [(False, [])]
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert {name: after[name] for name in NIGHTLY if name != "tenant"} == {
        name: before[name] for name in NIGHTLY if name != "tenant"
    }
    assert after["paused"] is False
    assert await rows(running, ours) == [before["schedule_id"]]


async def test_a_foreign_schedule_is_not_found(
    operator: httpx2.AsyncClient, running: Services, ours: House, theirs: House
) -> None:
    url = f"{URL}/{(await add(operator))['schedule_id']}"

    async with browser(create_app(running), theirs.username) as stranger:
        answers = [
            await stranger.get(url),
            await stranger.patch(url, json={"paused": True}),
            await stranger.post(f"{url}/run-now"),
            await stranger.delete(url),
        ]
        listed = (await stranger.get(URL)).json()["items"]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert listed == []
    assert (await operator.get(url)).json()["paused"] is False


async def test_many_schedules_are_listed_within_seconds_and_by_tenant(
    operator: httpx2.AsyncClient, running: Services
) -> None:
    for hour in range(12):
        await add(operator, cron=f"0 {hour} * * *")

    everything = (await operator.get(URL)).json()["items"]
    ours = (await operator.get(f"{URL}?tenant=contoso.onmicrosoft.com")).json()["items"]

    assert len(everything) == len(ours) == 12
    assert all(line["answered"] and line["next_runs"] for line in everything)


async def test_a_start_beyond_the_places_is_refused_and_says_when_to_try_again(
    running: Services, ours: House
) -> None:
    small = replace(running, settings=running.settings.model_copy(update={"max_scans": 1}))
    async with browser(create_app(small), ours.username) as client:
        other = await client.post(
            "/api/v1/tenants",
            json={
                "microsoft_id": "00000000-0000-4000-8000-000000000001",
                "name": "Adatum",
                "domain": "adatum.example",
            },
        )
        scan_id = await add_scan(running.database, ours)
        answer = await client.post("/api/v1/scans", json={"tenant": "Adatum"})
        same = await client.post("/api/v1/scans", json={"tenant": "Contoso"})
        await client.post(f"/api/v1/scans/{same.json()['scan_id']}/cancel")

    assert other.status_code == 201
    assert scan_id
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert answer.json()["type"] == "/api/docs#too-many-scans"
    assert same.status_code == 202
