"""Every kind of event reaches the page: rendered by the server, known to live.js, never dropped."""

import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from api.activity import activity_line
from api.scan_fragments import ScanFragments
from api.scan_view import groups
from contracts.events import (
    EVENT_NAMES,
    AnyEvent,
    BatchEvent,
    JudgedCheck,
    PowershellFinishedEvent,
    ResultsInsertedEvent,
    SnapshotEvent,
    StatusEvent,
    UnknownEvent,
)
from contracts.reducer import apply
from contracts.scan import CheckLine, ScanState, ScanStatus
from contracts.verdict import Outcome
from tests.ui import markup

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SCAN = "3f0e6c1e-7a70-4d25-9a0f-0d8e8c3d5b11"


def state(**changes: object) -> ScanState:
    checks = [
        CheckLine(
            check_id=f"CIS_1_1_{number}",
            recommendation=f"1.1.{number}",
            check=f"check_{number}",
            title=f"Title {number}",
            section=1,
            level=1,
            severity="high",
            service="graph",
        )
        for number in range(1, 101)
    ]
    return ScanState(
        scan_id=SCAN,
        tenant_id="t",
        tenant_name="Contoso",
        profile="E5-L1",
        status=ScanStatus.RUNNING,
        total_checks=100,
        started_at=NOW,
        checks=checks,
    ).model_copy(update=changes)


def snapshot(**changes: object) -> SnapshotEvent:
    data = state(**changes)
    return SnapshotEvent(scan_id=SCAN, seq=data.seq, at=NOW, data=data)


def status(seq: int, *, judged: int = 0, **changes: object) -> StatusEvent:
    check = JudgedCheck(
        check_id=f"CIS_1_1_{judged}",
        verdict=Outcome.FAIL,
        title=f"Title {judged}",
        duration_ms=1,
        reason="Because",
    )
    return StatusEvent(
        scan_id=SCAN,
        seq=seq,
        at=NOW,
        status=ScanStatus.RUNNING,
        progress_percentage=judged,
        current_check="CIS_1_1_2",
        total_checks=100,
        completed=judged,
        passed=0,
        failed=judged,
        manual=0,
        not_applicable=0,
        errors=0,
        check=check if judged else None,
    ).model_copy(update=changes)


def events() -> dict[str, AnyEvent]:
    frame = {"scan_id": SCAN, "seq": 5, "at": NOW}
    return {
        "snapshot": snapshot(seq=5),
        "status": status(5, judged=1),
        "batch": BatchEvent(
            **frame, service="graph", phase="reading", dataset="graph.users", message="Half way"
        ),
        "results-inserted": ResultsInsertedEvent(**frame, count=17),
        "powershell-finished": PowershellFinishedEvent(
            **frame, service="graph", exit_code=3, duration_ms=1200
        ),
        "brand-new": UnknownEvent(**frame, event="brand-new"),
    }


SAYS = {
    "snapshot": "Title 100",
    "status": "Because",
    "batch": "graph.users",
    "results-inserted": "17 results were stored",
    "powershell-finished": "exit code 3",
    "brand-new": "An event of a newer version: brand-new",
}


def test_the_table_above_names_every_kind() -> None:
    assert set(events()) == {*EVENT_NAMES, "brand-new"} == set(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_every_kind_of_event_says_something_on_the_page(name: str) -> None:
    page = ScanFragments()
    page.html(snapshot(), now=NOW)
    html = page.html(events()[name], now=NOW)
    assert SAYS[name] in html
    assert html.count("<hx-partial ") == html.count("</hx-partial>") > 0


@pytest.mark.parametrize("name", SAYS)
def test_every_kind_of_event_has_a_line_of_activity(name: str) -> None:
    assert activity_line(events()[name]).text


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_live_js_has_a_case_for_every_kind_of_event(name: str) -> None:
    text = files("ui").joinpath("static", "live.js").read_text("utf-8")
    assert f'case "{name}":' in text


def test_live_js_knows_no_other_kinds_and_shows_unknown_ones() -> None:
    text = files("ui").joinpath("static", "live.js").read_text("utf-8")
    assert set(re.findall(r'case "([^"]+)":', text)) == {*EVENT_NAMES, "outages"}
    assert "default:" in text


def test_an_event_that_was_seen_already_sends_nothing() -> None:
    page = ScanFragments()
    page.html(snapshot(), now=NOW)
    assert page.html(status(1, judged=1), now=NOW)
    assert page.html(status(1, judged=1), now=NOW) == ""


def test_events_before_the_snapshot_are_an_error() -> None:
    with pytest.raises(ValueError, match="snapshot"):
        ScanFragments().html(status(1), now=NOW)


def test_a_page_fed_with_events_holds_what_the_reducer_makes_of_them() -> None:
    page, expected = ScanFragments(), state()
    page.html(snapshot(), now=NOW)
    for event in [status(1, judged=1), *_at(events(), 2)]:
        page.html(event, now=NOW)
        expected = apply(expected, event)
    assert page.state == expected


def test_the_end_of_a_scan_takes_the_current_check_off_the_page() -> None:
    page = ScanFragments()
    page.html(snapshot(current_check="CIS_1_1_2"), now=NOW)
    end = status(
        1, status=ScanStatus.COMPLETED, current_check=None, progress_percentage=100, completed=100
    )
    html = page.html(end, now=NOW)
    assert "loader-2" not in html
    assert "Title 2<" not in markup.by_id(_without_partials(html), "scan-head").text()
    assert "/cancel" not in html
    assert page.title == ""


def test_the_end_of_a_scan_leaves_no_service_busy() -> None:
    page = ScanFragments()
    page.html(snapshot(), now=NOW)
    page.html(events()["batch"].model_copy(update={"seq": 1}), now=NOW)
    page.html(status(2, status=ScanStatus.FAILED, current_check=None), now=NOW)
    assert page.state is not None
    assert [(group.phase, group.is_busy) for group in groups(page.state)] == [("failed", False)]


def test_progress_is_announced_at_most_every_ten_per_cent() -> None:
    page = ScanFragments()
    page.html(snapshot(), now=NOW)
    said = [page.html(status(n, judged=n), now=NOW).count("#announce") for n in range(1, 101)]
    assert sum(said) == 10


def test_a_service_that_fails_is_announced_and_one_that_reads_is_not() -> None:
    page = ScanFragments()
    page.html(snapshot(), now=NOW)
    batch = events()["batch"]
    assert "#announce" not in page.html(batch.model_copy(update={"seq": 1}), now=NOW)
    ended = batch.model_copy(update={"seq": 2, "phase": "failed"})
    assert "#announce" in page.html(ended, now=NOW)


def _at(found: dict[str, AnyEvent], first: int) -> list[AnyEvent]:
    later = [event for name, event in found.items() if name not in ("snapshot", "status")]
    return [event.model_copy(update={"seq": first + n}) for n, event in enumerate(later)]


def _without_partials(html: str) -> str:
    return re.sub(r"</?hx-partial[^>]*>", "", html)
