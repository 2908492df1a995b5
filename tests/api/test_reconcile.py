"""What no workflow will put right, the reconciler does; and what runs it leaves alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle

from api import reconcile as reconcile_module
from api.campaigning import start_campaign
from api.reconcile import PATIENCE, keep_right, reconcile
from api.services import Services
from api.start import start_run
from contracts.doctor import Repair
from contracts.errors import TemporalUnavailable
from contracts.names import (
    campaign_scan_key,
    campaign_workflow_id,
    scan_workflow_id,
)
from contracts.scan import RetryScope, ScanRequest, ScanStatus
from store import attempts, campaigns, scans
from store.campaign_lists import read_campaign
from store.tables import Scan
from tests.api.conftest import House, add_house
from tests.api.scanning import add_scan, change
from tests.api.working import end_everything, eventually, state_of

NONE = timedelta(0)


@pytest.fixture
async def house(running: Services, ours: House) -> AsyncIterator[Services]:
    """With Temporal and without a worker; what was started is ended afterwards."""
    yield running
    await end_everything(running.temporal)


def request_of(house: House, scan_id: str, attempt: int = 1) -> ScanRequest:
    return ScanRequest(
        scan_id=scan_id,
        organisation_id=house.organisation_id,
        tenant_id=house.tenant.id,
        attempt=attempt,
    )


def run_of(temporal: Client, house: House) -> WorkflowHandle[Any, Any]:
    return temporal.get_workflow_handle(scan_workflow_id(house.tenant.id))


async def started(services: Services, house: House, status: ScanStatus) -> str:
    """A scan with a workflow that waits for a worker."""
    scan_id = await add_scan(services.database, house)
    await start_run(services, request_of(house, scan_id), "Contoso")
    if status is not ScanStatus.PENDING:
        await change(services.database, house, scan_id, status)
    return scan_id


async def closed(services: Services, house: House) -> None:
    """The list of workflows, and what is said of one, follow a moment later."""

    async def is_closed() -> bool:
        described = await run_of(services.temporal, house).describe()
        return described.close_time is not None

    await eventually(is_closed)


async def end_of(services: Services, house: House, scan_id: str) -> tuple[str, str | None]:
    state = await state_of(services, house, scan_id)
    return state.status, state.error_message


async def test_a_row_whose_workflow_never_began_is_ended_and_says_so(
    house: Services, ours: House
) -> None:
    scan_id = await add_scan(house.database, ours)

    (repair,) = await reconcile(house, patience=NONE)

    why = "It was never started; start it again."
    assert await end_of(house, ours, scan_id) == ("failed", why)
    assert repair == Repair(kind="scan", id=scan_id, name="Contoso", status="failed", why=why)


async def test_a_row_of_this_moment_is_given_time_to_start(house: Services, ours: House) -> None:
    scan_id = await add_scan(house.database, ours)

    assert await reconcile(house, patience=PATIENCE) == []
    assert (await state_of(house, ours, scan_id)).status is ScanStatus.PENDING


async def test_a_scan_that_was_terminated_outside_is_ended_and_says_so(
    house: Services, ours: House
) -> None:
    scan_id = await started(house, ours, ScanStatus.RUNNING)
    await run_of(house.temporal, ours).terminate()
    await closed(house, ours)

    await reconcile(house, patience=NONE)

    assert await end_of(house, ours, scan_id) == ("failed", "It was terminated outside Assay.")


async def test_a_scan_that_temporal_has_lost_is_interrupted(house: Services, ours: House) -> None:
    scan_id = await add_scan(house.database, ours)
    await change(house.database, ours, scan_id, ScanStatus.RUNNING)

    await reconcile(house, patience=NONE)

    why = "It was interrupted: the workflow service has lost it."
    assert await end_of(house, ours, scan_id) == ("failed", why)


async def test_a_scan_whose_cancel_outlived_its_workflow_is_cancelled(
    house: Services, ours: House
) -> None:
    scan_id = await add_scan(house.database, ours)
    await change(house.database, ours, scan_id, ScanStatus.CANCELLING)

    await reconcile(house, patience=NONE)

    assert (await state_of(house, ours, scan_id)).status is ScanStatus.CANCELLED


async def test_the_run_of_a_newer_scan_does_not_answer_for_an_older_one(
    house: Services, ours: House
) -> None:
    older = await add_scan(house.database, ours)
    await change(house.database, ours, older, ScanStatus.RUNNING)
    newer = await started(house, ours, ScanStatus.RUNNING)

    await reconcile(house, patience=NONE)

    assert (await state_of(house, ours, older)).status is ScanStatus.FAILED
    assert (await state_of(house, ours, newer)).status is ScanStatus.RUNNING


@pytest.mark.parametrize(
    "status",
    [ScanStatus.PENDING, ScanStatus.RUNNING, ScanStatus.PAUSED, ScanStatus.CANCELLING],
)
async def test_whatever_has_an_open_workflow_is_left_alone(
    house: Services, ours: House, status: ScanStatus
) -> None:
    scan_id = await started(house, ours, status)

    assert await reconcile(house, patience=NONE) == []
    assert (await state_of(house, ours, scan_id)).status is status


async def test_a_retry_that_was_never_started_is_not_blamed_on_the_attempt_before(
    house: Services, ours: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_module, "_CLOCKS_APART", NONE)
    scan_id = await started(house, ours, ScanStatus.RUNNING)
    await run_of(house.temporal, ours).terminate()
    await closed(house, ours)
    await change(house.database, ours, scan_id, ScanStatus.FAILED)
    async with house.database.begin() as session:
        await attempts.begin_attempt(
            session,
            organisation_id=ours.organisation_id,
            scan_id=scan_id,
            scope=RetryScope.ALL,
            recommendation=None,
            requested_by="ann",
            at=datetime.now(UTC),
        )

    await reconcile(house, patience=NONE)

    why = "It was never started; start it again."
    assert await end_of(house, ours, scan_id) == ("failed", why)


async def test_a_scan_that_its_campaign_is_about_to_start_is_left_alone(
    house: Services, ours: House
) -> None:
    """Its worker may be away between the row and the scan's workflow."""
    campaign = await begun_campaign(house, ours)
    scan_id = await add_scan(house.database, ours)
    async with house.database.begin() as session:
        row = await session.get_one(Scan, scan_id)
        row.trigger = "campaign"
        row.idempotency_key = campaign_scan_key(campaign, 1, ours.tenant.id)

    waits = await reconcile(house, patience=NONE)
    await house.temporal.get_workflow_handle(campaign_workflow_id(campaign)).terminate()
    await eventually(lambda: _is_closed(house.temporal, campaign_workflow_id(campaign)))
    ended = await reconcile(house, patience=NONE)

    assert waits == []
    assert {repair.kind for repair in ended} == {"scan", "campaign"}


