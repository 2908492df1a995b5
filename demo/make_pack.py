"""Makes the evidence pack of the demo tenant, always the same: `python -m demo.make_pack`.

`--check` makes it elsewhere and says whether the committed pack is equal; exit code 1 if not.
"""

import filecmp
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.collector import DatasetStatus, ErrorKind, ReadError, TenantRef
from demo.access import access
from demo.collaboration import collaboration
from demo.directory import directory
from demo.mail import mail
from demo.people import CONTOSO, TENANT_ID, Row, found_company, guid
from demo.privilege import BREAK_GLASS_GROUP, privilege
from demo.protection import protection
from demo.reads import READS
from evidence.packs import DatasetToWrite, write_pack

PACK = Path(__file__).parent / "contoso"
SEED = 365
CAPTURED_AT = datetime(2026, 5, 4, 8, 15, tzinfo=UTC)
TENANT = TenantRef(tenant_id=TENANT_ID, name="Contoso Demo", domain=CONTOSO)
DESCRIPTION = (
    "An invented company of about 400 accounts: Contoso, which bought Fabrikam and has not finished"
    " moving in. Every name is made up. Written by demo/make_pack.py."
)
UNREAD: dict[str, tuple[ErrorKind, str]] = {
    "graph.forms_settings": ("denied", "403: needs OrgSettings-Forms.Read.All"),
    "graph.on_premises_synchronization": ("denied", "403: not open to applications"),
    "graph.entra_ux_setting": ("denied", "403: not open to applications"),
    "exchange.mailbox_audit_bypass": ("throttled", "too many requests; gave up after 3 tries"),
    "exchange.email_tenant_settings": ("missing-cmdlet", "Get-EmailTenantSettings is not known"),
    "exchange.teams_protection_policies": ("unlicensed", "needs Defender for Office 365 Plan 2"),
    "exchange.teams_protection_policy_rules": (
        "unlicensed",
        "needs Defender for Office 365 Plan 2",
    ),
    "purview.label_policies": ("timeout", "no answer within 300 s"),
    "sharepoint.personal_sites": ("timeout", "no answer within 600 s"),
    "teams.unified_tenant_settings": ("denied", "refused to app-only sign-in"),
}
IN_PART = {"sharepoint.sites": "page 2 of 3 did not come"}


def tenant() -> dict[str, list[Row]]:
    """The rows of every dataset that was read."""
    company = found_company(SEED)
    return {
        **directory(company),
        **privilege(company),
        **access(company),
        **mail(company),
        **protection(),
        **collaboration(company),
    }


def parameters() -> dict[str, Any]:
    company = found_company(SEED)
    register = [
        {
            "kind": "group",
            "id": BREAK_GLASS_GROUP,
            "reason": "holds the two emergency accounts",
            "reviewed_on": "2026-02-16",
        },
        *(
            {
                "kind": "user",
                "id": person.id,
                "reason": "emergency account",
                "reviewed_on": "2026-02-16",
                "break_glass": True,
            }
            for person in company.emergency
        ),
    ]
    public_group = {
        "id": guid("group/Sales Projects"),
        "reason": "customers' questions are answered in the open",
        "approved_by": "Ottoline Rookstead",
        "expires": "2026-12-31",
    }
    return {
        "emergency_access_accounts": [person.id for person in company.emergency],
        "exclusion_register": register,
        "approved_exceptions": {"m365_groups_not_public": [public_group]},
        "trusted_ad_domain_guids": [guid("domain/fabrikam.local")],
    }


def datasets() -> Iterator[DatasetToWrite]:
    for name, rows in tenant().items():
        read = READS.get(name, "")
        if name in IN_PART:
            error = ReadError(kind="other", message=IN_PART[name])
            yield DatasetToWrite(name, rows, DatasetStatus.PARTIAL, read, error)
        else:
            yield DatasetToWrite(name, rows, read=read)
    for name, (kind, message) in UNREAD.items():
        error = ReadError(kind=kind, message=message)
        yield DatasetToWrite(
            name, status=DatasetStatus(kind), read=READS.get(name, ""), error=error
        )


def make(folder: Path) -> None:
    write_pack(
        folder,
        name="contoso",
        description=DESCRIPTION,
        tenant=TENANT,
        captured_at=CAPTURED_AT,
        parameters=parameters(),
        datasets=datasets(),
    )


def differences(folder: Path) -> list[str]:
    """Names of files that are not what `make` writes, in either direction."""
    with tempfile.TemporaryDirectory() as place:
        fresh = Path(place) / "contoso"
        make(fresh)
        names = sorted({*_files(fresh), *_files(folder)})
        _, changed, missing = filecmp.cmpfiles(fresh, folder, names, shallow=False)
        return sorted([*changed, *missing])


def _files(folder: Path) -> Iterable[str]:
    return (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        found = differences(PACK)
        sys.stdout.write("".join(f"differs: {name}\n" for name in found) or "up to date\n")
        return 1 if found else 0
    if arguments:
        sys.stderr.write("usage: python -m demo.make_pack [--check]\n")
        return 2
    make(PACK)
    sys.stdout.write(f"wrote {PACK.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
