"""The connection test: every line passes or fails, and says what to do."""

from pathlib import Path
from typing import Any

import pytest

from api.certificates import KeyPair
from assay.key_file import KeyFile
from contracts.onboarding import ConnectionLine, ServiceTest
from store import tenants
from store.database import Database
from store.tables import Tenant
from tests.builders.scans import CONTOSO
from tests.onboarding.authority import GLOBAL_READER, Authority, refusal
from tests.onboarding.bench import GRAPH, bench
from tests.onboarding.powershell import (
    FakePowerShell,
    add_live_tenant,
    give_certificate,
    path_without_powershell,
)


@pytest.fixture
def pwsh(tmp_path: Path) -> FakePowerShell:
    return FakePowerShell.install(tmp_path / "bin")


@pytest.fixture
async def tenant(sqlite: Database, key_file: KeyFile, pair: KeyPair) -> Tenant:
    found = await add_live_tenant(sqlite)
    await give_certificate(sqlite, found, key_file, pair)
    return found


def lines(test: ServiceTest, subject: str) -> list[ConnectionLine]:
    return [line for line in test.lines if line.subject == subject]


async def test_everything_granted_passes_every_line(
    sqlite: Database, tenant: Tenant, key_file: KeyFile, pwsh: FakePowerShell
) -> None:
    found = await bench(sqlite, tenant, key_file, pwsh.path, Authority({"roles": GRAPH})).test(
        "graph"
    )

    assert found.passed
    assert {line.outcome for line in lines(found, "permission")} == {"pass"}
    assert [line.name for line in lines(found, "permission")] == GRAPH
    assert [line.name for line in lines(found, "read")] == [
        "graph.subscribed_skus",
        "graph.domains",
    ]
    assert "Exchange Online" in lines(found, "licence")[0].message
    assert found.granted == sorted(GRAPH)


async def test_a_missing_permission_fails_with_its_remedy_and_a_needless_one_is_named(
    sqlite: Database, tenant: Tenant, key_file: KeyFile, pwsh: FakePowerShell
) -> None:
    roles = [name for name in GRAPH if name != "User.Read.All"] + ["Mail.ReadWrite"]
    found = await bench(sqlite, tenant, key_file, pwsh.path, Authority({"roles": roles})).test(
        "graph"
    )

    by_name = {line.name: line for line in lines(found, "permission")}
    assert not found.passed
    assert by_name["User.Read.All"].outcome == "fail"
    assert "Microsoft Graph" in by_name["User.Read.All"].remedy
    assert by_name["Mail.ReadWrite"].outcome == "not-needed"
    assert by_name["Mail.ReadWrite"].remedy
    assert by_name["Domain.Read.All"].outcome == "pass"


async def test_a_broader_grant_passes_and_says_that_it_is_another(
    sqlite: Database, tenant: Tenant, key_file: KeyFile, pwsh: FakePowerShell
) -> None:
    roles = [name for name in GRAPH if name != "User.Read.All"] + ["Directory.Read.All"]
    found = await bench(sqlite, tenant, key_file, pwsh.path, Authority({"roles": roles})).test(
        "graph"
    )

    by_name = {line.name: line for line in lines(found, "permission")}
    assert found.passed
    assert by_name["User.Read.All"].message
    assert "Directory.Read.All" not in by_name


@pytest.mark.parametrize(("wids", "outcome"), [([GLOBAL_READER], "pass"), ([], "unknown")])
async def test_a_directory_role_is_sure_when_the_token_names_it(
    sqlite: Database,
    tenant: Tenant,
    key_file: KeyFile,
    pwsh: FakePowerShell,
    wids: list[str],
    outcome: str,
) -> None:
    authority = Authority({"roles": ["Exchange.ManageAsApp"], "wids": wids})
    found = await bench(sqlite, tenant, key_file, pwsh.path, authority).test("exchange")

    by_name = {line.name: line.outcome for line in lines(found, "permission")}
    assert by_name == {"Exchange.ManageAsApp": "pass", "Global Reader": outcome}
    assert found.passed


async def test_teams_is_not_blamed_for_what_graph_was_granted(
    sqlite: Database, tenant: Tenant, key_file: KeyFile, pwsh: FakePowerShell
) -> None:
    authority = Authority({"roles": GRAPH, "wids": [GLOBAL_READER]})
    found = await bench(sqlite, tenant, key_file, pwsh.path, authority).test("teams")

    assert [line.name for line in lines(found, "permission")] == ["Global Reader"]
    assert found.passed


