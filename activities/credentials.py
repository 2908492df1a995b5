"""Opens a tenant's certificate, just before something signs in with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from activities.progress import now
from contracts.errors import NoKeyRing
from contracts.sealing import CannotOpen, KeyRing, UnknownKey, open_sealed
from store import secrets
from store.database import Database


class NoCredential(Exception):
    """The sentence is what checks and connection tests say."""

    def __init__(self, sentence: str, *, denied: bool = False) -> None:
        super().__init__(sentence)
        self.denied = denied


@dataclass(frozen=True)
class OpenCertificate:
    """`pfx` is the secret, unencrypted."""

    pfx: bytes = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Credentials:
    database: Database
    keys: Callable[[], KeyRing]

    async def open(self, *, organisation_id: str, tenant_id: str) -> OpenCertificate:
        """Raises NoCredential, also for a certificate that has expired."""
        async with self.database.read() as session:
            row = await secrets.find_credential(
                session, organisation_id=organisation_id, tenant_id=tenant_id
            )
        if row is None:
            raise NoCredential("This tenant has no credential to sign in with.")
        if row.expires_at <= now():
            day = f"{row.expires_at.day} {row.expires_at:%b %Y}"
            raise NoCredential(f"The tenant's certificate expired on {day}.", denied=True)
        try:
            pfx = open_sealed(
                self.keys(), secrets.sealed_of(row), tenant_id=tenant_id, secret_id=row.id
            )
        except (UnknownKey, NoKeyRing):
            raise NoCredential(
                "The key that seals this tenant's credential is not on this worker."
            ) from None
        except CannotOpen:
            raise NoCredential("This tenant's credential does not open; store it again.") from None
        return OpenCertificate(pfx, row.expires_at)
