"""Parts of letters, each printed once, and the digests packed that name them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from service.domain.digests import Digest
from service.domain.papers import Paper
from service.domain.ranking import Levels
from service.domain.selection import (
    Unlisted,
    pack_catalogue,
    pack_ids,
    packed_id,
    packed_names,
    packed_unlisted,
)
from service.mail.letter import Letters

# A topic by id, and the words a reader knows it by.
Named = tuple[int, str]
Thing = TypeVar("Thing", int, Named)


class Press:
    """Prints the parts that letters need, each once, and packs which of them a letter takes.

    `keep` stores bodies and returns their ids; `papers` are the id, the key and the paper of each
    place; `queries` maps the topics' ids to what they look for.
    """

    def __init__(
        self,
        letters: Letters,
        keep: Callable[[Sequence[bytes]], Sequence[int]],
        papers: Sequence[tuple[int, str, Paper]],
        queries: Mapping[int, str],
        *,
        year: int,
    ) -> None:
        self._letters = letters
        self._keep = keep
        self._papers = papers
        self._queries = queries
        self._year = year
        self._cards: dict[int, bytes] = {}
        self._names: dict[Named, bytes] = {}
        self._tiers: dict[int, str] = {}
        self._order = _Order()
        self._frame = self._catalogue = -1

    def print(
        self,
        digests: Sequence[tuple[Sequence[Named], Digest]],
        levels_of: Callable[[int], Levels],
    ) -> list[bytes]:
        """Return each digest as a packed selection, printing the parts that do not exist yet.

        A digest comes with its reader's topics, by id and words; `levels_of` gives the places
        that match one. A paper names the topics it is most about first.
        """
        if not digests:
            return []
        if self._frame < 0:
            catalogue = pack_catalogue([paper_id for paper_id, _, _ in self._papers])
            self._frame, self._catalogue = self._keep([self._letters.frame("digest"), catalogue])
        places: set[int] = set().union(
            *(
                part
                for _, digest in digests
                for part in (digest.chosen, digest.also, digest.trending)
            )
        )
        # Cards first: the nearer their ids are to the frame's, the shorter they are packed.
        self._store(self._cards, places, self._card)
        self._store(self._names, {named for topics, _ in digests for named in topics}, self._name)
        return [self._packed(topics, digest, levels_of) for topics, digest in digests]

    def _packed(
        self, topics: Sequence[Named], digest: Digest, levels_of: Callable[[int], Levels]
    ) -> bytes:
        cards = self._cards
        found = [(levels_of(named[0]), named) for named in topics]
        found = [(levels, named) for levels, named in found if levels[0] & digest.matching]
        places = [*digest.chosen, *digest.also]
        if len(found) == 1:
            picked = [cards[place] + _ONLY_TOPIC for place in places]
        elif found:
            tiers = [self._tiers_of(topic_id, levels) for levels, (topic_id, _) in found]
            rows = zip(*[[of_topic[place] for place in places] for of_topic in tiers], strict=True)
            picked = [
                cards[place] + self._order[row] for place, row in zip(places, rows, strict=True)
            ]
        else:
            picked = [cards[place] + _NO_TOPIC for place in places]
        unlisted = digest.unlisted if topics else 0
        return pack_ids(
            self._frame,
            [self._names[named] for _, named in found],
            picked[: len(digest.chosen)],
            picked[len(digest.chosen) :],
            [cards[place] for place in digest.trending],
            topics=len(topics),
            matched=digest.matching.bit_count(),
            unlisted=packed_unlisted(Unlisted(self._catalogue, unlisted), self._frame)
            if unlisted
            else b"",
        )

    def _tiers_of(self, topic_id: int, levels: Levels) -> str:
        """Return a digit for each place, from 0: the tier its paper reaches for a topic."""
        tiers = self._tiers.get(topic_id)
        if tiers is None:
            # A set written in binary and read as hexadecimal has a digit for each paper; those of
            # the nested sets of the tiers add up to the tier.
            total = sum(int(f"{level:b}", 16) for level in levels if level)
            tiers = self._tiers[topic_id] = f"{total:0{len(self._papers)}x}"[::-1]
        return tiers

    def _card(self, place: int) -> bytes:
        _, key, paper = self._papers[place]
        return self._letters.card(paper, key, self._year)

    def _name(self, named: Named) -> bytes:
        topic_id, shown = named
        return self._letters.because(shown, self._queries[topic_id])

    def _store(
        self, ids: dict[Thing, bytes], wanted: set[Thing], render: Callable[[Thing], bytes]
    ) -> None:
        new = sorted(wanted - ids.keys())
        if new:
            kept = self._keep([render(thing) for thing in new])
            ids.update(
                (thing, packed_id(part, self._frame)) for thing, part in zip(new, kept, strict=True)
            )


class _Order(dict[tuple[str, ...], bytes]):
    """Which topics a paper names, packed, by the tier that it reaches for each of them.

    The highest tier comes first; topics of one tier keep their order.
    """

    def __missing__(self, tiers: tuple[str, ...]) -> bytes:
        found = [number for number, tier in enumerate(tiers) if tier != "0"]
        packed = packed_names(sorted(found, key=lambda number: -int(tiers[number])))
        if len(self) < _ORDERS_KEPT:
            self[tiers] = packed
        return packed


_ORDERS_KEPT = 50_000
_ONLY_TOPIC, _NO_TOPIC = packed_names([0]), packed_names([])
