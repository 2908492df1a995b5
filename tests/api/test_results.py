"""Results and evidence of a scan."""

import json

import httpx2
import pytest

from api.services import Services
from checks.catalogue import benchmark
from contracts.scan import ScanStatus
from contracts.verdict import Outcome, errored, passed
from tests.api.conftest import House
from tests.api.scanning import (
    DATASET,
    add_evidence,
    add_scan,
    change,
    judge,
    retry,
    say,
    two_affected,
)


@pytest.fixture
async def judged(services: Services, ours: House) -> str:
    """A scan of which three recommendations are judged."""
    scan_id = await add_scan(services.database, ours)
    await judge(services.database, ours, scan_id, "1.1.1", two_affected())
    await judge(services.database, ours, scan_id, "1.1.3", passed("Three are enough"))
    await judge(services.database, ours, scan_id, "2.1.9", errored("not read"))
    await add_evidence(services, ours, scan_id)
    return f"/api/v1/scans/{scan_id}"


async def numbers(client: httpx2.AsyncClient, url: str) -> list[str]:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    return [line["recommendation"] for line in answer.json()["items"]]


async def test_results_stand_in_the_order_of_the_benchmark(
    client: httpx2.AsyncClient, judged: str
) -> None:
    answer = (await client.get(f"{judged}/results")).json()

    found = [line["recommendation"] for line in answer["items"]]
    order = [tuple(int(part) for part in number.split(".")) for number in found]
    assert len(found) == answer["total"]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("verdict=fail", ["1.1.1"]),
        ("verdict=fail,pass", ["1.1.1", "1.1.3"]),
        ("verdict=error", ["2.1.9"]),
        ("verdict=fail,pass,error&section=2", ["2.1.9"]),
        ("verdict=fail,pass&level=2", []),
        ("verdict=pass,fail&service=exchange", []),
        ("verdict=pass,error&service=graph", ["1.1.3"]),
        ("q=SYNCHRONISED%20&verdict=fail", ["1.1.1"]),
        ("q=1.1.3", ["1.1.3"]),
        ("verdict=fail,pass,error&sort=-recommendation", ["2.1.9", "1.1.3", "1.1.1"]),
        ("verdict=fail,pass,error&sort=verdict", ["1.1.1", "2.1.9", "1.1.3"]),
        ("verdict=fail,pass,error&sort=-service,recommendation", ["1.1.1", "1.1.3", "2.1.9"]),
    ],
)
async def test_results_are_filtered_and_sorted(
    client: httpx2.AsyncClient, judged: str, query: str, expected: list[str]
) -> None:
    assert await numbers(client, f"{judged}/results?{query}") == expected


async def test_severity_filters_by_the_words_of_the_catalogue(
    client: httpx2.AsyncClient, judged: str
) -> None:
    lines = (await client.get(f"{judged}/results?severity=high,critical")).json()["items"]

    assert lines
    assert {line["severity"] for line in lines} <= {"high", "critical"}


@pytest.mark.parametrize("query", ["verdict=maybe", "sort=colour", "colour=red", "section=77"])
async def test_a_filter_that_nothing_could_match_is_refused(
    client: httpx2.AsyncClient, judged: str, query: str
) -> None:
    assert (await client.get(f"{judged}/results?{query}")).status_code == 422


async def test_a_result_comes_with_everything_that_proves_it(
    client: httpx2.AsyncClient, judged: str
) -> None:
    detail = (await client.get(f"{judged}/results/1.1.1")).json()

    licences = next(r.licences for r in benchmark().recommendations if r.id == "1.1.1")
    assert detail["verdict"] == "fail"
    assert [item["resource"] for item in detail["affected"]] == ["ann", "bob"]
    assert detail["rationale"]
    assert detail["remediation"]
    assert detail["passes_when"]
    assert detail["licences"] == licences


