"""Wire values to Python: one normaliser for booleans, enums, lists, numbers and dates."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

_WINDOWS_DATE = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise ValueError(f"{value!r} is not a boolean")


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError("a boolean where a number is expected")
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,18}\s*", value):
        return int(value)
    raise ValueError(f"{value!r} is not a whole number")


def _text(value: Any) -> str:
    """An enumeration object arrives as {"value": …, "Value": …}; its name is what counts."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        name = {str(k).lower(): v for k, v in value.items()}.get("value")
        if isinstance(name, str):
            return name
    raise ValueError(f"{value!r} is not text")


def _listed(value: Any) -> list[Any]:
    """PowerShell unwraps one-element lists and writes null for an empty one."""
    if value is None or value == "":
        return []
    if isinstance(value, (list, tuple)):
        return [item for item in value if item is not None and item != ""]
    return [value]


def _names(value: Any) -> list[str]:
    return [_name_of(item) for item in _listed(value)]


def _name_of(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping):
        keys = {str(key).lower(): found for key, found in item.items()}
        for key in ("primarysmtpaddress", "domain", "name", "displayname", "id", "value"):
            if isinstance(keys.get(key), str):
                return str(keys[key])
    raise ValueError(f"{item!r} has no name")


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str):
        windows = _WINDOWS_DATE.match(value)
        if windows:
            return _since_1970(int(windows[1]))
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    raise ValueError(f"{value!r} is not a date")


def _since_1970(milliseconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{milliseconds} is beyond every calendar") from error


def _id(value: Any) -> str:
    """Ids, GUIDs and template ids compare without regard to case."""
    return _text(value).strip().lower()


def _ids(value: Any) -> list[str]:
    return [_id(item) for item in _listed(value)]


def words(names: Mapping[int, str], *, keep_unknown: bool = False) -> Callable[[Any], str]:
    """A closed enumeration that arrives as name, number or object; the answer is its name.

    An unknown word is unreadable; with `keep_unknown` it stays as it came, for checks whose
    allowed values are a list and to which any other word is certainly not one of them.
    """
    by_lower = {name.lower(): name for name in names.values()}

    def read(value: Any) -> str:
        if isinstance(value, bool):
            raise ValueError("a boolean where an enumeration is expected")
        if isinstance(value, str) and value.strip().lower() in by_lower:
            return by_lower[value.strip().lower()]
        try:
            number = _integer(value)
        except ValueError:
            text = _text(value)
            if text.lower() in by_lower:
                return by_lower[text.lower()]
            if keep_unknown:
                return text
        else:
            if number in names:
                return names[number]
            if keep_unknown:
                return str(number)
        raise ValueError(f"{value!r} is not one of {', '.join(names.values())}")

    return read


def named(*names: str) -> Callable[[Any], str]:
    """As `words`, for an enumeration whose numbers are not documented: a number is unreadable."""
    by_lower = {name.lower(): name for name in names}

    def read(value: Any) -> str:
        found = by_lower.get(_text(value).strip().lower())
        if found is None:
            raise ValueError(f"{value!r} is not one of {', '.join(names)}")
        return found

    return read


Bool = Annotated[bool, BeforeValidator(_boolean)]
Int = Annotated[int, BeforeValidator(_integer)]
Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_id)]  # lower case
Ids = Annotated[list[str], BeforeValidator(_ids)]
Names = Annotated[list[str], BeforeValidator(_names)]  # strings, or objects that have a name
Listed = BeforeValidator(_listed)  # Annotated[list[Model], Listed]
When = Annotated[datetime, BeforeValidator(_moment)]
