"""Words that this project does not use, in any file of it."""

import re

import pytest

from tests.conventions.tree import files, text_of

# Put together, so that this file does not hold them either.
_FORBIDDEN = {
    "two l's": r"\b[Cc]ance" + r"l(?:ed|ing)\b",
    "it is a scan": r"\b[Jj]o" + r"bs?\b",
    "no unfinished business": r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b",
    "paths of one machine": r"(?<![\w.])/(?:ho" + r"me|ro" + r"ot|Us" + r"ers|wo" + r"rk)/\w",
    "hosts of a package registry": (
        r"\b(?:py" + r"pi\.org|pythonho" + r"sted\.org|npm" + r"js\.(?:org|com)"
        r"|crates" + r"\.io|proxy\.golang" + r"\.org|powershell" + r"gallery\.com)"
    ),
}


@pytest.mark.parametrize("why", _FORBIDDEN)
def test_no_file_holds_a_word_that_is_not_ours(why: str) -> None:
    pattern = re.compile(_FORBIDDEN[why])
    found = [
        f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}"
        for name in files()
        if (text := text_of(name)) is not None
        for hit in pattern.finditer(text)
    ]

    assert not found, "\n".join([why, *found])


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("two l's", "was cance" + "led"),
        ("it is a scan", "the jo" + "b ended"),
        ("no unfinished business", "# TO" + "DO: later"),
        ("paths of one machine", "in /ho" + "me/someone"),
        ("hosts of a package registry", "from https://py" + "pi.org/simple"),
    ],
)
def test_each_word_is_found_where_it_is(why: str, text: str) -> None:
    assert re.search(_FORBIDDEN[why], text)
