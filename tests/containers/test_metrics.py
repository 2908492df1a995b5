"""Figures and health of a process, on a port that is closed unless asked for."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from activities.measures import REGISTRY, CountingNews, dataset_settled
from activities.progress import Told
from assay import metrics
from contracts.events import JudgedCheck, PowershellFinishedEvent, StatusEvent
from contracts.results import DatasetLine
from contracts.scan import ScanStatus
from contracts.verdict import Outcome
from tests.servers import free_port


class Heard:
    def __init__(self) -> None:
        self.events: list[Told] = []

    def publish(self, event: Told) -> None:
        self.events.append(event)


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def _status(outcome: Outcome | None) -> StatusEvent:
    check = outcome and JudgedCheck(
        check_id="CIS_1_1_1", verdict=outcome, title="A check", duration_ms=1
    )
    return StatusEvent(
        scan_id=str(uuid4()),
        seq=1,
        at=datetime(2026, 5, 4, tzinfo=UTC),
        status=ScanStatus.RUNNING,
        progress_percentage=1,
        current_check=None,
        total_checks=91,
        completed=1,
        passed=0,
        failed=1,
        manual=0,
        not_applicable=0,
        errors=0,
        check=check or None,
    )


def _ended(exit_code: int | None) -> PowershellFinishedEvent:
    return PowershellFinishedEvent(
        scan_id=str(uuid4()),
        seq=2,
        at=datetime(2026, 5, 4, tzinfo=UTC),
        service="teams",
        exit_code=exit_code,
        duration_ms=1,
    )


def test_verdicts_are_counted_and_every_event_is_passed_on() -> None:
    heard = Heard()
    news = CountingNews(heard)
    before = _value("assay_verdicts_total", outcome="fail")
    told = [_status(Outcome.FAIL), _status(None), _ended(0)]

    for event in told:
        news.publish(event)

    assert heard.events == told
    assert _value("assay_verdicts_total", outcome="fail") == before + 1


@pytest.mark.parametrize(("exit_code", "counted"), [(0, 0), (1, 1), (-9, 1), (None, 1)])
def test_a_collector_that_did_not_end_well_is_counted(exit_code: int | None, counted: int) -> None:
    before = _value("assay_collector_failures_total", service="teams")

    CountingNews(Heard()).publish(_ended(exit_code))

    assert _value("assay_collector_failures_total", service="teams") == before + counted


def test_reads_are_counted_by_how_they_ended_and_timed_when_complete() -> None:
    throttled = _value("assay_throttles_total", service="teams")
    timed = _value("assay_dataset_seconds_count", dataset="teams.tenant")

    dataset_settled(DatasetLine(name="teams.tenant", service="teams", status="throttled"))
    dataset_settled(
        DatasetLine(name="teams.tenant", service="teams", status="ok", duration_ms=1500)
    )

    assert _value("assay_throttles_total", service="teams") == throttled + 1
    assert _value("assay_dataset_seconds_count", dataset="teams.tenant") == timed + 1
    assert _value("assay_dataset_reads_total", service="teams", status="throttled") >= 1


async def test_nothing_listens_unless_a_port_is_given() -> None:
    async with metrics.figures("127.0.0.1", 0, CollectorRegistry()) as port:
        assert port == 0


@pytest.fixture
def port() -> int:
    return free_port()


async def _get(port: int, path: str) -> httpx2.Response:
    url = f"http://127.0.0.1:{port}{path}"
    return await asyncio.to_thread(httpx2.get, url, trust_env=False)


async def test_health_and_figures_are_answered_and_nothing_else(port: int) -> None:
    async with metrics.figures("127.0.0.1", port, CollectorRegistry()):
        assert (await _get(port, "/healthz")).status_code == 200
        assert "process_resident_memory_bytes" in (await _get(port, "/metrics")).text
        assert (await _get(port, "/")).status_code == 404

    with pytest.raises(httpx2.ConnectError):
        await _get(port, "/healthz")


async def test_a_process_whose_loop_stands_still_is_not_well(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_STUCK_AFTER_S", 0.0)

    async with metrics.figures("127.0.0.1", port, CollectorRegistry()):
        assert (await _get(port, "/healthz")).status_code == 503
