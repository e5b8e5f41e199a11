"""The sign-up form: read as typed, with what is wrong by field."""

from dataclasses import dataclass, field

from starlette.datastructures import FormData

from service.domain.readers import Preferences
from service.domain.timetable import Cadence, TimetableError, parse_cadence, parse_hour, zone
from service.domain.topics import TopicError
from service.domain.wishes import Wish, WishError, wishes_of
from service.mail.address import Address, parse_address
from service.web.mistakes import Mistake, Mistakes


@dataclass(slots=True)
class SignupForm:
    """What stands in the form. `new` is the topic being typed, `topics` those before it.

    `mistakes` are by field ("new", "send_at", "timezone", "email"), in the order of the page.
    """

    topics: list[str] = field(default_factory=list)
    new: str = ""
    send_at: str = "07:00"
    timezone: str = "UTC"
    cadence: str = "daily"
    email: str = ""
    mistakes: Mistakes = field(default_factory=Mistakes)

    @classmethod
    def typed(cls, sent: FormData) -> "SignupForm":
        """Return the form as it was sent, with what its buttons ask for: a topic added, removed
        or, by its place, replaced."""

        def one(name: str, usual: str = "") -> str:
            value = sent.get(name, usual)
            return value if isinstance(value, str) else usual

        topics = [text for text in sent.getlist("topic") if isinstance(text, str) and text.strip()]
        form = cls(
            topics,
            one("new"),
            one("send_at", "07:00"),
            one("timezone", "UTC"),
            one("cadence", "daily"),
            one("email"),
        )
        if added := one("add").strip():
            form.topics.append(added)
        if (place := one("remove")).isdecimal() and int(place[:9]) < len(topics):
            del form.topics[int(place[:9])]
        place, _, instead = one("replace").partition(":")
        if instead and place == "new":
            form.new = instead
        elif instead and place.isdecimal() and int(place[:9]) < len(topics):
            form.topics[int(place[:9])] = instead
        return form

    def read_topics(self, *, typing: bool = False) -> tuple[Wish, ...]:
        """Return the topics, each once, and make a topic of the new one, which stays where it is
        typed while its reader is `typing`. The first that is none stands there with its mistake.
        """
        wishes: tuple[Wish, ...] = ()
        wrong: list[str] = []
        typed = self.new.strip()
        for text in (*self.topics, *([typed] if typed else [])):
            before = wishes
            try:
                wishes = wishes_of([text], wishes)
            except (TopicError, WishError) as error:
                wrong.append(text)
                self.mistakes.setdefault("new", Mistake.of(error))
        waits = typing and typed and typed not in wrong
        self.topics = [wish.typed for wish in (before if waits else wishes)]
        if wrong:
            self.new = wrong[0]
            self.topics += [*wrong[1:], *([typed] if waits else [])]
        elif not waits:
            self.new = ""
        return wishes

    def read_manner(self) -> Preferences:
        """Return when and how often letters are wanted; what is wrong stands in `mistakes`."""
        usual = Preferences()
        hour, timezone, cadence = usual.send_at, usual.timezone, usual.cadence
        with self.mistakes.of("send_at"):
            hour = parse_hour(self.send_at)
        with self.mistakes.of("cadence"):
            cadence = parse_cadence(self.cadence)
        with self.mistakes.of("timezone"):
            timezone = self.timezone.strip()
            zone(timezone)
        return Preferences(timezone, hour, cadence.usual_papers, cadence=cadence)

    def read_address(self) -> Address | None:
        """Return the address; where there is none, what is wrong stands in `mistakes`."""
        with self.mistakes.of("email"):
            return parse_address(self.email)
        return None

    @property
    def how_often(self) -> Cadence:
        """The cadence chosen, or the usual one where that cannot be read."""
        try:
            return parse_cadence(self.cadence)
        except TimetableError:
            return Cadence.DAILY
