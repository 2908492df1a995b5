"""The permission plan: complete, least, with its reasons, and as the reference says."""

import base64
import re
from pathlib import Path

import httpx2
import pytest

import checks
from activities.plan import make_plan
from api.permissions import application, consent_link, manifest, with_notes
from checks.catalogue import benchmark, planned_checks
from checks.permissions import (
    facts_of,
    known_datasets,
    missing_for,
    permission_plan,
    reads_of,
    required_of,
    services_of,
    sign_in_modes,
)
from checks.registry import CHECKS, datasets
from contracts.clouds import CLOUDS
from contracts.onboarding import PermissionPlan
from contracts.scan import PROFILES, PlannedCheck, Profile
from store.tables import Tenant
from tests.builders.scans import ROOT
from tests.onboarding.conftest import live_body
from tests.onboarding.ids import CLIENT_ID
from tests.onboarding.reference import REFERENCE, expected, least_of_graph

ALL = Profile(level=2)


def tenant(cloud: str = "worldwide", client_id: str = CLIENT_ID) -> Tenant:
    return Tenant(
        microsoft_id="aaaaaaaa-0000-4000-8000-000000000001",
        settings={"cloud": cloud, "client_id": client_id},
    )


def test_every_dataset_of_every_check_is_known_and_no_other() -> None:
    assert known_datasets() == set(datasets())


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not at hand")
def test_the_facts_are_those_of_the_reference() -> None:
    facts = {
        name: facts_of(name).model_dump(exclude_defaults=True) for name in sorted(known_datasets())
    }

    assert facts == expected()


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not at hand")
def test_the_first_role_of_graph_is_the_least_one() -> None:
    least = least_of_graph()
    documented = {name for name in known_datasets() if facts_of(name).resource == "graph"}

    assert {name: facts_of(name).roles[0] for name in documented} == {
        name: least[name] for name in documented
    }


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_read_of_the_profile_is_granted_by_the_plan(profile: Profile) -> None:
    plan = permission_plan(profile)
    granted = {item.name for item in plan.permissions}
    wanted = {name for item in benchmark().select(profile) for name in reads_of(item.check)}

    for name in wanted:
        facts = facts_of(name)
        assert not missing_for(name, granted), name
        assert not facts.directory_roles or granted & set(facts.directory_roles), name
        assert not facts.by_hand or facts.by_hand in granted


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_permission_has_a_check_that_needs_it(profile: Profile) -> None:
    chosen = {item.public_id: item.check for item in benchmark().select(profile)}

    for item in permission_plan(profile).permissions:
        assert item.checks, item.name
        for check in item.checks:
            assert set(item.datasets) & reads_of(chosen[check]), (item.name, check)


def test_nothing_that_writes_is_asked_for() -> None:
    broad = {"Exchange.ManageAsApp", "Sites.FullControl.All"}  # nothing smaller is offered
    names = {item.name for item in permission_plan(ALL).permissions if item.kind == "application"}

    assert [name for name in names - broad if ".Read." not in name and name[-5:] != ".Read"] == []
    assert "Directory.Read.All" not in names
    assert not [name for name in names if "ReadWrite" in name]


def test_a_profile_of_fewer_checks_needs_no_more() -> None:
    small = {item.name for item in permission_plan(Profile(level=1, licence="E3")).permissions}
    large = {item.name for item in permission_plan(ALL).permissions}

    assert small < large


def test_one_directory_role_serves_exchange_purview_and_teams() -> None:
    roles = [item for item in permission_plan(ALL).permissions if item.kind == "directory-role"]

    assert [(role.name, role.services) for role in roles] == [
        ("Global Reader", ["exchange", "purview", "teams"])
    ]


def test_a_broader_grant_does_as_well_and_none_does_not() -> None:
    assert missing_for("graph.users", ["User.Read.All"]) == ""
    assert missing_for("graph.users", ["Directory.Read.All"]) == ""
    assert missing_for("graph.users", ["Policy.Read.All"]) == "User.Read.All"
    assert missing_for("graph.users", []) == "User.Read.All"
    assert missing_for("teams.tenant", []) == ""


def test_what_a_check_reads_is_what_its_batch_reads() -> None:
    for slug, check in CHECKS.items():
        plan = make_plan([PlannedCheck(recommendation="1.1.1", check=slug)])
        read = {name for batch in plan.batches for name in batch.datasets}
        assert reads_of(slug) == read, slug
        assert required_of(slug) <= reads_of(slug)
        assert {dataset.key for dataset in check.required} <= required_of(slug)


def test_the_services_of_a_profile_are_those_its_plan_has_batches_for() -> None:
    for profile in PROFILES:
        plan = make_plan(
            PlannedCheck(recommendation=line.recommendation, check=line.check)
            for line in planned_checks(profile)
        )
        assert sorted(services_of(profile)) == [batch.service for batch in plan.batches]


GRAPH = "00000003-0000-0000-c000-000000000000"
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def access(plan: PermissionPlan, cloud: str) -> dict[str, list[dict[str, str]]]:
    found = manifest(plan, tenant(cloud))["requiredResourceAccess"]
    return {item["resourceAppId"]: item["resourceAccess"] for item in found}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("cloud", ["worldwide", "gcc"])
