"""A tenant of any size: the demo tenant, with as many more accounts, mailboxes and sites.

What is cloned keeps the mixture of good and bad of the demo's rows, so that lists of affected
resources grow with the tenant too. Rows are made one at a time and kept as a scan keeps them.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from activities.offline import judge_pack  # noqa: F401  (fills the registry of checks)
from assay.wiring import ROOT
from contracts.collector import DatasetStatus
from evidence.evidence import CHUNK_ROWS, Evidence, Recorded
from evidence.packs import Pack

DEMO = ROOT / "demo" / "contoso"
Row = dict[str, Any]
_DOMAIN = "contoso.example"
_PER_GROUP = 10  # accounts for each group and each site


def tenant(accounts: int) -> tuple[Evidence, int]:
    """Its evidence, and how many rows in it grow with the tenant."""
    pack = Pack.open(DEMO)
    recorded = dict(pack.recorded)
    for name, rows in _growing(pack, accounts).items():
        recorded[name] = _as_read(rows)
    grown = sum(recorded[name].rows for name in _growing(pack, 0))
    return Evidence(recorded, pack.manifest.captured_at, pack.parameters), grown


def _growing(pack: Pack, accounts: int) -> dict[str, Iterable[Row]]:
    few = accounts // _PER_GROUP
    return {
        "graph.users": _more(pack, "graph.users", accounts, _user),
        "graph.user_registration_details": _more(
            pack, "graph.user_registration_details", accounts, _user
        ),
        "graph.groups": _more(pack, "graph.groups", few, _group),
        "exchange.mailboxes": _more(pack, "exchange.mailboxes", accounts, _mailbox),
        "exchange.mailbox_audit_bypass": (_bypass(number) for number in range(accounts)),
        "sharepoint.sites": _more(pack, "sharepoint.sites", few, _site),
        "sharepoint.personal_sites": (_personal_site(number) for number in range(accounts)),
    }


def _more(pack: Pack, name: str, count: int, vary: Any) -> Iterator[Row]:
    """The rows of the demo, then variations of them up to `count`."""
    rows = list(pack.recorded[name].raw_rows())
    yield from rows[:count]
    for number in range(len(rows), count):
        yield vary(rows[number % len(rows)], number)


def _as_read(rows: Iterable[Row]) -> Recorded:
    """Chunks of text, as they come from a collector."""
    chunks: list[bytes] = []
    count = 0
    source = iter(rows)
    while part := list(islice(source, CHUNK_ROWS)):
        chunks.append(json.dumps(part, separators=(",", ":")).encode())
        count += len(part)
    return Recorded(DatasetStatus.OK, chunks, count)


def _id(number: int, kind: int) -> str:
    return str(UUID(int=(kind << 64) + number))


def _address(number: int) -> str:
    return f"account.{number}@{_DOMAIN}"


def _user(row: Row, number: int) -> Row:
    return {**row, "id": _id(number, 1), "userPrincipalName": _address(number)}


def _group(row: Row, number: int) -> Row:
    return {**row, "id": _id(number, 2), "displayName": f"Group {number}"}


def _mailbox(row: Row, number: int) -> Row:
    address = _address(number)
    return {
        **row,
        "ExternalDirectoryObjectId": _id(number, 1),
        "DisplayName": f"Account {number}",
        "PrimarySmtpAddress": address,
        "UserPrincipalName": address,
    }


def _bypass(number: int) -> Row:
    return {
        "Identity": f"Account {number}",
        "Name": f"account.{number}",
        "Guid": _id(number, 3),
        "AuditBypassEnabled": number % 1000 == 999,
    }


def _site(row: Row, number: int) -> Row:
    return {**row, "Url": f"https://contosodemo.sharepoint.example/sites/s{number}"}


def _personal_site(number: int) -> Row:
    return {
        "DenyAddAndCustomizePages": 1 if number % 1000 == 999 else 2,
        "LockState": "Unlock",
        "Template": "SPSPERS#10",
        "Title": f"Account {number}",
        "Url": f"https://contosodemo-my.sharepoint.example/personal/account_{number}",
    }
