"""Tokens of a live tenant, by certificate: to see what Microsoft says was granted."""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx2
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from activities.credentials import OpenCertificate
from checks.permissions import RESOURCE_OF_SERVICE, resource_of
from contracts.clouds import cloud_of
from contracts.collector import TenantRef

_TIMEOUT_S = 15.0
_DIRECTORY_ROLES = {
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader",
    "5d6b6bb7-de71-4623-b4af-96380a352509": "Security Reader",
    "17315797-102d-40b4-93e0-432062caca18": "Compliance Administrator",
    "69091246-20e8-4a56-aa4d-066075b2a7a8": "Teams Administrator",
}
_CHECK_CLIENT = "Check the client id, and that the application was made in this tenant."
_CHECK_TENANT = "Check the tenant id and the cloud."
_REFUSALS: dict[int, tuple[str, str]] = {
    700016: ("The application is not known in this tenant.", _CHECK_CLIENT),
    7000229: (
        "The application has no service principal in this tenant.",
        "Open the admin-consent link as an administrator of the tenant.",
    ),
    700027: (
        "The certificate is not registered with the application.",
        "Add the public part of the certificate (.cer) to the application.",
    ),
    90002: ("There is no such tenant in this cloud.", _CHECK_TENANT),
    900023: ("The tenant id is not valid.", _CHECK_TENANT),
    500011: (
        "This service is not there in the tenant.",
        "Nothing can be granted for it until the tenant has a licence that brings it.",
    ),
    65001: (
        "Nobody has agreed to what the application asks for.",
        "Open the admin-consent link as an administrator of the tenant.",
    ),
    53003: (
        "A Conditional Access policy blocks the application.",
        "Exclude the application, or let it sign in from where the worker stands.",
    ),
    7000112: ("The application is disabled in this tenant.", "Enable it in Entra."),
}


class TokenRefused(Exception):
    """No token. The sentence and the remedy are ours; Microsoft's text is not repeated."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.remedy = remedy


@dataclass(frozen=True)
class Token:
    """What a token says of its application. `directory_roles` holds what it names; one that it
    does not name may be there all the same."""

    roles: frozenset[str]
    directory_roles: frozenset[str] = frozenset()
    tenant_id: str = ""


class Tokens(Protocol):
    async def token(
        self, *, service: str, tenant: TenantRef, client_id: str, certificate: OpenCertificate
    ) -> Token:
        """Raises TokenRefused."""


@dataclass(frozen=True)
class MsalTokens:
    """`transport` is there for tests. The token itself is forgotten at once."""

    transport: httpx2.BaseTransport | None = None

    async def token(
        self, *, service: str, tenant: TenantRef, client_id: str, certificate: OpenCertificate
    ) -> Token:
        answer = await asyncio.to_thread(self._ask, service, tenant, client_id, certificate)
        if "access_token" not in answer:
            raise _refused(answer)
        token = read_token(str(answer["access_token"]))
        if token.tenant_id.lower() != tenant.tenant_id.lower():
            raise TokenRefused("The token is for another tenant.", _CHECK_TENANT)
        return token

    def _ask(
        self, service: str, tenant: TenantRef, client_id: str, certificate: OpenCertificate
    ) -> dict[str, Any]:
        import msal  # type: ignore[import-untyped]  # what it imports opens a socket to look

        logging.getLogger("msal").setLevel(logging.WARNING)
        login = cloud_of(tenant.cloud).login
        with httpx2.Client(transport=self.transport, timeout=_TIMEOUT_S) as client:
            try:
                application = msal.ConfidentialClientApplication(
                    client_id,
                    authority=f"https://{login}/{tenant.tenant_id}",
                    client_credential=_client_credential(certificate.pfx),
                    http_client=_HttpClient(client),
                    instance_discovery=False,
                )
                answer = application.acquire_token_for_client([scope_of(service, tenant)])
            except httpx2.HTTPError:
                raise TokenRefused(
                    "The sign-in service of Microsoft does not answer.",
                    "Let the worker reach it, and try again.",
                ) from None
            except ValueError:  # whose text holds what the service sent
                raise TokenRefused(
                    "The sign-in service does not know this tenant.", _CHECK_TENANT
                ) from None
        return dict(answer or {})


def scope_of(service: str, tenant: TenantRef) -> str:
    """By application id, which is the same in every cloud. The directory roles that Teams goes
    by stand in any token."""
    if service == "fabric":
        return cloud_of(tenant.cloud).fabric_scope
    return f"{resource_of(RESOURCE_OF_SERVICE.get(service, 'graph')).app_id}/.default"


def read_token(text: str) -> Token:
    """The claims, unverified: they are shown to a person, nothing is decided by them. Raises
    TokenRefused."""
    try:
        part = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return Token(
            frozenset(map(str, claims.get("roles", []))),
            frozenset(
                _DIRECTORY_ROLES[role]
                for role in claims.get("wids", [])
                if role in _DIRECTORY_ROLES
            ),
            str(claims.get("tid", "")),
        )
    except (IndexError, ValueError, TypeError, AttributeError, binascii.Error):
        raise TokenRefused(
            "The token cannot be read.", "Try again; if it stays so, report it."
        ) from None


def _refused(answer: Mapping[str, Any]) -> TokenRefused:
    codes = [code for code in answer.get("error_codes") or [] if isinstance(code, int)]
    for code in codes:
        if code in _REFUSALS:
            return TokenRefused(*_REFUSALS[code])
    named = f" (AADSTS{codes[0]})" if codes else ""
    return TokenRefused(
        f"The sign-in was refused{named}.", "Look at the sign-in log of the tenant in Entra."
    )


def _client_credential(pfx: bytes) -> dict[str, str]:
    key, certificate, _ = pkcs12.load_key_and_certificates(pfx, None)
    if key is None or certificate is None:
        raise TokenRefused("The stored certificate has no key.", "Store the certificate again.")
    return {
        "private_key": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }


class _HttpClient:
    """What msal asks of an HTTP client, on ours: with a time limit, without a second library."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def post(
        self,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        **_options: Any,
    ) -> httpx2.Response:
        """Assertions come as bytes, which a form of ours would spell as Python does."""
        form = {"Content-Type": "application/x-www-form-urlencoded"} | dict(headers or {})
        content = data if isinstance(data, str | bytes) else urlencode(data or {})
        return self._client.post(url, params=params, content=content, headers=form)

    def get(
        self, url: str, params: Any = None, headers: Any = None, **_options: Any
    ) -> httpx2.Response:
        return self._client.get(url, params=params, headers=headers)

    def close(self) -> None:
        self._client.close()
