"""`paperround subscribers change`: what a reader wants, set by an admin, and errors that help."""

from pathlib import Path
from typing import Any

import pytest
from peers.command import Paperround, Ran
from peers.digest_file import put
from peers.dump import dump

from service.store.engine import Database

ADA = "ada@example.org"


def add(paperround: Paperround, *more: object) -> Ran:
    ran = paperround("subscribers", "add", ADA, "--status", "active", *more)
    assert ran.code == 0, ran.err
    return ran


def change(paperround: Paperround, *more: object) -> Any:
    ran = paperround("subscribers", "change", ADA, *more, "--json")
    assert (ran.code, ran.err) == (0, ""), ran
    shown = paperround("subscribers", "show", ADA, "--json").json
    assert ran.json.items() <= shown.items(), "what is printed is what is kept"
    return shown


def wants(shown: Any) -> tuple[Any, ...]:
    return tuple(shown[name] for name in ("topics", "topics_off", "mutes", "follows"))


def test_add_keeps_filters_and_labels_and_show_tells_them(on_both: Paperround) -> None:
    add(
        on_both, "--topic", "Brains = neural OR neuron", "--topic", "maps", "--mute", "A Survey",
        "--mute", "games OR chess", "--follow", "Łukasz Kaiser", "--min-upvotes", 20,
    )  # fmt: skip
    shown = on_both("subscribers", "show", ADA, "--json").json
    assert wants(shown) == (
        ["Brains", "maps"], [], ["A Survey", "games OR chess"], ["Łukasz Kaiser"],
    )  # fmt: skip
    assert (shown["queries"], shown["min_upvotes"]) == (["neural OR neuron", "maps"], 20)
    assert on_both("subscribers", "show", ADA).out.splitlines()[3:8] == [
        "Topics:   Brains = neural OR neuron",
        "          maps",
        "Muted:    A Survey | games OR chess",
        "Follows:  Łukasz Kaiser",
        "Upvotes:  at least 20",
    ]


def test_only_what_is_named_is_changed(on_both: Paperround) -> None:
    add(on_both, "--topic", "maps", "--mute", "games", "--timezone", "Europe/Berlin")
    shown = change(on_both, "--follow", "Ada Byron", "--min-upvotes", 5, "--name", "Ada")
    assert wants(shown) == (["maps"], [], ["games"], ["Ada Byron"])
    assert (shown["min_upvotes"], shown["name"], shown["timezone"]) == (5, "Ada", "Europe/Berlin")
    shown = change(on_both, "--send-at", "6:30", "--max-papers", 20, "--min-upvotes", 0)
    assert (shown["send_at"], shown["max_papers"], shown["min_upvotes"]) == ("06:30", 20, 0)
    assert wants(shown) == (["maps"], [], ["games"], ["Ada Byron"])


def test_a_topic_can_be_added_and_switched_off_at_once(on_both: Paperround) -> None:
    add(on_both, "--topic", "maps")
    shown = change(on_both, "--topic", "Brains = neural OR neuron", "--topic-off", "Brains")
    assert wants(shown)[:2] == (["maps"], ["Brains"])


def test_a_letter_on_other_days_is_asked_for_by_name(on_both: Paperround) -> None:
    add(on_both, "--cadence", "sundays")
    shown = on_both("subscribers", "show", ADA, "--json").json
    assert (shown["cadence"], shown["max_papers"]) == ("sundays", 25)
    assert "on Sundays at 07:00, UTC, at most 25 papers" in on_both("subscribers", "show", ADA).out
    assert change(on_both, "--cadence", "weekdays")["cadence"] == "weekdays"
    assert change(on_both, "--send-at", "6:30")["cadence"] == "weekdays"
    wrong = on_both("subscribers", "change", ADA, "--cadence", "hourly")
    assert wrong.code == 2
    assert "hourly" in wrong.err


def test_filters_go_by_what_they_mean(on_both: Paperround) -> None:
    add(on_both, "--mute", "A Survey", "--mute", "tea", "--follow", "Erwin Schrödinger")
    shown = change(on_both, "--unmute", "a survey", "--unfollow", "erwin schrodinger")
    assert wants(shown) == ([], [], ["tea"], [])


def test_topics_are_added_labelled_switched_and_removed(on_both: Paperround) -> None:
    add(on_both, "--topic", "maps", "--topic", "robots", "--topic", "tea")
    assert wants(change(on_both, "--topic", "Atlas = Maps"))[0] == ["Atlas", "robots", "tea"]
    assert wants(change(on_both, "--topic-off", "atlas", "--topic-off", "tea"))[:2] == (
        ["robots"], ["Atlas", "tea"],
    )  # fmt: skip
    assert "Atlas = Maps (off)" in on_both("subscribers", "show", ADA).out
    assert wants(change(on_both, "--topic-on", "maps", "--no-topic", "robots"))[:2] == (
        ["Atlas"], ["tea"],
    )  # fmt: skip
    assert wants(change(on_both, "--topic", "rivers", "--topic", "maps", "--topic", "tea"))[0] == [
        "maps", "tea", "rivers",
    ]  # fmt: skip


