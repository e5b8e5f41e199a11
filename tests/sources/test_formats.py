"""Whatever the bytes are, they give a whole edition or one clear reason."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.papers import Edition, UnreadableFile
from service.sources.formats import parse

PAPER: dict[str, object] = {
    "id": "2403.00001",
    "title": "Tides\nof Ämber",
    "summary": "The tide <b>returns</b>.",
    "authors": [{"name": "Ada Lind"}, {"name": "Bo Ek"}],
    "publishedAt": "2024-03-01T09:30:00.000Z",
    "upvotes": 3,
    "githubRepo": "https://github.com/ada/tides",
    "ai_keywords": ["tides"],
    "organization": {"name": "sea"},
}
ITEM = {"paper": PAPER, "numComments": 1}
PAGE = "Get trending papers in your email inbox!\nSubscribeTides\nThe tide returns.\nDunes\nSand."
VALID = [
    json.dumps([ITEM, ITEM], indent=1).encode(),
    json.dumps({"date": "2024-03-01", "data": [repr(ITEM), ITEM]}).encode(),
    PAGE.encode(),
]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \r\n\t", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a binary file, not text: NUL at byte 9"),
        ("[]".encode("utf-16"), "a binary file, not text: NUL at byte 4"),
        (b'[{"paper": "\xff"}]', r"not UTF-8 at byte 13 \(0xff\)"),
        (PAGE.encode()[:-1] + b"\xc3", r"not UTF-8 at byte \d+ \(0xc3\)"),
        (b"Dear reader,\nhello.\n", "no digest format that is known"),
        (b"<html><body>Not found</body></html>", "no digest format that is known"),
    ],
)
def test_a_file_of_no_use_is_unreadable_for_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse(data, "2024-03-01.json")


def test_a_format_is_known_by_content_whatever_the_name() -> None:
    assert [parse(data, "file.bin").format for data in VALID] == ["hf-daily", "hf-daily", "pages"]


def test_a_byte_order_mark_is_harmless() -> None:
    assert len(parse(b"\xef\xbb\xbf" + VALID[0], "day.json").papers) == 2


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2024-03-01.json", date(2024, 3, 1)),
        ("papers_2024-03-01_v2.txt", date(2024, 3, 1)),
        ("2024-13-01 or 2024-03-02.json", date(2024, 3, 2)),
        ("12024-03-011.json", None),
        ("2024-02-30.json", None),
        ("٢٠٢٤-٠٣-٠١.json", None),
        ("day.json", None),
    ],
)
def test_the_name_dates_a_file_that_does_not_date_itself(name: str, day: date | None) -> None:
    assert parse(VALID[0], name).date == day


def test_the_date_in_the_file_comes_before_the_one_in_its_name() -> None:
    assert parse(VALID[1], "2020-01-01.json").date == date(2024, 3, 1)


def outcome(data: bytes) -> Edition | UnreadableFile:
    try:
        return parse(data, "day.json")
    except UnreadableFile as unreadable:
        return unreadable


def assert_usable(result: Edition | UnreadableFile) -> None:
    if isinstance(result, UnreadableFile):
        assert result.reason == str(result) != ""
        return
    for paper in result.papers:
        assert paper.title
        for link in (paper.page, paper.pdf, paper.code, paper.project):
            assert link is None or link.startswith("https://")
        "".join([paper.title, paper.abstract, *paper.authors, *paper.keywords]).encode("utf-8")
    for rejected in result.rejected:
        assert rejected.position
        rejected.reason.encode("utf-8")


@settings(max_examples=settings().max_examples * 3)
@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_give_an_edition_or_a_reason(data: bytes) -> None:
    assert_usable(outcome(data))


@settings(max_examples=settings().max_examples * 3)
@given(
    st.sampled_from(VALID),
    st.lists(
        st.tuples(st.integers(0, 2_000), st.integers(0, 30), st.binary(max_size=8)), max_size=4
    ),
)
def test_a_damaged_file_gives_an_edition_or_a_reason(
    data: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    for at, length, instead in damages:
        at %= len(data) + 1
        data = data[:at] + instead + data[at + length :]
    assert_usable(outcome(data))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=settings().max_examples * 3)
@given(st.dictionaries(st.sampled_from(sorted(PAPER)), JSON_VALUES), JSON_VALUES)
def test_facts_of_any_type_reject_at_most_their_own_record(
    facts: dict[str, object], comments: object
) -> None:
    strange = {"paper": {**PAPER, **facts}, "numComments": comments}
    result = outcome(json.dumps([ITEM, strange, ITEM]).encode())
    assert isinstance(result, Edition)
    assert_usable(result)
    records = [rejected for rejected in result.rejected if rejected.kind == "record"]
    assert len(result.papers) + len(records) == 3
    assert {rejected.position for rejected in records} <= {"item 2"}


def test_of_many_rejects_the_first_are_listed_and_the_rest_counted() -> None:
    papers = [{"title": f"Tides {n}", "code": "http://a.example"} for n in range(3_000)]
    edition = parse("\n".join(map(json.dumps, papers)).encode(), "day")
    assert len(edition.papers) == 3_000
    assert (len(edition.rejected), edition.unlisted) == (1_000, 2_000)
    assert edition.rejected[-1].position == "line 1000, code"


def test_a_file_of_hardly_anything_but_rejects_is_unreadable() -> None:
    with pytest.raises(UnreadableFile, match=r"more than 100,000 of its records .*only 1 can"):
        parse(b'{"title": "Tides"}\n' + b"1\n" * 100_001, "day")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"title": "Tides " * 500}, "title of more than 2,000 characters"),
        ({"summary": "Tides " * 20_000}, "abstract of more than 100,000 characters"),
        ({"authors": [{"name": f"Ada {n}"} for n in range(20_001)]}, "more than 20,000 authors"),
        (
            {"ai_keywords": ["tides" * 300]},
            "keywords: one of more than 1,000 characters",
        ),
        ({"summary": "x" * 200_001}, "summary of more than 200,000 characters"),
        ({"upvotes": "huge"}, "holds a number of thousands of digits"),
        ({"summary": "x" * 1_000_001}, "longer than 1,000,000 characters"),
    ],
)
def test_a_record_too_large_to_be_a_paper_is_rejected_and_the_others_stay(
    facts: dict[str, object], reason: str
) -> None:
    strange = json.dumps({"paper": PAPER | facts}).replace('"huge"', "9" * 5_000)
    edition = parse(f"[{json.dumps(ITEM)}, {strange}, {json.dumps(ITEM)}]".encode(), "day")
    assert len(edition.papers) == 2
    assert [rejected.reason for rejected in edition.rejected] == [reason]


def test_a_text_too_long_for_a_paper_is_rejected_in_feeds_and_pages_too() -> None:
    text = "x" * 200_001
    feed = f"<rss><channel><item><title>Tides</title><description>{text}</description></item>"
    feed += "<item><title>Ebb</title></item></channel></rss>"
    read = parse(feed.encode(), "day")
    assert [paper.title for paper in read.papers] == ["Ebb"]
    assert [r.reason for r in read.rejected] == ["abstract of more than 200,000 characters"]
    page = parse(f"{PAGE}\nEbb\n{text}\nNeap\nShort.".encode(), "day")
    assert [paper.title for paper in page.papers] == ["Tides", "Dunes", "Neap"]
    assert [r.reason for r in page.rejected] == ["more than 200,000 characters"]
