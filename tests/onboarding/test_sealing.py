"""What is sealed opens with its ring, for its tenant, and otherwise not at all."""

import json
from datetime import UTC, datetime

import pytest

from contracts.sealing import (
    BadKeyRing,
    CannotOpen,
    KeyRing,
    Sealed,
    UnknownKey,
    open_sealed,
    seal,
)

AT = datetime(2026, 5, 1, tzinfo=UTC)
CANARY = b"canary-7f3a91-private-key"
OWNER = {"tenant_id": "t1", "secret_id": "s1"}


def test_a_secret_comes_back_as_it_was() -> None:
    ring = KeyRing.new(AT)

    assert open_sealed(ring, seal(ring, CANARY, **OWNER), **OWNER) == CANARY


def test_nothing_of_a_secret_or_a_key_can_be_read_in_what_is_stored() -> None:
    ring = KeyRing.new(AT)
    sealed = seal(ring, CANARY, **OWNER)

    stored = sealed.wrapped_key + sealed.ciphertext
    assert CANARY not in stored
    assert ring.keys[ring.current] not in stored
    assert sealed.key_id == ring.current
    assert CANARY.decode() not in repr(sealed)
    assert repr(ring.keys[ring.current]) not in repr(ring)


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    ring = KeyRing.new(AT)
    one, other = seal(ring, CANARY, **OWNER), seal(ring, CANARY, **OWNER)

    assert one.ciphertext != other.ciphertext
    assert one.wrapped_key != other.wrapped_key


@pytest.mark.parametrize(
    "owner",
    [{"tenant_id": "t2", "secret_id": "s1"}, {"tenant_id": "t1", "secret_id": "s2"}],
)
def test_a_secret_that_was_moved_does_not_open(owner: dict[str, str]) -> None:
    ring = KeyRing.new(AT)
    sealed = seal(ring, CANARY, **OWNER)

    with pytest.raises(CannotOpen):
        open_sealed(ring, sealed, **owner)


@pytest.mark.parametrize("part", ["wrapped_key", "ciphertext"])
def test_a_secret_that_was_changed_does_not_open(part: str) -> None:
    ring = KeyRing.new(AT)
    sealed = seal(ring, CANARY, **OWNER)
    parts = {"wrapped_key": sealed.wrapped_key, "ciphertext": sealed.ciphertext}
    parts[part] = parts[part][:-1] + bytes([parts[part][-1] ^ 1])

    with pytest.raises(CannotOpen):
        open_sealed(ring, Sealed(sealed.key_id, **parts), **OWNER)


@pytest.mark.parametrize("data", [b"", b"short", bytes(12)])
def test_a_part_that_was_cut_does_not_open(data: bytes) -> None:
    ring = KeyRing.new(AT)
    sealed = seal(ring, CANARY, **OWNER)

    with pytest.raises(CannotOpen):
        open_sealed(ring, Sealed(sealed.key_id, data, sealed.ciphertext), **OWNER)


def test_another_ring_with_another_key_does_not_open_it() -> None:
    ring = KeyRing.new(AT)

    with pytest.raises(UnknownKey):
        open_sealed(KeyRing.new(AT), seal(ring, CANARY, **OWNER), **OWNER)


def test_after_a_rotation_the_old_opens_and_the_new_is_sealed_with_the_new_key() -> None:
    ring = KeyRing.new(AT)
    old = seal(ring, CANARY, **OWNER)
    rotated = ring.rotated(AT)

    assert open_sealed(rotated, old, **OWNER) == CANARY
    assert seal(rotated, CANARY, **OWNER).key_id == rotated.current != ring.current
    with pytest.raises(UnknownKey):
        open_sealed(rotated.only(set()), old, **OWNER)


def test_a_ring_survives_its_file() -> None:
    ring = KeyRing.new(AT).rotated(AT)

    assert KeyRing.parse(ring.dump()) == ring


@pytest.mark.parametrize(
    "change",
    [
        {"current": "another"},
        {"version": 2},
        {"keys": [{"id": "x", "made_at": "", "key": "c2hvcnQ="}], "current": "x"},
        {"keys": [{"id": "x"}]},
    ],
)
def test_a_ring_that_is_not_whole_is_refused(change: dict[str, object]) -> None:
    text = json.dumps(json.loads(KeyRing.new(AT).dump()) | change)

    with pytest.raises(BadKeyRing):
        KeyRing.parse(text)


def test_text_that_is_no_ring_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadKeyRing) as refusal:
        KeyRing.parse("canary-7f3a91")

    assert "canary" not in str(refusal.value)


def test_a_derived_key_serves_one_purpose() -> None:
    ring = KeyRing.new(AT)

    one, other = ring.derived(ring.current, "one"), ring.derived(ring.current, "other")
    assert one == ring.derived(ring.current, "one")
    assert one not in (other, ring.keys[ring.current])
