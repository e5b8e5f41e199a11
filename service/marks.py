"""Cards with the words marked that topics found there."""

from collections.abc import Callable, Mapping

from service.domain.expression import Expression
from service.domain.papers import Paper
from service.domain.topics import parse
from service.mail.card import Because, Card
from service.mail.frame import Frame
from service.mail.shown import Shown, show
from service.matching.index import PaperIndex
from service.matching.stems import Stems

# An index keeps what it looked up, and the stems every word: at so many it begins anew.
_TOPICS_AT_HAND = 4000
_CARDS_AT_HAND = 1000


class Marks:
    """Shows cards for topics; what it shows depends on card and topic alone.

    `cards` gives those, by the ids of their parts, that will be asked for about the same time as
    one that is: they are indexed together, and a topic is looked up once for all of them.
    """

    def __init__(self, cards: Callable[[], Mapping[int, Card]]) -> None:
        self._cards = cards
        self._begin()

    def shown(
        self, card_id: int, card: Card, because: Because, frame: Frame, *, alone: bool, only: bool
    ) -> Shown:
        """Return a card as a letter of that frame shows it for a topic.

        `alone` says that the letter has no other card, `only` that the card came for no other
        reason.
        """
        sought = self._sought.get(because.query)
        if sought is None:
            if len(self._sought) >= _TOPICS_AT_HAND:
                self._stems.close()
                self._begin()
            sought = self._sought[because.query] = parse(because.query).expression
        index, number = self._places.get(card_id) or self._index(card_id)
        otherwise = index.spelled_otherwise(sought, number) if only else None
        return show(
            card,
            index.terms(sought, number),
            frame.pieces,
            alone=alone,
            instead=(because.label, otherwise) if otherwise else None,
        )

    def _begin(self) -> None:
        self._stems = Stems()
        self._places: dict[int, tuple[PaperIndex, int]] = {}
        self._sought: dict[str, Expression] = {}

    def _index(self, card_id: int) -> tuple[PaperIndex, int]:
        """Index a card, and with it those that come next; return where it is."""
        if len(self._places) >= _CARDS_AT_HAND:
            self._places.clear()
        fresh = {n: card for n, card in self._cards().items() if n not in self._places}
        papers = [Paper(title=c.said.title, abstract=c.said.abstract) for c in fresh.values()]
        index = PaperIndex(papers, self._stems)
        self._places |= {n: (index, number) for number, n in enumerate(fresh)}
        return self._places[card_id]
