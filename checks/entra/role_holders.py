"""The people behind role grants: users, members of groups, and whom nobody can tell."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from checks.entra.role_grants import Grant, Holding
from checks.wording import some_of
from evidence.dataset import EvidenceMissing, Wire
from evidence.entra import User
from evidence.evidence import Evidence
from evidence.privileged_roles import RoleGroupMembers

_NOT_PEOPLE = frozenset(("device", "orgcontact"))
_SERVICE_PRINCIPAL = "serviceprincipal"


class Unsure(NamedTuple):
    """Somebody who may hold a role, or a group whose members may."""

    principal_id: str
    holding: Holding
    gap: EvidenceMissing
    is_one_user: bool


@dataclass
class Holders:
    """Service principals and partner (GDAP) groups are listed and never count."""

    users: Mapping[str, User]
    holdings: dict[str, list[Holding]] = field(default_factory=dict)  # by object id of the user
    service_principals: set[str] = field(default_factory=set)
    partners: set[str] = field(default_factory=set)
    unsure: list[Unsure] = field(default_factory=list)

    def with_(self, *how: str) -> dict[str, list[Holding]]:
        """Users who hold a role in one of these ways, and those ways."""
        return {
            identifier: ways
            for identifier, holdings in sorted(self.holdings.items())
            if (ways := sorted({item for item in holdings if item.how in how}))
        }

    def doubts(self, *how: str) -> list[EvidenceMissing]:
        return [item.gap for item in self.unsure if item.holding.how in how]

    @property
    def notes(self) -> list[str]:
        kinds = {
            "Service principals with such a role": self.service_principals,
            "Partner (GDAP) access to such a role": self.partners,
        }
        return [f"{kind}: {some_of(found)}" for kind, found in kinds.items() if found]


def resolve(
    evidence: Evidence, grants: Iterable[Grant], names: frozenset[str] = frozenset()
) -> Holders:
    """Reads the users once. `names`: ids or principal names of users that are wanted as well."""
    groups = _groups(evidence)
    unsure: list[Unsure] = []
    reached = [step for grant in grants for step in _steps(grant, groups, unsure)]
    wanted = names | {step.principal_id for step in reached}
    holders = Holders(_users(evidence, wanted, names), unsure=unsure)
    for step in reached:
        _file(step, groups, holders)
    return holders


def label(user: User) -> str:
    return told(user, "user_principal_name") or told(user, "id")


def told(row: Wire, name: str) -> str:
    """A value for display, where a gap does not matter."""
    try:
        value = getattr(row, name)
    except EvidenceMissing:
        return "unreadable"
    return "" if value is None else str(value)


def _groups(evidence: Evidence) -> dict[str, RoleGroupMembers]:
    groups = {}
    for row in evidence.seen(RoleGroupMembers):
        try:
            groups[row.group_id] = row
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return groups


def _steps(
    grant: Grant, groups: Mapping[str, RoleGroupMembers], unsure: list[Unsure]
) -> Iterator[Grant]:
    """The grant itself, or one for each member of its group; members are transitive already."""
    group = groups.get(grant.principal_id)
    try:
        if group is None or not group.resolved:
            yield grant
            return
        name = grant.principal.label if grant.principal else grant.principal_id
        holding = grant.holding._replace(through=f"group {name}")
        for member in group.members:
            yield Grant(member.id, holding, member)
    except EvidenceMissing as gap:
        unsure.append(Unsure(grant.principal_id, grant.holding, gap, is_one_user=False))


def _users(evidence: Evidence, wanted: frozenset[str], names: frozenset[str]) -> dict[str, User]:
    found = {}
    for user in evidence.seen(User):
        try:
            if user.id in wanted or (names and user.user_principal_name.lower() in names):
                found[user.id] = user
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return found


def _file(step: Grant, groups: Mapping[str, RoleGroupMembers], holders: Holders) -> None:
    """What the directory knows as a user is one, whatever else was said of it."""
    identifier, holding, principal = step
    kind = principal.kind.lower() if principal else ""
    name = (principal.label if principal else "") or identifier
    if identifier in holders.users:
        holders.holdings.setdefault(identifier, []).append(holding)
    elif kind == _SERVICE_PRINCIPAL:
        holders.service_principals.add(name)
    elif kind in _NOT_PEOPLE:
        return
    elif holding.through and (kind == "group" or identifier in groups):
        return  # nested: its members stand among the transitive ones
    elif not holding.through and kind in ("", "group") and identifier in groups:
        holders.partners.add(name)
    else:
        gap = _what_is_missing(kind, name, holding)
        holders.unsure.append(Unsure(identifier, holding, gap, kind == "user"))


def _what_is_missing(kind: str, name: str, holding: Holding) -> EvidenceMissing:
    if kind == "group":
        return EvidenceMissing(RoleGroupMembers.key, f"the members of {name} were not read")
    why = "is not among the users" if kind == "user" else "is neither a user nor a group we read"
    return EvidenceMissing(User.key, f"{name or 'a principal without id'}, {holding}, {why}")
