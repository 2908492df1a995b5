"""As much YAML as the compose file needs; whatever else stands there is refused, never guessed."""

import re
from dataclasses import dataclass, field
from typing import Any

_LINE = re.compile(r"( *)(.*)")
_KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s"'\[\]{}#&*!|>%@`,][^"'\[\]{}#]*?):(?: +|$)(.*)""")
_ANCHOR = re.compile(r"&([\w-]+)(?: +|$)(.*)")
_PLAIN_REFUSED = tuple("&!|>%@`{}")


class NotRead(ValueError):
    """A line that this reader does not know."""


@dataclass
class _Reader:
    lines: list[tuple[int, str]]
    at: int = 0
    anchors: dict[str, Any] = field(default_factory=dict)

    def block(self, indent: int) -> Any:
        """The mapping or list whose lines begin at this column."""
        if self.lines[self.at][1].startswith("- "):
            return self._list(indent)
        return self._mapping(indent)

    def _list(self, indent: int) -> list[Any]:
        found = []
        while self.at < len(self.lines) and self.lines[self.at][0] == indent:
            text = self.lines[self.at][1]
            if not text.startswith("- "):
                raise NotRead(text)
            inner = text[2:].strip()
            if _KEY.fullmatch(inner) and not inner.startswith(("'", '"', "[")):
                self.lines[self.at] = (indent + 2, inner)
                found.append(self._mapping(indent + 2))
            else:
                self.at += 1
                found.append(self._value(inner, indent))
        return found

    def _mapping(self, indent: int) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while self.at < len(self.lines) and self.lines[self.at][0] == indent:
            text = self.lines[self.at][1]
            match = _KEY.fullmatch(text)
            if match is None:
                raise NotRead(text)
            self.at += 1
            key, value = str(_scalar(match[1])), self._value(match[2], indent)
            if key == "<<":
                for part in reversed(value if isinstance(value, list) else [value]):
                    merged |= part
            elif key in own:
                raise NotRead(f"twice: {key}")
            else:
                own[key] = value
        return merged | own

    def _value(self, text: str, indent: int) -> Any:
        anchor = _ANCHOR.fullmatch(text)
        if anchor is not None:
            value = self._value(anchor[2], indent)
            self.anchors[anchor[1]] = value
            return value
        if not text:
            deeper = self.at < len(self.lines) and self.lines[self.at][0] > indent
            return self.block(self.lines[self.at][0]) if deeper else None
        if text.startswith("["):
            return [self._atom(item) for item in _items(text)]
        return self._atom(text)

    def _atom(self, text: str) -> Any:
        return self.anchors[text[1:]] if text.startswith("*") else _scalar(text)


def _items(text: str) -> list[str]:
    if not text.endswith("]"):
        raise NotRead(text)
    found = re.findall(r"""\s*("[^"]*"|'[^']*'|[^,\[\]"']+?)\s*(?:,|$)""", text[1:-1])
    return [item for item in found if item]


def _scalar(text: str) -> Any:
    if text[:1] in ('"', "'"):
        if len(text) < 2 or text[-1] != text[0] or "\\" in text:
            raise NotRead(text)
        return text[1:-1]
    if text.startswith(_PLAIN_REFUSED):
        raise NotRead(text)
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    words = {"true": True, "false": False, "null": None}
    return words.get(text, text)


def read_yaml(text: str) -> Any:
    lines = []
    for raw in text.splitlines():
        if "\t" in raw:
            raise NotRead(raw)
        bare = re.sub(r"(?:^|\s)#(?=\s|$).*", "", raw).rstrip()
        match = _LINE.fullmatch(bare)
        if bare and match:
            lines.append((len(match[1]), match[2]))
    reader = _Reader(lines)
    value = reader.block(0)
    if reader.at != len(lines):
        raise NotRead(lines[reader.at][1])
    return value
