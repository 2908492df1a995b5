"""Bodies and words from outside: one meaning each, and nothing the database would choke on."""

import json
import math
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import StringConstraints

from api.errors import NotAcceptedMedia

MAX_DEPTH = 64
# One line: no control characters, so no NUL, no line breaks.
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")
]

Tag = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
    ),
]


def json_only(request: Request) -> None:
    """A form or plain text could have been sent from another site without asking first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise NotAcceptedMedia


class StrictRoute(APIRoute):
    """JSON bodies without repeated keys, NaN, NUL, lone surrogates or depth beyond 64."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(_StrictRequest(request.scope, request.receive))

        return strict


async def read_json(request: Request) -> Any:
    return await _StrictRequest(request.scope, request.receive).json()


class _StrictRequest(Request):
    async def json(self) -> Any:
        body = await self.body()
        try:
            text = body.decode("utf-8")
            value = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_number)
            _check(value, 0)
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError):
                raise
            raise json.JSONDecodeError(str(error)[:100], "", 0) from None
        return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _no_number(_name: str) -> NoReturn:
    raise ValueError("a number that JSON does not know")


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        value.encode("utf-8")  # lone surrogates raise, a ValueError
        if "\x00" in value:
            raise ValueError("a NUL character")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that is too large")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth)
            _check(item, depth + 1)
