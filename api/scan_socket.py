"""The JSON socket of a scan, at the address it has always had."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, WebSocket

from api.dependencies import Operator, Wired
from api.identity import Who, still_signed_in
from api.live import follow
from api.services import Services
from api.sockets import serve
from contracts.events import AnyEvent, encode
from store.scans import owns_scan

router = APIRouter()


@router.websocket("/msp/cspm/scans/ws/{scan_id}")
async def scan_socket(
    socket: WebSocket,
    scan_id: UUID,
    who: Operator,
    services: Wired,
    after: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
) -> None:
    """Origin and login are the gate's; the right to this scan is checked here, before accept."""
    if not await may_watch(services, who, str(scan_id)):
        await socket.close(1008)
        return
    events = follow(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), after=after
    )
    async with aclosing(events), aclosing(_as_text(events)) as texts:
        await serve(socket, texts, still_allowed=lambda: may_watch(services, who, str(scan_id)))


async def may_watch(services: Services, who: Who, scan_id: str) -> bool:
    """Signed in still, and this scan is theirs."""
    if not await still_signed_in(services, who):
        return False
    async with services.database.read() as session:
        return await owns_scan(session, organisation_id=who.organisation_id, scan_id=scan_id)


async def _as_text(events: AsyncIterator[AnyEvent]) -> AsyncGenerator[str, None]:
    async for event in events:
        yield encode(event).decode()
