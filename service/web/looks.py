"""What the last look at papers for a reader came to, told to them."""

from datetime import datetime, timedelta

from service.domain.digests import SkipReason
from service.domain.policy import Status
from service.domain.timetable import zone
from service.last_look import LastLook
from service.mail.wording import long_date

_BECAME = {
    Status.QUEUED: "; the letter is on its way",
    Status.SENDING: "; the letter is on its way",
    Status.FAILED: ", but your mail server did not take the letter",
    Status.EXPIRED: ", but the letter could not be sent in time",
    Status.CANCELLED: ", but the letter was stopped",
}


def spoken_look(look: LastLook | None, now: datetime, timezone: str) -> str:
    """Return a sentence: "Last checked this morning at 07:00: 0 of 43 new papers matched."."""
    if look is None:
        return "No papers have been checked for you yet."
    checked = f"Last checked {_when(look.at, now, timezone)}"
    new = "1 new paper" if look.papers == 1 else f"{look.papers:,} new papers"
    match look.skipped:
        case None:
            became = _BECAME.get(look.status, "") if look.status else ""
            said = f"{new}" if look.matched is None else f"{look.matched:,} of {new} matched"
            return f"{checked}: {said}{became}."
        case SkipReason.NO_MATCH:
            return f"{checked}: 0 of {new} matched."
        case SkipReason.NO_NEW_PAPERS:
            return f"{checked}: no new paper had come."
        case reason:
            return f"{checked}, {new}: {reason.words}."


def _when(moment: datetime, now: datetime, timezone: str) -> str:
    there, here = moment.astimezone(zone(timezone)), now.astimezone(zone(timezone))
    clock = f"at {there:%H:%M}"
    if there.date() == here.date():
        part = "morning" if there.hour < 12 else "afternoon" if there.hour < 18 else "evening"
        return f"this {part} {clock}"
    if there.date() == here.date() - timedelta(days=1):
        return f"yesterday {clock}"
    return f"on {long_date(there.date())} {clock}"
