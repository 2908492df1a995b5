"""The credential of a live tenant: sealed on its way in, never on its way out."""

import asyncio
from datetime import UTC, datetime
from typing import Self, cast
from uuid import uuid4

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, SecretStr, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from api.certificates import KeyPair, from_pem, from_pfx, generate
from api.services import Services
from contracts.clouds import CloudName
from contracts.errors import NotALiveTenant
from contracts.onboarding import CredentialSummary, LiveConnection, expiry
from contracts.sealing import seal
from store import secrets
from store.tables import Credential, Tenant

_MOST_CHARACTERS = 200_000


class CertificateUpload(BaseModel):
    """A PFX file in Base64, or a PEM text with certificate and key. Neither: Assay makes one."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    pfx: Base64Bytes | None = Field(default=None, max_length=_MOST_CHARACTERS, repr=False)
    pem: SecretStr | None = Field(default=None, max_length=_MOST_CHARACTERS)
    password: SecretStr = Field(default=SecretStr(""), max_length=1000)

    @model_validator(mode="after")
    def _one_at_most(self) -> Self:
        if self.pfx is not None and self.pem is not None:
            raise ValueError("give a PFX file or a PEM text, not both")
        return self


async def key_pair(upload: CertificateUpload, common_name: str) -> KeyPair:
    """Raises CredentialInvalid."""
    at = datetime.now(UTC)
    password = upload.password.get_secret_value()
    if upload.pfx is not None:
        return await asyncio.to_thread(from_pfx, upload.pfx, password, at)
    if upload.pem is not None:
        text = upload.pem.get_secret_value().encode()
        return await asyncio.to_thread(from_pem, text, password, at)
    return await asyncio.to_thread(generate, common_name, at)


async def keep(
    services: Services, session: AsyncSession, tenant: Tenant, pair: KeyPair, *, by: str
) -> None:
    """Raises NoKeyRing."""
    secret_id = str(uuid4())
    sealed = seal(services.keys(), pair.pfx, tenant_id=tenant.id, secret_id=secret_id)
    await secrets.put_credential(
        session,
        organisation_id=tenant.organisation_id,
        tenant_id=tenant.id,
        secret_id=secret_id,
        sealed=sealed,
        facts=pair.facts,
        at=datetime.now(UTC),
        by=by,
    )


async def live_connection(session: AsyncSession, tenant: Tenant) -> LiveConnection | None:
    """None for a recorded tenant."""
    if tenant.connection != "powershell":
        return None
    row = await secrets.find_credential(
        session, organisation_id=tenant.organisation_id, tenant_id=tenant.id
    )
    return LiveConnection(
        client_id=tenant.settings.get("client_id", ""),
        cloud=cast(CloudName, tenant.settings.get("cloud", "worldwide")),
        remote=bool(tenant.settings.get("remote", False)),
        credential=_summary(row, datetime.now(UTC)) if row else None,
    )


def check_live(tenant: Tenant) -> None:
    """Raises NotALiveTenant."""
    if tenant.connection != "powershell":
        raise NotALiveTenant(tenant.name)


def common_name(domain: str, microsoft_id: str) -> str:
    """What an administrator of the tenant reads beside the certificate."""
    return f"Assay for {domain or microsoft_id}"


def _summary(row: Credential, at: datetime) -> CredentialSummary:
    days, warning, message = expiry(row.expires_at, at)
    return CredentialSummary(
        thumbprint=row.thumbprint,
        thumbprint_sha256=row.thumbprint_sha256,
        subject=row.subject,
        not_before=row.not_before,
        expires_at=row.expires_at,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_in_days=days,
        warning=warning,
        message=message,
    )
