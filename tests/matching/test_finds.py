"""The choice of many readers at once, held against choosing for each of them by hand."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.domain.digests import ALSO_LISTED, TRENDING_LISTED
from service.domain.selection import Selection, Unlisted, unpack
from service.matching.finds import NAMELESS, Choice, Finds, Wants
from service.matching.strengths import FOLLOWED, MUTED, TOP_TIER
from service.packing import PartIds, pack_many

FRAME, CATALOGUE = 300, 20_000
ABOUT, MENTIONED = TOP_TIER, TOP_TIER + 3
EVERYTHING = 0


@dataclass(frozen=True)
class Reader:
    """What one reader wants; `finders` are numbers of runs, 0 that of all papers."""

    finders: tuple[int, ...] = (EVERYTHING,)
    served_to: int = 0
    max_papers: int = 10
    min_upvotes: int = 0

    @property
    def topical(self) -> bool:
        return EVERYTHING not in self.finders


@dataclass(frozen=True)
class Papers:
    """Papers by place, and what was found of them: runs of (strength, place) from number 1 on."""

    seqs: list[int]
    upvotes: list[int | None]
    noticed: list[int]
    runs: list[list[tuple[int, int]]]

    def all_runs(self) -> list[list[tuple[int, int]]]:
        return [[(TOP_TIER, place) for place in range(len(self.seqs))], *self.runs]


def choose(papers: Papers, readers: list[Reader]) -> tuple[Choice, Wants]:
    finds = Finds(papers.seqs, papers.upvotes, papers.noticed)
    # In two steps, as topics are learned page by page.
    finds.add(papers.all_runs()[:2])
    finds.add(papers.all_runs()[2:])
    flat = [finder for reader in readers for finder in reader.finders]
    wants = Wants(
        reader=np.repeat(np.arange(len(readers)), [len(r.finders) for r in readers]),
        finder=np.array(flat, dtype=np.int64),
        name=np.array([finder if finder != EVERYTHING else NAMELESS for finder in flat], np.int64),
        served_to=np.array([r.served_to for r in readers], dtype=np.int64),
        max_papers=np.array([r.max_papers for r in readers], dtype=np.int64),
        min_upvotes=np.array([r.min_upvotes for r in readers], dtype=np.int64),
        topical=np.array([r.topical for r in readers], dtype=np.bool_),
    )
    return finds.choose(wants), wants


def selections(papers: Papers, readers: list[Reader]) -> list[Selection | None]:
    """The selections of readers; parts have the ids that `expected` gives them."""
    choice, wants = choose(papers, readers)
    parts = PartIds(
        FRAME,
        CATALOGUE,
        by_place=np.array([card(place) for place in range(len(papers.seqs))], dtype=np.int64),
        by_want=np.array([name(finder) for finder in wants.finder], dtype=np.int64),
    )
    topics = np.array([len(r.finders) for r in readers], dtype=np.int64)
    packed = pack_many(choice, parts, topics=topics, reader_of=wants.reader)
    pairs = zip(packed, choice.matched.tolist(), strict=True)
    return [unpack(selection) if matched else None for selection, matched in pairs]


def card(place: int) -> int:
    return FRAME + (place - 3) * 70


def name(finder: int) -> int:
    return 1 + finder * 9


def expected(papers: Papers, reader: Reader) -> tuple[Selection | None, int, int]:
    """The selection of one reader, and how many papers are muted and below the minimum."""
    runs = papers.all_runs()
    found: dict[int, list[tuple[int, int]]] = {}
    for nth, finder in enumerate(reader.finders):
        for strength, place in runs[finder]:
            if papers.seqs[place] > reader.served_to:
                found.setdefault(place, []).append((strength, nth))

    def low(place: int) -> bool:
        upvotes = papers.upvotes[place]
        return upvotes is not None and upvotes < reader.min_upvotes

    shown, muted, below = {}, 0, 0
    for place, finds in found.items():
        strengths = {strength for strength, _ in finds}
        if MUTED in strengths:
            muted += len(strengths) > 1
        elif low(place) and FOLLOWED not in strengths:
            below += 1
        else:
            shown[place] = sorted(finds)
    order = sorted(shown, key=lambda place: (shown[place][0][0], place))
    also_until = reader.max_papers + (ALSO_LISTED if reader.topical else 0)
    entries = [
        (
            card(place),
            tuple(name(reader.finders[nth]) for _, nth in shown[place] if reader.topical),
        )
        for place in order
    ]
    trending = [
        card(place)
        for place in papers.noticed
        if reader.topical
        and place not in found
        and papers.seqs[place] > reader.served_to
        and not low(place)
    ]
    rest = sum(1 << place for place in order[also_until:])
    selection = Selection(
        frame=FRAME,
        cards=tuple(entries[: reader.max_papers]),
        also=tuple(entries[reader.max_papers : also_until]),
        trending=tuple(trending[:TRENDING_LISTED]),
        topics=len(reader.finders),
        matched=len(order),
        unlisted=Unlisted(CATALOGUE, rest) if rest and reader.topical else None,
    )
    return selection if order else None, muted, below


@st.composite
def days(draw: st.DrawFn) -> tuple[Papers, list[Reader]]:
    count = draw(st.integers(0, 45))
    place = st.integers(0, max(count - 1, 0))
    topic = st.dictionaries(place, st.integers(TOP_TIER, TOP_TIER + 5)).map(
        lambda found: sorted((strength, at) for at, strength in found.items())
    )
    alike = st.sampled_from([MUTED, FOLLOWED]).flatmap(
        lambda strength: st.sets(place).map(lambda found: [(strength, at) for at in sorted(found)])
    )
    runs = draw(st.lists(topic | alike if count else st.just([]), min_size=1, max_size=6))
    upvotes = st.none() | st.sampled_from([0, 4, 5, 21, 60])
    papers = Papers(
        draw(st.permutations(range(1, count + 1))),
        draw(st.lists(upvotes, min_size=count, max_size=count)),
        sorted(draw(st.sets(place))) if count else [],
        runs,
    )
    finders = st.lists(st.integers(1, len(runs)), min_size=1, max_size=5, unique=True)
    readers = st.builds(
        Reader,
        finders=finders.map(tuple) | st.just((EVERYTHING,)),
        served_to=st.integers(0, count),
        max_papers=st.integers(1, 12),
        min_upvotes=st.sampled_from([0, 0, 5, 20]),
    )
    return papers, draw(st.lists(readers, min_size=1, max_size=6))


@given(days())
def test_a_page_of_readers_gets_what_each_would_get_alone(day: tuple[Papers, list[Reader]]) -> None:
    papers, readers = day
    wanted = [expected(papers, reader) for reader in readers]
    assert selections(papers, readers) == [selection for selection, _, _ in wanted]
    choice, _ = choose(papers, readers)
    assert choice.muted.tolist() == [muted for _, muted, _ in wanted]
    assert choice.below.tolist() == [below for _, _, below in wanted]


def day_of(*runs: list[tuple[int, int]], papers: int = 8) -> Papers:
    return Papers(list(range(1, papers + 1)), [30] * papers, [], list(runs))


def cards_of(papers: Papers, reader: Reader) -> list[int]:
    choice, _ = choose(papers, [reader])
    return choice.place.tolist()


def test_a_paper_about_the_topic_comes_before_a_more_trending_one_that_mentions_it() -> None:
    day = day_of([(ABOUT, 2), (ABOUT, 5), (MENTIONED, 0)])
    assert cards_of(day, Reader((1,))) == [2, 5, 0]


def test_a_paper_stands_once_where_its_strongest_topic_puts_it() -> None:
    day = day_of([(MENTIONED, 1), (MENTIONED, 3)], [(ABOUT, 3)])
    assert cards_of(day, Reader((1, 2))) == [3, 1]


def test_a_followed_author_comes_first_and_a_mute_holds_for_all() -> None:
    day = day_of([(ABOUT, 0), (ABOUT, 1)], [(FOLLOWED, 5), (FOLLOWED, 6)], [(MUTED, 0), (MUTED, 6)])
    assert cards_of(day, Reader((2, 1, 3))) == [5, 1]
    choice, _ = choose(day, [Reader((2, 1, 3))])
    assert (choice.matched.tolist(), choice.muted.tolist()) == ([2], [2])


def test_what_is_muted_lets_those_behind_any_cut_come_up() -> None:
    best = [(ABOUT, place) for place in range(200)]
    worst = [(MENTIONED, place) for place in range(200, 203)]
    day = day_of([*best, *worst], [(MUTED, place) for place in range(200)], papers=203)
    assert cards_of(day, Reader((1, 2))) == [200, 201, 202]


def test_three_papers_trend_and_none_of_them_was_found_or_is_unwanted() -> None:
    day = Papers(list(range(1, 9)), [30] * 8, [0, 1, 3, 4, 5, 6], [[(ABOUT, 1)], [(MUTED, 0)]])
    (selection,) = selections(day, [Reader((1, 2))])
    assert selection is not None
    assert selection.trending == (card(3), card(4), card(5))
