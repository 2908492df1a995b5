"""Sealed secrets: AES-256-GCM, a data key for each secret, wrapped by a key of the ring.

Pure functions; the ring is handed in. What a secret belongs to is authenticated with it, so that
a row moved to another tenant does not open.
"""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = 1


class CannotOpen(Exception):
    """The sentence names no secret and no key."""


class UnknownKey(CannotOpen):
    def __init__(self, key_id: str) -> None:
        super().__init__(f"The key {key_id} is not in the key ring.")
        self.key_id = key_id


class BadKeyRing(ValueError):
    """A key ring that cannot be read; the sentence says why, never what it holds."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by id, the newest of which seals. Old ones open what was sealed before a rotation."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    made_at: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def new(cls, at: datetime) -> "KeyRing":
        return cls("", {}).rotated(at)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Raises BadKeyRing."""
        try:
            raw = json.loads(text)
            keys = {item["id"]: b64decode(item["key"], validate=True) for item in raw["keys"]}
            ring = cls(raw["current"], keys, {item["id"]: item["made_at"] for item in raw["keys"]})
            version = raw["version"]
        except (ValueError, KeyError, TypeError):
            raise BadKeyRing("The key ring cannot be read.") from None
        if version != _VERSION:
            raise BadKeyRing("The key ring is of another version.")
        if ring.current not in keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise BadKeyRing("The key ring lacks its current key, or holds one of a wrong size.")
        return ring

    def dump(self) -> str:
        keys = [
            {"id": name, "made_at": self.made_at[name], "key": b64encode(key).decode()}
            for name, key in self.keys.items()
        ]
        return json.dumps({"version": _VERSION, "current": self.current, "keys": keys}, indent=2)

    def rotated(self, at: datetime) -> "KeyRing":
        """With a new current key; the others stay."""
        name = f"{at:%Y%m%d}-{secrets.token_hex(4)}"
        return KeyRing(
            name,
            {**self.keys, name: secrets.token_bytes(_KEY_BYTES)},
            {**self.made_at, name: at.isoformat()},
        )

    def only(self, names: set[str]) -> "KeyRing":
        """Without the old keys that nothing needs any more."""
        kept = names | {self.current}
        return KeyRing(
            self.current,
            {name: key for name, key in self.keys.items() if name in kept},
            {name: at for name, at in self.made_at.items() if name in kept},
        )

    def key(self, key_id: str) -> bytes:
        """Raises UnknownKey."""
        try:
            return self.keys[key_id]
        except KeyError:
            raise UnknownKey(key_id) from None

    def derived(self, key_id: str, purpose: str) -> bytes:
        """A key for one purpose alone. Raises UnknownKey."""
        hkdf = HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose.encode())
        return hkdf.derive(self.key(key_id))


@dataclass(frozen=True)
class Sealed:
    """Each part begins with its nonce."""

    key_id: str
    wrapped_key: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


def seal(ring: KeyRing, secret: bytes, *, tenant_id: str, secret_id: str) -> Sealed:
    data_key = AESGCM.generate_key(_KEY_BYTES * 8)
    return Sealed(
        ring.current,
        _encrypt(ring.key(ring.current), data_key, _about("key", tenant_id, secret_id)),
        _encrypt(data_key, secret, _about("secret", tenant_id, secret_id)),
    )


def open_sealed(ring: KeyRing, sealed: Sealed, *, tenant_id: str, secret_id: str) -> bytes:
    """Raises CannotOpen."""
    about = _about("key", tenant_id, secret_id)
    data_key = _decrypt(ring.key(sealed.key_id), sealed.wrapped_key, about)
    return _decrypt(data_key, sealed.ciphertext, _about("secret", tenant_id, secret_id))


def _about(part: str, tenant_id: str, secret_id: str) -> bytes:
    return json.dumps(["assay", _VERSION, part, tenant_id, secret_id]).encode()


def _encrypt(key: bytes, data: bytes, about: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, about)


def _decrypt(key: bytes, data: bytes, about: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], about)
    except (InvalidTag, ValueError):
        raise CannotOpen("A sealed secret does not open: it was changed or moved.") from None
