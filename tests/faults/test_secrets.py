"""I9 with a real credential: a collector that says it everywhere finds it nowhere written."""

import base64
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from activities.credentials import Credentials
from assay.key_file import KeyFile
from store.database import Database
from tests.faults.harness.invariants import check_secrets, check_verdicts
from tests.faults.harness.scans import Run
from tests.faults.harness.tenant import PACK, Tenant
from tests.faults.harness.world import World

PIECE = 60  # characters of the credential that nobody may find


def test_i09_a_credential_stands_nowhere_but_sealed(
    own_world: Callable[..., World], tmp_path: Path, seed: int
) -> None:
    _install_stand_in(tmp_path)
    world = own_world(PATH=f"{tmp_path}:{os.environ['PATH']}", ASSAY_COLLECTOR_FAILURES="1")
    tenant = _live_tenant(world, tmp_path)
    pfx = world.stored(lambda database: _opened(database, world, tenant))
    text = base64.b64encode(pfx).decode()
    for start in range(0, len(text) - PIECE, PIECE):
        world.canaries[f"certificate from {start}"] = text[start : start + PIECE]
    run = Run.start(world, tenant)
    state = run.end(200)

    assert state["status"] == "completed"
    assert world.sampler.count > 0
    check_verdicts(run, state, run.events())
    check_secrets(world)
    log = world.rows("select text from batch_log where scan_id = :scan", scan=run.scan_id)
    assert any("[redacted]" in row["text"] for row in log), "the collector did not say it"
    world.stop()


def _install_stand_in(folder: Path) -> None:
    program = folder / "pwsh"
    root = PACK.parents[1]
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
        "from tests.faults.harness.loose_lips import main\nsys.exit(main())\n",
        "utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def _live_tenant(world: World, folder: Path) -> Tenant:
    recorded = world.add_tenant()
    script = world.script(recorded)
    credential = {"pack": str(recorded.folder / "pack"), "faults": script}
    (folder / "credential.json").write_text(json.dumps(credential), "utf-8")
    with world.sql() as connection:
        connection.exec_driver_sql(
            "update tenant set connection = 'powershell', settings = ? where id = ?",
            (json.dumps({"client_id": recorded.microsoft_id}), recorded.id),
        )
    with world.client() as client:
        answer = client.put(f"/api/v1/tenants/{recorded.id}/credential", json={})
        assert answer.status_code in (200, 201), answer.text
    return recorded


async def _opened(database: Database, world: World, tenant: Tenant) -> bytes:
    organisation = world.rows("select organisation_id from tenant where id = :id", id=tenant.id)
    found = await Credentials(database, KeyFile(world.folder / "keys.json")).open(
        organisation_id=organisation[0]["organisation_id"], tenant_id=tenant.id
    )
    return found.pfx
