"""Nobody gets past without signing in: one gate before every route and every socket.

What is not listed here as open is closed, so a forgotten route is a closed one.
"""

from urllib.parse import quote

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import DOCS, Forbidden, NotSignedIn, answer
from api.identity import identify
from api.remote_tokens import WEBHOOK, admit
from api.security import (
    came_from_elsewhere,
    check_origin,
    check_query,
    check_socket_origin,
    is_unsafe,
)
from api.services import Services
from contracts.errors import Refusal

SIGN_IN_PAGE = "/login"
STATIC = "/static/"
OPEN = frozenset(
    {
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", SIGN_IN_PAGE),
        ("POST", SIGN_IN_PAGE),
        ("POST", "/api/v1/session"),
        ("GET", "/favicon.ico"),
    }
)


class Gate:
    """Leaves the caller in `connection.state.who` for what needs one."""

    def __init__(self, app: ASGIApp, *, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        refusal = await self._refusal(connection)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            response = _response(Request(scope), refusal)
            await response(scope, receive, send)

    async def _refusal(self, connection: HTTPConnection) -> Refusal | None:
        origins = self._services.settings.origins
        if is_webhook(connection):
            return admit(self._services, connection)
        if is_open(connection):
            if is_unsafe(connection) and came_from_elsewhere(connection, origins):
                return Forbidden("Sign in on our own page.")
            return None
        who = await identify(self._services, connection)
        if who is None:
            return NotSignedIn()
        connection.state.who = who
        if connection.scope["path"].startswith("/api/") and (refusal := check_query(connection)):
            return refusal
        if who.via == "session" and connection.scope["type"] == "websocket":
            return check_socket_origin(connection, origins)
        if who.via == "session" and is_unsafe(connection):
            return check_origin(connection, origins)
        return None


def is_webhook(connection: HTTPConnection) -> bool:
    """Collectors elsewhere have no session: each token opens one scan, here alone."""
    method, path = connection.scope.get("method"), str(connection.scope["path"])
    return method == "POST" and path.startswith(WEBHOOK)


def is_open(connection: HTTPConnection) -> bool:
    if connection.scope["type"] != "http":
        return False
    method, path = connection.scope["method"], connection.scope["path"]
    return (method, path) in OPEN or (method in ("GET", "HEAD") and path.startswith(STATIC))


def _response(request: Request, refusal: Refusal) -> Response:
    """Somebody who reads pages is led to the sign-in page and back."""
    path = request.url.path
    if not isinstance(refusal, NotSignedIn) or (path.startswith("/api/") and path != DOCS):
        return answer(request, refusal)
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN_PAGE})
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{SIGN_IN_PAGE}?next={quote(wanted)}", 303)
    return answer(request, refusal)
