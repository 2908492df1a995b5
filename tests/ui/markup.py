"""Reads HTML as a browser would, far enough to ask what it consists of."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "img", "input", "br", "hr", "rect", "path"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    parent: "Element | None" = None
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def shape(self) -> tuple[str, tuple[str, ...]]:
        return self.tag, tuple(sorted(self.attributes))

    def get(self, name: str) -> str:
        return self.attributes.get(name) or ""

    def walk(self) -> list["Element"]:
        return [self, *(inner for child in self.children for inner in child.walk())]

    def text(self) -> str:
        return "".join(
            part if isinstance(part, str) else part.text() for part in self._parts
        ).strip()

    @property
    def _parts(self) -> list["str | Element"]:
        return [*self.texts, *self.children]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), self._open[-1])
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, dict(attrs), self._open[-1]))

    def handle_endtag(self, tag: str) -> None:
        while len(self._open) > 1:
            if self._open.pop().tag == tag:
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].texts.append(data)


def read(html: str) -> list[Element]:
    """Every element, in the order of the document."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root.walk()[1:]


def shapes(html: str) -> list[tuple[str, tuple[str, ...]]]:
    return [element.shape for element in read(html)]


def find(html: str, tag: str, **attributes: str) -> list[Element]:
    return [
        element
        for element in read(html)
        if element.tag == tag
        and all(element.get(name.rstrip("_")) == value for name, value in attributes.items())
    ]


def by_id(html: str, wanted: str) -> Element:
    return next(element for element in read(html) if element.get("id") == wanted)