async def test_a_dataset_that_was_not_read_is_listed_as_such(
    client: httpx2.AsyncClient, judged: str
) -> None:
    detail = (await client.get(f"{judged}/results/1.2.2")).json()

    statuses = {line["name"]: line["status"] for line in detail["datasets"]}
    assert statuses[DATASET] == "ok"
    assert statuses["exchange.mailboxes"] == "not-read"


async def test_a_result_that_is_not_judged_yet_says_so(
    client: httpx2.AsyncClient, judged: str
) -> None:
    detail = (await client.get(f"{judged}/results/1.1.4")).json()

    assert detail["verdict"] is None
    assert detail["rationale"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("results/9.9.9", 404),
        ("results/first", 422),
        ("datasets/graph.nothing", 404),
        ("datasets/..%2F..%2Fetc", 404),
        ("datasets/GRAPH", 422),
        ("batches/teams/log", 404),
    ],
)
async def test_what_a_scan_does_not_have_is_not_found(
    client: httpx2.AsyncClient, judged: str, path: str, status: int
) -> None:
    assert (await client.get(f"{judged}/{path}")).status_code == status


async def test_an_earlier_attempt_stays_readable(
    client: httpx2.AsyncClient, services: Services, ours: House, judged: str
) -> None:
    scan_id = judged.rpartition("/")[2]
    await change(services.database, ours, scan_id, ScanStatus.COMPLETED)
    await retry(services.database, ours, scan_id)
    verdict = passed("All are cloud-only now")
    await judge(services.database, ours, scan_id, "1.1.1", verdict, attempt=2)

    newest = (await client.get(f"{judged}/results/1.1.1")).json()
    before = (await client.get(f"{judged}/results/1.1.1?attempt=1")).json()
    listed = await numbers(client, f"{judged}/results?verdict=fail&attempt=1")
    assert (newest["verdict"], before["verdict"]) == (Outcome.PASS, Outcome.FAIL)
    assert listed == ["1.1.1"]


async def test_rows_of_a_dataset_are_paged(client: httpx2.AsyncClient, judged: str) -> None:
    page = (await client.get(f"{judged}/datasets/{DATASET}?offset=1&limit=1")).json()

    assert page["rows"] == [{"id": "2"}]
    assert page["total"] == 3
    assert page["dataset"]["status"] == "ok"


async def test_a_dataset_is_downloaded_whole(client: httpx2.AsyncClient, judged: str) -> None:
    answer = await client.get(f"{judged}/datasets/{DATASET}/download")

    assert json.loads(answer.content) == [{"id": "1"}, {"id": "2"}, {"id": "3"}]
    assert answer.headers["content-disposition"] == 'attachment; filename="graph.users.json"'
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_datasets_and_logs_are_listed(client: httpx2.AsyncClient, judged: str) -> None:
    datasets = (await client.get(f"{judged}/datasets")).json()
    log = await client.get(f"{judged}/batches/graph/log")

    assert [line["name"] for line in datasets["items"]] == [DATASET]
    assert log.text.strip() == "[info] connected"
    assert log.headers["content-type"].startswith("text/plain")


async def test_a_log_is_followed_and_downloaded(
    client: httpx2.AsyncClient, services: Services, ours: House, judged: str
) -> None:
    address, scan_id = f"{judged}/batches/graph/log", judged.rpartition("/")[2]
    whole = await client.get(f"{address}?download=true")
    place = whole.headers["next-offset"]
    nothing = await client.get(f"{address}?after={place}")
    await say(services.database, ours, scan_id, "café")
    more = await client.get(f"{address}?after={place}")

    name = f'attachment; filename="assay-graph-{scan_id}.log"'
    assert whole.headers["content-disposition"] == name
    assert (nothing.status_code, nothing.text) == (200, "")
    assert (more.text, int(more.headers["next-offset"])) == ("café\n", int(place) + 5)
    assert "content-disposition" not in more.headers
    assert (await client.get(f"{address}?after=-1")).status_code == 422
