"""What a tenant may leave outside a policy: registered, recognised, or few enough."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from contracts.parameters import RegisteredExclusion
from evidence.conditional_access import ReferencedGroup
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence, Row
from evidence.privileged_roles import DirectoryRoleAssignment


@dataclass(frozen=True)
class Weighed:
    """How many accounts a list of users and groups stands for; `unknown` names unread groups."""

    accounts: int
    members: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Register:
    """The tenant's register of exclusions as one check may use it."""

    slug: str
    today: date
    entries: tuple[RegisteredExclusion, ...]
    allowance: int
    emergency_accounts: frozenset[str]  # object ids
    groups: Mapping[str, ReferencedGroup] = field(default_factory=dict)

    @classmethod
    def of(cls, evidence: Evidence, slug: str, upns: Mapping[str, str] | None = None) -> "Register":
        """`upns`: object ids by user principal name, for accounts that the setting names so."""
        named = [item.lower() for item in evidence.parameter("emergency_access_accounts")]
        return cls(
            slug=slug,
            today=evidence.today,
            entries=tuple(evidence.parameter("exclusion_register")),
            allowance=evidence.parameter("exclusion_allowance"),
            emergency_accounts=frozenset((upns or {}).get(item, item) for item in named),
            groups={group.id: group for group in readable(evidence, ReferencedGroup, "id")},
        )

    def of_check(self, slug: str) -> "Register":
        return replace(self, slug=slug)

    def holds(self, kind: str, identifier: str) -> bool:
        """Registered, or an emergency account of the tenant."""
        emergency = kind == "user" and identifier in self.emergency_accounts
        return emergency or self.lists(kind, identifier)

    def lists(self, kind: str, identifier: str) -> bool:
        return (kind, identifier) in self._current

    @cached_property
    def _current(self) -> frozenset[tuple[str, str]]:
        return _current(self.entries, self.slug, self.today)

    def weigh(self, users: Iterable[str], groups: Iterable[str]) -> Weighed:
        """A group whose size nobody could read is unknown, one that is gone excludes nobody."""
        listed = sorted(set(users))
        accounts, members = len(listed), [f"user {item}" for item in listed]
        unknown: list[str] = []
        gone: list[str] = []
        for identifier in sorted(set(groups)):
            group = self.groups.get(identifier)
            size = _size(group)
            name = f"group {(group.display_name if group else None) or identifier}"
            if size is None:
                unknown.append(name)
            elif group and group.is_gone:
                gone.append(name)
            else:
                accounts += size
                members.append(f"{name} ({size})")
        return Weighed(accounts, tuple(members), tuple(unknown), tuple(gone))

    def is_too_much(self, weighed: Weighed) -> bool:
        return weighed.accounts > self.allowance


def registered_users(evidence: Evidence, slug: str) -> frozenset[str]:
    """Object ids, for a check that has no exclusions but counts people."""
    entries = _current(evidence.parameter("exclusion_register"), slug, evidence.today)
    return frozenset(identifier for kind, identifier in entries if kind == "user")


def _current(
    entries: Iterable[RegisteredExclusion], slug: str, today: date
) -> frozenset[tuple[str, str]]:
    """An entry that was not reviewed for a year no longer counts."""
    return frozenset(
        (entry.kind, entry.id.strip().lower())
        for entry in entries
        if entry.serves(slug) and entry.is_current(today)
    )


def _size(group: ReferencedGroup | None) -> int | None:
    try:
        return group.size if group else None
    except EvidenceMissing:
        return None


def readable(evidence: Evidence, dataset: type[Row], *fields: str) -> Iterator[Row]:
    """Rows of a source that only helps: what was not read, or cannot be, is left out."""
    for row in evidence.shown(dataset):
        try:
            for name in fields:
                getattr(row, name)
        except EvidenceMissing:
            continue
        yield row


def sync_accounts(evidence: Evidence) -> frozenset[str]:
    """Accounts of directory synchronisation, by the roles that were read."""
    return frozenset(
        row.principal_id
        for row in readable(evidence, DirectoryRoleAssignment, "principal_id", "role_definition_id")
        if row.exempts_from_mfa
    )
