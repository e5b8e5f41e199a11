"""What papers say of topics: the words that letters mark."""

from collections.abc import Callable, Mapping

from service.domain.expression import Expression
from service.domain.papers import Paper
from service.domain.topics import parse
from service.mail.card import Because, Card
from service.mail.shown import Mention
from service.matching.index import PaperIndex
from service.matching.stems import Stems

# An index keeps what it looked up, and the stems every word: at so many it begins anew.
_TOPICS_AT_HAND = 4000
_CARDS_AT_HAND = 1000

Cards = Callable[[], Mapping[int, Card]]


class Marks:
    """Tells what a card mentions of a topic; that depends on both alone."""

    def __init__(self) -> None:
        self._begin()

    def mention(self, card_id: int, because: Because, cards: Cards) -> Mention:
        """Return what the paper of a card says of a topic.

        `cards` gives those, by the ids of their parts, that will be asked for about the same time,
        this one too: they are indexed together, and a topic is looked up once for all of them.
        """
        sought = self._sought.get(because.query)
        if sought is None:
            if len(self._sought) >= _TOPICS_AT_HAND:
                self._stems.close()
                self._begin()
            sought = self._sought[because.query] = parse(because.query).expression
        index, number = self._places.get(card_id) or self._index(card_id, cards())
        return Mention(index.terms(sought, number), index.spelled_otherwise(sought, number))

    def _begin(self) -> None:
        self._stems = Stems()
        self._places: dict[int, tuple[PaperIndex, int]] = {}
        self._sought: dict[str, Expression] = {}

    def _index(self, card_id: int, cards: Mapping[int, Card]) -> tuple[PaperIndex, int]:
        """Index a card, and with it those that come next; return where it is."""
        if len(self._places) >= _CARDS_AT_HAND:
            self._places.clear()
        fresh = {n: card for n, card in cards.items() if n not in self._places}
        papers = [Paper(title=c.said.title, abstract=c.said.abstract) for c in fresh.values()]
        index = PaperIndex(papers, self._stems)
        self._places |= {n: (index, number) for number, n in enumerate(fresh)}
        return self._places[card_id]
