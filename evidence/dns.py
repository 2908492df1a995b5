"""TXT records of the mail domains, and the SPF records they draw in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import Dataset
from evidence.mail_records import (
    MAX_SPF_LOOKUPS,
    DmarcRecord,
    SpfRecord,
    host_name,
    spf_texts,
)
from evidence.wire import Names, Text, named


class TxtRecords(Dataset):
    """TXT look-ups: one row a name, `strings` holds one joined text a record.

    Names: every accepted domain, `_dmarc.` of it, and each include or redirect target met.
    """

    key: ClassVar = "dns.txt_records"
    phase: ClassVar = 2
    depends_on: ClassVar = ("exchange.accepted_domains",)
    time_limit_s: ClassVar = 600

    name: Text
    status: Annotated[
        str, BeforeValidator(named("noerror", "nodata", "nxdomain", "servfail", "timeout"))
    ]
    strings: Names
    cname_chain: Names = Field(default_factory=list)

    @property
    def is_answered(self) -> bool:
        """That a name does not exist or has no TXT record is an answer too."""
        return self.status in ("noerror", "nodata", "nxdomain")

    @property
    def spf_records(self) -> list[str]:
        return spf_texts(self.strings)

    @property
    def dmarc_records(self) -> list[DmarcRecord]:
        found = (DmarcRecord.parse(text) for text in self.strings)
        return [record for record in found if record is not None]


@dataclass
class SpfResolution:
    """What the SPF record of a domain comes to with everything it includes."""

    lookups: int = 0
    faults: list[str] = field(default_factory=list)  # receivers answer with a permanent error
    authorises: set[str] = field(default_factory=set)  # hosts whose senders pass
    unread: list[str] = field(default_factory=list)  # names that were not answered
    all_qualifier: str | None = None  # of the deciding `all`


def resolve_spf(
    domain: str, text: str, rows: Mapping[str, TxtRecords], known: Collection[str]
) -> SpfResolution:
    """Follows include and redirect. `known` hosts end the walk when they were not looked up."""
    resolution = SpfResolution()
    _Walk(rows, known, resolution).record(text, (host_name(domain),), passes=True, decides=True)
    return resolution


@dataclass(frozen=True)
class _Walk:
    rows: Mapping[str, TxtRecords]
    known: Collection[str]
    resolution: SpfResolution

    def record(self, text: str, path: tuple[str, ...], *, passes: bool, decides: bool) -> None:
        """`path`: the names that led here; `passes`: a match here is a match of the whole."""
        record = SpfRecord.parse(text)
        found = self.resolution
        found.faults.extend(f"{path[-1]}: {fault}" for fault in record.faults)
        found.lookups += record.lookups
        if decides and not record.effective_redirect:
            found.all_qualifier = record.all_qualifier
        for term in record.includes:
            if not term.is_macro:
                target = host_name(term.value)
                self._target(target, path, passes=passes and term.qualifier == "+", decides=False)
        redirect = record.effective_redirect
        if redirect and "%" not in redirect:
            self._target(redirect, path, passes=passes, decides=decides)

    def _target(self, name: str, path: tuple[str, ...], *, passes: bool, decides: bool) -> None:
        found = self.resolution
        if found.lookups > MAX_SPF_LOOKUPS:
            return
        if name in path:
            found.faults.append(f"{path[-1]} includes {name} in a circle")
            return
        if passes:
            found.authorises.add(name)
        row = self.rows.get(name)
        if row is None or not row.is_answered:
            if row is not None or decides or name not in self.known:
                found.unread.append(name)
            return
        texts = row.spf_records
        if len(texts) == 1:
            self.record(texts[0], (*path, name), passes=passes, decides=decides)
        else:
            found.faults.append(f"{name}, which {path[-1]} includes, has {len(texts)} SPF records")
