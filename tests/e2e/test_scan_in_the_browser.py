"""A person signs in, presses Start Scan and sees every verdict arrive."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.conftest import Stack

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def page(stack: Stack) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", headless=True, args=_FLAGS
        )
        page = browser.new_page(base_url=stack.url, viewport={"width": 1280, "height": 900})
        yield page
        browser.close()


def _sign_in(page: Page, stack: Stack) -> None:
    page.goto("/msp/cspm/scans")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(stack.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Start Scan").first).to_be_visible()
    page.wait_for_load_state()  # buttons are there before the scripts that hear them


_LISTEN = """
(scanId) => new Promise((resolve, reject) => {
  const frames = [];
  const socket = new WebSocket(`ws://${location.host}/msp/cspm/scans/ws/${scanId}`);
  socket.onmessage = (message) => frames.push(JSON.parse(message.data));
  socket.onerror = () => reject(new Error("socket error"));
  socket.onclose = (event) => resolve({ frames, code: event.code });
})
"""


def test_pressing_start_scan_shows_every_verdict_and_ends_clean(page: Page, stack: Stack) -> None:
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", note)
    page.set_default_timeout(20_000)
    _sign_in(page, stack)

    page.get_by_role("button", name="Start Scan").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tenant").select_option(index=0)
    dialog.get_by_role("button", name="Start Scan").click()
    row = page.get_by_role("row").filter(has_text="Contoso")
    expect(row).to_contain_text(re.compile("running", re.IGNORECASE), timeout=60_000)
    with stack.client() as client:
        scan_id = client.get("/scans").json()["items"][0]["scan_id"]
    heard = page.evaluate(_LISTEN, scan_id)
    expect(row).to_contain_text(re.compile("completed", re.IGNORECASE), timeout=10_000)

    _check_frames(heard["frames"])
    assert heard["code"] == 1000
    page.goto(f"/msp/cspm/scans/{scan_id}")
    expect(page.locator("tr[data-verdict]")).to_have_count(91)
    with stack.client() as client:
        state = client.get(f"/scans/{scan_id}").json()
    assert state["status"] == "completed"
    assert state["current_check"] is None
    assert complaints == []


def _check_frames(frames: list[dict[str, Any]]) -> None:
    assert frames[0]["event"] == "snapshot"
    seen = {line["check_id"] for line in frames[0]["data"]["checks"] if line["verdict"]}
    seqs = [frame["seq"] for frame in frames]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    statuses = [frame for frame in frames if frame["event"] == "status"]
    judged = [frame["check"]["check_id"] for frame in statuses if frame["check"]]
    assert len(judged) == len(set(judged))
    assert len(seen | set(judged)) == 91
    progress = [frame["progress_percentage"] for frame in statuses]
    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert all(value < 100 for value in progress[:-1])
    assert max(b - a for a, b in pairwise(progress)) < 3
    assert statuses[-1]["status"] == "completed"
    assert statuses[-1]["current_check"] is None
