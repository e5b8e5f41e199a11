"""What every letter of an installation shares."""

import re
from dataclasses import dataclass
from datetime import timedelta
from email.utils import getaddresses

from service.mail.headers import HeaderError, address_value, header_line, mailbox_value

# "+b-" and a token of 32 must still fit the 64 octets of a local part (RFC 5321 4.5.3.1.1).
_LOCAL_LENGTH = 29
# Up to three fields of the sender's own, then its SenderId, as Gmail reads them.
_FEEDBACK_ID = re.compile(r"(?:[!-9;-~]*:){0,3}[!-9;-~]{5,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The sender of the letters, and where their links lead.

    `sender` is a From header ("Paperround <paperround@example.org>") or a bare address, which is
    then called Paperround. `base_url` has no trailing slash. `feedback_id` is a Feedback-ID header:
    "digest:::SenderId". Links that confirm an address last `confirm_hours`. Raises ValueError,
    naming the field, for what no header can hold.
    """

    sender: str
    base_url: str
    reply_to: str | None = None
    postal_address: str | None = None
    feedback_id: str | None = None
    confirm_hours: int = 72

    def __post_init__(self) -> None:
        if self.base_url.endswith("/"):
            raise ValueError(f"base_url: {self.base_url!r} ends with a slash")
        if len(getaddresses([self.sender])) != 1:
            raise ValueError(f"sender: expected one address, got {self.sender!r}")
        field = "sender"
        try:
            local = self.address.rpartition("@")[0]
            field = "reply_to"
            if self.reply_to is not None:
                address_value(self.reply_to)
            field = "feedback_id"
            if self.feedback_id is not None:
                _check_feedback_id(header_line(self.feedback_id))
        except HeaderError as error:
            raise ValueError(f"{field}: {error}") from error
        if len(local) > _LOCAL_LENGTH:
            raise ValueError(f"sender: {local!r} is longer than {_LOCAL_LENGTH} characters")

    @property
    def address(self) -> str:
        """The bare address letters come from, in ASCII."""
        return address_value(getaddresses([self.sender])[0][1])

    @property
    def mailbox(self) -> str:
        """The value of the From header."""
        return mailbox_value(getaddresses([self.sender])[0][0] or "Paperround", self.address)

    @property
    def contact(self) -> str:
        """The address at which a person reads what readers write."""
        return address_value(self.reply_to) if self.reply_to else self.address

    @property
    def confirm_life(self) -> timedelta:
        """How long a link lasts that confirms something."""
        return timedelta(hours=self.confirm_hours)

    @property
    def spoken_confirm_life(self) -> str:
        """The same in words: "72 hours"."""
        days, rest = divmod(self.confirm_hours, 24)
        if rest or days <= 3:
            return f"{self.confirm_hours} hour{'s' * (self.confirm_hours > 1)}"
        return f"{days} days"

    @property
    def days_unconfirmed(self) -> int:
        """The days for which a request is kept that nobody confirms: longer than its link lasts, so
        that who comes late is offered a new one.
        """
        return -(-self.confirm_hours // 24) + 4

    @property
    def host(self) -> str:
        """The domain of the sender's address."""
        return self.address.rpartition("@")[2]

    @property
    def list_id(self) -> str:
        """The identifier of the list (RFC 2919), the same as long as the sender's domain is."""
        return f"paperround.{self.host}"


def _check_feedback_id(value: str) -> None:
    if not _FEEDBACK_ID.fullmatch(value):
        raise HeaderError(
            f"{value!r} is at most three fields and a SenderId of 5 to 15 characters, each but the "
            "last followed by a colon, as in digest:::paperround"
        )
