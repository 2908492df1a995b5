"""The commands against a running service, as an operator types them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Stack

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]
SAMPLE = Path(__file__).parent.parent.parent.parent / "shared" / "packs" / "scuba-sample"
with_sample = pytest.mark.skipif(not SAMPLE.exists(), reason="no recorded sample beside us")


def assay(stack: Stack, *words: str, code: int = 0) -> str:
    """stdout of a command that must end with `code`."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")
    }
    ended = subprocess.run(
        [sys.executable, "-m", "assay", *words],
        env=environment
        | {
            "ASSAY_URL": stack.url,
            "ASSAY_DATA_DIR": str(stack.folder),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout if code == 0 else ended.stderr


def _by_number(lines: list[dict[str, Any]]) -> dict[str, str]:
    return {line["recommendation"]: line["verdict"] for line in lines}


@with_sample
def test_a_real_recorded_tenant_gets_the_same_verdicts_with_and_without_a_server(
    stack: Stack,
) -> None:
    offline = json.loads(assay(stack, "pack", "evaluate", str(SAMPLE), "--json"))
    added = json.loads(assay(stack, "tenant", "add", "--pack", str(SAMPLE), "--json"))
    tenant = added["tenant"]
    scan_id = assay(
        stack, "scan", "start", "--tenant", tenant["tenant_id"], "--profile", "E5-L2", "--wait"
    ).strip()
    shown = json.loads(assay(stack, "scan", "show", scan_id, "--json"))

    assert len(offline) == 130
    assert _by_number(shown["results"]["items"]) == _by_number(offline)
    reasons = {line["recommendation"]: line["reason"] for line in offline}
    assert {line["recommendation"]: line["reason"] for line in shown["results"]["items"]} == reasons


@with_sample
def test_a_tenant_is_registered_once(stack: Stack) -> None:
    names = [
        line["domain"] for line in json.loads(assay(stack, "tenant", "list", "--json"))["items"]
    ]
    if "tqhjy.onmicrosoft.com" not in names:
        assay(stack, "tenant", "add", "--pack", str(SAMPLE))

    said = assay(stack, "tenant", "add", "--pack", str(SAMPLE), code=1)

    assert "registered already" in said


def test_a_malformed_pack_is_refused_with_file_and_reason(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "pack.json").write_text('{"format": 9}', "utf-8")
    before = json.loads(assay(stack, "tenant", "list", "--json"))

    said = assay(stack, "tenant", "add", "--pack", str(tmp_path), code=1)

    assert "pack.json" in said
    assert json.loads(assay(stack, "tenant", "list", "--json")) == before


def test_wrong_words_get_a_sentence_and_an_exit_code(stack: Stack) -> None:
    assert "There is no tenant" in assay(stack, "scan", "start", "--tenant", "nobody", code=1)
    assert "There is no profile" in assay(
        stack, "scan", "start", "--tenant", "Contoso Demo", "--profile", "E9", code=1
    )
    assert "There is no scan" in assay(
        stack, "scan", "watch", "00000000-0000-4000-8000-000000000000", code=1
    )
    assay(stack, "scan", "start", code=2)


def test_a_scan_is_cancelled_from_the_command_line_and_keeps_its_verdicts(stack: Stack) -> None:
    scan_id = assay(stack, "scan", "start", "--tenant", "Contoso Demo").strip()
    refused = assay(stack, "scan", "start", "--tenant", "Contoso Demo", code=1)
    assert scan_id in refused

    assay(stack, "scan", "cancel", scan_id)
    assay(stack, "scan", "watch", scan_id, code=4)

    shown = json.loads(assay(stack, "scan", "show", scan_id, "--json"))
    assert shown["scan"]["status"] == "cancelled"
    assert len(shown["results"]["items"]) == 91
    assert "already finished" in assay(stack, "scan", "cancel", scan_id, code=1)
