"""The commands of schedules, campaigns, timeline, logs and the doctor, against a served API."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from api import queues
from api.app import create_app
from api.services import Services
from assay import examination
from assay.__main__ import app
from assay.commands.output import Exit
from assay.examination import examine
from assay.settings import Settings
from contracts.scan import ScanStatus
from contracts.verdict import passed
from store import schema
from store.database import Database
from tests.api.conftest import NOWHERE, House, add_house, browser, served
from tests.api.scanning import add_scan, change, judge, retry, say, two_affected
from tests.api.working import end_everything
from tests.servers import free_port

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def run(
    running: Services, ours: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Run]:
    """`assay …` as somebody types it, with a token of theirs."""
    token = tmp_path / "token"
    async with browser(create_app(running), ours.username) as client:
        made = await client.post("/api/v1/tokens", json={"name": "test"})
        token.write_text(made.json()["token"], "utf-8")
    async with served(running, ours.username) as service:
        monkeypatch.setenv("ASSAY_URL", f"http://127.0.0.1:{service.port}")
        monkeypatch.setenv("ASSAY_TOKEN_FILE", str(token))
        monkeypatch.setenv("COLUMNS", "240")
        yield _typed
    async with browser(create_app(running), ours.username) as client:
        for line in (await client.get("/api/v1/schedules")).json()["items"]:
            await client.delete(f"/api/v1/schedules/{line['schedule_id']}")
    await end_everything(running.temporal)


async def _typed(*words: str, code: int = Exit.DONE) -> Result:
    result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
    assert result.exit_code == code, result.output
    return result


async def test_a_schedule_is_added_listed_steered_and_removed(run: Run) -> None:
    added = await run(
        "schedule", "add", "--tenant", "Contoso", "--cron", "0 3 * * mon", "--quiet", "07:00-19:00"
    )
    schedule_id = added.output.strip()
    listed = json.loads((await run("schedule", "list", "--json")).output)["items"]
    table = (await run("schedule", "list")).output
    await run("schedule", "pause", schedule_id)
    await run("schedule", "resume", schedule_id)
    await run("schedule", "run", schedule_id)
    wishes = json.loads((await run("schedule", "list", "--json")).output)["items"][0]["wishes"]
    await run("schedule", "remove", schedule_id)
    wrong = await run("schedule", "remove", schedule_id, code=Exit.FAILED)

    assert [(line["schedule_id"], line["quiet_to"]) for line in listed] == [(schedule_id, "19:00")]
    assert "Contoso" in table
    assert [wish["wish"] for wish in wishes] == ["add", "pause", "resume", "run now"]
    assert "There is no schedule" in wrong.output


async def test_a_rule_that_makes_no_sense_ends_the_command_with_its_sentence(run: Run) -> None:
    refused = await run("schedule", "add", "--tenant", "Contoso", "--cron", "x", code=Exit.FAILED)

    assert "not valid" in refused.output


async def test_a_campaign_is_started_shown_cancelled_and_watched(run: Run) -> None:
    await run("tenant", "tag", "Contoso", "gold", "eu")
    started = await run("campaign", "start", "--name", "Review", "--tag", "gold")
    campaign_id = started.output.strip()
    shown = (await run("campaign", "show", campaign_id)).output
    listed = (await run("campaign", "list")).output
    await run("campaign", "cancel", campaign_id)
    again = await run("campaign", "retry", campaign_id, code=Exit.FAILED)
    tagged = json.loads((await run("tenant", "list", "--tag", "eu", "--json")).output)["items"]

    assert "Review running: 0 of 1 completed, 0 failed, 1 open" in shown
    assert campaign_id in listed
    assert "is running" in again.output
    assert [line["name"] for line in tagged] == ["Contoso"]


async def test_watching_a_campaign_ends_with_it_and_says_whether_all_was_well(
    run: Run, running: Services, ours: House
) -> None:
    started = await run("campaign", "start", "--name", "Review", "--all")
    campaign_id = started.output.strip()
    handle = running.temporal.get_workflow_handle(f"campaign-{campaign_id}")
    await handle.terminate()

    watching = asyncio.create_task(
        asyncio.to_thread(CliRunner().invoke, app, ["campaign", "watch", campaign_id])
    )
    async with browser(create_app(running), ours.username) as client:
        await client.post(f"/api/v1/campaigns/{campaign_id}/cancel")
    result = await watching

    assert result.exit_code == Exit.INCOMPLETE
    assert "Review cancelled: 0 of 1 completed, 1 failed, 0 open" in result.output


async def test_a_campaign_needs_exactly_one_choice(run: Run) -> None:
    await run("campaign", "start", "--name", "Review", code=Exit.USAGE)
    await run("campaign", "start", "--name", "R", "--all", "--tag", "x", code=Exit.USAGE)


async def test_the_timeline_of_a_scan_is_a_table(run: Run, running: Services, ours: House) -> None:
    scan_id = await add_scan(running.database, ours)
    await change(running.database, ours, scan_id, ScanStatus.RUNNING)

    table = (await run("scan", "timeline", scan_id)).output
    data = json.loads((await run("scan", "timeline", scan_id, "--json")).output)

    assert "The scan is running" in table
    assert data["answered"] is True


async def test_a_log_is_shown_and_cannot_paint_the_terminal(
    run: Run, running: Services, ours: House
) -> None:
    scan_id = await add_scan(running.database, ours)
    none_yet = await run("scan", "log", scan_id, "graph", code=Exit.FAILED)
    await say(running.database, ours, scan_id, "one\x1b[2J\ttwo\r\n[bold]three")
    shown = await run("scan", "log", scan_id, "graph")

    assert "no log of graph yet" in none_yet.output
    assert shown.output == "one [2J\ttwo \n[bold]three\n"


async def test_a_log_is_followed_until_the_scan_ends(
    run: Run, running: Services, ours: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.commands.logs._POLL_S", 0.05)
    scan_id = await add_scan(running.database, ours)
    following = asyncio.create_task(run("scan", "log", scan_id, "graph", "--follow"))
    for line in ("one", "two", "three"):
        await say(running.database, ours, scan_id, line)
        await asyncio.sleep(0.1)
    await change(running.database, ours, scan_id, ScanStatus.RUNNING)
    await say(running.database, ours, scan_id, "last")
    await change(running.database, ours, scan_id, ScanStatus.COMPLETED)
    followed = await following
    wrong = await run("scan", "log", scan_id, "grpah", "--follow", code=Exit.USAGE)

    assert followed.output == "one\ntwo\nthree\nlast\n"
    assert "no service grpah; it has exchange, " in wrong.output


async def test_the_doctor_reports_and_puts_right(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = f"nobody-{uuid4()}"  # a queue that no worker has ever served
    monkeypatch.setattr(queues, "SCANS", nobody)

    found = json.loads((await run("doctor", "--fix", "--json", code=Exit.FAILED)).output)
    table = (await run("doctor", code=Exit.FAILED)).output

    notes = [finding["note"] for finding in found["findings"]]
    assert "no worker orders scans: none moves" in notes
    assert found["repairs"] == []
    assert "no worker orders scans" in " ".join(table.split())


async def test_without_a_service_the_doctor_asks_the_parts_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ASSAY_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ASSAY_NATS_URL", f"nats://{NOWHERE}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)

    result = await _typed("doctor", code=Exit.FAILED)

    assert "does not answer. Is `assay up` running?" in result.output
    assert "there is no file" in result.output
    assert not (tmp_path / "assay.db").exists()


async def test_from_here_the_doctor_puts_right_what_it_can_reach(
    temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password_hash: str
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_address)
    settings = Settings(data_dir=tmp_path, nats_url=f"nats://{NOWHERE}")
    database = Database(settings.database_url)
    await schema.upgrade(database)
    house = await add_house(database, "admin", "Contoso", password_hash)
    scan_id = await add_scan(database, house)
    monkeypatch.setattr(examination, "REPAIR_PATIENCE", timedelta(0))

    found, repairs = await examine(settings, fix=True)

    await database.close()
    assert [repair.id for repair in repairs] == [scan_id]
    assert found.findings[0].part == "API"
    assert found.answered is True


async def test_attempts_are_listed_and_compared(run: Run, running: Services, ours: House) -> None:
    scan_id = await add_scan(running.database, ours)
    await judge(running.database, ours, scan_id, "1.1.1", two_affected())
    await change(running.database, ours, scan_id, ScanStatus.COMPLETED)
    alone = await run("scan", "compare-attempts", scan_id, code=Exit.FAILED)
    await retry(running.database, ours, scan_id)
    await judge(running.database, ours, scan_id, "1.1.1", passed("fine"), attempt=2)

    listed = (await run("scan", "attempts", scan_id)).stdout.splitlines()
    compared = await run("scan", "compare-attempts", scan_id, "--from", "1", "--to", "2")
    whole = await run("scan", "compare-attempts", scan_id, "--json", "--unchanged")
    read = json.loads(whole.stdout)

    assert "no attempt before the first" in alone.output
    assert [line.split()[0] for line in listed] == ["attempt", "1", "2"]
    assert "not ended" in listed[2]
    (line,) = [line for line in compared.stdout.splitlines() if line.startswith("1.1.1 ")]
    assert line.split()[1:6] == ["fixed", "fail,", "2", "affected", "pass"]
    assert "1 fixed" in compared.stderr
    assert "attempt 2: not ended" in compared.stderr
    assert len(read["items"]) == sum(read["counts"].values()) > 1


async def test_a_scan_is_compared_with_the_one_before_or_with_another(
    run: Run, running: Services, ours: House
) -> None:
    database = running.database
    first, second = [await add_scan(database, ours) for _ in range(2)]
    await judge(database, ours, first, "1.1.1", passed("fine"))
    await judge(database, ours, second, "1.1.1", two_affected())
    none = await run("scan", "compare", second, code=Exit.FAILED)
    await change(database, ours, first, ScanStatus.COMPLETED)

    found = await run("scan", "compare", second)
    turned = json.loads((await run("scan", "compare", first, second, "--json")).stdout)

    assert "no completed scan before this one" in none.output
    (line,) = [line for line in found.stdout.splitlines() if line.startswith("1.1.1 ")]
    assert line.split()[1:8] == ["broken", "pass", "fail,", "2", "affected", "+2", "−0"]
    assert ": pending" in found.stderr
    assert (turned["counts"]["fixed"], turned["after"]["scan_id"]) == (1, first)
