"""Which threat policy governs a mailbox: the first whose rule matches, else the fallback."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic

from checks.exchange.applied_policies import (
    Applied,
    AppliedPolicies,
    Family,
    Policy,
    applied_policies,
)
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.mail_rules import (
    BuiltInProtectionRule,
    ExceptingRule,
    RecipientRule,
    ScopeGroup,
)
from evidence.recipients import AcceptedDomain, Mailbox

_STAND_INS = "No mailbox was seen: accepted domains and the people that rules name stand for them"


class Match(Enum):
    NO = "no"
    MAYBE = "maybe"  # it hangs on a group whose members are not known
    YES = "yes"


class Groups:
    """Members of the groups that rules name. A group that was not read is unknown, not empty."""

    def __init__(self, groups: Iterable[ScopeGroup] = ()) -> None:
        self._members: dict[str, set[str]] = {}
        self._known: set[str] = set()
        for row in groups:
            name = _plain(row.group)
            self._members.setdefault(name, set()).update(row.addresses)
            if row.is_fully_known:
                self._known.add(name)

    def members(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self._members.get(_plain(name), ()) for name in names))

    def know(self, names: Iterable[str]) -> bool:
        return all(_plain(name) in self._known for name in names)


def read_groups(evidence: Evidence) -> Groups:
    return Groups(_readable(evidence))


def _readable(evidence: Evidence) -> Iterator[ScopeGroup]:
    """A row that cannot be read leaves a gap, and its group as unknown as one that is absent."""
    for row in evidence.seen(ScopeGroup):
        try:
            _ = row.group, row.resolved, row.members
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
            continue
        yield row


def refuse_unread_groups(evidence: Evidence) -> None:
    """What only may be proves nothing while the groups that decide were not read."""
    for gap in evidence.gaps:
        if gap.dataset == ScopeGroup.key:
            raise gap


class _List:
    """One kind of condition, or of exception, ready to be asked about many addresses."""

    def __init__(self, people: list[str], groups: list[str], domains: list[str], known: Groups):
        self.people = frozenset(map(_plain, people))
        self.groups = known.members(groups)
        self.domains = frozenset(_plain(domain).lstrip("@") for domain in domains)
        self.any_people, self.any_groups, self.any_domains = map(bool, (people, groups, domains))
        self.any_kind = self.any_people or self.any_groups or self.any_domains
        self.people_known = all("@" in name for name in self.people)
        self.groups_known = known.know(groups)
        self._domain_answers: dict[str, bool] = {}

    def answers(self, address: str) -> list[Match]:
        """One per kind that holds any value."""
        found = []
        if self.any_people:
            found.append(_answer(address in self.people, self.people_known))
        if self.any_groups:
            found.append(_answer(address in self.groups, self.groups_known))
        if self.any_domains:
            found.append(_answer(self._has_domain_of(address), known=True))
        return found

    def _has_domain_of(self, address: str) -> bool:
        """Subdomains of a listed domain count."""
        domain = address.rpartition("@")[2]
        if domain not in self._domain_answers:
            labels = domain.split(".")
            parents = (".".join(labels[start:]) for start in range(len(labels)))
            self._domain_answers[domain] = any(parent in self.domains for parent in parents)
        return self._domain_answers[domain]


def _plain(name: str) -> str:
    return name.strip().lower()


def _answer(listed: bool, known: bool) -> Match:
    if listed:
        return Match.YES
    return Match.NO if known else Match.MAYBE


class Scope:
    """Whom a rule matches. Kinds of condition are ANDed and none matches everybody; any
    exception removes. A rule that is switched off matches nobody."""

    def __init__(self, rule: ExceptingRule | None, groups: Groups) -> None:
        self._nobody = rule is not None and not rule.is_enabled
        conditions = rule if isinstance(rule, RecipientRule) else None
        self._conditions = _List(
            conditions.sent_to if conditions else [],
            conditions.sent_to_member_of if conditions else [],
            conditions.recipient_domain_is if conditions else [],
            groups,
        )
        self._exceptions = _List(
            rule.except_if_sent_to if rule else [],
            rule.except_if_sent_to_member_of if rule else [],
            rule.except_if_recipient_domain_is if rule else [],
            groups,
        )

    @property
    def named_addresses(self) -> frozenset[str]:
        conditions, exceptions = self._conditions, self._exceptions
        return conditions.people | conditions.groups | exceptions.people | exceptions.groups

    def includes(self, address: str) -> Match:
        if self._nobody:
            return Match.NO
        answers = self._conditions.answers(address)
        if Match.NO in answers:
            return Match.NO
        return Match.MAYBE if Match.MAYBE in answers else Match.YES

    def excepts(self, address: str) -> Match:
        answers = self._exceptions.answers(address)
        if Match.YES in answers:
            return Match.YES
        return Match.MAYBE if Match.MAYBE in answers else Match.NO

    def matches(self, address: str) -> Match:
        """`address` in lower case."""
        included = self.includes(address)
        if included is Match.NO or not self._exceptions.any_kind:
            return included
        excepted = self.excepts(address)
        if excepted is Match.YES:
            return Match.NO
        return Match.MAYBE if excepted is Match.MAYBE else included


@dataclass
class Share(Generic[Policy]):
    """What one applied policy governs: `certain` mailboxes, and others that it may govern."""

    applied: Applied[Policy]
    scope: Scope
    certain: int = 0
    possible: int = 0
    domains: set[str] = field(default_factory=set)

    @property
    def is_effective(self) -> bool:
        return bool(self.certain or self.possible)


@dataclass
class Governance(Generic[Policy]):
    """Who governs whom. `shares` is the effective policy set, in the order of trying."""

    shares: list[Share[Policy]]
    total: int
    uncaught: list[str] = field(default_factory=list)  # addresses that no policy matches
    maybe_uncaught: list[str] = field(default_factory=list)
    subject: str = "mailboxes"  # "addresses" when others stand for them

    @property
    def notes(self) -> list[str]:
        stand_ins = [] if self.subject == "mailboxes" else [_STAND_INS]
        return stand_ins + [
            f"{share.applied.label} governs {share.certain} of {self.total} {self.subject}"
            + (f" and perhaps {share.possible} more" if share.possible else "")
            for share in self.shares
        ]


@dataclass(frozen=True)
class Population:
    """Addresses that stand for the people of a tenant."""

    addresses: frozenset[str]
    subject: str = "mailboxes"


def mailbox_addresses(evidence: Evidence, rows: Iterable[Mailbox]) -> frozenset[str]:
    """Lower case, without discovery mailboxes. A row that cannot be read leaves a gap."""
    return frozenset(_addresses(evidence, rows))


def _addresses(evidence: Evidence, rows: Iterable[Mailbox]) -> Iterator[str]:
    for mailbox in rows:
        try:
            if not mailbox.is_discovery_mailbox:
                yield _plain(mailbox.primary_smtp_address)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)


def population(evidence: Evidence, scopes: Iterable[Scope]) -> Population:
    """Every mailbox; where none was read, one address a domain and the people that rules name."""
    if evidence.is_complete(Mailbox) or evidence.count(Mailbox):
        found = mailbox_addresses(evidence, evidence.seen(Mailbox))
        if found or not evidence.is_complete(Mailbox):
            return Population(found)
    if not evidence.is_complete(AcceptedDomain):
        evidence.all(Mailbox)  # the read that should have answered says why
    domains = {
        _plain(domain.domain_name)
        for domain in evidence.each(AcceptedDomain)
        if not domain.is_coexistence_domain
    }
    if not domains:
        raise EvidenceMissing(AcceptedDomain.key, "no domain accepts mail", kind="empty")
    named = {
        address
        for scope in scopes
        for address in scope.named_addresses
        if address.rpartition("@")[2] in domains
    }
    return Population(frozenset({f"*@{domain}" for domain in domains} | named), "addresses")


def require_rules(evidence: Evidence, family: Family[Policy]) -> None:
    """An unread rule may come before every other: nothing about order holds without it."""
    for dataset in (family.rules, family.presets, family.built_in):
        if dataset:
            evidence.each(dataset)


def read_shares(
    evidence: Evidence, family: Family[Policy]
) -> tuple[AppliedPolicies[Policy], list[Share[Policy]]]:
    """Applied policies with their scopes, in the order of trying."""
    require_rules(evidence, family)
    applied = applied_policies(evidence, family)
    if applied.unclear:
        raise applied.unclear[0]
    groups = read_groups(evidence)
    shares = [
        Share(item, Scope(item.rule if isinstance(item.rule, RecipientRule) else None, groups))
        for item in applied.tried
    ]
    if applied.fallback:
        shares.append(Share(applied.fallback, Scope(_built_in_rule(evidence, family), groups)))
    return applied, shares


def _built_in_rule(evidence: Evidence, family: Family[Policy]) -> BuiltInProtectionRule | None:
    """Without a rule the fallback exempts nobody."""
    rules = evidence.all(family.built_in) if family.built_in else []
    if any(rule != rules[0] for rule in rules):
        raise EvidenceMissing(rules[0].key, "several rules where one is expected")
    return rules[0] if rules else None


def govern(shares: list[Share[Policy]], people: Population) -> Governance[Policy]:
    found = Governance(shares, len(people.addresses), subject=people.subject)
    for address in people.addresses:
        _find_governor(found, address)
    found.shares = [share for share in shares if share.is_effective]
    found.uncaught.sort()
    found.maybe_uncaught.sort()
    return found


def _find_governor(found: Governance[Policy], address: str) -> None:
    """A possible governor does not hide those behind it, and makes them merely possible too."""
    doubtful = False
    for share in found.shares:
        match = share.scope.matches(address)
        if match is Match.NO:
            continue
        share.domains.add(address.rpartition("@")[2])
        if match is Match.YES and not doubtful:
            share.certain += 1
            return
        share.possible += 1
        doubtful = True
        if match is Match.YES:
            return
    (found.maybe_uncaught if doubtful else found.uncaught).append(address)
