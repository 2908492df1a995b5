"""SPF and DMARC records as receivers read them (RFC 7208, RFC 7489)."""

import re
from dataclasses import dataclass
from typing import Literal, cast

Qualifier = Literal["+", "-", "~", "?"]

DMARC_LABEL = "_dmarc"
MAX_SPF_LOOKUPS = 10  # RFC 7208, 4.6.4
_SPF_VERSION = "v=spf1"
_QUERYING = frozenset({"include", "a", "mx", "ptr", "exists"})
_MECHANISMS = _QUERYING | {"all", "ip4", "ip6"}
_NEEDS_VALUE = frozenset({"include", "exists", "ip4", "ip6"})
_HOST = re.compile(r"[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)+\.?", re.IGNORECASE)
_TERM = re.compile(r"([+\-~?]?)([a-z][a-z0-9_.\-]*)(?:([:=/])(.*))?", re.IGNORECASE | re.DOTALL)


def host_name(name: str) -> str:
    """One spelling of a DNS name."""
    return name.strip().rstrip(".").lower()


def spf_texts(texts: list[str]) -> list[str]:
    """Those of a name's TXT records that claim to be SPF."""
    return [text for text in texts if text.strip().lower().split(" ")[0] == _SPF_VERSION]


@dataclass(frozen=True)
class SpfTerm:
    qualifier: Qualifier
    name: str
    value: str

    @property
    def is_macro(self) -> bool:
        return "%" in self.value


@dataclass(frozen=True)
class SpfRecord:
    """`terms` ends at the first `all`: what follows it is never tested (RFC 7208, 5.1)."""

    terms: tuple[SpfTerm, ...]
    redirect: str | None
    faults: tuple[str, ...]  # each makes the record a permanent error for receivers

    @classmethod
    def parse(cls, text: str) -> "SpfRecord":
        terms: list[SpfTerm] = []
        redirects: list[str] = []
        faults: list[str] = []
        for word in text.split()[1:]:
            match = _TERM.fullmatch(word)
            if match is None:
                faults.append(f"{word} is not an SPF term")
                continue
            qualifier, name, sign, value = match.groups(default="")
            name = name.lower()
            if sign == "=" and not qualifier and name not in _MECHANISMS:
                if name == "redirect":
                    redirects.append(host_name(value))
            elif fault := _fault(name, sign, value, word):
                faults.append(fault)
            else:
                terms.append(SpfTerm(cast(Qualifier, qualifier or "+"), name, value))
        if len(redirects) > 1 or not all(_names_host(target) for target in redirects):
            faults.append("redirect is given twice or names no host")
        return cls(_up_to_all(terms), redirects[0] if redirects else None, tuple(faults))

    @property
    def all_qualifier(self) -> str | None:
        """What the record says about everybody it does not name; None: it does not say."""
        last = self.terms[-1] if self.terms else None
        return last.qualifier if last and last.name == "all" else None

    @property
    def effective_redirect(self) -> str | None:
        """A redirect beside an `all` is ignored."""
        return None if self.all_qualifier else self.redirect

    @property
    def includes(self) -> list[SpfTerm]:
        return [term for term in self.terms if term.name == "include"]

    @property
    def lookups(self) -> int:
        """DNS-querying terms of this record alone."""
        own = sum(1 for term in self.terms if term.name in _QUERYING)
        return own + (1 if self.effective_redirect else 0)

    @property
    def targets(self) -> list[str]:
        """Names whose records this one draws in; a macro has no fixed name."""
        names = [host_name(term.value) for term in self.includes if not term.is_macro]
        if self.effective_redirect and "%" not in self.effective_redirect:
            names.append(self.effective_redirect)
        return names


def _fault(name: str, sign: str, value: str, word: str) -> str | None:
    if name not in _MECHANISMS or sign == "=":
        return f"{word} is not an SPF term"
    if name in _NEEDS_VALUE and (sign != ":" or not value):
        return f"{word} has no value"
    if name == "include" and not _names_host(value):
        return f"{word} names no host"
    if name == "all" and sign:
        return f"{word} is not an SPF term"
    return None


def _names_host(value: str) -> bool:
    return "%" in value or _HOST.fullmatch(value) is not None


def _up_to_all(terms: list[SpfTerm]) -> tuple[SpfTerm, ...]:
    for position, term in enumerate(terms):
        if term.name == "all":
            return tuple(terms[: position + 1])
    return tuple(terms)


@dataclass(frozen=True)
class DmarcRecord:
    """Tags in lower case; of a repeated tag the first value, its name in `repeated`."""

    text: str
    tags: dict[str, str]
    repeated: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "DmarcRecord | None":
        """None unless the first tag is v and its value exactly DMARC1."""
        pairs = [_tag(part) for part in text.split(";") if part.strip()]
        if not pairs or pairs[0] != ("v", "DMARC1"):
            return None
        tags: dict[str, str] = {}
        repeated = []
        for name, value in pairs:
            if name in tags:
                repeated.append(name)
            tags.setdefault(name, value)
        return cls(text, tags, tuple(repeated))

    @property
    def policy(self) -> str | None:
        return self._word("p")

    @property
    def subdomain_policy(self) -> str | None:
        """What holds for subdomains without a record of their own."""
        return self._word("sp") or self.policy

    @property
    def is_for_all_mail(self) -> bool:
        """Without pct the policy holds for all mail; unreadable text is no promise."""
        return self.tags.get("pct", "100") == "100"

    def reports_to(self, tag: str) -> list[str]:
        """The mailto addresses of `rua` or `ruf`."""
        targets = (target.strip() for target in self.tags.get(tag, "").split(","))
        return [target for target in targets if re.fullmatch(r"mailto:\S+", target, re.IGNORECASE)]

    def _word(self, tag: str) -> str | None:
        return self.tags.get(tag, "").lower() or None


def _tag(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()
