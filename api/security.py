"""Rules that hold for every request: where it comes from, how large it is, what it means."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Forbidden, UnusableInput
from contracts.errors import Refusal

MAX_BODY_BYTES = 1024 * 1024
MAX_QUERY_FIELDS = 50
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class BodyLimit:
    """Refuses what says it is too large at once, and what proves to be as soon as it does."""

    def __init__(self, app: ASGIApp, *, larger: Mapping[str, int]) -> None:
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._larger.get(scope["path"], MAX_BODY_BYTES)
        announced = HTTPConnection(scope).headers.get("content-length", "0")
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit or not announced.isdecimal() or int(announced) > limit:
                raise HTTPException(413, f"A body may have {limit} bytes here.")
            return message

        await self._app(scope, limited, send)


def is_unsafe(connection: HTTPConnection) -> bool:
    return connection.scope["type"] == "http" and connection.scope["method"] not in _SAFE


def check_query(connection: HTTPConnection) -> Refusal | None:
    """A name given twice means two things to two readers."""
    query = connection.scope.get("query_string", b"").decode("latin-1")
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    if len(names) > MAX_QUERY_FIELDS or len(names) != len(set(names)):
        return UnusableInput("Give each parameter once.")
    return None


def check_origin(connection: HTTPConnection, origins: frozenset[str]) -> Refusal | None:
    """For what a browser sends with a cookie: it has to say that one of our pages sent it."""
    site = connection.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return None
    if connection.headers.get("origin") in origins:
        return None
    return Forbidden("This request does not come from one of our pages.")


def check_socket_origin(connection: HTTPConnection, origins: frozenset[str]) -> Refusal | None:
    """Browsers name the origin of every socket they open; only the list counts."""
    if connection.headers.get("origin") in origins:
        return None
    return Forbidden("This socket was not opened by one of our pages.")


def came_from_elsewhere(connection: HTTPConnection, origins: frozenset[str]) -> bool:
    """For a sign-in without a cookie: a browser that says so is believed, others have no say."""
    named = "sec-fetch-site" in connection.headers or "origin" in connection.headers
    return named and check_origin(connection, origins) is not None
