"""The same checks judged twice, set side by side: two attempts of a scan, or two scans."""

from collections.abc import Sequence

from contracts.results import Change, ComparedLine, Comparison, JudgedLine
from contracts.verdict import Outcome

_UNCLEAR = (None, Outcome.ERROR)


def compare(before: Sequence[JudgedLine], after: Sequence[JudgedLine]) -> Comparison:
    """Joins on the check, not on its number, which differs between versions of a benchmark. Lines
    stand in the order of `after`; what only `before` holds follows."""
    earlier = {line.check: line for line in before}
    later = {line.check for line in after}
    pairs = [(earlier.get(line.check), line) for line in after]
    gone = [(line, None) for line in before if line.check not in later]
    items = [_line(old, new) for old, new in [*pairs, *gone]]
    counts = {kind: sum(item.change is kind for item in items) for kind in Change}
    return Comparison(counts=counts, items=items)


def _line(before: JudgedLine | None, after: JudgedLine | None) -> ComparedLine:
    shown = after or before
    assert shown is not None  # noqa: S101  (a pair comes from one side at least)
    appeared, disappeared = _objects(before, after)
    return ComparedLine(
        recommendation=shown.recommendation,
        check=shown.check,
        title=shown.title,
        change=_change(before, after),
        finding_differs=bool(before and after and _found(before) != _found(after)),
        appeared=appeared,
        disappeared=disappeared,
        before=before.bare() if before else None,
        after=after.bare() if after else None,
    )


def _objects(
    before: JudgedLine | None, after: JudgedLine | None
) -> tuple[list[str] | None, list[str] | None]:
    if before is None or after is None or before.objects is None or after.objects is None:
        return None, None
    earlier, later = set(before.objects), set(after.objects)
    return sorted(later - earlier), sorted(earlier - later)


def _change(before: JudgedLine | None, after: JudgedLine | None) -> Change:
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


def _found(line: JudgedLine) -> tuple[object, ...]:
    return line.verdict, line.reason, line.affected_total, line.objects
