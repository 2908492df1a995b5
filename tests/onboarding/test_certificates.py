"""Certificates that are made, and those that are brought along."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from api.certificates import KeyPair, as_cer, from_pem, from_pfx
from contracts.errors import CredentialInvalid
from contracts.onboarding import expiry

AT = datetime.now(UTC) + timedelta(hours=1)  # the suite may reach this module long after
PASSWORD = "s3cret-canary"


def _parts(pair: KeyPair) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key, certificate, _ = pkcs12.load_key_and_certificates(pair.pfx, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert certificate is not None
    return key, certificate


def _pem(pair: KeyPair, password: str = "") -> bytes:
    key, certificate = _parts(pair)
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return certificate.public_bytes(Encoding.PEM) + private


def _signed(key: object, *, begins: timedelta, ends: timedelta) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mine")])
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT + begins)
        .not_valid_after(AT + ends)
        .sign(key, SHA256())
    )


def _pfx(key: object, certificate: x509.Certificate | None) -> bytes:
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, NoEncryption())


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_a_made_certificate_is_rsa_3072_for_two_years_and_its_own_authority(pair: KeyPair) -> None:
    key, certificate = _parts(pair)

    assert key.key_size == 3072
    assert certificate.public_key() == key.public_key()
    assert 729 <= (certificate.not_valid_after_utc - AT).days <= 730
    assert certificate.issuer == certificate.subject
    assert pair.facts.subject == "CN=Assay for contoso.onmicrosoft.com"
    assert len(pair.facts.thumbprint) == 40
    assert len(pair.facts.thumbprint_sha256) == 64


def test_the_public_part_holds_no_key(pair: KeyPair) -> None:
    cer = as_cer(pair.facts.pem)

    assert x509.load_der_x509_certificate(cer).public_bytes(Encoding.PEM).decode() == pair.facts.pem
    assert "PRIVATE" not in pair.facts.pem
    assert "pfx" not in repr(pair)


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_a_pem_with_its_key_is_taken_in_either_order(pair: KeyPair, password: str) -> None:
    text = _pem(pair, password)
    begin = text.index(b"-----BEGIN", 10)

    for data in (text, text[begin:] + text[:begin]):
        assert from_pem(data, password, AT).facts == pair.facts


def test_a_pfx_with_its_password_is_taken_and_stored_without(pair: KeyPair) -> None:
    key, certificate = _parts(pair)
    locked = pkcs12.serialize_key_and_certificates(
        b"x", key, certificate, None, BestAvailableEncryption(PASSWORD.encode())
    )

    found = from_pfx(locked, PASSWORD, AT)

    assert found.facts == pair.facts
    assert pkcs12.load_key_and_certificates(found.pfx, None)[0] is not None


def test_a_wrong_password_is_refused_without_repeating_it(pair: KeyPair) -> None:
    key, certificate = _parts(pair)
    locked = pkcs12.serialize_key_and_certificates(
        b"x", key, certificate, None, BestAvailableEncryption(b"right")
    )

    for take, data in ((from_pfx, locked), (from_pem, _pem(pair, "right"))):
        with pytest.raises(CredentialInvalid) as refusal:
            take(data, PASSWORD, AT)
        assert PASSWORD not in str(refusal.value)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    for take in (from_pfx, from_pem):
        with pytest.raises(CredentialInvalid):
            take(data, "", AT)


def test_a_certificate_without_its_key_is_refused(pair: KeyPair) -> None:
    with pytest.raises(CredentialInvalid, match="private key"):
        from_pem(pair.facts.pem.encode(), "", AT)


def test_a_key_of_another_certificate_is_refused(pair: KeyPair, rsa_key: rsa.RSAPrivateKey) -> None:
    private = rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    with pytest.raises(CredentialInvalid, match="belongs to its private key"):
        from_pem(pair.facts.pem.encode() + private, "", AT)


def test_an_expired_certificate_is_refused(rsa_key: rsa.RSAPrivateKey) -> None:
    old = _signed(rsa_key, begins=timedelta(days=-9), ends=timedelta(days=-1))

    with pytest.raises(CredentialInvalid, match="expired"):
        from_pfx(_pfx(rsa_key, old), "", AT)


def test_a_certificate_of_the_future_is_refused(rsa_key: rsa.RSAPrivateKey) -> None:
    later = _signed(rsa_key, begins=timedelta(days=1), ends=timedelta(days=9))

    with pytest.raises(CredentialInvalid, match="not valid yet"):
        from_pfx(_pfx(rsa_key, later), "", AT)


def test_a_key_that_the_services_do_not_take_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key, begins=timedelta(), ends=timedelta(days=9))

    with pytest.raises(CredentialInvalid, match="RSA"):
        from_pfx(_pfx(key, certificate), "", AT)


def test_a_short_key_is_refused() -> None:
    key = rsa.generate_private_key(65537, 1024)
    certificate = _signed(key, begins=timedelta(), ends=timedelta(days=9))

    with pytest.raises(CredentialInvalid, match="1024 bits"):
        from_pfx(_pfx(key, certificate), "", AT)


@pytest.mark.parametrize(
    ("left", "warning"),
    [
        (timedelta(days=31), None),
        (timedelta(days=30, seconds=1), None),
        (timedelta(days=30), "30-days"),
        (timedelta(days=14, seconds=1), "30-days"),
        (timedelta(days=14), "14-days"),
        (timedelta(days=7, seconds=1), "14-days"),
        (timedelta(days=7), "7-days"),
        (timedelta(hours=1), "7-days"),
        (timedelta(), "expired"),
        (timedelta(days=-3), "expired"),
    ],
)
def test_the_warning_follows_the_days_that_are_left(left: timedelta, warning: str | None) -> None:
    days, found, message = expiry(AT + left, AT)

    assert found == warning
    assert bool(message) == (warning is not None)
    assert days == left.days
