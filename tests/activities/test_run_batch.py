"""Batches over a recorded tenant: what is stored, told and beaten, and what they go on from."""

from itertools import pairwise

import pytest
from temporalio.exceptions import ApplicationError

from activities.batch import Limits
from activities.collectors import LocalCollectors, NoCollector, Source
from activities.offline import judge_pack
from contracts.collector import ReadError
from contracts.events import BatchEvent, PowershellFinishedEvent, ResultsInsertedEvent, StatusEvent
from contracts.scan import Profile, ScanStatus
from evidence.packs import Pack
from store.database import Database
from tests.activities.stage import Stage
from tests.builders.scans import CONTOSO, new_scan

LEVEL_1 = Profile(level=1)


@pytest.fixture(scope="module")
def offline() -> dict[str, str]:
    """The demo tenant's verdicts, judged without a scan."""
    judged = judge_pack(Pack.open(CONTOSO), LEVEL_1)
    return {entry["recommendation"]: entry["verdict"] for entry in judged}


@pytest.fixture
async def stage(sqlite: Database, collectors: LocalCollectors) -> Stage:
    return Stage(sqlite, collectors, await new_scan(sqlite))


async def test_a_batch_judges_its_checks_as_the_pack_says(
    stage: Stage, offline: dict[str, str]
) -> None:
    outcome = await stage.batch("graph")

    verdicts = await stage.verdicts()
    assert verdicts == {name: offline[name] for name in verdicts}
    assert outcome.judged == len(verdicts) == 36
    assert outcome.deferred == 0


async def test_events_count_from_one_and_progress_never_falls(stage: Stage) -> None:
    await stage.batch("sharepoint")
    await stage.batch("fabric")
    events = await stage.events()

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events == stage.heard.events
    statuses = [event for event in events if isinstance(event, StatusEvent)]
    progress = [event.progress_percentage for event in statuses]
    assert all(before <= after for before, after in pairwise(progress))
    assert 0 < progress[-1] < 100
    assert [event.completed for event in statuses if event.check] == list(range(1, 19))
    assert all(event.at for event in events)


async def test_every_verdict_is_told_once_with_its_check(stage: Stage) -> None:
    await stage.batch("teams")
    judged = await stage.judged()

    assert len(judged) == len(set(judged)) == 9
    assert set(judged) == {f"CIS_{name.replace('.', '_')}" for name in await stage.verdicts()}


async def test_a_batch_tells_its_phases_its_collector_and_its_results(stage: Stage) -> None:
    await stage.batch("sharepoint")
    events = await stage.events()

    phases = [event for event in events if isinstance(event, BatchEvent)]
    assert [event.phase for event in phases] == ["connecting", *["reading"] * 3, "finished"]
    assert [event.dataset for event in phases[1:4]] == [
        "sharepoint.tenant",
        "sharepoint.sites",
        "sharepoint.personal_sites",
    ]
    (ended,) = [event for event in events if isinstance(event, PowershellFinishedEvent)]
    assert (ended.service, ended.exit_code) == ("sharepoint", 0)
    (inserted,) = [event for event in events if isinstance(event, ResultsInsertedEvent)]
    assert inserted.count == len(await stage.verdicts())


async def test_a_dataset_is_stored_with_how_it_was_read(stage: Stage) -> None:
    await stage.batch("fabric")
    line = (await stage.datasets())["fabric.tenant_settings"]

    assert (line.status, line.collector, line.service) == ("ok", "replay", "fabric")
    assert line.versions == {"pack": "contoso", "replay": "1"}
    assert line.read
    assert line.pages == 1
    assert line.rows == len(await stage.rows("fabric.tenant_settings")) > 0
    assert len(line.sha256) == 64
    assert line.bytes > line.rows
    assert line.started_at is not None
    assert line.finished_at is not None
    assert line.started_at <= line.finished_at


