"""Several records of one paper come to the same, in whatever order they come."""

import hashlib
from datetime import UTC, date, datetime
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from service.domain.merging import Account, account, age, merge
from service.domain.papers import Original, Paper

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)

WORDS = st.sampled_from(["tide", "ebb", "dune"])
LISTS = st.sampled_from([(), ("Ada",), ("Ada", "Bo")])
PAPERS = st.builds(
    Paper,
    title=WORDS,
    abstract=st.sampled_from(["", "light", "sand"]),
    authors=LISTS,
    doi=st.none() | st.just("10.1/x"),
    published=st.none() | st.just(date(2024, 1, 1)),
    page=st.none() | st.sampled_from(["https://a.example/", "https://b.example/"]),
    upvotes=st.none() | st.integers(0, 3),
    keywords=LISTS,
    version=st.none() | st.integers(1, 2),
    original=st.none() | st.builds(Original, title=st.none() | WORDS, abstract=st.none() | WORDS),
)


def hash_of(paper: Paper) -> str:
    """Return the hash of a file with this paper alone: no two records have one rank."""
    return hashlib.sha256(repr(paper).encode()).hexdigest()


ACCOUNTS = st.builds(
    lambda paper, day, hour: account(
        paper,
        age(day, NOON.replace(hour=hour), hashlib.sha256(repr(paper).encode()).hexdigest()),
        1,
    ),
    PAPERS,
    st.none() | st.sampled_from([date(2024, 3, 1), date(2024, 3, 2)]),
    st.integers(10, 11),
)


def told(title: str, *, day: int = 1, hour: int = 12, place: int = 1, **facts: object) -> Account:
    paper = Paper(title=title, **facts)  # type: ignore[arg-type]
    written = NOON.replace(hour=hour)
    return account(paper, age(date(2024, 3, day), written, "a"), place)


@given(ACCOUNTS, ACCOUNTS)
def test_the_order_of_two_records_does_not_matter(one: Account, other: Account) -> None:
    assert merge(one, other) == merge(other, one)


@given(ACCOUNTS, ACCOUNTS, ACCOUNTS)
def test_the_order_of_three_records_does_not_matter(
    one: Account, other: Account, third: Account
) -> None:
    results = [merge(merge(a, b), c) for a, b, c in permutations([one, other, third])]
    assert all(result == results[0] for result in results)
    assert merge(one, merge(other, third)) == results[0]


@given(ACCOUNTS, ACCOUNTS)
def test_merging_again_changes_nothing(one: Account, other: Account) -> None:
    merged = merge(one, other)
    assert merge(merged, one) == merged
    assert merge(merged, merged) == merged


def test_a_later_version_comes_before_a_later_edition() -> None:
    merged = merge(told("New", day=1, version=2), told("Old", day=9, version=1))
    assert merged.paper.title == "New"


def test_a_later_edition_corrects_an_earlier_one() -> None:
    assert merge(told("New", day=2), told("Old", day=1, hour=23)).paper.title == "New"


def test_a_file_written_later_corrects_one_of_the_same_day() -> None:
    assert merge(told("Old", hour=8), told("New", hour=9)).paper.title == "New"


def test_a_later_record_of_a_file_corrects_an_earlier_one() -> None:
    assert merge(told("New", place=2), told("Old", place=1)).paper.title == "New"


def test_an_edition_without_a_date_stands_behind_those_with_one() -> None:
    undated = account(Paper(title="Undated"), age(None, NOON.replace(year=2030), "a"), 1)
    assert merge(undated, told("Dated")).paper.title == "Dated"


def test_what_a_later_record_leaves_out_stays() -> None:
    merged = merge(told("One", authors=("Ada",), abstract="Light."), told("Two", day=2))
    assert merged.paper == Paper(title="Two", authors=("Ada",), abstract="Light.")


def test_counts_are_the_highest_told() -> None:
    merged = merge(told("A", upvotes=9, stars=0), told("A", day=2, upvotes=4))
    assert (merged.paper.upvotes, merged.paper.stars, merged.paper.comments) == (9, 0, None)


def test_the_original_is_that_of_the_text_that_stands() -> None:
    merged = merge(
        told("a²", original=Original(title="$a^2$")),
        told("b", day=2, original=Original(abstract="ignored")),
    )
    assert merged.paper.original is None
