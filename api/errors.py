"""Every refusal becomes one problem document (RFC 9457); nothing internal leaves this house."""

import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.headers import security_headers
from contracts.errors import (
    Conflict,
    Invalid,
    NotFound,
    PackInvalid,
    Refusal,
    RemoteOutOfOrder,
    ScanAlreadyFinished,
    ScanAlreadyRunning,
    Unavailable,
)

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
DOCS = "/api/docs"
_PROGRAMS = ("/api/", "/healthz", "/readyz", "/msp/cspm/webhook/")
_DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
_STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 422),
    (Unavailable, 503),
)


class FieldProblem(BaseModel):
    """`pointer` is a JSON pointer into the body, or names a parameter."""

    location: str = "body"
    pointer: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `instance` is the reference to quote; further members depend on `type`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    instance: str
    errors: list[FieldProblem] = Field(default_factory=list)
    scan_id: str | None = None
    link: str | None = None
    file: str | None = None
    expected: int | None = None


class ApiRefusal(Refusal):
    """A refusal that has to do with HTTP itself."""

    status = 400
    headers: Mapping[str, str] = {}


class NotSignedIn(ApiRefusal):
    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__("Sign in first, or send a token.")


class WrongCredentials(ApiRefusal):
    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__("User name or password is wrong.")


class Forbidden(ApiRefusal):
    status = 403


class NotAcceptedMedia(ApiRefusal):
    status = 415

    def __init__(self) -> None:
        super().__init__("Send the body as application/json.")


class TooManyTries(ApiRefusal):
    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many tries. Wait {wait_s} s.")
        self.headers = {"Retry-After": str(wait_s)}


class TooManyScans(ApiRefusal):
    status = 429
    headers: Mapping[str, str] = {"Retry-After": "60"}

    def __init__(self, max_scans: int) -> None:
        super().__init__(f"{max_scans} tenants are being scanned, as many as may be at once.")


class KeyReused(Invalid):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another tenant or profile.")


class UnusableInput(Invalid):
    """Well formed, but nothing we can work with."""


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    for kind in _DATABASE_AWAY:
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(DataError, _not_storable)
    app.add_exception_handler(Exception, _broken)


def problem_of(refusal: Refusal) -> Problem:
    problem = Problem(
        type=f"{DOCS}#{_slug(refusal)}",
        title=_title(refusal),
        status=_status(refusal),
        detail=str(refusal),
        instance=_reference(),
    )
    if isinstance(refusal, ScanAlreadyRunning | ScanAlreadyFinished) and refusal.scan_id:
        problem.scan_id = refusal.scan_id
        problem.link = f"/api/v1/scans/{refusal.scan_id}"
    if isinstance(refusal, PackInvalid):
        problem.file = refusal.file
    if isinstance(refusal, RemoteOutOfOrder):
        problem.expected = refusal.expected
    return problem


def answer(request: Request, refusal: Refusal) -> Response:
    response = _show(request, problem_of(refusal))
    if isinstance(refusal, ApiRefusal):
        response.headers.update(refusal.headers)
    if isinstance(refusal, Unavailable):
        response.headers["Retry-After"] = "5"
    return response


def _show(request: Request, problem: Problem) -> Response:
    """Pages put it in their own way (`app.state.error_page`); programs get the document.

    ASCII on purpose: what a caller sent may not be encodable.
    """
    page = request.app.state.error_page
    if page is not None and not request.url.path.startswith(_PROGRAMS):
        response: Response = page(request, problem)
        return response
    body = json.dumps(problem.model_dump(exclude_none=True))
    return Response(body, problem.status, media_type=PROBLEM_JSON)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may refuse in these ways."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101  (registered for nothing else)
    return answer(request, error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    refusal = ApiRefusal(str(error.detail))
    refusal.status = error.status_code
    refusal.headers = error.headers or {}
    return answer(request, refusal)


async def _not_valid(request: Request, error: Exception) -> Response:
    """Says where and why, never what was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    problem = problem_of(UnusableInput("The request is not valid."))
    problem.errors = [_field(item) for item in error.errors()[:50]]
    return _show(request, problem)


async def _database_away(request: Request, error: Exception) -> Response:
    logger.error("database away", extra={"path": request.url.path}, exc_info=error)
    return answer(request, Unavailable("The database does not answer. Try again."))


async def _not_storable(request: Request, error: Exception) -> Response:
    """PostgreSQL refuses what SQLite takes, a NUL above all."""
    logger.info("value refused by the database", extra={"path": request.url.path})
    return answer(request, UnusableInput("The request holds a value that cannot be stored."))


async def _broken(request: Request, error: Exception) -> Response:
    """What the gate raises comes here too: nothing else is around it."""
    if isinstance(error, _DATABASE_AWAY):
        response = await _database_away(request, error)
    else:
        refusal = ApiRefusal("Something went wrong on our side; the log holds this reference.")
        refusal.status = 500
        problem = problem_of(refusal)
        logger.error(
            "unhandled error",
            extra={"path": request.url.path, "reference": problem.instance},
            exc_info=error,
        )
        response = _show(request, problem)
    # This answer is sent from outside the middleware that would add them.
    https = request.app.state.services.settings.cookie_secure
    response.headers.update(security_headers(https=https) | {"cache-control": "no-store"})
    return response


def _field(item: Mapping[str, Any]) -> FieldProblem:
    where, *path = [str(part) for part in item["loc"]] or ["body"]
    pointer = "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
    return FieldProblem(location=where, pointer=pointer, detail=str(item["msg"])[:300])


def _status(refusal: Refusal) -> int:
    if isinstance(refusal, ApiRefusal):
        return refusal.status
    return next((status for kind, status in _STATUS if isinstance(refusal, kind)), 400)


def _title(refusal: Refusal) -> str:
    if type(refusal) is ApiRefusal:
        return HTTPStatus(refusal.status).phrase
    return _slug(refusal).replace("-", " ").capitalize()


def _slug(refusal: Refusal) -> str:
    """`ScanAlreadyRunning` → `scan-already-running`, an anchor of the reference page."""
    if type(refusal) is ApiRefusal:
        return HTTPStatus(refusal.status).phrase.lower().replace(" ", "-")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(refusal).__name__).lower()


def _reference() -> str:
    return f"urn:uuid:{uuid4()}"
