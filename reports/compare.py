"""The same checks judged twice, set side by side: two attempts of a scan, or two scans."""

from collections.abc import Sequence

from contracts.results import Change, ComparedLine, Comparison
from contracts.scan import CheckLine
from contracts.verdict import Outcome

_UNCLEAR = (None, Outcome.ERROR)


def compare(before: Sequence[CheckLine], after: Sequence[CheckLine]) -> Comparison:
    """Joins on the check, not on its number, which differs between versions of a benchmark. Lines
    stand in the order of `after`; what only `before` holds follows."""
    earlier = {line.check: line for line in before}
    later = {line.check for line in after}
    pairs = [(earlier.get(line.check), line) for line in after]
    gone = [(line, None) for line in before if line.check not in later]
    items = [_line(old, new) for old, new in [*pairs, *gone]]
    counts = {kind: sum(item.change is kind for item in items) for kind in Change}
    return Comparison(counts=counts, items=items)


def _line(before: CheckLine | None, after: CheckLine | None) -> ComparedLine:
    shown = after or before
    assert shown is not None  # noqa: S101  (a pair comes from one side at least)
    return ComparedLine(
        recommendation=shown.recommendation,
        check=shown.check,
        title=shown.title,
        change=_change(before, after),
        finding_differs=before is not None
        and after is not None
        and _found(before) != _found(after),
        before=before,
        after=after,
    )


def _change(before: CheckLine | None, after: CheckLine | None) -> Change:
    if before is None:
        return Change.NEW
    if after is None:
        return Change.GONE
    match (before.verdict, after.verdict):
        case old, new if old == new:
            return Change.SAME
        case old, new if old in _UNCLEAR or new in _UNCLEAR:
            return Change.ERROR_CHANGED
        case Outcome.FAIL, Outcome.PASS:
            return Change.FIXED
        case Outcome.PASS, Outcome.FAIL:
            return Change.BROKEN
        case _:
            return Change.CHANGED


def _found(line: CheckLine) -> tuple[Outcome | None, str, int]:
    return line.verdict, line.reason, line.affected_total
