"""Starting, listing and cancelling scans against a real Temporal server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from api.app import create_app
from api.services import Services
from contracts.names import SCANS, scan_workflow_id
from contracts.scan import ScanStatus
from store import scans
from tests.api import scanning
from tests.api.conftest import House, browser
from tests.api.scanning import add_scan, change

SCANS_URL = "/api/v1/scans"
START = {"tenant": "Contoso", "profile": "E5-L1"}


@pytest.fixture
async def operator(running: Services, ours: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Signed in, with Temporal; what was started is ended afterwards."""
    async with browser(create_app(running), ours.username) as client:
        yield client
    await end_run(running.temporal, ours)


async def end_run(temporal: Client, house: House) -> None:
    async for run in temporal.list_workflows(
        f"WorkflowId = '{scan_workflow_id(house.tenant.id)}' AND ExecutionStatus = 'Running'"
    ):
        await temporal.get_workflow_handle(run.id, run_id=run.run_id).terminate()


def handle_of(temporal: Client, house: House) -> WorkflowHandle[Any, Any]:
    return temporal.get_workflow_handle(scan_workflow_id(house.tenant.id))


async def stored(services: Services, house: House) -> list[str]:
    async with services.database.read() as session:
        found = await scans.list_scans(session, organisation_id=house.organisation_id)
    return [state.scan_id for state in found]


