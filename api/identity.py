"""Who is asking: passwords, login sessions in a cookie, bearer tokens of the command line."""

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from starlette.requests import HTTPConnection

from api.services import Services
from store import accounts
from store.tables import User

TOKEN_PREFIX = "assay_"  # noqa: S105
_TOUCH_EVERY = timedelta(minutes=1)
_HASHER = PasswordHasher()
_THREADS = ThreadPoolExecutor(2, "password")  # a hash takes 64 MiB and a core


@dataclass(frozen=True)
class Who:
    """`credential` is the digest of the cookie or token that proved it, never the thing itself."""

    user_id: str
    username: str
    organisation_id: str
    role: str
    via: Literal["session", "token"]
    credential: str


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def now() -> datetime:
    return datetime.now(UTC)


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def password_fits(password: str, stored: str | None) -> bool:
    """Takes as long for an unknown user (None) as for a known one."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _fits, password, stored)


async def identify(services: Services, connection: HTTPConnection) -> Who | None:
    """A bearer token, where one is sent, decides alone; a cookie does not make up for it."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await _by_token(services, token.strip())
    cookie = connection.cookies.get(services.settings.cookie_name, "")
    return await _by_session(services, digest(cookie)) if cookie else None


async def still_signed_in(services: Services, who: Who) -> bool:
    """For long-lived connections; does not count as activity."""
    async with services.database.read() as session:
        if who.via == "token":
            user = await accounts.find_token(session, token_hash=who.credential, at=now())
            return user is not None
        found = await accounts.find_login(session, token_hash=who.credential, at=now())
        return found is not None and _is_fresh(services, found[1].last_seen_at)


async def begin_session(services: Services, user: User, *, replaces: str | None) -> str:
    """A new secret for the cookie; the session it replaces ends."""
    secret = new_secret()
    at = now()
    async with services.database.begin() as session:
        if replaces:
            await accounts.end_login(session, token_hash=digest(replaces))
        await accounts.add_login(
            session,
            user_id=user.id,
            token_hash=digest(secret),
            at=at,
            expires_at=at + services.settings.session_lifetime,
        )
    return secret


async def _by_token(services: Services, token: str) -> Who | None:
    if not token.startswith(TOKEN_PREFIX):
        return None
    async with services.database.read() as session:
        user = await accounts.find_token(session, token_hash=digest(token), at=now())
    return _who(user, "token", digest(token)) if user else None


async def _by_session(services: Services, token_hash: str) -> Who | None:
    async with services.database.read() as session:
        found = await accounts.find_login(session, token_hash=token_hash, at=now())
    if found is None:
        return None
    user, login = found
    if not _is_fresh(services, login.last_seen_at):
        async with services.database.begin() as session:
            await accounts.end_login(session, token_hash=token_hash)
        return None
    if now() - login.last_seen_at > _TOUCH_EVERY:
        async with services.database.begin() as session:
            await accounts.touch_login(session, token_hash=token_hash, at=now())
    return _who(user, "session", token_hash)


def _is_fresh(services: Services, last_seen_at: datetime) -> bool:
    return now() - last_seen_at <= services.settings.session_idle


def _who(user: User, via: Literal["session", "token"], credential: str) -> Who:
    return Who(
        user_id=user.id,
        username=user.username,
        organisation_id=user.organisation_id,
        role=user.role,
        via=via,
        credential=credential,
    )


def _fits(password: str, stored: str | None) -> bool:
    nobodys = _nobodys_hash()
    try:
        return _HASHER.verify(stored or nobodys, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(new_secret())
