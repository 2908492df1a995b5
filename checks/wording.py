"""Words that many checks put into a sentence."""

from collections.abc import Iterable

NAMES_SHOWN = 10


def some_of(names: Iterable[str], limit: int = NAMES_SHOWN) -> str:
    """Names in order, the first of them only, and how many more there are."""
    ordered = sorted(names)
    more = len(ordered) - limit
    return ", ".join(ordered[:limit]) + (f" and {more} more" if more > 0 else "")
