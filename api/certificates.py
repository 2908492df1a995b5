"""Certificates of live tenants: made here, or taken from what was uploaded."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    load_pem_private_key,
    pkcs12,
)

from contracts.errors import CredentialInvalid
from store.secrets import CertificateFacts

_LIFE = timedelta(days=730)
_CLOCKS_DIFFER = timedelta(minutes=5)
_RSA_BITS = 3072
_LEAST_RSA_BITS = 2048
_NAME = b"assay"
_KEY_BEGINS = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


@dataclass(frozen=True)
class KeyPair:
    """`pfx` is not encrypted: it is sealed before it is stored, and never leaves otherwise."""

    pfx: bytes = field(repr=False)
    facts: CertificateFacts


def generate(common_name: str, at: datetime) -> KeyPair:
    """Self-signed, RSA 3072, two years."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _CLOCKS_DIFFER)
        .not_valid_after(at + _LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    return _pair(key, certificate)


def from_pfx(data: bytes, password: str, at: datetime) -> KeyPair:
    """Raises CredentialInvalid."""
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(data, password.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialInvalid("The PFX file cannot be read with this password.") from None
    return _checked(key, certificate, at)


def from_pem(data: bytes, password: str, at: datetime) -> KeyPair:
    """A certificate and its private key in one text. Raises CredentialInvalid."""
    try:
        certificates = x509.load_pem_x509_certificates(data)
    except ValueError:
        raise CredentialInvalid("The PEM text holds no certificate.") from None
    try:
        key = load_pem_private_key(_key_part(data), password.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialInvalid(
            "The PEM text holds no private key that this password opens."
        ) from None
    fitting = [found for found in certificates if found.public_key() == key.public_key()]
    return _checked(key, fitting[0] if fitting else None, at)


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    return CertificateFacts(
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        thumbprint=certificate.fingerprint(SHA1()).hex().upper(),  # noqa: S303  (a name, no proof)
        thumbprint_sha256=certificate.fingerprint(SHA256()).hex().upper(),
        subject=certificate.subject.rfc4514_string()[:1000],
        not_before=certificate.not_valid_before_utc,
        expires_at=certificate.not_valid_after_utc,
    )


def as_cer(pem: str) -> bytes:
    """DER, as the portal takes it."""
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def _checked(key: object, certificate: x509.Certificate | None, at: datetime) -> KeyPair:
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CredentialInvalid("The file holds no RSA private key; the services take no other.")
    if key.key_size < _LEAST_RSA_BITS:
        raise CredentialInvalid(f"The key has {key.key_size} bits; {_LEAST_RSA_BITS} are needed.")
    if certificate is None or certificate.public_key() != key.public_key():
        raise CredentialInvalid("The file holds no certificate that belongs to its private key.")
    if certificate.not_valid_after_utc <= at:
        raise CredentialInvalid("The certificate has expired.")
    if certificate.not_valid_before_utc > at + _CLOCKS_DIFFER:
        raise CredentialInvalid("The certificate is not valid yet.")
    return _pair(key, certificate)


def _pair(key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> KeyPair:
    pfx = pkcs12.serialize_key_and_certificates(_NAME, key, certificate, None, NoEncryption())
    return KeyPair(pfx, facts_of(certificate))


def _key_part(data: bytes) -> bytes:
    """From the first block that is a private key on: the loader looks at the first block only."""
    found = _KEY_BEGINS.search(data)
    return data[found.start() :] if found else b""
