"""What has to be granted for a profile, and which checks a missing grant touches."""

import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from checks.catalogue import benchmark
from checks.registry import CHECKS, datasets
from contracts.names import SERVICES
from contracts.onboarding import Permission, PermissionPlan
from contracts.scan import Profile
from evidence.evidence import SUBSCRIBED_SKUS

RESOURCE_OF_SERVICE = {
    "graph": "graph",
    "exchange": "exchange",
    "purview": "exchange",
    "sharepoint": "sharepoint",
}


class Resource(BaseModel):
    """`role_ids`: application permissions by name, outside of national clouds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    app_id: str
    role_ids: dict[str, str]


class DatasetFacts(BaseModel):
    """How a dataset is read. `roles` and `directory_roles`: any one does, the first is the
    least."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: str
    resource: str = ""
    roles: list[str] = Field(default_factory=list)
    directory_roles: list[str] = Field(default_factory=list)
    by_hand: str = ""
    undocumented: bool = False


class SignInMode(BaseModel):
    """`checks_not_served`: those that read a service which refuses this way of signing in."""

    model_config = ConfigDict(extra="forbid")

    name: str
    offered: bool
    services: list[str]
    statement: str
    checks_not_served: list[str] = Field(default_factory=list)


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    resources: dict[str, Resource]
    datasets: dict[str, DatasetFacts]
    sign_in_modes: list[SignInMode]


@cache
def _facts() -> _Facts:
    text = files("checks").joinpath("permissions.toml").read_text("utf-8")
    return _Facts.model_validate(tomllib.loads(text))


def facts_of(dataset: str) -> DatasetFacts:
    return _facts().datasets[dataset]


def resource_of(key: str) -> Resource:
    return _facts().resources[key]


def role_id_of(permission: Permission, cloud: str) -> str:
    """Of an application permission; empty in a national cloud, where ids differ."""
    is_national = cloud not in ("worldwide", "gcc")
    return "" if is_national else resource_of(permission.resource).role_ids[permission.name]


def known_datasets() -> frozenset[str]:
    return frozenset(_facts().datasets)


def reads_of(slug: str) -> frozenset[str]:
    """The datasets of a check, those they start from, and its licence gate."""
    check = CHECKS.get(slug)
    if check is None:
        return frozenset()
    gate = [SUBSCRIBED_SKUS] if check.licence else []
    return _closure(gate + [dataset.key for dataset in check.datasets])


def required_of(slug: str) -> frozenset[str]:
    """Those without which the check cannot pass."""
    check = CHECKS.get(slug)
    if check is None:
        return frozenset()
    return _closure(dataset.key for dataset in check.required + check.if_licensed)


def _closure(names: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += datasets()[name].depends_on
    return frozenset(found)


def services_of(profile: Profile) -> list[str]:
    """The services that a scan with this profile reads, in their usual order."""
    read = {service_of(name) for item in _chosen(profile) for name in reads_of(item[1])}
    return [service for service in SERVICES if service in read]


def service_of(dataset: str) -> str:
    return dataset.partition(".")[0]


def permission_plan(profile: Profile) -> PermissionPlan:
    """The least that a scan with this profile needs, each with the checks that need it."""
    users: dict[str, list[str]] = defaultdict(list)
    for public_id, slug in _chosen(profile):
        for name in reads_of(slug):
            users[name].append(public_id)
    wanted = sorted(users)
    grants: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name in wanted:
        facts = facts_of(name)
        if facts.roles:
            grants["application", facts.resource, facts.roles[0]].append(name)
        if facts.by_hand:
            grants["by-hand", "", facts.by_hand].append(name)
    for role, names in _directory_roles(wanted).items():
        grants["directory-role", "", role] = names
    permissions = [_permission(grant, names, users) for grant, names in grants.items()]
    order = ("application", "directory-role", "by-hand")
    permissions.sort(key=lambda item: (order.index(item.kind), item.resource, item.name))
    return PermissionPlan(
        profile=profile.name, permissions=permissions, notes=_undocumented(wanted)
    )


def missing_for(dataset: str, granted: Collection[str]) -> str:
    """The application permission that a read lacks; empty when one that does is granted."""
    roles = facts_of(dataset).roles
    return "" if not roles or set(roles) & set(granted) else roles[0]


def sign_in_modes() -> list[SignInMode]:
    listed = sorted(benchmark().recommendations, key=lambda item: item.sort_key)
    return [
        mode.model_copy(
            update={
                "checks_not_served": [
                    item.public_id
                    for item in listed
                    if {service_of(name) for name in reads_of(item.check)} - {"dns", *mode.services}
                ]
            }
        )
        for mode in _facts().sign_in_modes
    ]


def _chosen(profile: Profile) -> list[tuple[str, str]]:
    return [(item.public_id, item.check) for item in benchmark().select(profile)]


def _permission(
    grant: tuple[str, str, str], names: list[str], users: dict[str, list[str]]
) -> Permission:
    kind, key, name = grant
    resource = _facts().resources.get(key)
    alternatives = [set(_alternatives(kind, dataset)) for dataset in names]
    accepted = set.intersection(*alternatives) - {name}
    position = {item.public_id: item.sort_key for item in benchmark().recommendations}
    touched = {public_id for dataset in names for public_id in users[dataset]}
    return Permission.model_validate(
        {
            "kind": kind,
            "name": name,
            "resource": key,
            "resource_name": resource.name if resource else "",
            "resource_app_id": resource.app_id if resource else "",
            "accepted": sorted(accepted),
            "services": sorted({service_of(dataset) for dataset in names}),
            "datasets": names,
            "checks": sorted(touched, key=position.__getitem__),
        }
    )


def _alternatives(kind: str, dataset: str) -> list[str]:
    facts = facts_of(dataset)
    return facts.directory_roles if kind == "directory-role" else facts.roles


def _directory_roles(names: Iterable[str]) -> dict[str, list[str]]:
    """As few as possible: the role that serves most of what is left, the first named in a tie."""
    left = [name for name in names if facts_of(name).directory_roles]
    chosen: dict[str, list[str]] = {}
    while left:
        offered = list(dict.fromkeys(role for name in left for role in _of(name)))
        best = max(offered, key=lambda role: sum(role in _of(name) for name in left))
        chosen[best] = [name for name in left if best in _of(name)]
        left = [name for name in left if best not in _of(name)]
    return chosen


def _of(dataset: str) -> list[str]:
    return facts_of(dataset).directory_roles


def _undocumented(names: Iterable[str]) -> list[str]:
    return [
        f"{name}: no application permission is documented for this read."
        for name in names
        if facts_of(name).undocumented
    ]
