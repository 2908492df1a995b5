"""What people run by hand: the list of checks, the permissions they grant, the parameters."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from api.permissions import application
from checks.catalogue import benchmark
from checks.permissions import permission_plan
from contracts.clouds import CLOUDS
from contracts.collector import ErrorKind, Hello
from contracts.names import SERVICES
from contracts.onboarding import Permission
from contracts.scan import Profile
from store.tables import Tenant
from tests.powershell.copies import CHECKS, as_text, checks_for_scripts
from tests.powershell.signatures import signatures
from tests.powershell.syntax import ROOT, calls, parse, scripts, strings, walk

APPLICATION = (ROOT / "New-AssayApplication.ps1").read_text("utf-8")
START = (ROOT / "Start-Checks.ps1").read_text("utf-8")


def test_the_list_of_checks_for_hand_runs_is_up_to_date() -> None:
    assert CHECKS.read_text("utf-8") == as_text(checks_for_scripts()), (
        "python -m tests.powershell.copies"
    )


def test_the_list_has_every_recommendation_with_its_level() -> None:
    listed = json.loads(CHECKS.read_text("utf-8"))

    assert {key: item["level"] for key, item in listed.items()} == {
        item.public_id: item.level for item in benchmark().recommendations
    }


def test_a_run_by_hand_takes_what_was_promised() -> None:
    parameters = set(re.findall(r"^ {4}\[[^\n]*\] \$(\w+)", START, re.MULTILINE))

    assert parameters >= {
        "TenantId",
        "TenantDomain",
        "ClientId",
        "CertificatePath",
        "CertificateThumbprint",
        "CheckIds",
        "L1Only",
        "OutputPath",
        "ProgressCallbackUrl",
        "ScanId",
        "CallbackTokenPath",
    }
    assert not {name for name in parameters if re.search("token$|secret$", name, re.IGNORECASE)}


def _broad() -> set[str]:
    found = re.search(r"\$script:Broad = @\(([^)]*)\)", APPLICATION)
    assert found is not None
    return set(re.findall(r"'([^']+)'", found[1]))


def _is_granted(permission: Permission) -> bool:
    """As Read-PermissionFile decides it."""
    if permission.kind == "directory-role":
        return bool(re.fullmatch(r"[A-Za-z ]+ Reader", permission.name))
    if permission.kind == "application":
        return bool(re.search(r"\.Read(\.|$)", permission.name)) or permission.name in _broad()
    return True


@pytest.mark.parametrize("profile", ["E3-L1", "E5-L1", "E3-L2", "E5-L2"])
def test_the_permissions_of_a_profile_are_granted_and_read_only(profile: str) -> None:
    plan = permission_plan(Profile.parse(profile))

    assert [item.name for item in plan.permissions if not _is_granted(item)] == []
    assert all(item.resource_app_id for item in plan.permissions if item.kind == "application")


@pytest.mark.parametrize("name", ["Policy.ReadWrite.All", "Mail.Send", "Directory.Write.All"])
def test_a_permission_that_changes_something_is_refused(name: str) -> None:
    assert not _is_granted(Permission(kind="application", name=name))


def test_the_role_of_an_administrator_is_refused() -> None:
    assert not _is_granted(Permission(kind="directory-role", name="Exchange Administrator"))


def test_the_script_reads_the_file_that_the_platform_gives_out() -> None:
    tenant = Tenant(microsoft_id="1" * 36, settings={"cloud": "gcc"})
    given = application(tenant, None, Profile.parse("E5-L2"))
    read = set(re.findall(r"\$plan\['(\w+)'\]", APPLICATION))
    of_resource = set(re.findall(r"\$(?:wanted|_)\['(\w+)'\]", APPLICATION)) - {"value"}

    assert read <= set(given)
    assert of_resource <= set(given["resources"][0])
    assert given["format"] == 1


def test_the_clouds_are_those_of_the_platform() -> None:
    text = (ROOT / "Cloud.psm1").read_text("utf-8")
    known = set(re.findall(r"^ {8}'(\w+)' \{", text, re.MULTILINE))

    assert known == {name.replace("-", "") for name in CLOUDS}
    assert set(re.findall(r"^ {4}'([\w-]+)' += @\('\w+', 'https:", APPLICATION, re.M)) == set(
        CLOUDS
    )
    for cloud in CLOUDS.values():
        assert f"'https://{cloud.login}'" in text
        assert f"'{cloud.fabric_scope}'" in text


def test_the_services_and_kinds_of_error_are_those_of_the_protocol() -> None:
    collector = (ROOT / "Invoke-Collector.ps1").read_text("utf-8")
    protocol = (ROOT / "Protocol.psm1").read_text("utf-8")
    services = set(re.findall(r"^ {4}(\w+) += '(?:\w+)'$", collector, re.MULTILINE))
    [allowed] = [
        strings(node)
        for node in walk(parse(protocol))
        if node.type == "attribute" and b"ValidateSet" in (node.text or b"")
    ]

    assert services == set(SERVICES) - {"dns"}
    assert set(allowed) == set(get_args(ErrorKind))
    assert "protocol = 1" in collector
    assert Hello(protocol=1, collector="powershell").type == "hello"


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.psm1")), ids=lambda path: path.name)
def test_a_module_exports_functions_that_it_has(path: Path) -> None:
    root = parse(path.read_text("utf-8"))
    exported = re.search(r"Export-ModuleMember -Function (?:@\((.*?)\)|('[^']+'))", _flat(path))
    assert exported is not None
    names = re.findall(r"'([\w-]+)'", exported[0])

    assert set(names) <= {found.name for found in signatures(root)}
    assert names == sorted(names, key=str.lower)


def _flat(path: Path) -> str:
    return path.read_text("utf-8").replace("\n", " ")


def test_what_a_module_uses_of_another_is_exported_there() -> None:
    """Functions of the tables run inside Reading, and see all that it has."""
    own = {path: {s.name for s in signatures(parse(path.read_text("utf-8")))} for path in scripts()}
    exported = {
        name
        for path in scripts()
        if path.suffix == ".psm1"
        for name in re.findall(r"'([\w-]+)'", _flat(path).rpartition("Export-ModuleMember")[2])
    }
    inside = {p for p in own if p.name == "Reading.psm1" or p.parent.name == "Services"}
    missing = []
    for path in own:
        visible = own[path] | exported
        if path in inside:
            visible |= set().union(*(own[other] for other in inside))
        everything = set().union(*own.values())
        used = {call.name for call in calls(parse(path.read_text("utf-8")))} & everything
        missing += [f"{path.name} uses {name}" for name in sorted(used - visible)]

    assert missing == []
