"""A recorded tenant of its own for each scan that a test disturbs."""

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence.packs import verify
from store import accounts, tenants
from store.database import Database

PACK = Path(__file__).parents[3] / "demo" / "contoso"


@dataclass(frozen=True)
class Tenant:
    id: str
    microsoft_id: str
    name: str
    folder: Path  # its pack, roll and counters

    @property
    def roll(self) -> Path:
        return self.folder / "roll"


def copy_pack(tenant: Tenant) -> None:
    target = tenant.folder / "pack"
    shutil.copytree(PACK, target, copy_function=os.link)
    manifest = json.loads((PACK / "pack.json").read_text("utf-8"))
    manifest["tenant"] |= {"tenant_id": tenant.microsoft_id, "name": tenant.name}
    (target / "pack.json").unlink()
    (target / "pack.json").write_text(json.dumps(manifest), "utf-8")


async def add_tenant(database: Database, tenant: Tenant, settings: dict[str, Any]) -> str:
    report = verify(Path(settings["pack"]))
    async with database.begin() as session:
        organisation = await accounts.first_organisation(session)
        assert organisation is not None
        row = await tenants.add_tenant(
            session,
            organisation_id=organisation.id,
            microsoft_id=tenant.microsoft_id,
            name=tenant.name,
            domain=report.tenant.domain,
            connection="recorded",
            settings=settings,
            parameters=report.parameters,
            at=datetime.now(UTC),
        )
    return row.id