def test_a_letter_names_a_topic_by_its_label_and_brings_nothing_of_one_that_is_off(
    on_both: Paperround, digests: Path
) -> None:
    add(on_both, "--topic", "Atlas = maps", "--topic", "robots")
    change(on_both, "--topic-off", "robots")
    put(digests, "2026-08-21.json", "Maps of Rivers", "Robots that Read")
    on_both("ingest")
    text = on_both("preview", ADA, "--text").out
    assert "   Because: Atlas" in text.splitlines()
    assert "Robots" not in text
    ran = on_both("subscribers", "change", ADA, "--topic-off", "Atlas")
    assert ran.out.endswith("No topic is on: the letter brings what is trending.\n")
    assert "Because: trending today" in on_both("preview", ADA, "--text").out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--min-upvotes", "7"), "7 is no minimum of upvotes: choose 0, 5, 20, 50 or 100"),
        (("--follow", "!"), "there is no letter in the author '!'"),
        (("--topic", "l" * 41 + " = maps"), "41 characters, 40 are allowed"),
        (("--timezone", "Mars"), "'Mars' is not a time zone"),
        (("--send-at", "7"), "'7' is not an hour"),
        (
            tuple(f"--mute=topic {n}" for n in range(51)),
            " mutes are more than one reader may have (50)",
        ),
        (tuple(f"--follow=Ada {n}" for n in range(101)), "101 followed authors are more than"),
        (tuple(f"--topic=topic {n}" for n in range(201)), "201 topics are more than"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line_and_changes_nothing(
    paperround: Paperround, database: Database, options: tuple[str, ...], words: str
) -> None:
    add(paperround, "--topic", "maps", "--mute", "games")
    before = dump(database)
    for command in (("change", ADA), ("add", "bob@example.org")):
        ran = paperround("subscribers", *command, "--mute", "tea", *options)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err
        assert len(ran.err.splitlines()) == 1
    assert dump(database) == before


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--unmute", "'rivers' is not among what is muted: games"),
        ("--unfollow", "'rivers' is not among those followed: nothing"),
        ("--no-topic", "'rivers' is not among the topics: Atlas, tea"),
        ("--topic-off", "'rivers' is not among the topics: Atlas, tea"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(
    paperround: Paperround, option: str, words: str
) -> None:
    add(paperround, "--topic", "Atlas = maps", "--topic", "tea", "--mute", "games")
    ran = paperround("subscribers", "change", ADA, option, "rivers")
    assert (ran.code, ran.err) == (2, f"{words}\n")


def test_a_mute_that_cannot_be_read_is_shown_with_a_caret_under_the_place(
    paperround: Paperround,
) -> None:
    add(paperround)
    ran = paperround("subscribers", "change", ADA, "--mute", "games AND (tea")
    assert (ran.code, ran.out) == (2, "")
    _, shown, caret, message, _ = ran.err.splitlines()
    assert caret.index("^") == shown.index("(")
    assert message == "this parenthesis is never closed (column 11)"


def test_a_two_hundred_and_first_topic_is_refused(paperround: Paperround) -> None:
    add(paperround, *(f"--topic=topic {n}" for n in range(200)))
    ran = paperround("subscribers", "change", ADA, "--topic", "one more")
    assert (ran.code, ran.err) == (2, "201 topics are more than one reader may have (200)\n")


def test_only_who_gets_letters_is_changed(on_both: Paperround, database: Database) -> None:
    ran = on_both("subscribers", "change", ADA, "--mute", "games")
    assert (ran.code, ran.err) == (1, f"{ADA} is not a subscriber.\n")
    on_both("subscribers", "add", ADA)
    before = dump(database)
    ran = on_both("subscribers", "change", ADA, "--mute", "games")
    assert (ran.code, ran.out) == (1, "")
    assert "has not confirmed yet" in ran.err
    assert dump(database) == before


def test_import_takes_filters_and_labels_and_names_the_rows_that_cannot_be_read(
    on_both: Paperround,
) -> None:
    Path("all.csv").write_text(
        "email,topics,mutes,follows,min_upvotes,status\n"
        "ada@example.org,Atlas = maps|tea,games|a survey,Yann LeCun|Ada Byron,20,active\n"
        "bob@example.org,,,,,active\n"
        "carol@example.org,,,,many,\n"
        "dave@example.org,,,,7,\n"
        "erin@example.org,,(games,,,\n"
    )
    ran = on_both("subscribers", "import", "all.csv", "--json")
    assert (ran.code, ran.json["active"]) == (1, 2)
    assert [(row["line"], row["reason"]) for row in ran.json["refused"]] == [
        (4, "min_upvotes 'many' is not a number"),
        (5, "7 is no minimum of upvotes: choose 0, 5, 20, 50 or 100"),
        (6, "topic '(games': this parenthesis is never closed (column 1)"),
    ]
    ada, bob = on_both("subscribers", "list", "--json").json["subscribers"]
    assert wants(ada) == (["Atlas", "tea"], [], ["games", "a survey"], ["Yann LeCun", "Ada Byron"])
    assert (ada["min_upvotes"], bob["min_upvotes"], wants(bob)) == (20, 0, ([], [], [], []))
