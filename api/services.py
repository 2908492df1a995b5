"""What the API is given when it starts: every real thing it talks to, and its settings."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from temporalio.client import Client

from api.hub import LiveHub
from api.outages import Outages
from contracts.clouds import CloudName
from contracts.errors import NoKeyRing, TenantIdUnknown
from contracts.results import RecordedTenant
from contracts.sealing import KeyRing
from store.database import Database

MEGABYTE = 1024 * 1024


class ApiSettings(BaseModel):
    """`allowed_origins` are origins besides our own from which a browser may write and listen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str = "http://127.0.0.1:8000"
    allowed_origins: tuple[str, ...] = ()
    temporal_web_url: str = ""
    max_upload_mb: int = 64
    max_scans: int = 20
    session_idle: timedelta = timedelta(hours=2)
    session_lifetime: timedelta = timedelta(hours=12)
    version: str = "0.1.0"
    effective: dict[str, str] = Field(default_factory=dict)  # every setting, secrets masked

    @property
    def origins(self) -> frozenset[str]:
        parts = urlsplit(self.public_url)
        return frozenset({f"{parts.scheme}://{parts.netloc}", *self.allowed_origins})

    @property
    def cookie_secure(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """A `__Host-` cookie must be Secure, which plain http on loopback cannot be."""
        return "__Host-assay-session" if self.cookie_secure else "assay-session"

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * MEGABYTE


def _no_ring() -> KeyRing:
    raise NoKeyRing


async def _nobody_asked(domain: str, _cloud: CloudName) -> str:
    raise TenantIdUnknown(domain)


@dataclass(frozen=True)
class Services:
    """`import_pack` blocks; it verifies an uploaded zip file, keeps it, or raises PackInvalid.
    `keys` seal secrets. `find_tenant_id` asks Microsoft whose a domain is. `outages` is kept by
    the application while it runs."""

    database: Database
    temporal: Client
    live: LiveHub
    settings: ApiSettings
    import_pack: Callable[[Path], RecordedTenant]
    keys: Callable[[], KeyRing] = _no_ring
    find_tenant_id: Callable[[str, CloudName], Awaitable[str]] = _nobody_asked
    outages: Outages = field(default_factory=Outages)
