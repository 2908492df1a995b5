"""Campaigns: a row with its tenants first, then one workflow that scans them."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.errors import KeyReused
from api.news import publish
from api.services import Services
from api.temporal import ask, describe_workflow, is_open
from contracts.errors import (
    CampaignEnded,
    CampaignRunning,
    NoTenantsChosen,
    TemporalUnavailable,
)
from contracts.fleet import CampaignDetail, CampaignRun, CampaignStatus
from contracts.names import SCANS, campaign_workflow_id
from contracts.scan import Profile, ScanStatus
from store import campaigns, tenants
from store.campaign_lists import read_campaign
from store.events import change_status
from store.tables import Campaign
from workflows.fleet import CampaignWorkflow

_CLOSING_S = 3.0


async def start_campaign(
    services: Services,
    *,
    organisation_id: str,
    name: str,
    profile: str,
    by: str,
    named: Sequence[str] = (),
    tag: str | None = None,
    idempotency_key: str | None = None,
) -> CampaignDetail:
    """Of the tenants that are named, else those with the tag, else all. The same key gives the
    same campaign. Raises TenantNotFound, NoTenantsChosen, UnknownProfile, KeyReused,
    TemporalUnavailable; nothing is left behind then."""
    chosen = Profile.parse(profile)
    async with services.database.read() as session:
        tenant_ids = await tenants.choose_tenants(
            session, organisation_id=organisation_id, named=named, tag=tag
        )
    if not tenant_ids:
        raise NoTenantsChosen
    known = await _by_key(services, organisation_id, name, chosen, idempotency_key)
    if known is None:
        campaign, is_new = await _insert(
            services, organisation_id, name, chosen, tenant_ids, by, idempotency_key
        )
        if is_new:
            await _start_or_remove(services, campaign)
        known = campaign
    return await _detail(services, organisation_id, known.id)


async def cancel_campaign(
    services: Services, *, organisation_id: str, campaign_id: str, by: str
) -> CampaignDetail:
    """Its scans are cancelled in the name of who asks; it ends when they have. Raises
    CampaignEnded, TemporalUnavailable."""
    await _detail(services, organisation_id, campaign_id)
    run = await describe_workflow(services.temporal, campaign_workflow_id(campaign_id))
    async with services.database.begin() as session:
        if not await campaigns.ask_to_cancel(
            session,
            organisation_id=organisation_id,
            campaign_id=campaign_id,
            by=by,
            at=datetime.now(UTC),
        ):
            raise CampaignEnded(campaign_id)
    await _say_on_its_scans(services, organisation_id, campaign_id, by)
    if is_open(run):
        with contextlib.suppress(RPCError):  # it has closed in the meantime
            await ask(_handle(services, campaign_id).cancel())
    else:
        async with services.database.begin() as session:
            await campaigns.end_campaign(
                session,
                organisation_id=organisation_id,
                campaign_id=campaign_id,
                status=CampaignStatus.CANCELLED,
                at=datetime.now(UTC),
            )
    return await _detail(services, organisation_id, campaign_id)


async def retry_campaign(
    services: Services, *, organisation_id: str, campaign_id: str, by: str
) -> CampaignDetail:
    """Once more, for the tenants without a completed scan. Raises CampaignRunning,
    TemporalUnavailable; the campaign stands as before then."""
    async with services.database.begin() as session:
        reopened = await campaigns.reopen_campaign(
            session,
            organisation_id=organisation_id,
            campaign_id=campaign_id,
            by=by,
            at=datetime.now(UTC),
        )
    if reopened is None:
        raise CampaignRunning(campaign_id)
    run = CampaignRun(organisation_id=organisation_id, campaign_id=campaign_id, run=reopened.run)
    try:
        await _start_run(services, run)
    except (TemporalUnavailable, CampaignRunning):
        async with services.database.begin() as session:
            await campaigns.take_back_run(
                session,
                organisation_id=organisation_id,
                campaign_id=campaign_id,
                reopened=reopened,
            )
        raise
    return await _detail(services, organisation_id, campaign_id)


async def _by_key(
    services: Services, organisation_id: str, name: str, profile: Profile, key: str | None
) -> Campaign | None:
    if key is None:
        return None
    async with services.database.read() as session:
        known = await campaigns.campaign_of_key(session, organisation_id=organisation_id, key=key)
    if known is not None and (known.name != name or known.profile != profile.name):
        raise KeyReused
    return known


async def _insert(
    services: Services,
    organisation_id: str,
    name: str,
    profile: Profile,
    tenant_ids: Sequence[str],
    by: str,
    key: str | None,
) -> tuple[Campaign, bool]:
    """The campaign, and whether it was made just now."""
    try:
        async with services.database.begin() as session:
            campaign = await campaigns.add_campaign(
                session,
                organisation_id=organisation_id,
                name=name,
                profile=profile.name,
                tenant_ids=tenant_ids,
                created_by=by,
                at=datetime.now(UTC),
                idempotency_key=key,
            )
        return campaign, True
    except IntegrityError:  # the same key at the same moment: the index has decided
        known = await _by_key(services, organisation_id, name, profile, key)
        if known is None:
            raise
        return known, False


async def _start_or_remove(services: Services, campaign: Campaign) -> None:
    run = CampaignRun(organisation_id=campaign.organisation_id, campaign_id=campaign.id)
    try:
        await _start_run(services, run)
    except TemporalUnavailable:
        async with services.database.begin() as session:
            await campaigns.remove_campaign(
                session,
                organisation_id=campaign.organisation_id,
                campaign_id=campaign.id,
            )
        raise


async def _start_run(services: Services, run: CampaignRun) -> None:
    """A run whose end is written already is given a moment to close."""
    for last_try in (False, True):
        try:
            await ask(
                services.temporal.start_workflow(
                    CampaignWorkflow.run,
                    run,
                    id=campaign_workflow_id(run.campaign_id),
                    task_queue=SCANS,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    static_summary=f"campaign {run.campaign_id}, run {run.run}",
                )
            )
        except WorkflowAlreadyStartedError:
            if last_try:
                raise CampaignRunning(run.campaign_id) from None
            with contextlib.suppress(
                TimeoutError, TemporalUnavailable, WorkflowFailureError, RPCError
            ):
                closing = ask(_handle(services, run.campaign_id).result())
                async with asyncio.timeout(_CLOSING_S):
                    await closing
        else:
            return


async def _say_on_its_scans(
    services: Services, organisation_id: str, campaign_id: str, by: str
) -> None:
    async with services.database.begin() as session:
        told = [
            await change_status(
                session,
                organisation_id=organisation_id,
                scan_id=scan_id,
                status=ScanStatus.CANCELLING,
                at=datetime.now(UTC),
                by=by,
            )
            for scan_id in await campaigns.running_scans(
                session, organisation_id=organisation_id, campaign_id=campaign_id
            )
        ]
    for event in told:
        if event is not None:
            await publish(services.live, event)


async def _detail(services: Services, organisation_id: str, campaign_id: str) -> CampaignDetail:
    async with services.database.read() as session:
        return await read_campaign(
            session, organisation_id=organisation_id, campaign_id=campaign_id
        )


def _handle(services: Services, campaign_id: str) -> WorkflowHandle[Any, Any]:
    return services.temporal.get_workflow_handle(campaign_workflow_id(campaign_id))
