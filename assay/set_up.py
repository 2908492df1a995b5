"""`assay setup`: what a fresh installation needs before anybody can sign in to it."""

from api.identity import hash_password, now
from assay import wiring
from assay.settings import Settings
from store import accounts, schema
from store.database import Database

SHORTEST_PASSWORD = 12


class CannotSetUp(Exception):
    """What is missing, in a sentence that holds no secret."""


async def set_up(
    settings: Settings, *, organisation: str, username: str, new_password: bool
) -> str:
    """Idempotent: an administrator who is there keeps the password unless `new_password`.

    Answers with what was done. Raises CannotSetUp.
    """
    password = settings.admin_password.get_secret_value()
    if len(password) < SHORTEST_PASSWORD:
        raise CannotSetUp(
            f"The administrator's password needs {SHORTEST_PASSWORD} characters or more, in the "
            f"file {settings.secrets_dir / 'assay_admin_password'}."
        )
    database = wiring.open_database(settings)
    try:
        if not await schema.is_current(database):
            raise CannotSetUp("The database is not at this version's schema: `assay db upgrade`.")
        done = await _accounts(database, password, organisation, username, new_password)
    finally:
        await database.close()
    wiring.key_file(settings).make()
    return done


async def _accounts(
    database: Database, password: str, name: str, username: str, new_password: bool
) -> str:
    async with database.begin() as session:
        known = await accounts.find_user(session, username=username)
        if known is not None and not new_password:
            return f"{username} is there already and keeps the password."
        organisation = await accounts.first_organisation(session)
        if organisation is None:
            organisation = await accounts.add_organisation(session, name=name, at=now())
        await accounts.put_user(
            session,
            organisation_id=organisation.id,
            username=username,
            password_hash=await hash_password(password),
            at=now(),
        )
    return f"{username} may sign in with the password of the secret file."
