"""A `pwsh` that is none: it writes down what it was given and answers from the demo pack."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from activities.collectors import LocalCollectors
from activities.credentials import Credentials
from api.certificates import KeyPair
from assay.key_file import KeyFile
from checks.catalogue import CIS_M365_5, planned_checks
from contracts.parameters import TenantParameters
from contracts.scan import Profile, ScanRequest
from contracts.sealing import seal
from store import accounts, scans, secrets, tenants
from store.database import Database
from store.tables import Tenant
from tests.builders.scans import CONTOSO, ROOT
from tests.onboarding.ids import CLIENT_ID

MICROSOFT_ID = json.loads((CONTOSO / "pack.json").read_text("utf-8"))["tenant"]["tenant_id"]
_SCRIPT = """#!{python}
import io, json, os, sys
line = sys.stdin.buffer.readline()
seen = {{"argv": sys.argv, "environment": dict(os.environ), "stdin": line.decode()}}
with open(os.path.join({records!r}, f"{{os.getpid()}}.json"), "w") as file:
    json.dump(seen, file)
with open(os.path.join(os.environ["TMPDIR"], "left-behind"), "w") as file:
    file.write(line.decode())
request = json.loads(line)
sys.stderr.write("connecting with " + request["credential"]["certificate"] + "\\n")
sys.stdout.write("WARNING: " + request["credential"]["certificate"][:400] + "\\n")
sys.stdout.flush()
request["credential"] = {replay!r}
sys.path.insert(0, {root!r})
sys.argv = ["replay"]
sys.stdin = io.TextIOWrapper(io.BytesIO(json.dumps(request).encode() + b"\\n"))
from evidence.replay import main
sys.exit(main())
"""


@dataclass(frozen=True)
class FakePowerShell:
    folder: Path
    records: Path

    @classmethod
    def install(cls, folder: Path, faults: dict[str, Any] | None = None) -> "FakePowerShell":
        records = folder / "records"
        records.mkdir(parents=True)
        replay = {"pack": str(CONTOSO), **(faults or {})}
        text = _SCRIPT.format(
            python=sys.executable, records=str(records), replay=replay, root=str(ROOT)
        )
        program = folder / "pwsh"
        program.write_text(text)
        program.chmod(0o755)
        return cls(folder, records)

    @property
    def path(self) -> str:
        return f"{self.folder}:{os.environ['PATH']}"

    def seen(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in sorted(self.records.glob("*.json"))]


def path_without_powershell() -> str:
    folders = os.environ["PATH"].split(":")
    return ":".join(folder for folder in folders if not shutil.which("pwsh", path=folder))


def live_collectors(path: str, credentials: Credentials | None) -> LocalCollectors:
    return LocalCollectors(sys.executable, ROOT, {"PATH": path}, credentials)


async def add_live_tenant(
    database: Database,
    *,
    microsoft_id: str = MICROSOFT_ID,
    domain: str = "contoso.onmicrosoft.com",
    connection: str = "powershell",
    **settings: Any,
) -> Tenant:
    at = datetime.now(UTC)
    async with database.begin() as session:
        organisation = await accounts.add_organisation(session, name="Provider", at=at)
        return await tenants.add_tenant(
            session,
            organisation_id=organisation.id,
            microsoft_id=microsoft_id,
            name="Contoso live",
            domain=domain,
            connection=connection,  # type: ignore[arg-type]
            settings={"client_id": CLIENT_ID, "cloud": "worldwide", **settings},
            parameters=TenantParameters(),
            at=at,
        )


async def give_certificate(
    database: Database, tenant: Tenant, file: KeyFile, pair: KeyPair
) -> None:
    secret_id = str(uuid4())
    async with database.begin() as session:
        await secrets.put_credential(
            session,
            organisation_id=tenant.organisation_id,
            tenant_id=tenant.id,
            secret_id=secret_id,
            sealed=seal(file(), pair.pfx, tenant_id=tenant.id, secret_id=secret_id),
            facts=pair.facts,
            at=datetime.now(UTC),
            by="admin",
        )


async def add_scan(database: Database, tenant: Tenant, *recommendations: str) -> ScanRequest:
    profile = Profile(level=2)
    chosen = [line for line in planned_checks(profile) if line.recommendation in recommendations]
    async with database.begin() as session:
        scan = await scans.add_scan(
            session,
            organisation_id=tenant.organisation_id,
            tenant=tenant,
            benchmark=CIS_M365_5,
            profile=profile,
            checks=chosen,
            at=datetime.now(UTC),
        )
    return ScanRequest(scan_id=scan.id, organisation_id=tenant.organisation_id, tenant_id=tenant.id)
