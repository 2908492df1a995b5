"""What the doctor finds when no API process answers: the same questions, asked from here."""

import asyncio
import contextlib

from api.diagnosis import diagnose
from api.doctor import REPAIR_PATIENCE
from api.hub import LiveHub
from api.reconcile import reconcile
from api.services import Services
from assay import wiring
from assay.api import api_settings
from assay.settings import Settings
from contracts.doctor import Diagnosis, Finding, Repair
from contracts.errors import PackInvalid, TemporalUnavailable
from contracts.results import RecordedTenant

_NEWS_WITHIN_S = 2.0
_LOOK_EVERY_S = 0.05


async def examine(settings: Settings, *, fix: bool) -> tuple[Diagnosis, list[Repair]]:
    """Of every organisation: who may run this has the database anyway."""
    database = wiring.open_database(settings)
    live = LiveHub(settings.nats_url)
    services = Services(
        database=database,
        temporal=await wiring.open_temporal(),
        live=live,
        settings=api_settings(settings),
        import_pack=_no_packs,
    )
    await live.start()
    await _until_news_flow(live)
    try:
        repairs: list[Repair] = []
        if fix:
            with contextlib.suppress(TemporalUnavailable):  # the diagnosis says that it is away
                repairs = await reconcile(services, patience=REPAIR_PATIENCE)
        found = await diagnose(services, organisation_id=None)
    finally:
        await live.stop()
        await database.close()
    away = Finding(
        part="API",
        condition="broken",
        note=f"{settings.url} does not answer",
        hint="Start it: `assay up`, or `assay api`.",
    )
    update = {"condition": "broken", "findings": [away, *found.findings]}
    return found.model_copy(update=update), repairs


async def _until_news_flow(live: LiveHub) -> None:
    for _ in range(round(_NEWS_WITHIN_S / _LOOK_EVERY_S)):
        if live.connected:
            return
        await asyncio.sleep(_LOOK_EVERY_S)


def _no_packs(_path: object) -> RecordedTenant:
    raise PackInvalid("pack.zip", "is not taken here")