def test_the_manifest_asks_for_exactly_the_plan_by_id(profile: Profile, cloud: str) -> None:
    plan = permission_plan(profile)
    found = access(plan, cloud)
    asked = [role["id"] for roles in found.values() for role in roles]

    assert set(found) <= {GRAPH, EXCHANGE, SHAREPOINT}
    assert all(GUID.fullmatch(role_id) for role_id in asked)
    assert len(asked) == len(set(asked))
    assert len(asked) == sum(item.kind == "application" for item in plan.permissions)
    assert all(set(role) == {"id", "type"} for roles in found.values() for role in roles)
    assert with_notes(plan, tenant(cloud)).notes == plan.notes


def test_ids_of_the_manifest_are_those_that_the_directory_knows() -> None:
    """Three that are easily taken for their delegated twins."""
    found = access(permission_plan(ALL), "worldwide")

    assert found[EXCHANGE] == [{"id": "dc50a0fb-09a3-484d-be87-e023b12c6440", "type": "Role"}]
    assert {"id": "246dd0d5-5bd0-4def-940b-0421030a5b68", "type": "Role"} in found[GRAPH]
    assert {"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"} in found[GRAPH]


@pytest.mark.parametrize("cloud", ["gcc-high", "dod", "china"])
def test_in_a_national_cloud_the_manifest_names_permissions_and_says_so(cloud: str) -> None:
    plan = permission_plan(ALL)
    found = access(plan, cloud)

    assert found[EXCHANGE] == [{"name": "Exchange.ManageAsApp", "type": "Role"}]
    assert {"name": "Policy.Read.All", "type": "Role"} in found[GRAPH]
    assert "by name" in with_notes(plan, tenant(cloud)).notes[0]


def test_the_file_for_the_administrator_is_what_the_script_reads() -> None:
    found = application(tenant(), None, ALL)
    script = (ROOT / "powershell" / "New-AssayApplication.ps1").read_text("utf-8")
    read = set(re.findall(r"\$plan\['(\w+)'\]", script))

    assert read <= set(found)
    assert found["format"] == 1
    assert found["certificate"] == ""
    assert found["directory_roles"] == ["Global Reader"]
    assert set(found["resources"][0]) == {"app_id", "name", "roles"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_consent_link_is_of_the_cloud(cloud: str) -> None:
    link = consent_link(tenant(cloud))

    host = CLOUDS[cloud].login  # type: ignore[index]
    start = f"https://{host}/aaaaaaaa-0000-4000-8000-000000000001/adminconsent?client_id="
    assert link == start + CLIENT_ID
    assert consent_link(tenant(cloud, client_id="")) == ""


def test_the_clouds_are_those_of_the_collector() -> None:
    text = (ROOT / "powershell" / "Cloud.psm1").read_text("utf-8")

    for name, cloud in CLOUDS.items():
        assert f"'{name.replace('-', '')}'" in text
        assert f"'https://{cloud.login}'" in text
        assert f"'{cloud.fabric_scope}'" in text


def test_every_way_to_sign_in_says_which_checks_it_cannot_serve() -> None:
    modes = {mode.name: mode for mode in sign_in_modes()}

    assert [name for name, mode in modes.items() if mode.offered] == [
        "Application with a certificate"
    ]
    assert modes["Application with a certificate"].checks_not_served == []
    unserved = modes["Application with a client secret"].checks_not_served
    assert {"CIS_2_1_1", "CIS_7_2_1", "CIS_8_1_1"} <= set(unserved)
    assert "CIS_1_1_1" not in unserved
    assert all(mode.statement for mode in modes.values())


async def test_the_api_gives_list_manifest_link_and_file(client: httpx2.AsyncClient) -> None:
    added = (await client.post("/api/v1/tenants/live", json=live_body())).json()
    address = f"/api/v1/tenants/{added['tenant_id']}"
    found = (await client.get(f"{address}/permissions", params={"profile": "E3-L1"})).json()
    file = await client.get(f"{address}/application")
    pasted = await client.get(f"{address}/manifest", params={"profile": "E3-L1"})

    assert found["profile"] == "E3-L1"
    assert found["admin_consent"].endswith(CLIENT_ID)
    assert found["manifest"]["requiredResourceAccess"]
    assert pasted.json() == found["manifest"]
    assert "assay-manifest.json" in pasted.headers["content-disposition"]
    users = next(item for item in found["permissions"] if item["name"] == "User.Read.All")
    assert users["resource_name"] == "Microsoft Graph"
    assert "CIS_1_1_1" in users["checks"]
    assert base64.b64decode(file.json()["certificate"])
    assert "assay-application.json" in file.headers["content-disposition"]


async def test_without_a_tenant_the_list_alone(client: httpx2.AsyncClient) -> None:
    found = await client.get("/api/v1/permissions", params={"profile": "all"})
    modes = await client.get("/api/v1/sign-in-modes")

    assert found.json()["profile"] == "E5-L2"
    assert len(modes.json()["items"]) == 4


async def test_an_unknown_profile_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/v1/permissions", params={"profile": "E7"})

    assert answer.status_code == 422


def test_the_data_file_is_where_it_is_expected() -> None:
    assert (Path(checks.__file__).parent / "permissions.toml").is_file()
