"""Tokens of collectors elsewhere: one scan, one service, until a moment; signed, not stored."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from starlette.requests import HTTPConnection

from api.errors import ApiRefusal
from api.services import Services
from contracts.errors import NoKeyRing, Refusal
from contracts.sealing import KeyRing, UnknownKey

WEBHOOK = "/msp/cspm/webhook/progress/"
PREFIX = "assay-remote"
_PURPOSE = "token of a remote collector"


@dataclass(frozen=True)
class RemoteGrant:
    """`generation` is the run the token was made for; a newer token ends it."""

    organisation_id: str
    scan_id: str
    service: str
    generation: int
    expires_at: datetime


class BadToken(Exception):
    """Forged, cut, expired, or signed with a key that is gone. Nobody is told which."""


class RemoteTokenRefused(ApiRefusal):
    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__("This token does not open this scan, or no longer does.")


def admit(services: Services, connection: HTTPConnection) -> Refusal | None:
    """Before the body is read. Leaves the grant in `connection.state.grant`; a session does not
    stand in for a token."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise BadToken
        connection.state.grant = verify(services.keys(), token.strip(), datetime.now(UTC))
    except BadToken:
        return RemoteTokenRefused()
    except NoKeyRing as reason:
        return reason
    return None


def issue(ring: KeyRing, grant: RemoteGrant) -> str:
    claims = [
        grant.organisation_id,
        grant.scan_id,
        grant.service,
        grant.generation,
        int(grant.expires_at.timestamp()),
        ring.current,
    ]
    body = _text(json.dumps(claims, separators=(",", ":")).encode())
    return f"{PREFIX}.{body}.{_text(_signature(ring, ring.current, body))}"


def verify(ring: KeyRing, token: str, at: datetime) -> RemoteGrant:
    """Raises BadToken."""
    try:
        prefix, body, signature = token.split(".")
        organisation_id, scan_id, service, generation, expires, key_id = json.loads(_bytes(body))
        expected = _signature(ring, str(key_id), body)
        is_signed = hmac.compare_digest(_bytes(signature), expected)
        expires_at = datetime.fromtimestamp(expires, UTC)
    except (ValueError, TypeError, OverflowError, OSError, UnknownKey):
        raise BadToken from None
    if prefix != PREFIX or not is_signed or expires_at <= at:
        raise BadToken
    return RemoteGrant(organisation_id, scan_id, service, generation, expires_at)


def _signature(ring: KeyRing, key_id: str, body: str) -> bytes:
    key = ring.derived(key_id, _PURPOSE)
    return hmac.new(key, f"{PREFIX}.{body}".encode(), sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """One spelling each: what differs from it is refused."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(data) != text:
        raise binascii.Error("not the one spelling")
    return data
