"""Credentials in the database, and the key ring outside it."""

import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import Connection, inspect

from activities.credentials import Credentials, NoCredential
from api.certificates import KeyPair
from assay.key_file import KeyFile, rotate
from contracts.errors import NoKeyRing
from contracts.parameters import TenantParameters
from contracts.sealing import CannotOpen, open_sealed, seal
from store import accounts, schema, secrets, tenants
from store.database import Database
from store.schema import _config
from store.tables import Tenant

TABLES = {"credential", "connection_test", "remote_run", "remote_lines"}


async def add_tenant(database: Database, name: str = "Contoso") -> Tenant:
    at = datetime.now(UTC)
    async with database.begin() as session:
        organisation = await accounts.add_organisation(session, name=name, at=at)
        return await tenants.add_tenant(
            session,
            organisation_id=organisation.id,
            microsoft_id=str(uuid4()),
            name=name,
            domain=f"{name.lower()}.onmicrosoft.com",
            connection="powershell",
            settings={"client_id": "c"},
            parameters=TenantParameters(),
            at=at,
        )


async def store(database: Database, tenant: Tenant, file: KeyFile, pair: KeyPair) -> str:
    secret_id = str(uuid4())
    async with database.begin() as session:
        await secrets.put_credential(
            session,
            organisation_id=tenant.organisation_id,
            tenant_id=tenant.id,
            secret_id=secret_id,
            sealed=seal(file(), pair.pfx, tenant_id=tenant.id, secret_id=secret_id),
            facts=pair.facts,
            at=datetime.now(UTC),
            by="admin",
        )
    return secret_id


async def opened(database: Database, tenant: Tenant, file: KeyFile) -> bytes:
    found = await Credentials(database, file).open(
        organisation_id=tenant.organisation_id, tenant_id=tenant.id
    )
    return found.pfx


async def test_a_stored_certificate_opens_for_its_tenant_alone(
    database: Database, key_file: KeyFile, pair: KeyPair
) -> None:
    ours, theirs = await add_tenant(database), await add_tenant(database, "Fabrikam")
    await store(database, ours, key_file, pair)

    assert await opened(database, ours, key_file) == pair.pfx
    for organisation_id, tenant_id in (
        (theirs.organisation_id, ours.id),
        (ours.organisation_id, theirs.id),
    ):
        with pytest.raises(NoCredential):
            await Credentials(database, key_file).open(
                organisation_id=organisation_id, tenant_id=tenant_id
            )


async def test_a_new_certificate_replaces_the_old_one_and_a_deleted_one_is_gone(
    database: Database, key_file: KeyFile, pair: KeyPair
) -> None:
    tenant = await add_tenant(database)
    await store(database, tenant, key_file, pair)
    newer = await store(database, tenant, key_file, pair)
    owner = {"organisation_id": tenant.organisation_id, "tenant_id": tenant.id}

    async with database.begin() as session:
        found = await secrets.find_credential(session, **owner)
        assert found is not None
        assert found.id == newer
        assert await secrets.delete_credential(session, **owner)
        assert not await secrets.delete_credential(session, **owner)
        assert await secrets.find_credential(session, **owner) is None


async def test_another_organisation_cannot_delete_it(
    database: Database, key_file: KeyFile, pair: KeyPair
) -> None:
    tenant, other = await add_tenant(database), await add_tenant(database, "Fabrikam")
    await store(database, tenant, key_file, pair)

    async with database.begin() as session:
        assert not await secrets.delete_credential(
            session, organisation_id=other.organisation_id, tenant_id=tenant.id
        )
    assert await opened(database, tenant, key_file) == pair.pfx


async def test_a_row_that_was_given_to_another_tenant_does_not_open(
    database: Database, key_file: KeyFile, pair: KeyPair
) -> None:
    ours, theirs = await add_tenant(database), await add_tenant(database, "Fabrikam")
    await store(database, ours, key_file, pair)
    async with database.begin() as session:
        for row in await secrets.every_credential(session):
            row.tenant_id, row.organisation_id = theirs.id, theirs.organisation_id

    with pytest.raises(NoCredential, match="does not open"):
        await opened(database, theirs, key_file)


async def test_a_rotation_seals_everything_anew_and_old_keys_may_go(
    database: Database, key_file: KeyFile, pair: KeyPair
) -> None:
    tenants_ = [await add_tenant(database, name) for name in ("Contoso", "Fabrikam")]
    for tenant in tenants_:
        await store(database, tenant, key_file, pair)
    before = key_file()

    assert await rotate(database, key_file, drop_old=True) == 2

    after = key_file()
    assert set(after.keys) == {after.current}
    assert after.current != before.current
    async with database.begin() as session:
        for row in await secrets.every_credential(session):
            assert row.key_id == after.current
            owner = {"tenant_id": row.tenant_id, "secret_id": row.id}
            with pytest.raises(CannotOpen):
                open_sealed(before, secrets.sealed_of(row), **owner)
    for tenant in tenants_:
        assert await opened(database, tenant, key_file) == pair.pfx


async def test_a_rotation_keeps_old_keys_for_backups_unless_told_otherwise(
    database: Database, key_file: KeyFile, pair: KeyPair
) -> None:
    tenant = await add_tenant(database)
    await store(database, tenant, key_file, pair)
    before = key_file()

    await rotate(database, key_file)

    assert before.current in key_file().keys


async def test_without_the_key_the_sentence_says_so(
    database: Database, key_file: KeyFile, pair: KeyPair, tmp_path: Path
) -> None:
    tenant = await add_tenant(database)
    await store(database, tenant, key_file, pair)
    other = KeyFile(tmp_path / "other.json")

    with pytest.raises(NoCredential, match="not on this worker"):
        await opened(database, tenant, other)
    other.make()
    with pytest.raises(NoCredential, match="not on this worker"):
        await opened(database, tenant, other)


def test_the_key_file_is_its_owners_alone_and_is_never_made_twice(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    with pytest.raises(NoKeyRing):
        file()
    file.make()
    first = file().current
    file.make()

    assert file().current == first
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_damaged_key_file_is_named_and_not_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.path.write_text("{}")
    file.make()

    with pytest.raises(NoKeyRing):
        file()
    assert file.path.read_text() == "{}"
    assert "no usable key ring" in caplog.text


def test_a_running_process_sees_a_rotation(tmp_path: Path) -> None:
    writer, reader = KeyFile(tmp_path / "keys.json"), KeyFile(tmp_path / "keys.json")
    writer.make()
    before = reader().current
    writer.write(writer().rotated(datetime.now(UTC)))

    assert reader().current == writer().current != before


async def test_the_migration_goes_both_ways(database: Database) -> None:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    def down(connection: Connection) -> set[str]:
        command.downgrade(_config(connection), "0003")
        return names(connection)

    async with database.engine.begin() as connection:
        assert not TABLES & await connection.run_sync(down)
    await schema.upgrade(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(names) >= TABLES
    assert await schema.is_current(database)
