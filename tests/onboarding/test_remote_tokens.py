"""A token opens one scan and one service, until its time is up."""

from datetime import UTC, datetime, timedelta

import pytest

from api.remote_tokens import BadToken, RemoteGrant, issue, verify
from contracts.sealing import KeyRing

AT = datetime(2026, 5, 1, tzinfo=UTC)
GRANT = RemoteGrant("o", "s", "graph", 1, AT + timedelta(hours=1))


def test_a_token_says_what_it_is_for() -> None:
    ring = KeyRing.new(AT)

    assert verify(ring, issue(ring, GRANT), AT) == GRANT


def test_a_token_ends_when_its_time_is_up() -> None:
    ring = KeyRing.new(AT)

    with pytest.raises(BadToken):
        verify(ring, issue(ring, GRANT), GRANT.expires_at)


def test_a_token_of_another_ring_opens_nothing() -> None:
    with pytest.raises(BadToken):
        verify(KeyRing.new(AT), issue(KeyRing.new(AT), GRANT), AT)


def test_a_token_survives_a_rotation_of_keys() -> None:
    ring = KeyRing.new(AT)

    assert verify(ring.rotated(AT), issue(ring, GRANT), AT) == GRANT


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_token_opens_nothing(part: int) -> None:
    ring = KeyRing.new(AT)
    parts = issue(ring, GRANT).split(".")
    for replacement in ("A" + parts[part][1:], parts[part][:-1], parts[part] + "=", ""):
        changed = [*parts[:part], replacement, *parts[part + 1 :]]
        if changed != parts:
            with pytest.raises(BadToken):
                verify(ring, ".".join(changed), AT)


@pytest.mark.parametrize("text", ["", "a.b.c", "a.b", "....", "assay-remote.W10.AAAA"])
def test_what_is_no_token_opens_nothing(text: str) -> None:
    with pytest.raises(BadToken):
        verify(KeyRing.new(AT), text, AT)
