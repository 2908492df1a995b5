"""What one machine needs before anybody can sign in: schema, organisation, administrator, demo."""

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from api.identity import TOKEN_PREFIX, digest, hash_password, new_secret, now
from assay import wiring
from assay.key_file import write_secret
from assay.settings import Settings
from contracts.errors import TenantExists
from evidence.packs import verify
from store import accounts, schema, tenants
from store.database import Database
from store.tables import Organisation, User

ADMINISTRATOR = "admin"
DEMO_PACK = wiring.ROOT / "demo" / "contoso"
_TOKEN_NAME = "this machine's command line"  # noqa: S105
_TOKEN_LIFE = timedelta(days=30)


@dataclass(frozen=True)
class Credentials:
    """The password is new at every start; whoever was signed in with the last one is not."""

    username: str
    password: str = field(repr=False)


async def prepare(settings: Settings, *, demo: bool) -> Credentials:
    database = wiring.open_database(settings)
    try:
        await schema.upgrade(database)
        password = "-".join(secrets.token_hex(3) for _ in range(3))
        organisation, user, token = await _accounts(database, await hash_password(password))
        assert settings.token_file is not None  # noqa: S101  (filled in by the settings)
        write_secret(settings.token_file, token)
        wiring.key_file(settings).make()
        if demo:
            await _add_demo_tenant(database, organisation.id, settings.demo_pace_ms)
    finally:
        await database.close()
    return Credentials(user.username, password)


async def _accounts(database: Database, hashed: str) -> tuple[Organisation, User, str]:
    token = TOKEN_PREFIX + new_secret()
    at = now()
    async with database.begin() as session:
        organisation = await accounts.first_organisation(session)
        if organisation is None:
            organisation = await accounts.add_organisation(session, name="My organisation", at=at)
        user = await accounts.put_user(
            session,
            organisation_id=organisation.id,
            username=ADMINISTRATOR,
            password_hash=hashed,
            at=at,
        )
        for old in await accounts.list_tokens(session, user_id=user.id):
            if old.name == _TOKEN_NAME:
                await accounts.end_token(session, user_id=user.id, token_id=old.id)
        await accounts.add_token(
            session,
            user_id=user.id,
            name=_TOKEN_NAME,
            token_hash=digest(token),
            at=at,
            expires_at=at + _TOKEN_LIFE,
        )
    return organisation, user, token


async def _add_demo_tenant(database: Database, organisation_id: str, pace_ms: int) -> None:
    report = await asyncio.to_thread(verify, DEMO_PACK)
    with contextlib.suppress(TenantExists):
        async with database.begin() as session:
            await tenants.add_tenant(
                session,
                organisation_id=organisation_id,
                microsoft_id=report.tenant.tenant_id,
                name=report.tenant.name,
                domain=report.tenant.domain,
                connection="recorded",
                settings={"pack": str(DEMO_PACK), "pace_ms": pace_ms},
                parameters=report.parameters,
                at=now(),
            )