async def test_a_start_is_accepted_and_its_workflow_runs(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    answer = await operator.post(SCANS_URL, json=START)

    scan_id = answer.json()["scan_id"]
    description = await handle_of(running.temporal, ours).describe()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/v1/scans/{scan_id}"
    assert answer.headers["hx-trigger-after-settle"] == (
        '{"scanStarted": {"scan_id": "' + scan_id + '"}}'
    )
    assert description.workflow_type == "ScanWorkflow"
    assert description.task_queue == SCANS
    assert await description.memo_value("scan_id") == scan_id


async def test_a_new_scan_lists_every_planned_recommendation(
    operator: httpx2.AsyncClient,
) -> None:
    scan_id = (await operator.post(SCANS_URL, json=START)).json()["scan_id"]

    state = (await operator.get(f"{SCANS_URL}/{scan_id}")).json()

    assert state["status"] == "pending"
    assert state["total_checks"] == len(state["checks"])
    assert state["total_checks"] > 60
    assert {line["level"] for line in state["checks"]} == {1}
    assert state["execution"]["answered"] is True
    assert state["execution"]["status"] == "running"


async def test_a_second_start_is_refused_with_a_link_to_the_first(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    first = (await operator.post(SCANS_URL, json=START)).json()["scan_id"]
    answer = await operator.post(SCANS_URL, json=START)

    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["scan_id"] == first
    assert problem["link"] == f"/api/v1/scans/{first}"
    assert problem["detail"] == "Contoso is already being scanned."
    assert await stored(running, ours) == [first]


async def test_twenty_starts_at_once_make_one_scan(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    answers = await asyncio.gather(*(operator.post(SCANS_URL, json=START) for _ in range(20)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [202] + [409] * 19
    assert len(await stored(running, ours)) == 1


async def test_the_same_key_gives_the_same_scan_also_at_once(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    headers = {"Idempotency-Key": "monday"}
    answers = await asyncio.gather(
        *(operator.post(SCANS_URL, json=START, headers=headers) for _ in range(8))
    )
    later = await operator.post(SCANS_URL, json=START, headers=headers)

    assert {answer.status_code for answer in [*answers, later]} == {202}
    assert len({answer.json()["scan_id"] for answer in [*answers, later]}) == 1
    assert len(await stored(running, ours)) == 1


async def test_the_same_key_with_another_body_is_refused(operator: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "monday"}
    await operator.post(SCANS_URL, json=START, headers=headers)

    answer = await operator.post(SCANS_URL, json=START | {"profile": "E3-L2"}, headers=headers)

    assert answer.status_code == 422
    assert answer.json()["type"] == "/api/docs#key-reused"


async def test_a_scan_whose_workflow_never_started_is_started_by_the_same_key(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    headers = {"Idempotency-Key": "monday"}
    first = (await operator.post(SCANS_URL, json=START, headers=headers)).json()["scan_id"]
    await handle_of(running.temporal, ours).terminate()

    again = await operator.post(SCANS_URL, json=START, headers=headers)

    description = await handle_of(running.temporal, ours).describe()
    assert again.json()["scan_id"] == first
    assert description.status is not None
    assert description.status.name == "RUNNING"


async def test_a_scan_can_start_while_the_one_before_is_closing(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    first = (await operator.post(SCANS_URL, json=START)).json()["scan_id"]
    await change(running.database, ours, first, ScanStatus.COMPLETED)

    async def close_soon() -> None:
        await asyncio.sleep(0.3)
        await handle_of(running.temporal, ours).terminate()

    answer, _ = await asyncio.gather(operator.post(SCANS_URL, json=START), close_soon())

    assert answer.status_code == 202
    assert answer.json()["scan_id"] != first


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"tenant": "Nobody"}, 404, "tenant-not-found"),
        ({"tenant": "Fabrikam"}, 404, "tenant-not-found"),
        ({"tenant": "Contoso", "profile": "E7-L9"}, 422, "unknown-profile"),
    ],
)
async def test_a_start_that_makes_no_sense_leaves_nothing(
    client: httpx2.AsyncClient,
    services: Services,
    ours: House,
    theirs: House,
    body: dict[str, str],
    status: int,
    kind: str,
) -> None:
    answer = await client.post(SCANS_URL, json=body)

    assert answer.status_code == status
    assert answer.json()["type"] == f"/api/docs#{kind}"
    assert await stored(services, ours) == []


async def test_with_temporal_away_a_start_says_so_and_leaves_nothing(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    answer = await client.post(SCANS_URL, json=START)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert await stored(services, ours) == []


async def test_with_temporal_away_a_scan_can_still_be_read(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scan_id = await add_scan(services.database, ours)

    state = (await client.get(f"{SCANS_URL}/{scan_id}")).json()

    assert state["execution"]["answered"] is False
    assert state["scan_id"] == scan_id


async def test_cancelling_is_recorded_and_reaches_the_workflow(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    scan_id = (await operator.post(SCANS_URL, json=START)).json()["scan_id"]
    first = await operator.post(f"{SCANS_URL}/{scan_id}/cancel")
    again = await operator.post(f"{SCANS_URL}/{scan_id}/cancel")

    history = await handle_of(running.temporal, ours).fetch_history()
    journal = (await operator.get(f"{SCANS_URL}/{scan_id}/events")).json()
    kinds = [event.event_type for event in history.events]
    assert (first.status_code, first.json()["status"]) == (202, "cancelling")
    assert again.status_code == 202
    assert EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED in kinds
    assert [event["status"] for event in journal["items"]] == ["cancelling"]


async def test_a_pending_scan_without_a_workflow_ends_at_once(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    scan_id = await add_scan(running.database, ours)

    answer = await operator.post(f"{SCANS_URL}/{scan_id}/cancel")

    assert answer.status_code == 202
    assert answer.json()["status"] == "cancelled"
    assert answer.json()["error_message"] == "Cancelled by admin before it ran."


async def test_cancelling_an_orphan_does_not_touch_the_running_scan_of_its_tenant(
    operator: httpx2.AsyncClient, running: Services, ours: House
) -> None:
    orphan = await add_scan(running.database, ours)
    await operator.post(SCANS_URL, json=START)

    await operator.post(f"{SCANS_URL}/{orphan}/cancel")

    history = await handle_of(running.temporal, ours).fetch_history()
    kinds = [event.event_type for event in history.events]
    assert EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED not in kinds


async def test_a_finished_scan_cannot_be_cancelled(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scan_id = await add_scan(services.database, ours)
    await change(services.database, ours, scan_id, ScanStatus.COMPLETED)

    answer = await client.post(f"{SCANS_URL}/{scan_id}/cancel")

    assert answer.status_code == 409
    assert answer.json()["type"] == "/api/docs#scan-already-finished"


async def test_with_temporal_away_a_cancel_changes_nothing(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scan_id = await add_scan(services.database, ours)

    answer = await client.post(f"{SCANS_URL}/{scan_id}/cancel")

    assert answer.status_code == 503
    assert (await client.get(f"{SCANS_URL}/{scan_id}")).json()["status"] == "pending"


async def test_a_list_is_paged_without_gap_or_repeat(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    made = [await add_scan(services.database, ours) for _ in range(5)]
    seen: list[str] = []
    url: str | None = f"{SCANS_URL}?limit=2"
    while url:
        page = (await client.get(url)).json()
        seen += [state["scan_id"] for state in page["items"]]
        cursor = page["next_cursor"]
        url = f"{SCANS_URL}?limit=2&cursor={cursor}" if cursor else None

    assert seen == list(reversed(made))


async def test_scans_of_the_same_moment_are_paged_too(
    client: httpx2.AsyncClient, services: Services, ours: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = scanning.now()
    monkeypatch.setattr(scanning, "now", lambda: moment)
    made = {await add_scan(services.database, ours) for _ in range(4)}

    first = (await client.get(f"{SCANS_URL}?limit=3")).json()
    second = (await client.get(f"{SCANS_URL}?limit=3&cursor={first['next_cursor']}")).json()

    seen = [state["scan_id"] for state in [*first["items"], *second["items"]]]
    assert len(seen) == 4
    assert set(seen) == made


async def test_a_list_is_filtered_by_tenant_and_activity(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    open_scan = await add_scan(services.database, ours)
    ended = await add_scan(services.database, ours)
    await change(services.database, ours, ended, ScanStatus.COMPLETED)

    async def ids(query: str) -> list[str]:
        page = (await client.get(f"{SCANS_URL}?{query}")).json()
        return [state["scan_id"] for state in page["items"]]

    assert await ids("active=true") == [open_scan]
    assert await ids("active=false&tenant=contoso.onmicrosoft.com") == [ended]


@pytest.mark.parametrize("query", ["cursor=abc", "cursor=%00", "limit=0", "limit=1000000000"])
async def test_a_list_that_cannot_be_is_refused(client: httpx2.AsyncClient, query: str) -> None:
    assert (await client.get(f"{SCANS_URL}?{query}")).status_code == 422


async def test_the_journal_continues_after_a_number(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scan_id = await add_scan(services.database, ours)
    for status in (ScanStatus.RUNNING, ScanStatus.PAUSED, ScanStatus.RUNNING):
        await change(services.database, ours, scan_id, status)

    page = (await client.get(f"{SCANS_URL}/{scan_id}/events?after=1")).json()

    assert [event["seq"] for event in page["items"]] == [2, 3]
    assert page["last"] == 3


async def test_the_api_works_without_news(running: Services, ours: House) -> None:
    assert not running.live.connected
    async with browser(create_app(running), ours.username) as client:
        answer = await client.post(SCANS_URL, json=START)
    await end_run(running.temporal, ours)

    assert answer.status_code == 202
