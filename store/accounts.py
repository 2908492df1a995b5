"""Organisations, users and their server-side sessions."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.tables import ApiToken, LoginSession, Organisation, User


async def first_organisation(session: AsyncSession) -> Organisation | None:
    return await session.scalar(select(Organisation).order_by(Organisation.created_at).limit(1))


async def every_organisation_id(session: AsyncSession) -> list[str]:
    """For the reconciler alone."""
    return list(await session.scalars(select(Organisation.id)))


async def add_organisation(session: AsyncSession, *, name: str, at: datetime) -> Organisation:
    organisation = Organisation(id=str(uuid4()), name=name, created_at=at)
    session.add(organisation)
    await session.flush()
    return organisation


async def put_user(
    session: AsyncSession,
    *,
    organisation_id: str,
    username: str,
    password_hash: str,
    at: datetime,
) -> User:
    """A new user, or a new password for a known one, whose sessions and tokens then end."""
    user = await find_user(session, username=username)
    if user is None:
        user = User(
            id=str(uuid4()),
            organisation_id=organisation_id,
            username=username,
            password_hash=password_hash,
            role="admin",
            created_at=at,
        )
        session.add(user)
    else:
        user.password_hash = password_hash
        await session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
        await session.execute(delete(ApiToken).where(ApiToken.user_id == user.id))
    await session.flush()
    return user


async def find_user(session: AsyncSession, *, username: str) -> User | None:
    return await session.scalar(select(User).where(User.username == username))


async def add_login(
    session: AsyncSession, *, user_id: str, token_hash: str, at: datetime, expires_at: datetime
) -> None:
    await session.execute(delete(LoginSession).where(LoginSession.expires_at < at))
    session.add(
        LoginSession(
            token_hash=token_hash,
            user_id=user_id,
            created_at=at,
            last_seen_at=at,
            expires_at=expires_at,
        )
    )


async def find_login(
    session: AsyncSession, *, token_hash: str, at: datetime
) -> tuple[User, LoginSession] | None:
    row = (
        await session.execute(
            select(User, LoginSession)
            .join(LoginSession, LoginSession.user_id == User.id)
            .where(LoginSession.token_hash == token_hash, LoginSession.expires_at > at)
        )
    ).first()
    return (row[0], row[1]) if row else None


async def end_login(session: AsyncSession, *, token_hash: str) -> None:
    await session.execute(delete(LoginSession).where(LoginSession.token_hash == token_hash))


async def touch_login(session: AsyncSession, *, token_hash: str, at: datetime) -> None:
    await session.execute(
        update(LoginSession).where(LoginSession.token_hash == token_hash).values(last_seen_at=at)
    )


async def add_token(
    session: AsyncSession,
    *,
    user_id: str,
    name: str,
    token_hash: str,
    at: datetime,
    expires_at: datetime,
) -> ApiToken:
    token = ApiToken(
        id=str(uuid4()),
        token_hash=token_hash,
        user_id=user_id,
        name=name,
        created_at=at,
        expires_at=expires_at,
    )
    session.add(token)
    await session.flush()
    return token


async def list_tokens(session: AsyncSession, *, user_id: str) -> list[ApiToken]:
    found = await session.scalars(
        select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.created_at)
    )
    return list(found)


async def find_token(session: AsyncSession, *, token_hash: str, at: datetime) -> User | None:
    return await session.scalar(
        select(User)
        .join(ApiToken, ApiToken.user_id == User.id)
        .where(ApiToken.token_hash == token_hash, ApiToken.expires_at > at)
    )


async def end_token(session: AsyncSession, *, user_id: str, token_id: str) -> bool:
    """False when this user has no such token."""
    token = await session.scalar(
        select(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user_id)
    )
    if token is None:
        return False
    await session.delete(token)
    return True
