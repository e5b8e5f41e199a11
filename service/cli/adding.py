"""Adding one subscriber, from the command line or from a row of a file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getuser

from service.domain.filters import Filters
from service.domain.readers import Preferences
from service.domain.timetable import Cadence, parse_hour, zone
from service.domain.wishes import Wish
from service.installation import Installation
from service.mail.address import parse_address
from service.readers import consent
from service.readers.consent import SignUp

WORDS = {
    SignUp.PENDING: "is added; a confirm letter goes out",
    SignUp.ACTIVE: "is added, and active",
    SignUp.ALREADY: "is a subscriber already; nothing was changed",
    SignUp.UNSUBSCRIBED: "has unsubscribed and is not revived; only its owner can sign up again",
    SignUp.SUPPRESSED: "is suppressed and is not revived",
}


def add_one(
    installation: Installation,
    *,
    email: str,
    wishes: Sequence[Wish],
    preferences: Preferences,
    status: str,
    source: str,
) -> SignUp:
    """Add a subscriber; with the status active the admin vouches for their consent.

    Raises AddressError.
    """
    return consent.add(
        installation,
        parse_address(email),
        wishes,
        preferences,
        datetime.now(UTC),
        source=source,
        vouched=status == "active",
    )


def preferences_as_typed(
    timezone: str | None,
    send_at: str | None,
    cadence: Cadence | None,
    max_papers: int | None,
    name: str | None,
    filters: Filters,
) -> Preferences:
    """Return preferences as typed; what was not is as usual. Raises TimetableError."""
    usual = Preferences()
    if timezone is not None:
        zone(timezone)
    cadence = cadence or usual.cadence
    return Preferences(
        usual.timezone if timezone is None else timezone,
        usual.send_at if send_at is None else parse_hour(send_at),
        cadence.usual_papers if max_papers is None else max_papers,
        name or None,
        filters,
        cadence,
    )


def admin() -> str:
    """Return who is at work here, as the record of a consent names them."""
    try:
        return getuser()
    except (OSError, KeyError):
        return "an admin"