async def test_a_refused_sign_in_ends_the_test_before_anything_is_read(
    sqlite: Database, tenant: Tenant, key_file: KeyFile, pwsh: FakePowerShell
) -> None:
    authority = Authority(refusal=refusal(700027))
    found = await bench(sqlite, tenant, key_file, pwsh.path, authority).test("graph")

    (line,) = lines(found, "sign-in")
    assert (line.outcome, found.passed, found.granted) == ("fail", False, None)
    assert ".cer" in line.remedy
    assert pwsh.seen() == []


async def test_without_powershell_the_read_fails_and_names_it(
    sqlite: Database, tenant: Tenant, key_file: KeyFile
) -> None:
    authority = Authority({"roles": GRAPH})
    found = await bench(sqlite, tenant, key_file, path_without_powershell(), authority).test(
        "graph"
    )

    (line,) = lines(found, "read")
    assert line.outcome == "fail"
    assert line.message == "PowerShell 7 is not installed on this worker"
    assert "Install PowerShell 7" in line.remedy


async def test_without_a_certificate_there_is_one_line(
    sqlite: Database, key_file: KeyFile, pwsh: FakePowerShell
) -> None:
    bare = await add_live_tenant(sqlite)
    found = await bench(sqlite, bare, key_file, pwsh.path, Authority()).test("graph")

    (line,) = found.lines
    assert (line.subject, line.outcome) == ("certificate", "fail")
    assert line.remedy


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"kind": "connect_failed", "error": "denied", "message": "no way"}, "no way"),
        (
            {"kind": "wrong_tenant", "tenant_id": "bbbbbbbb-0000-4000-8000-000000000001"},
            "another tenant",
        ),
        ({"at": "start", "kind": "exit", "code": 7}, "in the middle of its work"),
    ],
)
async def test_a_collector_that_fails_is_a_failed_line(
    sqlite: Database,
    tenant: Tenant,
    key_file: KeyFile,
    tmp_path: Path,
    fault: dict[str, Any],
    says: str,
) -> None:
    faulty = FakePowerShell.install(tmp_path / "faulty", {"faults": {"faults": [fault]}})
    authority = Authority({"roles": GRAPH})
    found = await bench(sqlite, tenant, key_file, faulty.path, authority).test("graph")

    (line,) = lines(found, "read")
    assert line.outcome == "fail"
    assert says in line.message
    assert line.remedy


async def test_a_collector_that_hangs_is_ended(
    sqlite: Database, tenant: Tenant, key_file: KeyFile, tmp_path: Path
) -> None:
    slow = FakePowerShell.install(tmp_path / "slow", {"pace_ms": 60_000})
    authority = Authority({"roles": GRAPH})
    found = await bench(sqlite, tenant, key_file, slow.path, authority, allowed_s=1.0).test("graph")

    assert "not finished within 1 s" in lines(found, "read")[0].message


async def test_a_recorded_tenant_passes_through_the_replayer(
    sqlite: Database, key_file: KeyFile
) -> None:
    recorded = await add_live_tenant(sqlite, connection="recorded", pack=str(CONTOSO))
    quiet = bench(sqlite, recorded, key_file, path_without_powershell(), Authority(is_away=True))

    for service in ("graph", "exchange", "purview", "sharepoint", "teams", "fabric", "dns"):
        found = await quiet.test(service)
        assert found.passed, (service, found.lines)
        assert lines(found, "read")
        assert found.granted is None


async def test_a_tenant_that_is_read_elsewhere_is_not_certain(
    sqlite: Database, key_file: KeyFile
) -> None:
    remote = await add_live_tenant(sqlite, remote=True)
    found = await bench(sqlite, remote, key_file, "", Authority(is_away=True)).test("graph")

    assert [line.outcome for line in found.lines] == ["unknown"]


async def test_the_initial_domain_is_found_where_nobody_named_it(
    sqlite: Database, key_file: KeyFile, pair: KeyPair, pwsh: FakePowerShell
) -> None:
    nameless = await add_live_tenant(sqlite, domain="")
    await give_certificate(sqlite, nameless, key_file, pair)
    await bench(sqlite, nameless, key_file, pwsh.path, Authority({"roles": GRAPH})).test("graph")

    async with sqlite.read() as session:
        row = await tenants.get_tenant(
            session, organisation_id=nameless.organisation_id, tenant=nameless.id
        )
    assert row.domain.endswith(".onmicrosoft.com")


async def test_a_new_test_replaces_the_old_rows(
    sqlite: Database, tenant: Tenant, key_file: KeyFile, pwsh: FakePowerShell
) -> None:
    authority = Authority({"roles": []})
    where = bench(sqlite, tenant, key_file, pwsh.path, authority)
    assert not (await where.test("graph")).passed
    authority.claims = {"roles": GRAPH}

    assert (await where.test("graph")).passed
    assert (await where.stored("graph")).granted == sorted(GRAPH)
