"""Earlier attempts of a scan: listed, read as they stood, and compared."""

import httpx2
import pytest

from api.services import Services
from contracts.scan import RetryScope, ScanStatus
from contracts.verdict import errored, failed, passed
from tests.api.conftest import House
from tests.api.scanning import (
    DATASET,
    add_evidence,
    add_scan,
    change,
    judge,
    retry,
    two_affected,
)


@pytest.fixture
async def retried(services: Services, ours: House) -> str:
    """1.1.1 failed and passes now, 1.1.3 had an error and fails, 1.1.4 lost one of two."""
    database = services.database
    scan_id = await add_scan(database, ours)
    await change(database, ours, scan_id, ScanStatus.RUNNING)
    await judge(database, ours, scan_id, "1.1.1", two_affected())
    await judge(database, ours, scan_id, "1.1.3", errored("not read"))
    await judge(database, ours, scan_id, "1.1.4", two_affected())
    await add_evidence(services, ours, scan_id)
    await change(database, ours, scan_id, ScanStatus.COMPLETED)
    await retry(database, ours, scan_id, RetryScope.ALL)
    await change(database, ours, scan_id, ScanStatus.RUNNING)
    await judge(database, ours, scan_id, "1.1.1", passed("All are cloud-only"), attempt=2)
    await judge(database, ours, scan_id, "1.1.3", failed("One is left"), attempt=2)
    await judge(database, ours, scan_id, "1.1.4", failed("One is left"), attempt=2)
    await add_evidence(services, ours, scan_id, attempt=2, chunks=(b'[{"id":"9"}]',))
    return f"/api/v1/scans/{scan_id}"


async def test_each_attempt_has_its_verdicts_as_they_stood(
    client: httpx2.AsyncClient, retried: str
) -> None:
    first, second = (await client.get(f"{retried}/attempts")).json()

    assert (first["verdicts"], first["status"]) == ({"fail": 2, "error": 1}, "completed")
    assert (second["verdicts"], second["status"]) == ({"pass": 1, "fail": 2}, None)
    assert (second["scope"], second["requested_by"]) == ("all", "admin")


async def test_a_retry_keeps_the_verdicts_that_it_does_not_give_anew(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    scan_id = await add_scan(services.database, ours)
    await judge(services.database, ours, scan_id, "1.1.1", passed("fine"))
    await judge(services.database, ours, scan_id, "1.1.3", errored("not read"))
    await change(services.database, ours, scan_id, ScanStatus.FAILED)
    await retry(services.database, ours, scan_id, RetryScope.ERRORS)
    await judge(services.database, ours, scan_id, "1.1.3", passed("fine"), attempt=2)

    first, second = (await client.get(f"/api/v1/scans/{scan_id}/attempts")).json()
    assert (first["verdicts"], second["verdicts"]) == ({"pass": 1, "error": 1}, {"pass": 2})


async def test_without_numbers_the_newest_two_are_compared(
    client: httpx2.AsyncClient, retried: str
) -> None:
    found = (await client.get(f"{retried}/attempts/comparison")).json()
    lines = {line["recommendation"]: line for line in found["items"]}

    assert (found["before"]["number"], found["after"]["number"]) == (1, 2)
    assert {number: line["change"] for number, line in lines.items()} == {
        "1.1.1": "fixed",
        "1.1.3": "error-changed",
        "1.1.4": "same",
    }
    assert lines["1.1.4"]["finding_differs"]
    assert (lines["1.1.1"]["before"]["verdict"], lines["1.1.1"]["after"]["verdict"]) == (
        "fail",
        "pass",
    )
    assert found["counts"]["fixed"] == found["counts"]["error-changed"] == 1


async def test_a_comparison_turned_round_says_the_opposite(
    client: httpx2.AsyncClient, retried: str
) -> None:
    found = (await client.get(f"{retried}/attempts/comparison?from=2&to=1")).json()
    assert (found["counts"]["broken"], found["counts"]["fixed"]) == (1, 0)


async def test_what_is_the_same_is_there_when_asked_for(
    client: httpx2.AsyncClient, retried: str
) -> None:
    whole = (await client.get(f"{retried}/attempts/comparison?unchanged=true")).json()
    planned = (await client.get(f"{retried}/results")).json()["total"]
    assert len(whole["items"]) == planned == sum(whole["counts"].values())


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("attempts/comparison?from=1&to=3", 404, "This scan has no attempt 3."),
        ("attempts/comparison?to=1", 422, "no attempt before the first"),
        ("attempts/comparison?from=2&to=2", 422, "choose two"),
        ("attempts/comparison?from=0", 422, ""),
        ("attempts/comparison?since=1", 422, ""),
        ("results?attempt=3", 404, "This scan has no attempt 3."),
        ("results/1.1.1?attempt=3", 404, "This scan has no attempt 3."),
        ("datasets?attempt=3", 404, "This scan has no attempt 3."),
        (f"datasets/{DATASET}?attempt=3", 404, "This scan has no attempt 3."),
        (f"datasets/{DATASET}/download?attempt=3", 404, "This scan has no attempt 3."),
    ],
)
async def test_an_attempt_that_is_not_there_is_refused_with_a_sentence(
    client: httpx2.AsyncClient, retried: str, path: str, status: int, sentence: str
) -> None:
    answer = await client.get(f"{retried}/{path}")
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]


async def test_the_evidence_of_an_earlier_attempt_stays(
    client: httpx2.AsyncClient, retried: str
) -> None:
    before = (await client.get(f"{retried}/datasets/{DATASET}?attempt=1")).json()
    newest = (await client.get(f"{retried}/datasets/{DATASET}")).json()
    file = (await client.get(f"{retried}/datasets/{DATASET}/download?attempt=1")).json()
    (listed,) = (await client.get(f"{retried}/datasets?attempt=1")).json()["items"]

    assert (before["total"], before["dataset"]["attempt"]) == (3, 1)
    assert (newest["rows"], newest["dataset"]["attempt"]) == ([{"id": "9"}], 2)
    assert file == [{"id": "1"}, {"id": "2"}, {"id": "3"}]
    assert (listed["attempt"], listed["rows"]) == (1, 3)


async def test_a_verdict_is_shown_with_the_evidence_that_it_was_given_on(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    """The retry of another check reads the same dataset once more."""
    scan_id = await add_scan(services.database, ours)
    await judge(services.database, ours, scan_id, "1.1.1", two_affected())
    await judge(services.database, ours, scan_id, "1.1.3", errored("not read"))
    await add_evidence(services, ours, scan_id)
    await change(services.database, ours, scan_id, ScanStatus.COMPLETED)
    await retry(services.database, ours, scan_id, RetryScope.ERRORS)
    await add_evidence(services, ours, scan_id, attempt=2, chunks=(b"[]",))

    detail = (await client.get(f"/api/v1/scans/{scan_id}/results/1.1.1")).json()
    (shown,) = [line for line in detail["datasets"] if line["name"] == DATASET]
    assert (detail["attempt"], shown["attempt"], shown["rows"]) == (1, 1, 3)
