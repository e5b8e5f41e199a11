"""What readers mute, whom they follow and how noticed they want papers, through whole plans."""

from dataclasses import replace
from datetime import timedelta

from peers import newsroom
from peers.newsroom import FRIDAY_NOON, digests, publish, subscribe

from service import pipeline
from service.domain.digests import SkipReason
from service.domain.filters import Filters, filters_of
from service.domain.papers import Paper
from service.domain.readers import Consent, Subscriber
from service.installation import Installation
from service.mail.address import parse_address
from service.planning import Plan
from service.readers.preferences import change
from service.store import wanted

DAY = timedelta(days=1)
LECUN = ("Yann LeCun", "Ada Lovelace")


def plan(installation: Installation, at: timedelta = timedelta(0)) -> Plan:
    made = pipeline.plan(installation, FRIDAY_NOON + at)
    assert made.due == made.planned + sum(made.skipped.values())
    return made


def test_what_is_muted_never_comes_however_it_trends_and_whoever_wrote_it(
    installation: Installation,
) -> None:
    publish(
        installation,
        FRIDAY_NOON,
        Paper(title="Robots", upvotes=3),
        Paper(title="Robots play", abstract="Games.", upvotes=900),
        Paper(title="Chess", abstract="A game for robots.", authors=LECUN, upvotes=50),
    )
    filters = Filters(mutes=("games",), follows=("Yann LeCun",))
    ada = subscribe(installation, "ada@example.org", "robots", filters=filters)
    bob = subscribe(installation, "bob@example.org", filters=filters)
    grace = subscribe(installation, "grace@example.org", "robots")
    assert plan(installation).planned == 3
    for reader in (ada, bob):
        (digest,) = digests(installation, reader)
        assert (digest.titles, digest.matched) == (("Robots",), 1)
    assert digests(installation, grace)[0].matched == 3


def test_a_followed_author_stands_first_whatever_the_topics_and_upvotes(
    installation: Installation,
) -> None:
    publish(
        installation,
        FRIDAY_NOON,
        Paper(title="Robots robots robots", upvotes=900),
        Paper(title="Tea", authors=LECUN, upvotes=2),
        Paper(title="Robots that read", authors=("Yann Le Cun",), upvotes=5),
        Paper(title="Robots at sea", authors=("YANN LECUN",), upvotes=10),
    )
    filters = Filters(follows=("Ada Lovelace", "Yann Lecun"), min_upvotes=20)
    ada = subscribe(installation, "ada@example.org", "robots", filters=filters, max_papers=3)
    plan(installation)
    (digest,) = digests(installation, ada)
    assert digest.titles == ("Robots at sea", "Tea", "Robots robots robots")
    assert digest.reasons == (
        ("you follow Yann Lecun", "robots"),
        ("you follow Ada Lovelace", "you follow Yann Lecun"),
        ("robots",),
    )
    assert digest.matched == 3


def test_a_reader_without_topics_gets_whom_they_follow_before_what_trends(
    installation: Installation,
) -> None:
    publish(
        installation,
        FRIDAY_NOON,
        Paper(title="Trending", upvotes=900),
        Paper(title="Quiet", authors=LECUN, upvotes=1),
        Paper(title="Unnoticed", upvotes=1),
    )
    filters = Filters(follows=("Yann LeCun",), min_upvotes=5)
    ada = subscribe(installation, "ada@example.org", filters=filters)
    plan(installation)
    (digest,) = digests(installation, ada)
    assert digest.titles == ("Quiet", "Trending")
    assert digest.reasons == (("you follow Yann LeCun",), ())


def test_too_few_upvotes_keep_a_paper_out_but_not_where_nobody_counts_them(
    installation: Installation,
) -> None:
    publish(
        installation,
        FRIDAY_NOON,
        Paper(title="Robots 19", upvotes=19),
        Paper(title="Robots 20", upvotes=20),
        Paper(title="Robots of a page"),
    )
    ada = subscribe(installation, "ada@example.org", "robots", filters=Filters(min_upvotes=20))
    plan(installation)
    (digest,) = digests(installation, ada)
    assert digest.titles == ("Robots 20", "Robots of a page")


def test_a_skip_says_which_filter_took_the_last_paper_away(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, Paper(title="Robots and games", upvotes=3), "Tea")
    subscribe(installation, "ada@example.org", "robots", filters=Filters(mutes=("games",)))
    subscribe(installation, "bob@example.org", "robots", filters=Filters(min_upvotes=5))
    subscribe(installation, "grace@example.org", "maps", filters=Filters(mutes=("games",)))
    assert plan(installation).skipped == {
        SkipReason.MUTED: 1,
        SkipReason.BELOW_UPVOTES: 1,
        SkipReason.NO_MATCH: 1,
    }


def test_readers_with_the_same_topics_and_other_filters_get_letters_of_their_own(
    installation: Installation,
) -> None:
    publish(installation, FRIDAY_NOON, "Robots and games", "Robots and tea")
    chosen = {"games": ("Robots and tea",), "tea": ("Robots and games",)}
    readers = {
        mute: subscribe(installation, f"{mute}@example.org", "robots", filters=Filters((mute,)))
        for mute in chosen
    }
    plan(installation)
    for mute, titles in chosen.items():
        assert digests(installation, readers[mute])[0].titles == titles


def test_a_change_of_filters_holds_from_the_next_letter_on_and_the_past_is_kept(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots and games")
    plan(installation)
    newsroom.take_out(installation, FRIDAY_NOON)

    def mute_games(reader: Subscriber) -> Subscriber:
        filters = filters_of(["games"], known=reader.preferences.filters)
        return replace(reader, preferences=replace(reader.preferences, filters=filters))

    changed = change(installation, parse_address("ada@example.org"), mute_games, FRIDAY_NOON + DAY)
    assert changed is not None
    assert changed.status is Consent.ACTIVE
    publish(installation, FRIDAY_NOON + DAY, "More robots and games")
    assert plan(installation, DAY).skipped == {SkipReason.MUTED: 1}
    with installation.database.read() as connection:
        before = wanted.at(connection, ada, FRIDAY_NOON)
        after = wanted.at(connection, ada, FRIDAY_NOON + DAY)
    assert before is not None
    assert after is not None
    assert (before.preferences.filters.mutes, after.preferences.filters.mutes) == ((), ("games",))
