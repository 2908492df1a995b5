"""The parsers of SPF and DMARC records, over records that people really write and over noise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.dns import TxtRecords, resolve_spf
from evidence.mail_records import MAX_SPF_LOOKUPS, DmarcRecord, SpfRecord, spf_texts
from tests.builders.dns import txt

UNHURRIED = settings(deadline=None)  # other work may share the machine
HOSTS = st.from_regex(r"[a-z][a-z0-9\-]{0,8}(\.[a-z]{2,5}){1,2}", fullmatch=True)
QUALIFIERS = st.sampled_from(["", "+", "-", "~", "?"])
PLAIN = st.sampled_from(["ip4:192.0.2.0/24", "ip6:2001:db8::/32"])
QUERYING = st.one_of(
    st.sampled_from(["a", "mx", "ptr", "a/24", "mx:mail.example.com/24//64"]),
    HOSTS.map(lambda host: f"exists:{host}"),
    HOSTS.map(lambda host: f"include:{host}"),
)
MECHANISMS = st.builds(lambda sign, term: sign + term, QUALIFIERS, st.one_of(PLAIN, QUERYING))
BLANKS = st.sampled_from([" ", "  "])
WORDS = st.text(st.characters(codec="ascii", exclude_characters=";=, \t\n\r\x0b\x0c"), min_size=1)
TAGS = st.sampled_from(["p", "sp", "pct", "rua", "ruf", "adkim", "fo", "x-own"])


@UNHURRIED
@given(st.text())
def test_any_text_can_be_parsed_as_spf(text: str) -> None:
    record = SpfRecord.parse(text)

    assert record.lookups >= len(record.targets)


@UNHURRIED
@given(st.lists(MECHANISMS), QUALIFIERS, BLANKS)
def test_a_well_formed_record_keeps_every_term(terms: list[str], sign: str, blank: str) -> None:
    record = SpfRecord.parse(blank.join(["v=spf1", *terms, f"{sign}all"]))

    assert record.faults == ()
    assert len(record.terms) == len(terms) + 1
    assert record.all_qualifier == (sign or "+")
    assert [term.value for term in record.includes] == [
        term.partition(":")[2] for term in terms if "include:" in term
    ]


@UNHURRIED
@given(st.lists(MECHANISMS), st.lists(MECHANISMS, min_size=1))
def test_what_follows_all_changes_nothing_but_faults(before: list[str], after: list[str]) -> None:
    short = SpfRecord.parse(" ".join(["v=spf1", *before, "-all"]))
    long = SpfRecord.parse(" ".join(["v=spf1", *before, "-all", *after]))

    assert (long.terms, long.lookups, long.targets) == (short.terms, short.lookups, short.targets)


@UNHURRIED
@given(st.lists(MECHANISMS), HOSTS)
def test_letter_case_does_not_matter(terms: list[str], host: str) -> None:
    text = " ".join(["v=spf1", *terms, f"redirect={host}"])
    lower, upper = SpfRecord.parse(text), SpfRecord.parse(text.upper())

    assert upper.lookups == lower.lookups
    assert upper.targets == lower.targets
    assert spf_texts([text.upper()]) == [text.upper()]


@UNHURRIED
@given(st.lists(st.text(max_size=20)))
def test_only_texts_that_start_with_the_version_are_spf(texts: list[str]) -> None:
    found = spf_texts(["v=spf1 -all", *texts])

    assert "v=spf1 -all" in found
    assert all(text.strip().lower().startswith("v=spf1") for text in found)


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 include: host.example -all",
        "v=spf1 include=host.example -all",
        "v=spf1 ip4 -all",
        "v=spf1 inlcude:host.example -all",
        "v=spf1 -all:host.example",
        "v=spf1 redirect= redirect=host.example",
        "v=spf1 redirect=a.example redirect=b.example",
        "v=spf1 include:host.example, -all",
    ],
)
def test_a_malformed_record_has_a_fault(text: str) -> None:
    assert SpfRecord.parse(text).faults


@UNHURRIED
@given(st.dictionaries(HOSTS, st.lists(HOSTS, max_size=4), min_size=1, max_size=6))
def test_following_includes_always_ends(graph: dict[str, list[str]]) -> None:
    """Circles, repeats and dead ends included; the count never runs far past the limit."""
    texts = {
        name: " ".join(["v=spf1", *(f"include:{target}" for target in targets), "-all"])
        for name, targets in graph.items()
    }
    rows = {name: TxtRecords.read_row(txt(name, text)) for name, text in texts.items()}
    start = next(iter(texts))

    found = resolve_spf(start, texts[start], rows, known=())

    assert found.lookups <= MAX_SPF_LOOKUPS + 4
    assert found.all_qualifier == "-"
    assert set(found.unread).isdisjoint(rows)


def test_a_circle_of_two_is_a_fault() -> None:
    rows = {
        "a.example": TxtRecords.read_row(txt("a.example", "v=spf1 include:b.example -all")),
        "b.example": TxtRecords.read_row(txt("b.example", "v=spf1 include:a.example -all")),
    }

    found = resolve_spf("a.example", rows["a.example"].spf_records[0], rows, known=())

    assert found.faults == ["b.example includes a.example in a circle"]


@UNHURRIED
@given(st.text())
def test_any_text_can_be_parsed_as_dmarc(text: str) -> None:
    record = DmarcRecord.parse(text)

    assert record is None or record.tags["v"] == "DMARC1"


@UNHURRIED
@given(st.dictionaries(TAGS, WORDS), st.randoms(use_true_random=False), st.booleans())
def test_tags_are_read_in_any_order_and_spacing(
    tags: dict[str, str], random: object, closed: bool
) -> None:
    order = sorted(tags, key=lambda name: random.random())  # type: ignore[attr-defined]
    parts = ["v=DMARC1", *(f" {name.upper()} = {tags[name]} " for name in order)]

    record = DmarcRecord.parse(";".join(parts) + (";" if closed else ""))

    assert record is not None
    assert record.tags == {"v": "DMARC1"} | {name: word.strip() for name, word in tags.items()}
    assert record.repeated == ()


@UNHURRIED
@given(st.sampled_from(["dmarc1", "DMARC2", "DMARC", "DMARC11", ""]), WORDS)
def test_another_version_is_no_record(version: str, policy: str) -> None:
    assert DmarcRecord.parse(f"v={version}; p={policy}") is None


@UNHURRIED
@given(st.text().filter(lambda text: text.strip() != "100" and ";" not in text))
def test_only_a_hundred_per_cent_is_all_mail(text: str) -> None:
    record = DmarcRecord.parse(f"v=DMARC1; p=reject; pct={text}")

    assert record is not None
    assert not record.is_for_all_mail


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("mailto:a@x", ["mailto:a@x"]),
        ("https://r.example, MAILTO:a@x!10m", ["MAILTO:a@x!10m"]),
        ("a@x", []),
        ("mailto:", []),
        ("", []),
    ],
)
def test_reports_go_to_mailto_addresses_only(value: str, addresses: list[str]) -> None:
    record = DmarcRecord.parse(f"v=DMARC1; p=reject; rua={value}")

    assert record is not None
    assert record.reports_to("rua") == addresses
    assert record.reports_to("ruf") == []
