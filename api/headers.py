"""What every answer carries, refusals and failures too."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATIC = "/static/"
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def security_headers(*, https: bool) -> dict[str, str]:
    extra = {"strict-transport-security": "max-age=31536000"} if https else {}
    return {**_HEADERS, **extra}


class SecurityHeaders:
    """Answers hold somebody's tenant and are never cached, unless a route says so. Files of ours
    are asked for again each time, which costs little and never mixes two versions."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = [
            (name.encode(), value.encode()) for name, value in security_headers(https=https).items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                added = [item for item in self._headers if item[0] not in present]
                if b"cache-control" not in present:
                    is_static = scope["path"].startswith(_STATIC)
                    added.append((b"cache-control", b"no-cache" if is_static else b"no-store"))
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
