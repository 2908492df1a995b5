"""The joint stage: what the batches left open, judged from stored evidence without a collector."""

import pytest

from activities.collectors import LocalCollectors, NoCollector, Source
from activities.judging import load_context
from activities.offline import judge_pack
from contracts.collector import ReadError
from contracts.events import BatchEvent, ResultsInsertedEvent
from contracts.scan import JointRequest, RetryScope, ScanRequest, ScanStatus
from evidence.evidence import SUBSCRIBED_SKUS
from evidence.packs import Pack
from store import attempts
from store.database import Database
from tests.activities.stage import Stage
from tests.builders.scans import CONTOSO, new_scan
from tests.store.journal import now

TWO_SERVICES = frozenset({"2.1.8", "8.6.1"})
LICENCE_DECIDES = frozenset({"2.4.4", "6.1.3"})


@pytest.fixture(scope="module")
def offline() -> dict[str, str]:
    judged = judge_pack(Pack.open(CONTOSO))
    return {entry["recommendation"]: entry["verdict"] for entry in judged}


class _Nobody:
    async def source(self, **_asked: object) -> Source:
        raise NoCollector(ReadError(kind="other", message="no collector may be started"))


async def staged(
    database: Database, collectors: LocalCollectors, recommendations: frozenset[str]
) -> Stage:
    request = await new_scan(database, recommendations=recommendations)
    return Stage(database, collectors, request)


async def test_checks_of_two_services_are_judged_from_what_both_have_stored(
    sqlite: Database, collectors: LocalCollectors, offline: dict[str, str]
) -> None:
    stage = await staged(sqlite, collectors, TWO_SERVICES)
    for service in ("exchange", "teams", "dns", "graph"):
        outcome = await stage.batch(service)
        assert outcome.judged == 0
    stage.collectors = _Nobody()
    outcome = await stage.joint()

    assert outcome.judged == 2
    assert await stage.verdicts() == {name: offline[name] for name in TWO_SERVICES}
    assert isinstance((await stage.events())[-1], ResultsInsertedEvent)


async def test_a_check_whose_licence_decides_waits_for_the_inventory(
    sqlite: Database, collectors: LocalCollectors, offline: dict[str, str]
) -> None:
    stage = await staged(sqlite, collectors, LICENCE_DECIDES)
    outcome = await stage.batch("exchange")

    assert (outcome.judged, outcome.deferred) == (0, 2)
    await stage.batch("graph")
    await stage.joint()
    assert await stage.verdicts() == {name: offline[name] for name in LICENCE_DECIDES}
    assert {offline[name] for name in LICENCE_DECIDES} == {"not_applicable", "error"}


async def test_without_the_inventory_no_licence_excuses_a_failed_read(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    stage = await staged(sqlite, collectors, LICENCE_DECIDES)
    await stage.batch("exchange")
    await stage.joint({"graph": "no worker serves graph (waited 10 minutes)"})

    assert await stage.verdicts() == dict.fromkeys(LICENCE_DECIDES, "error")


async def test_a_service_that_brought_nothing_says_why(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    stage = await staged(sqlite, collectors, frozenset({"3.2.1", "9.1.1", "8.6.1"}))
    await stage.batch("fabric")
    await stage.batch("exchange")
    reason = "no worker serves purview (waited 10 minutes)"
    await stage.joint({"purview": reason, "teams": "skipped by ann"})

    assert await stage.verdicts() == {"3.2.1": "error", "9.1.1": "pass", "8.6.1": "error"}
    assert reason in (await stage.detail("3.2.1")).reason
    assert "skipped by ann" in (await stage.detail("8.6.1")).reason


async def test_a_skipped_service_is_told_as_skipped(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    stage = await staged(sqlite, collectors, frozenset({"9.1.1"}))
    plan = await stage.plan()
    asked = JointRequest(
        scan=stage.request,
        checks=plan.batches[0].checks,
        unread={"fabric": "skipped by ann"},
        skipped=["fabric"],
    )
    await stage.environment().run(stage.activities.judge_joint, asked)

    told = [event for event in await stage.events() if isinstance(event, BatchEvent)]
    assert [(event.service, event.phase, event.message) for event in told] == [
        ("fabric", "skipped", "skipped by ann")
    ]


async def test_the_joint_stage_twice_judges_once(
    sqlite: Database, collectors: LocalCollectors
) -> None:
    stage = await staged(sqlite, collectors, frozenset({"9.1.1", "9.1.4"}))
    await stage.joint()
    before = await stage.events()
    outcome = await stage.joint()

    assert outcome.judged == 0
    assert await stage.events() == before


async def test_evidence_of_checks_that_are_judged_is_not_loaded_again(
    sqlite: Database, collectors: LocalCollectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evidence of a large tenant is larger than a worker's memory should be."""
    loaded: list[str] = []

    async def spy(database: Database, scan: ScanRequest, names: set[str]) -> object:
        loaded.extend(names)
        return await load_context(database, scan, names)

    stage = await staged(sqlite, collectors, frozenset({"9.1.1", "8.6.1"}))
    for service in ("fabric", "exchange", "teams"):
        await stage.batch(service)
    monkeypatch.setattr("activities.scan.load_context", spy)
    await stage.joint()

    assert "fabric.tenant_settings" not in loaded
    assert set(loaded) == {
        "exchange.report_submission_policy",
        "exchange.report_submission_rule",
        "teams.messaging_policies",
        SUBSCRIBED_SKUS,
    }


async def test_a_check_of_another_version_is_an_error_of_its_own(
    sqlite: Database, collectors: LocalCollectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    from checks.registry import CHECKS

    stage = await staged(sqlite, collectors, frozenset({"9.1.1", "9.1.4"}))
    plan = await stage.plan()
    slug = next(item.check for item in plan.batches[0].checks if item.recommendation == "9.1.1")
    monkeypatch.delitem(CHECKS, slug)
    await stage.batch("fabric")
    await stage.joint()

    assert await stage.verdicts() == {"9.1.1": "error", "9.1.4": "fail"}
    assert f"has no check {slug}" in (await stage.detail("9.1.1")).reason


@pytest.mark.parametrize(
    ("scope", "read_again"),
    [(RetryScope.FAILED_READS, {"sharepoint.personal_sites"}), (RetryScope.ERRORS, None)],
)
async def test_a_retry_reads_again_what_its_scope_says(
    sqlite: Database,
    collectors: LocalCollectors,
    scope: RetryScope,
    read_again: set[str] | None,
) -> None:
    stage = await staged(sqlite, collectors, frozenset({"7.2.1", "7.3.3"}))
    await stage.batch("sharepoint")
    await stage.joint()
    await stage.finish()
    assert await stage.verdicts() == {"7.2.1": "pass", "7.3.3": "error"}
    before = len(await stage.events())
    async with sqlite.begin() as session:
        await attempts.begin_attempt(
            session,
            **stage.ids,
            scope=scope,
            recommendation=None,
            requested_by="ann",
            at=now(),
        )
    again = Stage(sqlite, collectors, stage.request.model_copy(update={"attempt": 2}))
    await again.batch("sharepoint")
    await again.joint()
    await again.finish()

    fresh = (await again.events())[before:]
    reads = {event.dataset for event in fresh if isinstance(event, BatchEvent)} - {None}
    assert reads == (read_again or {"sharepoint.personal_sites", "sharepoint.tenant"})
    assert await again.verdicts() == {"7.2.1": "pass", "7.3.3": "error"}
    assert (await again.state()).status == ScanStatus.COMPLETED
