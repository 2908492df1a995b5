"""What the API is given when it starts: every real thing it talks to, and its settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client

from api.hub import LiveHub
from contracts.results import RecordedTenant
from store.database import Database

MEGABYTE = 1024 * 1024


class ApiSettings(BaseModel):
    """`allowed_origins` are origins besides our own from which a browser may write and listen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str = "http://127.0.0.1:8000"
    allowed_origins: tuple[str, ...] = ()
    temporal_web_url: str = ""
    max_upload_mb: int = 64
    session_idle: timedelta = timedelta(hours=2)
    session_lifetime: timedelta = timedelta(hours=12)
    version: str = "0.1.0"

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


@dataclass(frozen=True)
class Services:
    """`import_pack` blocks; it verifies an uploaded zip file, keeps it, or raises PackInvalid."""

    database: Database
    temporal: Client
    live: LiveHub
    settings: ApiSettings
    import_pack: Callable[[Path], RecordedTenant]
