"""The commands' way to a running service: its HTTP API and its event socket."""

import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import httpx2
import websockets
from websockets.exceptions import ConnectionClosed

from assay.commands.output import Exit, stop
from assay.settings import Settings
from contracts.events import AnyEvent, decode

_TIMEOUT_S = 30.0
_PROBE_S = 5.0
_UPLOAD_S = 300.0


class Service:
    """Every method ends the command with a sentence where the service refuses or is away."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.url
        self._headers = {"Authorization": f"Bearer {_token(settings)}"}
        self._http = httpx2.Client(
            base_url=self._url,
            headers=self._headers,
            timeout=_TIMEOUT_S,
            trust_env=False,
            limits=httpx2.Limits(max_keepalive_connections=0),  # none outlives its answer
        )

    def get(self, path: str, **query: Any) -> Any:
        asked = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", path, params=asked)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._call("POST", path, json=body if body is not None else {}, headers=headers)

    def put(self, path: str, body: Any) -> Any:
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def upload(self, path: str, name: str, data: bytes, **fields: str) -> Any:
        return self._call(
            "POST",
            path,
            files={"pack": (name, data, "application/zip")},
            data=fields,
            timeout=_UPLOAD_S,
        )

    def data(self, path: str) -> bytes:
        return self._send("GET", path).content

    def text(self, path: str) -> str:
        return self._send("GET", path).text

    def text_after(self, path: str, place: int) -> tuple[str, int]:
        """What a log holds beyond `place`, and where it ends; nothing where there is none yet."""
        answer = self._send("GET", path, absent_is_fine=True, params={"after": place})
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return "", place
        return answer.text, int(answer.headers["Next-Offset"])

    async def events(self, scan_id: str) -> AsyncIterator[AnyEvent]:
        """Until the scan ends. A lost connection is taken up again where it broke off."""
        address = f"{self._url.replace('http', 'ws', 1)}/msp/cspm/scans/ws/{scan_id}"
        last: int | None = None
        connections = websockets.connect(
            address, additional_headers=self._headers, max_size=None, proxy=None
        )
        async for socket in connections:
            try:
                async for message in socket:
                    event = decode(message)
                    last = event.seq
                    yield event
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in (4401, 4403, 4404):
                    stop("The service ended the connection: no right.", Exit.UNAUTHORISED)
            else:
                return
            connections.uri = f"{address}?after={last}" if last is not None else address

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._send(method, path, **options)
        return answer.json() if answer.content else None

    def _send(
        self, method: str, path: str, *, absent_is_fine: bool = False, **options: Any
    ) -> httpx2.Response:
        try:
            answer = self._http.request(method, f"/api/v1{path}", **options)
        except httpx2.HTTPError as error:
            stop(f"{self._url} does not answer: {error}. Is `assay up` running?")
        absent = answer.status_code == HTTPStatus.NOT_FOUND
        if not answer.is_success and not (absent and absent_is_fine):
            code = Exit.UNAUTHORISED if answer.status_code in (401, 403) else Exit.FAILED
            stop(_sentence(answer), code)
        return answer


def answers(settings: Settings) -> bool:
    """Whether a service is there at all."""
    try:
        found = httpx2.get(f"{settings.url}/healthz", timeout=_PROBE_S, trust_env=False)
    except httpx2.HTTPError:
        return False
    return found.is_success


def _token(settings: Settings) -> str:
    assert settings.token_file is not None  # noqa: S101  (filled in by the settings)
    try:
        return settings.token_file.read_text("utf-8").strip()
    except OSError:
        stop(
            f"There is no token in {settings.token_file}. `assay up` writes one; for a service "
            "elsewhere create one on its page and set ASSAY_TOKEN_FILE and ASSAY_URL.",
            Exit.UNAUTHORISED,
        )


def _sentence(answer: httpx2.Response) -> str:
    try:
        problem = answer.json()
    except json.JSONDecodeError:
        return f"The service answered {answer.status_code}."
    detail = problem.get("detail") or problem.get("title") or answer.status_code
    running = problem.get("scan_id")
    return f"{detail} (scan {running})" if running else str(detail)
