"""Untrusted JSON from a collector to clean rows: strict where JSON is lax."""

import json
import math
import re
from typing import Any

MAX_DEPTH = 64
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UnreadableJson(ValueError):
    """The text is not JSON that can be trusted: the sentence says why."""


def loads_strict(text: bytes | str) -> Any:
    """Refuses NaN, infinities, duplicate keys and nesting over 64; strips NUL and surrogates."""
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_unique_keys,
        )
        return _clean(value, 0)
    except UnreadableJson:
        raise
    except RecursionError:
        raise UnreadableJson(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise UnreadableJson(f"not valid JSON: {str(error)[:200]}") from None


def _refuse_constant(name: str) -> Any:
    raise UnreadableJson(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise UnreadableJson("a number beyond what can be represented")
    return number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableJson("the same key twice in one object")
    return found


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value) if _UNSTORABLE.search(value) else value
    if isinstance(value, dict | list):
        if depth >= MAX_DEPTH:
            raise UnreadableJson(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, list):
            return [_clean(item, depth + 1) for item in value]
        cleaned = {_clean(key, depth): _clean(item, depth + 1) for key, item in value.items()}
        if len(cleaned) != len(value):
            raise UnreadableJson("the same key twice in one object")
        return cleaned
    return value