async def test_beats_carry_what_is_judged(
    sqlite: Database, collectors: LocalCollectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.scan._BEAT_S", 0.01)
    request = await new_scan(sqlite, settings={"pace_ms": 300}, recommendations={"7.2.1", "7.3.4"})
    stage = Stage(sqlite, collectors, request)
    await stage.batch("sharepoint")

    assert stage.beats[0] == []
    assert ["7.2.1"] in stage.beats
    assert stage.beats[-1] == ["7.2.1", "7.3.4"]


async def test_the_evidences_moment_is_the_recorded_one(stage: Stage) -> None:
    await stage.batch("fabric")

    async with stage.database.read() as session:
        from store import scans

        scan = await scans.get_scan(session, **stage.ids)
    assert scan.captured_at == Pack.open(CONTOSO).manifest.captured_at


async def test_a_batch_that_is_done_starts_no_collector_again(stage: Stage) -> None:
    await stage.batch("fabric")
    before = await stage.events()
    outcome = await stage.batch("fabric", attempt=2)

    fresh = (await stage.events())[len(before) :]
    assert outcome.judged == 0
    assert not [event for event in fresh if isinstance(event, PowershellFinishedEvent)]
    assert not [event for event in fresh if isinstance(event, StatusEvent)]


async def test_checks_that_read_nothing_are_judged_before_anybody_signs_in(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    denied = {"kind": "connect_failed", "error": "denied", "message": "no consent"}
    stage = Stage(
        sqlite,
        collectors,
        await new_scan(
            sqlite,
            settings={"faults": {"faults": [denied]}},
            recommendations={"2.2.1", "5.1.2.3"},
        ),
    )
    await stage.batch("graph")

    assert await stage.verdicts() == {"2.2.1": "manual", "5.1.2.3": "error"}


async def test_a_batch_reads_with_rows_of_another_service(stage: Stage) -> None:
    """DNS is asked for the domains that Exchange accepts mail for."""
    await stage.batch("exchange")
    await stage.batch("dns")

    assert (await stage.datasets())["dns.txt_records"].status == "ok"


class _NoCredential:
    async def source(self, **_asked: object) -> Source:
        raise NoCollector(ReadError(kind="other", message="There is no credential to sign in."))


async def test_without_a_way_to_sign_in_every_check_says_so(sqlite: Database) -> None:
    request = await new_scan(sqlite, recommendations={"5.1.2.3", "5.1.6.2"})
    stage = Stage(sqlite, _NoCredential(), request)
    await stage.batch("graph")

    assert await stage.verdicts() == {"5.1.2.3": "error", "5.1.6.2": "error"}
    assert "There is no credential" in (await stage.detail("5.1.2.3")).reason


async def test_a_scan_of_somebody_else_is_not_found(stage: Stage, sqlite: Database) -> None:
    other = await new_scan(sqlite, recommendations={"9.1.1"})
    stage.request = stage.request.model_copy(update={"organisation_id": other.organisation_id})

    with pytest.raises(Exception, match="There is no scan"):
        await stage.batch("fabric")


async def test_an_ended_scan_takes_no_more_verdicts(stage: Stage) -> None:
    await stage.plan()
    assert await stage.finish(ScanStatus.CANCELLED)
    events = await stage.events()
    await stage.batch("fabric")

    assert await stage.verdicts() == {}
    assert await stage.events() == events
    assert not await stage.finish(ScanStatus.COMPLETED)
    assert (await stage.state()).status == ScanStatus.CANCELLED


async def test_a_paused_try_is_gone_on_with_where_it_was(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    """A time limit that strikes leaves the rest to the next collector of the same try."""
    hang = {"kind": "hang", "dataset": "teams.federation_configuration"}
    request = await new_scan(
        sqlite,
        settings={"faults": {"faults": [hang]}},
        recommendations={"8.1.2", "8.2.4", "8.5.2"},
    )
    stage = Stage(sqlite, collectors, request, limits=Limits(dataset_s=0.5))
    await stage.batch("teams")

    started = [
        event.dataset
        for event in await stage.events()
        if isinstance(event, BatchEvent) and event.phase == "reading"
    ]
    assert sorted(filter(None, started)) == sorted(await stage.datasets())
    assert await stage.verdicts() == {"8.1.2": "pass", "8.5.2": "pass"}
    await stage.joint()
    assert "not finished within 0" in (await stage.detail("8.2.4")).reason


async def test_a_collector_that_is_silent_before_it_signed_in_is_tried_again(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    hang = {"kind": "hang", "at": "connect"}
    request = await new_scan(
        sqlite, settings={"faults": {"faults": [hang]}}, recommendations={"9.1.1"}
    )
    stage = Stage(sqlite, collectors, request, limits=Limits(sign_in_s=0.6, failures=2))

    with pytest.raises(ApplicationError, match="tried again"):
        await stage.batch("fabric")
    await stage.batch("fabric", attempt=2)
    await stage.joint()

    assert await stage.verdicts() == {"9.1.1": "error"}
    assert "no sign of life" in (await stage.detail("9.1.1")).reason
