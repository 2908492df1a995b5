"""Sealed credentials of tenants. Nothing here can open one: the key ring is elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.sealing import Sealed
from store.tables import Credential, Tenant


@dataclass(frozen=True)
class CertificateFacts:
    """The public part of a certificate."""

    pem: str
    thumbprint: str
    thumbprint_sha256: str
    subject: str
    not_before: datetime
    expires_at: datetime


async def put_credential(
    session: AsyncSession,
    *,
    organisation_id: str,
    tenant_id: str,
    secret_id: str,
    sealed: Sealed,
    facts: CertificateFacts,
    at: datetime,
    by: str | None,
) -> None:
    """Replaces the one that is there. The caller has found the tenant in the organisation."""
    await delete_credential(session, organisation_id=organisation_id, tenant_id=tenant_id)
    session.add(
        Credential(
            id=secret_id,
            organisation_id=organisation_id,
            tenant_id=tenant_id,
            key_id=sealed.key_id,
            wrapped_key=sealed.wrapped_key,
            ciphertext=sealed.ciphertext,
            certificate=facts.pem,
            thumbprint=facts.thumbprint,
            thumbprint_sha256=facts.thumbprint_sha256,
            subject=facts.subject,
            not_before=facts.not_before,
            expires_at=facts.expires_at,
            created_at=at,
            created_by=by,
        )
    )
    await session.flush()


async def find_credential(
    session: AsyncSession, *, organisation_id: str, tenant_id: str
) -> Credential | None:
    return await session.scalar(
        select(Credential)
        .join(Tenant, Tenant.id == Credential.tenant_id)
        .where(
            Credential.tenant_id == tenant_id,
            Credential.organisation_id == organisation_id,
            Tenant.organisation_id == organisation_id,
        )
    )


async def delete_credential(session: AsyncSession, *, organisation_id: str, tenant_id: str) -> bool:
    done = await session.execute(
        delete(Credential)
        .where(Credential.tenant_id == tenant_id, Credential.organisation_id == organisation_id)
        .returning(Credential.id)
    )
    return done.first() is not None


async def every_credential(session: AsyncSession) -> list[Credential]:
    """Of every organisation, for a change of keys alone."""
    return list(await session.scalars(select(Credential).with_for_update()))


def sealed_of(row: Credential) -> Sealed:
    return Sealed(row.key_id, row.wrapped_key, row.ciphertext)


def reseal(row: Credential, sealed: Sealed) -> None:
    row.key_id = sealed.key_id
    row.wrapped_key = sealed.wrapped_key
    row.ciphertext = sealed.ciphertext
