"""An authority that is none: it answers what a test says, and remembers what it was asked."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx2

from tests.onboarding.powershell import MICROSOFT_ID

GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"


def token(**claims: Any) -> str:
    """Unsigned: nobody of ours verifies it."""
    parts = [{"alg": "none"}, {"tid": MICROSOFT_ID, **claims}]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(text.rstrip("=") for text in texts), "x"])


@dataclass
class Authority:
    claims: dict[str, Any] = field(default_factory=dict)
    refusal: dict[str, Any] | None = None
    knows_tenant: bool = True
    is_away: bool = False
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self._answer)

    def assertion(self) -> dict[str, Any]:
        """Header of the last assertion."""
        part = self.forms[-1]["client_assertion"][0].split(".")[0]
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return found

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.is_away:
            raise httpx2.ConnectError("no route", request=request)
        self.hosts.append(request.url.host)
        base = f"https://{request.url.host}/{MICROSOFT_ID}"
        if request.url.path.endswith("/.well-known/openid-configuration"):
            if not self.knows_tenant:
                return httpx2.Response(400, json={"error": "invalid_tenant canary-text"})
            return httpx2.Response(
                200,
                json={
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                },
            )
        self.forms.append(parse_qs(request.content.decode()))
        if self.refusal is not None:
            return httpx2.Response(401, json=self.refusal)
        body = {"token_type": "Bearer", "expires_in": 3599, "access_token": token(**self.claims)}
        return httpx2.Response(200, json=body)


def refusal(code: int) -> dict[str, Any]:
    text = f"AADSTS{code}: canary-description"
    return {"error": "invalid_client", "error_description": text, "error_codes": [code]}
