"""What giving a service up would mean, before anybody does it."""

from dataclasses import dataclass

from api.scan_view import ServiceGroup, group_of
from api.services import Services
from checks.catalogue import datasets_of
from contracts.scan import ScanState
from store import results, scans


@dataclass(frozen=True)
class SkipPreview:
    """`unjudged`: checks of this attempt that read the service and have no verdict yet."""

    state: ScanState
    group: ServiceGroup | None
    unjudged: int

    @property
    def is_possible(self) -> bool:
        return self.group is not None and self.group.can_skip


async def preview_of(
    services: Services, *, organisation_id: str, scan_id: str, service: str
) -> SkipPreview:
    async with services.database.read() as session:
        state = await scans.read_state(session, organisation_id=organisation_id, scan_id=scan_id)
        attempt = await scans.get_attempt(
            session, organisation_id=organisation_id, scan_id=scan_id, number=state.attempt
        )
        judged = await results.judged_in(
            session, organisation_id=organisation_id, scan_id=scan_id, attempt=state.attempt
        )
    waiting = set(attempt.recommendations) - judged
    return SkipPreview(
        state=state,
        group=group_of(state, service),
        unjudged=sum(
            line.recommendation in waiting and _reads(line.check, service) for line in state.checks
        ),
    )


def _reads(check: str, service: str) -> bool:
    return any(name.partition(".")[0] == service for name in datasets_of(check))
