"""Activities of schedules and campaigns: whether a scan may begin, and what became of it."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.progress import now
from checks.catalogue import CIS_M365_5, planned_checks
from contracts.errors import ScheduleNotFound
from contracts.fleet import (
    CampaignChunk,
    CampaignEnd,
    CampaignRun,
    CampaignStatus,
    Decision,
    LetGo,
    WishedScan,
)
from contracts.scan import Profile, ScanRequest
from store import campaigns, scans, schedules, tenants
from store.database import Database
from store.places import has_place
from store.tables import Campaign, Schedule
from store.wishes import wishes_of

CHUNK = 50  # tenants of a campaign before its history is cut
_NOT_WANTED = "it is not wanted any more"
_RUNS_ALREADY = "the tenant is being scanned already"


class FleetActivities:
    def __init__(self, database: Database, *, max_scans: int) -> None:
        """`max_scans`: scans side by side of one organisation, whoever began them."""
        self._database = database
        self._max_scans = max_scans

    @activity.defn
    async def may_begin(self, wish: WishedScan) -> Decision:
        """Creates the scan, or says what to wait for, or why not. Asked again, says the same;
        the schedule or the campaign's tenant shows it."""
        async with self._database.begin() as session:
            free = await has_place(
                session,
                organisation_id=wish.organisation_id,
                tenant_id=wish.tenant_id,
                max_scans=self._max_scans,
            )
            known = await scans.by_idempotency_key(
                session, organisation_id=wish.organisation_id, key=wish.key
            )
            if known is not None:
                return Decision(scan=_request(wish, known.id))
            if wish.campaign_id is not None:
                return await self._for_campaign(session, wish, wish.campaign_id, free)
            return await self._for_schedule(session, wish, free)

    @activity.defn
    async def let_go(self, let_go: LetGo) -> None:
        """Notes why, and leaves nothing behind of a row whose workflow was refused."""
        wish = let_go.wish
        async with self._database.begin() as session:
            if let_go.scan is not None:
                await scans.remove_unstarted(
                    session, organisation_id=wish.organisation_id, scan_id=let_go.scan.scan_id
                )
            if wish.campaign_id is not None:
                await _note_member(session, wish, None, let_go.why)
                return
            schedule = await _schedule_of(session, wish)
            if schedule is not None:
                schedule.note, schedule.noted_at = let_go.why, now()

    @activity.defn
    async def next_tenants(self, run: CampaignRun) -> CampaignChunk:
        async with self._database.read() as session:
            found = await campaigns.open_members(
                session,
                organisation_id=run.organisation_id,
                campaign_id=run.campaign_id,
                limit=CHUNK + 1,
            )
        return CampaignChunk(tenant_ids=found[:CHUNK], is_last=len(found) <= CHUNK)

    @activity.defn
    async def end_campaign(self, end: CampaignEnd) -> bool:
        async with self._database.begin() as session:
            return await campaigns.end_campaign(
                session,
                organisation_id=end.organisation_id,
                campaign_id=end.campaign_id,
                status=end.status,
                at=now(),
            )

    async def _for_campaign(
        self, session: AsyncSession, wish: WishedScan, campaign_id: str, free: bool
    ) -> Decision:
        campaign = await campaigns.get_campaign(
            session, organisation_id=wish.organisation_id, campaign_id=campaign_id
        )
        if campaign.status != CampaignStatus.RUNNING:
            return Decision(refused=_NOT_WANTED)
        if await self._is_being_scanned(session, wish):
            await _note_member(session, wish, None, _RUNS_ALREADY)
            return Decision(refused=_RUNS_ALREADY)
        if not free:
            return Decision(full=True)
        scan_id = await _create(session, wish, campaign)
        await _note_member(session, wish, scan_id, "")
        return Decision(scan=_request(wish, scan_id))

    async def _for_schedule(self, session: AsyncSession, wish: WishedScan, free: bool) -> Decision:
        schedule = await _schedule_of(session, wish)
        if schedule is None:
            return Decision(refused=_NOT_WANTED)
        decision = Decision(full=True)
        quiet_s = quiet_seconds(schedule, now())
        if await self._is_being_scanned(session, wish):
            decision = Decision(refused=_RUNS_ALREADY)
        elif quiet_s > 0:
            decision = Decision(wait_s=quiet_s)
        elif free:
            scan_id = await _create(session, wish, schedule)
            schedule.last_scan_id = scan_id
            decision = Decision(scan=_request(wish, scan_id))
        schedule.note, schedule.noted_at = _in_words(decision, schedule), now()
        return decision

    async def _is_being_scanned(self, session: AsyncSession, wish: WishedScan) -> bool:
        found = await scans.running_scan(
            session, organisation_id=wish.organisation_id, tenant_id=wish.tenant_id
        )
        return found is not None


def quiet_seconds(schedule: Schedule, at: datetime) -> float:
    """How long the quiet hours around `at` still last; 0 outside of them."""
    if schedule.quiet_from is None or schedule.quiet_to is None:
        return 0
    here = at.astimezone(ZoneInfo(schedule.timezone))
    begin, end = time.fromisoformat(schedule.quiet_from), time.fromisoformat(schedule.quiet_to)
    clock = here.time()
    over_midnight = begin > end
    quiet = (clock >= begin or clock < end) if over_midnight else begin <= clock < end
    if not quiet:
        return 0
    last = here.date() + timedelta(days=int(over_midnight and clock >= begin))
    # An hour that comes twice ends where it was met; subtracting as UTC counts real seconds.
    over = datetime.combine(last, end, here.tzinfo).replace(fold=here.fold)
    return max((over.astimezone(UTC) - at).total_seconds(), 0)


def _in_words(decision: Decision, schedule: Schedule) -> str:
    if decision.wait_s is not None:
        return f"waits until {schedule.quiet_to}: quiet hours"
    if decision.full:
        return "waits until fewer tenants are being scanned"
    return decision.refused or ""


async def _schedule_of(session: AsyncSession, wish: WishedScan) -> Schedule | None:
    try:
        return await schedules.get_schedule(
            session,
            organisation_id=wish.organisation_id,
            schedule_id=wish.schedule_id or "",
            lock=True,
        )
    except ScheduleNotFound:
        return None


async def _create(session: AsyncSession, wish: WishedScan, wished_by: Schedule | Campaign) -> str:
    """In the name of whoever asked last."""
    profile = Profile.parse(wished_by.profile)
    tenant = await tenants.get_tenant(
        session, organisation_id=wish.organisation_id, tenant=wish.tenant_id
    )
    scan = await scans.add_scan(
        session,
        organisation_id=wish.organisation_id,
        tenant=tenant,
        benchmark=CIS_M365_5,
        profile=profile,
        checks=planned_checks(profile),
        at=now(),
        requested_by=wishes_of(wished_by)[-1].by,
        trigger="campaign" if isinstance(wished_by, Campaign) else "schedule",
        idempotency_key=wish.key,
    )
    return scan.id


async def _note_member(
    session: AsyncSession, wish: WishedScan, scan_id: str | None, message: str
) -> None:
    await campaigns.note_member(
        session,
        organisation_id=wish.organisation_id,
        campaign_id=wish.campaign_id or "",
        tenant_id=wish.tenant_id,
        scan_id=scan_id,
        message=message,
    )


def _request(wish: WishedScan, scan_id: str) -> ScanRequest:
    return ScanRequest(
        scan_id=scan_id, organisation_id=wish.organisation_id, tenant_id=wish.tenant_id
    )
