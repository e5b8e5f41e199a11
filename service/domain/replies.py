"""Whose fault a refusal is, by its enhanced status code (RFC 3463, RFC 2034): pure."""

import re
from enum import StrEnum

from service.domain.policy import Outcome, Result, Stage

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_MAILBOX_CODES = frozenset((550, 551, 553))

# Bad mailbox, bad mailbox syntax, moved without a forwarding address (RFC 3463 §3.2), and null MX:
# the domain's owner takes no mail at all (RFC 7505). Not X.1.2, a domain that cannot be found: it
# comes back when it is renewed, or our relay's resolver mended, and until then costs one refusal
# a letter that no receiver sees.
_NO_SUCH_ADDRESS = frozenset(((1, 1), (1, 3), (1, 6), (1, 10)))
_POLICY = 7
_MAILBOX_FULL = "4.2.2"


class Fault(StrEnum):
    """What a refusal says: about the reader's address, about us, or neither for certain."""

    ADDRESS = "address"
    POLICY = "policy"
    UNKNOWN = "unknown"


def enhanced_code(text: str) -> str | None:
    """Return the enhanced code that a reply's text begins with, as in "5.1.1"; else None."""
    found = _ENHANCED.match(text)
    return found.group() if found else None


def fault(outcome: Outcome) -> Fault | None:
    """Judge a server's refusal that concerns the reader; None for any other outcome.

    A 550, 551 or 553 without an enhanced code is nobody's fault for certain: each is also said to
    mean "no access" and "refused for policy" (RFC 5321 §4.2.3), and to be suppressed is for ever.
    """
    if outcome.result is not Result.REFUSED or outcome.code is None or outcome.concerns_route:
        return None
    found = _ENHANCED.match(outcome.text)
    if found is None or found[1] != "5":
        return Fault.UNKNOWN
    subject, detail = int(found[2]), int(found[3])
    if subject == _POLICY:
        return Fault.POLICY
    if outcome.code in _MAILBOX_CODES and (subject, detail) in _NO_SUCH_ADDRESS:
        return Fault.ADDRESS
    return Fault.UNKNOWN


def asks_for_less(outcome: Outcome) -> bool:
    """Say whether a domain asks for fewer letters: 4xx at RCPT, save for one full mailbox (X.2.2).

    421 closes the whole channel; that concerns the route.
    """
    code = outcome.code or 0
    return (
        outcome.stage is Stage.RCPT
        and 400 <= code < 500
        and code != 421
        and not outcome.text.startswith(_MAILBOX_FULL)
    )
