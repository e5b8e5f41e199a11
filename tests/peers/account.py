"""A reader at their account: the link asked for, mailed and opened."""

import httpx
from peers.letter import link_of
from peers.preferences import preferences_path
from peers.reader import Clock, deliver, path_of

from service.demo.catcher import Catcher
from service.installation import Installation


def account_path(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, email: str
) -> str:
    """Ask for the link to a reader's account at their preferences; return its path."""
    asked = pages.post(preferences_path(house, email) + "/account")
    assert asked.status_code == 200
    (letter,) = deliver(house, clock, catcher)
    assert letter.rcpt_to == (email,)
    return path_of(link_of(letter, "/account/"))
