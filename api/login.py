"""Sign in and out, who I am, and tokens for the command line."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from api.bodies import Line, json_only, read_json
from api.dependencies import Operator, Wired
from api.errors import Forbidden, WrongCredentials, problems
from api.identity import TOKEN_PREFIX, begin_session, digest, new_secret, now, password_fits
from api.services import Services
from contracts.errors import NotFound
from store import accounts

router = APIRouter(tags=["Sign-in"])


class Credentials(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"username": "admin", "password": "a long secret"}]},
    )

    username: Line = Field(max_length=200)
    password: str = Field(min_length=1, max_length=1000)


class Me(BaseModel):
    username: str
    organisation_id: str
    role: str


class NewToken(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "laptop", "expires_in_days": 90}]}
    )

    name: Line = Field(max_length=100)
    expires_in_days: int = Field(default=90, ge=1, le=365)


class TokenLine(BaseModel):
    id: str
    name: str
    created_at: datetime
    expires_at: datetime


class TokenShown(TokenLine):
    """`token` is shown this once and never again."""

    token: str


async def sign_in(
    services: Services, request: Request, *, username: str, password: str
) -> tuple[Me, str]:
    """Who signed in, and the secret for their cookie. Raises WrongCredentials, TooManyTries."""
    address = request.client.host if request.client else ""
    throttle = request.app.state.throttle
    throttle.admit(username, address)
    async with services.database.read() as session:
        user = await accounts.find_user(session, username=username)
    if not await password_fits(password, user.password_hash if user else None) or user is None:
        raise WrongCredentials
    throttle.forget(username, address)
    old = request.cookies.get(services.settings.cookie_name)
    secret = await begin_session(services, user, replaces=old)
    return Me(username=user.username, organisation_id=user.organisation_id, role=user.role), secret


async def sign_out(services: Services, request: Request) -> None:
    secret = request.cookies.get(services.settings.cookie_name)
    if secret:
        async with services.database.begin() as session:
            await accounts.end_login(session, token_hash=digest(secret))


def set_session_cookie(services: Services, response: Response, secret: str) -> None:
    response.set_cookie(
        services.settings.cookie_name,
        secret,
        max_age=int(services.settings.session_lifetime.total_seconds()),
        path="/",
        secure=services.settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(services: Services, response: Response) -> None:
    response.delete_cookie(
        services.settings.cookie_name,
        path="/",
        secure=services.settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )


async def credentials(request: Request) -> Credentials:
    """From JSON or from a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form(max_files=0, max_fields=5) as form:
            raw: Any = dict(form)
    else:
        json_only(request)
        raw = await read_json(request)
    try:
        return Credentials.model_validate(raw)
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        ) from None


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": Credentials.model_json_schema()}
            for kind in ("application/json", "application/x-www-form-urlencoded")
        },
    }
}


@router.post(
    "/session",
    operation_id="sign_in",
    summary="Sign in",
    openapi_extra=_BODY,
    responses=problems(401, 403, 415, 422, 429),
)
async def post_session(
    request: Request,
    response: Response,
    services: Wired,
    given: Annotated[Credentials, Depends(credentials)],
) -> Me:
    """Sets the session cookie, under a new id."""
    me, secret = await sign_in(services, request, username=given.username, password=given.password)
    set_session_cookie(services, response, secret)
    return me


@router.delete(
    "/session",
    operation_id="sign_out",
    summary="Sign out",
    status_code=204,
    responses=problems(401, 403),
)
async def delete_session(request: Request, response: Response, services: Wired) -> None:
    """Ends the session at once."""
    await sign_out(services, request)
    clear_session_cookie(services, response)


@router.get("/me", operation_id="who_am_i", summary="Who is signed in", responses=problems(401))
async def get_me(who: Operator) -> Me:
    return Me(username=who.username, organisation_id=who.organisation_id, role=who.role)


@router.post(
    "/tokens",
    operation_id="create_token",
    summary="Create a token for the command line",
    status_code=201,
    dependencies=[Depends(json_only)],
    responses=problems(401, 403, 415, 422),
)
async def post_token(body: NewToken, who: Operator, services: Wired) -> TokenShown:
    """Only for who signed in with a password: a token cannot make itself immortal."""
    if who.via != "session":
        raise Forbidden("Sign in with a password to create a token.")
    token = TOKEN_PREFIX + new_secret()
    at = now()
    async with services.database.begin() as session:
        row = await accounts.add_token(
            session,
            user_id=who.user_id,
            name=body.name,
            token_hash=digest(token),
            at=at,
            expires_at=at + timedelta(days=body.expires_in_days),
        )
    return TokenShown(
        id=row.id, name=row.name, created_at=at, expires_at=row.expires_at, token=token
    )


@router.get("/tokens", operation_id="list_tokens", summary="My tokens", responses=problems(401))
async def get_tokens(who: Operator, services: Wired) -> list[TokenLine]:
    async with services.database.read() as session:
        rows = await accounts.list_tokens(session, user_id=who.user_id)
    return [
        TokenLine(id=row.id, name=row.name, created_at=row.created_at, expires_at=row.expires_at)
        for row in rows
    ]


@router.delete(
    "/tokens/{token_id}",
    operation_id="end_token",
    summary="End a token",
    status_code=204,
    responses=problems(401, 403, 404, 422),
)
async def delete_token(token_id: UUID, who: Operator, services: Wired) -> None:
    async with services.database.begin() as session:
        ended = await accounts.end_token(session, user_id=who.user_id, token_id=str(token_id))
    if not ended:
        raise NotFound("There is no such token.")
