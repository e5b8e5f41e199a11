"""The parts that letters are joined from, unpacked and at hand."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from service.domain.selection import Selection
from service.mail.at_hand import AtHand
from service.mail.card import Because, Card
from service.mail.frame import Frame
from service.mail.reasons import Reasons, reasons_of
from service.mail.shown import Mention, Shown, show

# What most letters of an hour have in common: up to 4 KB a card, and 1 KB of all else.
_FRAMES_AT_HAND = 8
_CARDS_AT_HAND = 1_000
_NAMES_AT_HAND = 8_000
_REASONS_AT_HAND = 6_000
_SHOWN_AT_HAND = 12_000

# A card as a letter shows it: the part ids of frame, card and topic (0: none), and whether the
# letter has no other card.
Sought = tuple[int, int, int, bool]

Names = tuple[int, ...]


class Parts:
    """Parts by their ids, and what is made of them: each is looked up as in a dict.

    `load` returns the bodies of parts by id; those at hand are not loaded again. `mention` tells
    what the paper of a card, given by its part, says of a topic; it may ask for the cards, by their
    parts, that it will be told next.
    """

    def __init__(
        self,
        load: Callable[[Iterable[int]], Mapping[int, bytes]],
        mention: Callable[[int, Because, Callable[[], Mapping[int, Card]]], Mention],
    ) -> None:
        self._load = load
        self._mention = mention
        self._expected: Sequence[Selection] = ()
        self._bodies: Mapping[int, bytes] = {}
        self.frames: AtHand[int, Frame] = AtHand(
            _FRAMES_AT_HAND, lambda part: Frame.unpack(self._body(part))
        )
        self.cards: AtHand[int, Card] = AtHand(
            _CARDS_AT_HAND, lambda part: Card.unpack(self._body(part))
        )
        self.names: AtHand[int, Because] = AtHand(
            _NAMES_AT_HAND, lambda part: Because.unpack(self._body(part))
        )
        self.reasons: AtHand[Names, Reasons] = AtHand(_REASONS_AT_HAND, self._reasons)
        self.shown: AtHand[Sought, Shown] = AtHand(_SHOWN_AT_HAND, self._show)

    def expect(self, selections: Sequence[Selection]) -> None:
        """Load together, when one is missing, all parts of these."""
        self._expected = selections

    def _reasons(self, names: Names) -> Reasons:
        known = self.names
        return reasons_of(names, [known[name] for name in names])

    def _show(self, sought: Sought) -> Shown:
        frame, part, topic, alone = sought
        card, label, mention = self.cards[part], "", Mention()
        if topic:
            because = self.names[topic]
            label, mention = because.label, self._mention(part, because, self._expected_cards)
        return show(card, label, mention, self.frames[frame].pieces, alone=alone)

    def _expected_cards(self) -> dict[int, Card]:
        shown = {part for selection in self._expected for part, _ in selection.cards}
        return {part: self.cards[part] for part in shown}

    def _body(self, part: int) -> bytes:
        if part not in self._bodies:
            needed = {part for selection in self._expected for part in selection.part_ids()}
            self._bodies = self._load(
                {part, *needed} - self.frames.keys() - self.cards.keys() - self.names.keys()
            )
        return self._bodies[part]
