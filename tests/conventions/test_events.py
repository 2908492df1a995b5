"""Whoever reads events knows every one of them, and shows those it does not know."""

import json
from datetime import UTC, datetime
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from activities.progress import Told
from api.scan_fragments import ScanFragments
from assay import schemas
from assay.commands.watch import lines_of
from contracts.events import (
    EVENT,
    EVENT_NAMES,
    AnyEvent,
    BatchEvent,
    Event,
    JudgedCheck,
    PowershellFinishedEvent,
    ResultsInsertedEvent,
    SnapshotEvent,
    StatusEvent,
    UnknownEvent,
    decode,
    encode,
)
from contracts.reducer import apply
from contracts.scan import CheckLine, ScanState, ScanStatus
from contracts.verdict import Outcome

SCAN = "3f0e6c1e-7a70-4d25-9a0f-0d8e8c3d5b11"
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CHECK = CheckLine(
    check_id="CIS_1_1_3",
    recommendation="1.1.3",
    check="global_admins_two_to_four",
    title="Two to four",
    section=1,
    level=1,
    severity="high",
    service="graph",
)
START = ScanState(
    scan_id=SCAN,
    tenant_id="t",
    tenant_name="Contoso",
    profile="E5-L1",
    seq=1,
    total_checks=1,
    checks=[CHECK],
)
OF_THE_UNION = get_args(get_args(Event)[0])
SAMPLES: dict[str, AnyEvent] = {
    "snapshot": SnapshotEvent(scan_id=SCAN, seq=2, at=AT, data=START.model_copy(update={"seq": 2})),
    "status": StatusEvent(
        scan_id=SCAN,
        seq=2,
        at=AT,
        status=ScanStatus.RUNNING,
        progress_percentage=99.9,
        current_check=None,
        total_checks=1,
        completed=1,
        passed=1,
        failed=0,
        manual=0,
        not_applicable=0,
        errors=0,
        check=JudgedCheck(
            check_id="CIS_1_1_3", verdict=Outcome.PASS, title="Two to four", duration_ms=3
        ),
    ),
    "batch": BatchEvent(scan_id=SCAN, seq=2, at=AT, service="graph", phase="reading"),
    "results-inserted": ResultsInsertedEvent(scan_id=SCAN, seq=2, at=AT, count=1),
    "powershell-finished": PowershellFinishedEvent(
        scan_id=SCAN, seq=2, at=AT, service="graph", exit_code=0, duration_ms=900
    ),
}
NEWER = decode(
    json.dumps({"v": 1, "event": "tenant-moved", "scan_id": SCAN, "seq": 2, "at": AT.isoformat()})
)


def test_the_names_are_those_of_the_union() -> None:
    assert tuple(kind.model_fields["event"].default for kind in OF_THE_UNION) == EVENT_NAMES
    assert tuple(SAMPLES) == EVENT_NAMES


def test_a_scan_tells_every_event_but_the_snapshot() -> None:
    assert set(get_args(Told)) == set(OF_THE_UNION) - {SnapshotEvent}


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_the_reducer_takes_in_every_event(name: str) -> None:
    state = apply(START, SAMPLES[name])

    assert state.seq == 2
    assert state.unknown_events == []


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_the_command_line_knows_every_event(name: str) -> None:
    told = [line.plain for line in lines_of(SAMPLES[name])]

    assert not any("newer version" in line for line in told)
    assert bool(told) is (name not in ("snapshot", "results-inserted"))  # these two say no news


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_the_page_shows_every_event(name: str) -> None:
    page = ScanFragments()
    opening = page.html(SnapshotEvent(scan_id=SCAN, seq=1, at=AT, data=START), now=AT)

    assert opening
    assert page.html(SAMPLES[name], now=AT)


def test_an_event_of_a_newer_version_is_shown_everywhere() -> None:
    page = ScanFragments()
    page.html(SnapshotEvent(scan_id=SCAN, seq=1, at=AT, data=START), now=AT)

    assert isinstance(NEWER, UnknownEvent)
    assert apply(START, NEWER).unknown_events == ["tenant-moved"]
    assert "tenant-moved" in lines_of(NEWER)[0].plain
    assert "tenant-moved" in page.html(NEWER, now=AT)


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_what_is_sent_fits_the_published_schema_and_comes_back_the_same(name: str) -> None:
    sent = encode(SAMPLES[name])

    Draft202012Validator(schemas.event_schema()).validate(json.loads(sent))
    assert EVENT.validate_json(sent) == SAMPLES[name]


def test_the_published_schema_refuses_what_is_no_event() -> None:
    validator = Draft202012Validator(schemas.event_schema())

    assert not validator.is_valid({"event": "batch", "scan_id": SCAN})


def test_the_asyncapi_document_describes_every_event_and_refers_to_what_is_there() -> None:
    document = schemas.asyncapi()
    carried = {name: set(channel["messages"]) for name, channel in document["channels"].items()}

    assert carried == {
        "scan_socket": set(EVENT_NAMES),
        "scan_subject": set(EVENT_NAMES) - {"snapshot"},
    }
    assert [place for place in _references(document) if _at(document, place) is None] == []


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [place for value in part.values() for place in _references(value)]
    if isinstance(part, list):
        return [place for value in part for place in _references(value)]
    return []


def _at(document: object, place: str) -> object:
    found = document
    for step in place.removeprefix("#/").split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return found
