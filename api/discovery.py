"""Whose a domain is: the one question that is asked of Microsoft without a credential."""

from uuid import UUID

import httpx2

from contracts.clouds import CLOUDS, CloudName
from contracts.errors import TenantIdUnknown

_TIMEOUT_S = 10.0


class Discovery:
    """Reads the published OpenID configuration; `transport` is there for tests."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._transport = transport

    async def __call__(self, domain: str, cloud: CloudName) -> str:
        """The tenant id. Raises TenantIdUnknown."""
        address = f"https://{CLOUDS[cloud].login}/{domain}/v2.0/.well-known/openid-configuration"
        try:
            async with httpx2.AsyncClient(
                transport=self._transport, timeout=_TIMEOUT_S, follow_redirects=False
            ) as client:
                answer = await client.get(address)
            parts = str(answer.json()["issuer"]).split("/") if answer.is_success else []
            return str(next(UUID(part) for part in parts if len(part) == 36))
        except (httpx2.HTTPError, ValueError, KeyError, TypeError, StopIteration):
            raise TenantIdUnknown(domain) from None