async def begun_campaign(services: Services, house: House) -> str:
    detail = await start_campaign(
        services,
        organisation_id=house.organisation_id,
        name="Review",
        profile="E5-L1",
        by="ann",
    )
    return detail.campaign_id


async def _is_closed(temporal: Client, workflow_id: str) -> bool:
    return (await temporal.get_workflow_handle(workflow_id).describe()).close_time is not None


async def test_a_campaign_without_a_workflow_is_ended(house: Services, ours: House) -> None:
    kept = await begun_campaign(house, ours)
    async with house.database.begin() as session:
        lost = await campaigns.add_campaign(
            session,
            organisation_id=ours.organisation_id,
            name="Lost",
            profile="E5-L1",
            tenant_ids=[ours.tenant.id],
            created_by="ann",
            at=datetime.now(UTC),
        )

    patient = await reconcile(house, patience=PATIENCE)
    (repair,) = await reconcile(house, patience=NONE)

    async with house.database.read() as session:
        details = [
            await read_campaign(
                session, organisation_id=ours.organisation_id, campaign_id=campaign_id
            )
            for campaign_id in (kept, lost.id)
        ]
    assert patient == []
    assert (repair.kind, repair.id, repair.status) == ("campaign", lost.id, "cancelled")
    assert [detail.status for detail in details] == ["running", "cancelled"]


async def test_one_organisation_puts_right_only_its_own(
    house: Services, ours: House, password_hash: str
) -> None:
    other = await add_house(house.database, "other", "Fabrikam", password_hash)
    mine, foreign = [await add_scan(house.database, one) for one in (ours, other)]

    repairs = await reconcile(house, patience=NONE, organisation_id=ours.organisation_id)

    assert [repair.id for repair in repairs] == [mine]
    assert (await state_of(house, other, foreign)).status is ScanStatus.PENDING


async def test_with_temporal_away_nothing_is_judged(services: Services, ours: House) -> None:
    scan_id = await add_scan(services.database, ours)

    with pytest.raises(TemporalUnavailable):
        await reconcile(services, patience=NONE)

    assert (await state_of(services, ours, scan_id)).status is ScanStatus.PENDING


async def test_it_goes_on_when_the_database_comes_back(
    house: Services, ours: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_module, "EVERY_S", 0.05)
    monkeypatch.setattr(reconcile_module, "PATIENCE", NONE)
    scan_id = await add_scan(house.database, ours)
    missing = type(house.database)("sqlite+aiosqlite:////nowhere/assay.db")
    flaky = replace(house, database=missing)
    task = asyncio.create_task(keep_right(flaky))
    await asyncio.sleep(0.3)
    survived = not task.done()
    object.__setattr__(flaky, "database", house.database)

    async def is_ended() -> bool:
        return (await state_of(house, ours, scan_id)).status.is_terminal

    async with house.database.begin() as session:  # so that the default patience is over
        row = await scans.get_scan(session, organisation_id=ours.organisation_id, scan_id=scan_id)
        row.created_at = datetime.now(UTC) - timedelta(minutes=5)
    await eventually(is_ended)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert survived
