"""What a letter says to its reader: greeting, summary, subject, preheader, footer."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from service.mail.plain import cut_at_word, cut_title, one_line

# Not from the locale: the letter is in English wherever the server stands.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_A_WEEK = timedelta(days=7)
PREHEADER_LENGTH = 110
TOPIC_LENGTH = 40
# Of so many cards a letter may say the names before it is opened.
NAMED = 4

# What a mail client turns into a link of its own: "host.tld", "http://…", "name@host".
_LOOKS_LIKE_A_LINK = re.compile(r"\w\.\w{2}|://|@")


def long_date(day: date) -> str:
    """Return "Friday 21 August"."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def short_date(day: date, year: int) -> str:
    """Return "20 Aug", or "20 Aug 2025" when the day is not in `year`."""
    short = f"{day.day} {MONTHS[day.month - 1][:3]}"
    return short if day.year == year else f"{short} {day.year}"


def greeting(hour: int, day: date, name: str | None) -> str:
    """Return the greeting of a reader whose clock shows `hour` (0-23)."""
    if not name:
        return f"Your papers for {DAYS[day.weekday()]}"
    if 4 <= hour <= 11:
        return f"Good morning, {name}."
    if 12 <= hour <= 17:
        return f"Good afternoon, {name}."
    return f"Good evening, {name}."


def summary(
    papers: int, topics: int, matched: int, *, first: bool = False, weekly: bool = False
) -> str:
    """Return what the letter brings: its papers, the reader's topics, how many more matched."""
    if first:
        return _first_summary(papers, topics, matched)
    if not topics:
        many = f"{papers} most" if papers > 1 else "most"
        return f"The {many} trending paper{_s(papers)} of the {'week' if weekly else 'day'}."
    more = f"; {matched - papers} more matched" if matched > papers else ""
    here = f"{papers} paper{_s(papers)} this week" if weekly else f"{papers} new paper{_s(papers)}"
    return f"{here} for {topics} topic{_s(topics)}{more}."


def welcome(name: str) -> str:
    """Return the greeting of a reader who has just said yes."""
    return f"You’re in, {name}." if name else "You’re in."


def _first_summary(papers: int, topics: int, matched: int) -> str:
    """Return what a first letter brings, as `summary` does for any other."""
    if not topics:
        many = f"{papers} most" if papers > 1 else "most"
        return f"To begin with, the {many} trending paper{_s(papers)} of the last days."
    more = f"; {matched - papers} more matched" if matched > papers else ""
    here = f"{papers} paper{_s(papers)} of the last days for {topics} topic{_s(topics)}"
    return f"To begin with, {here}{more}."


def expect(schedule: str, *, weekly: bool = False) -> str:
    """Return what comes after a first letter."""
    when = "in weeks" if weekly else "on days"
    return f"From now on a letter comes {schedule}, {when} with papers for you."


def nothing_yet(topics: Sequence[str], more: int) -> str:
    """Return why a first letter has no papers; the topics are those it names, and how many more."""
    if topics:
        named = [*topics, *([f"{more} more"] if more else [])]
        return f"No paper of the last days was about {_listed(named, 'or')}."
    if more:
        return f"No paper of the last days was about your topic{_s(more)}."
    return "No paper came in the last days."


def subject(title: str, papers: int, prefix: str = "") -> str:
    """Return the subject of a digest of so many papers, whose first card has that title."""
    more = f" + {papers - 1} more" if papers > 1 else ""
    return f"{prefix}{cut_title(title)}{more}"


def preheader(names: Sequence[str], papers: int, topics: Sequence[str], sentence: str) -> str:
    """Return the line an inbox shows after the subject, of at most 110 characters.

    `names` are the short names of the first NAMED cards, of which the subject already tells the
    first, and `papers` counts all; `topics` are those behind them; `sentence` is what a letter of
    one card says instead.
    """
    others = names[1:NAMED]
    if not others:
        return cut_at_word(sentence, PREHEADER_LENGTH)
    text = ""
    for shown in range(len(others), 0, -1):
        named = others[:shown]
        if rest := papers - 1 - shown:
            named = [*named, f"{rest} more"]
        text = f"Also {_listed(named)}"
        room = PREHEADER_LENGTH - len(text)
        if room < 0:
            continue
        for count in range(min(4, len(topics)), 0, -1):
            why = f", for {_listed(topics[:count])}"
            if len(why) <= room:
                return text + why
        return text
    return cut_at_word(text, PREHEADER_LENGTH)


def topic_name(label: str) -> str:
    """Return a topic as a letter names it, cut at 40 characters."""
    return cut_at_word(label, TOPIC_LENGTH)


def quotable(labels: Sequence[str]) -> tuple[list[str], int]:
    """Return the topics a letter names, at most three, and how many it leaves out.

    A stranger may have typed them into the form with somebody else's address, so none that a
    mail client would turn into a link is named.
    """
    lines = [one_line(label) for label in labels]
    shown = [topic_name(label) for label in lines if not _LOOKS_LIKE_A_LINK.search(label)][:3]
    return shown, len(labels) - len(shown)


def asked_for(topics: Sequence[str], more: int) -> str:
    """Return what somebody signed up for, to follow "asked for a daily letter"."""
    if topics:
        return "about " + _listed([*topics, *([f"{more} more"] if more else [])])
    if more:
        return f"about {more} topic{_s(more)}"
    return "with the day’s most trending papers"


def more_on_the_web(count: int) -> str:
    """Return what stands below a list that leaves so many papers out."""
    return f"And {count} more on the web"


def asked(schedule: str, on: date | None, day: date, next_on: date | None) -> str:
    """Return the footer's first sentences: why the letter of `day` came, and when the next one
    does."""
    since = f" on {on.day} {MONTHS[on.month - 1]} {on.year}" if on else ""
    said = f"You asked for this letter{since}" + (f": {schedule}." if schedule else ".")
    if next_on is None:
        return said
    # A week ahead the weekday's name alone would be that of today.
    near = next_on - day < _A_WEEK
    coming = DAYS[next_on.weekday()] if near else long_date(next_on)
    return f"{said} The next one comes on {coming}."


def asking_to_move(elsewhere: str) -> str:
    """Return what a letter to a new address asks; `elsewhere` is the address so far, shortened."""
    return (
        f"Someone, we hope you, asked that the letters which go to {elsewhere} come to this "
        "address from now on."
    )


def moved(elsewhere: str) -> str:
    """Return what a former address is told; `elsewhere` is the new one, shortened."""
    return (
        f"Your letters go to {elsewhere} from now on. It was asked for with a link that was mailed "
        "to this address, and confirmed at the new one."
    )


def until(day: date | None) -> str:
    """Return the beginning of the sentence that offers a way back."""
    return f"Until {day.day} {MONTHS[day.month - 1]} this" if day else "This"


def _listed(items: Sequence[str], last: str = "and") -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
