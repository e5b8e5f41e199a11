"""What a letter says, as the house style has it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.plain import cut_at_word, cut_title, one_line, short_name, wrapped
from service.mail.wording import (
    asked,
    asked_for,
    greeting,
    long_date,
    preheader,
    quotable,
    short_date,
    subject,
    summary,
    until,
)

FRIDAY = date(2026, 8, 21)
TEN = [f"Paper{number}: About Something" for number in range(10)]


@pytest.mark.parametrize(
    ("hour", "said"),
    [
        (0, "evening"),
        (3, "evening"),
        (4, "morning"),
        (11, "morning"),
        (12, "afternoon"),
        (17, "afternoon"),
        (18, "evening"),
        (23, "evening"),
    ],
)
def test_the_greeting_follows_the_readers_clock(hour: int, said: str) -> None:
    assert greeting(hour, FRIDAY, "Ada") == f"Good {said}, Ada."


@pytest.mark.parametrize("name", [None, ""])
def test_a_reader_without_a_name_is_greeted_by_the_day(name: str | None) -> None:
    assert greeting(7, FRIDAY, name) == "Your papers for Friday"


@pytest.mark.parametrize(
    ("papers", "topics", "matched", "said"),
    [
        (8, 4, 10, "8 new papers for 4 topics; 2 more matched."),
        (1, 4, 1, "1 new paper for 4 topics."),
        (2, 1, 2, "2 new papers for 1 topic."),
        (10, 1, 11, "10 new papers for 1 topic; 1 more matched."),
        (10, 0, 238, "The 10 most trending papers of the day."),
        (1, 0, 1, "The most trending paper of the day."),
    ],
)
def test_the_summary_counts(papers: int, topics: int, matched: int, said: str) -> None:
    assert summary(papers, topics, matched) == said


@pytest.mark.parametrize(
    ("papers", "topics", "matched", "said"),
    [
        (25, 4, 27, "25 papers this week for 4 topics; 2 more matched."),
        (1, 1, 1, "1 paper this week for 1 topic."),
        (25, 0, 238, "The 25 most trending papers of the week."),
    ],
)
def test_a_weekly_summary_tells_of_the_week(
    papers: int, topics: int, matched: int, said: str
) -> None:
    assert summary(papers, topics, matched, weekly=True) == said


def test_dates_are_in_english_and_name_only_another_year() -> None:
    assert long_date(FRIDAY) == "Friday 21 August"
    assert short_date(date(2026, 8, 2), 2026) == "2 Aug"
    assert short_date(date(2025, 12, 30), 2026) == "30 Dec 2025"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("A Short Title", "A Short Title"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        # 59 characters end in the middle of "Nuance".
        (
            "LORE: A Benchmark for NARrative Evolution and Cultural Nuance in Very Long Video",
            "LORE: A Benchmark for NARrative Evolution and Cultural…",
        ),
        (
            "Lamp ζ: An Efficient Closed-Loop Embodied Harness for Self-Evolving Machines",
            "Lamp ζ: An Efficient Closed-Loop Embodied Harness…",
        ),
        (
            "Inject, Align, Recover: Staged Post-Training for Retrieval-Free Documents",
            "Inject, Align, Recover: Staged Post-Training…",
        ),
        (
            "Some Words That Go On and On until Nothing Is Left of a: Sentence Worth Reading",
            "Some Words That Go On and On until Nothing Is Left…",
        ),
        ("the of " * 20, "the…"),
        ("字" * 61, "字" * 59 + "…"),
    ],
)
def test_a_long_title_is_cut_where_it_reads_well(title: str, shown: str) -> None:
    assert cut_title(title) == shown


@given(st.text(), st.integers(min_value=2, max_value=200))
def test_a_cut_fits_and_is_the_beginning_of_its_text(text: str, limit: int) -> None:
    cut = cut_at_word(text, limit)
    assert len(cut) <= limit
    assert text.startswith(cut.removesuffix("…"))
    assert (cut == text) == (len(text) <= limit) or text.endswith("…")


@given(st.text())
def test_a_title_in_a_subject_has_at_most_60_characters(title: str) -> None:
    assert len(cut_title(title)) <= 60


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        (TEN[:8], "Paper0: About Something + 7 more"),
        (TEN[:2], "Paper0: About Something + 1 more"),
        (TEN[:1], "Paper0: About Something"),
    ],
)
def test_the_subject_leads_with_the_first_paper(titles: list[str], said: str) -> None:
    assert subject(titles[0], len(titles)) == said
    assert subject(titles[0], len(titles), prefix="Trending: ") == f"Trending: {said}"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("FACET: Preserving Source Intent", "FACET"),
        ("Four words at most", "Four words at most"),
        (
            "Chain-of-Experience for Continual LLM, Reasoning",
            "Chain-of-Experience for Continual LLM…",
        ),
        ("A name too long to stand alone in a line: Indeed", "A name too long…"),
        ("At 3:1 the odds are good enough", "At 3:1 the odds…"),
        (": an empty name", ": an empty name"),
        ("X" * 80, "X" * 49 + "…"),
    ],
)
def test_a_paper_has_a_short_name(title: str, name: str) -> None:
    assert short_name(title) == name


@pytest.mark.parametrize(
    ("count", "topics", "said"),
    [
        (
            8,
            ["agents", "coding agents", "memory", "world models", "a fifth"],
            "Also N1, N2, N3 and 4 more, for agents, coding agents, memory and world models",
        ),
        (10, [], "Also N1, N2, N3 and 6 more"),
        (4, ["memory"], "Also N1, N2 and N3, for memory"),
        (3, ["memory"], "Also N1 and N2, for memory"),
        (2, ["a", "b"], "Also N1, for a and b"),
        # Topics that do not fit are left out before papers are.
        (
            10,
            ["t" * 30, "u" * 30, "v" * 30],
            f"Also N1, N2, N3 and 6 more, for {'t' * 30} and {'u' * 30}",
        ),
        (1, ["memory"], "The lead."),
    ],
)
def test_the_preheader_tells_what_the_subject_does_not(
    count: int, topics: list[str], said: str
) -> None:
    assert preheader([f"N{n}" for n in range(min(count, 4))], count, topics, "The lead.") == said


def test_a_preheader_of_one_card_is_cut_at_a_word() -> None:
    sentence = (
        "To address this gap, we introduce LORE, a benchmark designed to evaluate Narrative "
        "evolution and Reasoning on cultural Understanding in long video."
    )
    assert preheader(["LORE"], 1, [], sentence) == (
        "To address this gap, we introduce LORE, a benchmark designed to evaluate Narrative "
        "evolution and Reasoning on…"
    )


@given(st.lists(st.text(), min_size=1), st.lists(st.text()), st.text())
def test_a_preheader_has_at_most_110_characters(
    names: list[str], topics: list[str], sentence: str
) -> None:
    assert len(preheader(names[:4], len(names), topics, sentence)) <= 110


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["agents"], "about agents"),
        (["agents", "memory"], "about agents and memory"),
        (["a", "b", "c", "d", "e"], "about a, b, c and 2 more"),
        (["agents", "see evil.example", "x http://y", "me@there"], "about agents and 3 more"),
        (["see evil.example"], "about 1 topic"),
        (["gpt-4.1 AND v2.0"], "about gpt-4.1 AND v2.0"),
        ([], "with the day’s most trending papers"),
    ],
)
def test_a_confirm_letter_names_topics_but_nothing_like_a_link(
    labels: list[str], said: str
) -> None:
    assert asked_for(*quotable(labels)) == said


def test_the_footer_says_why_the_letter_came() -> None:
    said = asked("daily at 07:00, Berlin time", date(2026, 5, 3), FRIDAY, date(2026, 8, 24))
    assert said == (
        "You asked for this letter on 3 May 2026: daily at 07:00, Berlin time. "
        "The next one comes on Monday."
    )
    assert asked("", None, FRIDAY, None) == "You asked for this letter."
    weekly = asked("on Fridays at 07:00, UTC", None, FRIDAY, date(2026, 8, 28))
    assert weekly.endswith("The next one comes on Friday 28 August.")
    assert until(date(2026, 9, 20)) == "Until 20 September this"
    assert until(None) == "This"


@given(st.text())
def test_a_line_of_text_can_be_printed_anywhere(text: str) -> None:
    line = one_line(text)
    assert line == " ".join(line.split())
    assert not any(ord(character) < 32 for character in line)
    line.encode()


def test_a_line_keeps_its_letters_and_loses_what_turns_them_round() -> None:
    assert one_line(" a\r\n b\u2028c\x00d\u202e\u2067e\ud800f 👩\u200d🔬 ") == "a b cdef 👩\u200d🔬"


@given(st.text(), st.integers(0, 10), st.integers(10, 30))
def test_wrapped_text_keeps_its_words_and_its_lines_fit_72_columns(
    text: str, indent: int, column: int
) -> None:
    line = one_line(text)
    lines = wrapped(line, indent, column).split("\n")
    assert " ".join(part.strip(" ") for part in lines).strip() == line
    for number, part in enumerate(lines):
        before = indent if number else column
        assert len(part) + (0 if number else before) <= 72 or " " not in part.strip()
        assert number == 0 or part.startswith(" " * indent)


def test_an_address_is_never_broken() -> None:
    address = "https://papers.example.org/" + "x" * 90
    assert (
        wrapped(f"Here it is: {address} and more", 3) == f"Here it is:\n   {address}\n   and more"
    )
