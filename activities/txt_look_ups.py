"""TXT look-ups of mail domains: which names to ask, and what came back."""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from evidence.dns import TxtRecords, resolve_spf
from evidence.mail_records import DMARC_LABEL, host_name

MAX_AT_ONCE = 20
MAX_ALIASES = 8
LOOK_UP_S = 15.0
_TRY_S = 5.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_IMPOSSIBLE_NAMES = (
    dns.name.LabelTooLong,
    dns.name.NameTooLong,
    dns.name.EmptyLabel,
    dns.name.BadEscape,
    dns.name.IDNAException,
)


@dataclass(frozen=True)
class Answer:
    """One look-up in the words of evidence/dns.py."""

    name: str
    status: str
    strings: tuple[str, ...] = ()
    cname_chain: tuple[str, ...] = ()

    @property
    def is_final(self) -> bool:
        return self.status not in ("servfail", "timeout")

    @property
    def row(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": self.status,
            "strings": list(self.strings),
            "cname_chain": list(self.cname_chain),
        }


class TxtReader:
    """Looks every name up once, a limited number at a time; `take` gets answers as they come."""

    def __init__(
        self, resolver: dns.asyncresolver.Resolver, take: Callable[[Answer], None]
    ) -> None:
        self._resolver = resolver
        self._take = take
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._asked: dict[str, asyncio.Task[Answer]] = {}

    async def read(self, domains: Iterable[str]) -> None:
        """The domains, their DMARC names and what their SPF records draw in."""
        async with asyncio.TaskGroup() as group:
            for domain in sorted({host_name(domain) for domain in domains}):
                group.create_task(self._look_up(f"{DMARC_LABEL}.{domain}"))
                group.create_task(self._follow(domain))

    async def _follow(self, domain: str) -> None:
        """As far as the check will: it says itself which names it lacks."""
        rows = {domain: TxtRecords.read_row((await self._look_up(domain)).row)}
        texts = rows[domain].spf_records
        if len(texts) != 1:
            return
        while lacking := set(resolve_spf(domain, texts[0], rows, known=()).unread) - set(rows):
            answers = await asyncio.gather(*(self._look_up(name) for name in sorted(lacking)))
            rows |= {answer.name: TxtRecords.read_row(answer.row) for answer in answers}

    async def _look_up(self, name: str) -> Answer:
        if name not in self._asked:
            self._asked[name] = asyncio.create_task(self._ask(name))
        return await self._asked[name]

    async def _ask(self, name: str) -> Answer:
        async with self._slots:
            answer = await look_up(self._resolver, name)
        self._take(answer)
        return answer


async def look_up(resolver: dns.asyncresolver.Resolver, name: str) -> Answer:
    """One TXT look-up, aliases followed, within one time limit."""
    chain: list[str] = []
    try:
        async with asyncio.timeout(resolver.lifetime):
            return await _resolve(resolver, name, chain)
    except dns.resolver.NXDOMAIN as missing:
        chain.extend(_aliases_of(missing))
        status = "nxdomain"
    except _IMPOSSIBLE_NAMES:
        status = "nxdomain"
    except (dns.exception.Timeout, TimeoutError):
        status = "timeout"
    except (dns.exception.DNSException, OSError):
        status = "servfail"
    return Answer(name, status, cname_chain=tuple(chain))


async def _resolve(resolver: dns.asyncresolver.Resolver, name: str, chain: list[str]) -> Answer:
    """Some servers answer with the alias alone: then its target is asked."""
    asked = name
    for _ in range(MAX_ALIASES):
        answer = await resolver.resolve(
            dns.name.from_text(asked), "TXT", raise_on_no_answer=False, search=False
        )
        chain.extend(_targets(answer.chaining_result.cnames))
        if answer.rrset is not None:
            strings = tuple(_text(record.strings) for record in answer.rrset)
            return Answer(name, "noerror", strings, tuple(chain))
        if not answer.chaining_result.cnames:
            return Answer(name, "nodata", cname_chain=tuple(chain))
        asked = chain[-1]
    return Answer(name, "servfail", cname_chain=tuple(chain))


def _aliases_of(missing: dns.resolver.NXDOMAIN) -> list[str]:
    responses = missing.kwargs.get("responses", {}).values()
    return [name for item in responses for name in _targets(item.resolve_chaining().cnames)]


def _targets(cnames: Iterable[Any]) -> list[str]:
    return [host_name(str(record.target)) for rrset in cnames for record in rrset]


def _text(strings: Iterable[bytes]) -> str:
    """Control characters have no place in a record and would burst a protocol line."""
    return _CONTROL.sub("�", b"".join(strings).decode("utf-8", "replace"))


def make_resolver(credential: dict[str, Any]) -> dns.asyncresolver.Resolver:
    """Raises dns.resolver.NoResolverConfiguration and ValueError."""
    server = credential.get("resolver")
    resolver = dns.asyncresolver.Resolver(configure=not server)
    if server:
        resolver.nameservers = [str(server)]
        resolver.port = int(credential.get("port") or 53)
    resolver.lifetime = float(credential.get("time_limit_s") or LOOK_UP_S)
    resolver.timeout = min(_TRY_S, resolver.lifetime)
    return resolver
