"""JSON of a collector is read strictly: what could be read in two ways is refused."""

import pytest

from evidence.parse import MAX_DEPTH, UnreadableJson, loads_strict


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a\\u0000": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1e400}',
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[" * 100_000,
        '{"a": 1',
        "",
    ],
)
def test_what_nobody_may_trust_is_refused(text: str) -> None:
    with pytest.raises(UnreadableJson):
        loads_strict(text)


def test_what_a_database_refuses_is_stripped() -> None:
    assert loads_strict('{"na\\u0000me": "a\\u0000b\\ud800c"}') == {"name": "abc"}


def test_depth_up_to_the_limit_is_read() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    assert loads_strict(text) is not None
