"""The pages behind a link that was mailed just now: address, letters so far, data, the end of it.

As with all links of a letter, only the buttons change anything.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from service.domain.policy import Status
from service.domain.readers import Subscriber
from service.installation import Installation
from service.mail.address import AddressError, parse_address
from service.mail.wording import long_date
from service.readers import account, moving, preferences
from service.readers.account import PastLetter
from service.web.dress import Dress
from service.web.origin import client_network
from service.web.phrases import sentence

_BECAME = {
    Status.QUEUED: "on its way",
    Status.SENDING: "on its way",
    Status.FAILED: "could not be delivered",
    Status.UNCERTAIN: "may have arrived",
    Status.EXPIRED: "was not sent",
    Status.CANCELLED: "was not sent",
}


def account_pages(
    installation: Installation, dress: Dress, now: Callable[[], datetime]
) -> APIRouter:
    """Return the routes."""
    pages = APIRouter(include_in_schema=False)

    @pages.post("/preferences/{token}/account")
    def ask_for_link(token: str) -> Response:
        moment = now()
        return asked(
            account.send_link(
                installation,
                lambda connection: preferences.held_by(
                    connection, installation.keys, token, moment, hold=True
                ),
                moment,
            )
        )

    @pages.post("/account/{token}/renew")
    def ask_again(token: str) -> Response:
        return asked(account.send_link(installation, account.lapsed(installation, token), now()))

    @pages.api_route("/account/{token}", methods=["GET", "HEAD"])
    def show(token: str) -> Response:
        return page(token, account.holder(installation, token, now()))

    @pages.post("/account/{token}/address")
    def ask_to_move(request: Request, token: str, email: Annotated[str, Form()] = "") -> Response:
        moment = now()
        try:
            address = parse_address(email)
        except AddressError as error:
            reader = account.holder(installation, token, moment)
            return page(token, reader, 422, typed=email, problem=sentence(error))
        network = client_network(request)
        if moving.ask(installation, token, address, moment, network=network) is None:
            return dress.bad_link()
        return dress.message(
            200,
            "Look in the inbox of your new address.",
            "If your letters can go there, one is on its way, with a link to confirm. It is sent "
            "three times a day at most. Until you confirm, all stays as it is.",
            f"No letter in five minutes? Look in spam for {installation.house.address}.",
        )

    @pages.api_route("/account/{token}/export.json", methods=["GET", "HEAD"])
    def export(token: str) -> Response:
        kept = account.export(installation, token, now())
        if kept is None:
            return dress.bad_link()
        return Response(
            json.dumps(kept, ensure_ascii=False, indent=2) + "\n",
            media_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="paperround.json"'},
        )

    @pages.api_route("/account/{token}/erase", methods=["GET", "HEAD"])
    def ask_to_erase(token: str) -> Response:
        reader = account.holder(installation, token, now())
        if reader is None:
            return dress.bad_link()
        return dress.page("erase", address=reader.email, here=f"/account/{token}")

    @pages.post("/account/{token}/erase")
    def erase(token: str) -> Response:
        if not account.erase(installation, token, now()):
            return dress.bad_link()
        return dress.message(
            200,
            "All is erased.",
            "No letter comes any more. Links of old letters that stop them still work, and say so.",
        )

    @pages.api_route("/address/{token}", methods=["GET", "HEAD"])
    def ask_to_confirm(token: str) -> Response:
        asked = moving.asked_by(installation, token, now())
        if asked is None:
            return dress.bad_link()
        return moved(asked.address.shown) if asked.done else move_page(asked.address.shown)

    @pages.post("/address/{token}")
    def move(token: str) -> Response:
        asked = moving.move(installation, token, now())
        return dress.bad_link() if asked is None else moved(asked.address.shown)

    def asked(reader: Subscriber | None) -> Response:
        if reader is None:
            return dress.bad_link()
        return dress.message(
            200,
            "Look in your inbox.",
            "The link is on its way to your address. It works for 30 minutes and is sent three "
            "times a day at most.",
            f"No letter in five minutes? Look in spam for {installation.house.address}.",
        )

    def move_page(address: str) -> Response:
        return dress.page("move", address=address)

    def moved(address: str) -> Response:
        return dress.message(
            200,
            "Your letters come here now.",
            f"They go to {address} from the next one on. The address before is told.",
        )

    def page(
        token: str,
        reader: Subscriber | None,
        status: int = 200,
        *,
        typed: str = "",
        problem: str = "",
    ) -> Response:
        if reader is None:
            return dress.bad_link()
        return dress.page(
            "account",
            status,
            address=reader.email,
            letters=[_shown(letter) for letter in account.letters(installation, reader)],
            movable=reader.status in preferences.CHANGEABLE,
            typed=typed,
            problem=problem,
            minutes=account.minutes_left(installation, token, now()),
            here=f"/account/{token}",
        )

    return pages


def _shown(letter: PastLetter) -> dict[str, str | None]:
    papers = "1 paper" if letter.papers == 1 else f"{letter.papers} papers"
    became = _BECAME.get(letter.status)
    return {
        "day": f"{long_date(letter.day)} {letter.day.year}",
        "subject": letter.subject,
        "note": f"{papers}, {became}" if became else papers,
        "web": letter.web and f"/d/{letter.web}",
    }
