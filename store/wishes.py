"""Who asked for what of a schedule or a campaign: kept in its row, newest last."""

from datetime import datetime

from contracts.fleet import WishLine
from store.tables import Campaign, Schedule

_KEPT = 50


def add_wish(row: Schedule | Campaign, wish: str, *, by: str, at: datetime) -> None:
    line = WishLine(wish=wish, by=by, at=at).model_dump(mode="json")
    row.wishes = [*row.wishes, line][-_KEPT:]


def wishes_of(row: Schedule | Campaign) -> list[WishLine]:
    return [WishLine.model_validate(line) for line in row.wishes]
