"""An operator's bad morning: pause, resume, suppressions and letters one by one, by command."""

from datetime import UTC, datetime, timedelta

import pytest
from conftest import OpenWith
from peers.command import Paperround
from peers.newsroom import (
    DEFERRED_AFTER_BODY,
    FRIDAY_NOON,
    LOST,
    REFUSED,
    at_work,
    publish,
    statuses,
    subscribe,
    take_out,
    watermark,
)
from peers.sending import address, crowd, deliver, letter, planned, queue_letters
from peers.smtp import Peer, reply
from sqlalchemy import update

from service import pipeline
from service.demo.catcher import Catcher
from service.installation import Installation
from service.store import holds, tables

NOBODY = reply("550 5.1.1 <reader@example.org>: Nobody here")
AT = FRIDAY_NOON.isoformat()
_DELIVERY = tables.table(tables.Delivery)


def last_for_long(installation: Installation) -> None:
    """Let no letter expire before the commands' own clock, which is the real one."""
    with installation.database.write() as connection:
        connection.execute(update(_DELIVERY).values(expires_at=FRIDAY_NOON + timedelta(days=36500)))


def test_a_bad_morning_ends_with_the_list_whole(
    on_both: Paperround, open_with: OpenWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    with planned(open_with, *crowd(8)) as (_, peer):
        peer.on("rcpt", NOBODY)
        monkeypatch.setenv("PAPERROUND_SMTP_URL", peer.url)
        monkeypatch.setenv("PAPERROUND_SMTP_CONNECTIONS", "1")

        halted = on_both("deliver", "--at", AT, "--json")
        assert (halted.code, halted.json["failed"], halted.json["suppressed"]) == (1, 3, 0)
        assert "3 of the last 3 letters were refused" in halted.json["halted"]
        for way in ("deliveries list --status failed", "suppressions confirm --all", "resume"):
            assert f"paperround {way}" in halted.err

        status = on_both("status")
        assert "3 awaiting your word" in status.out
        assert "letters are halted since" in status.out
        awaiting = on_both("suppressions", "list", "--awaiting", "--json").json["suppressions"]
        assert [(row["detail"], row["in_force"]) for row in awaiting] == [("550 5.1.1", False)] * 3
        gone = awaiting[0]["email"]
        assert "awaits your word" in on_both("subscribers", "show", gone).out

        assert on_both("suppressions", "confirm", gone).code == 0
        assert on_both("subscribers", "show", gone, "--json").json["suppressed"]["in_force"]
        resumed = on_both("resume")
        assert (resumed.code, resumed.out) == (0, "Letters go out again.\n")
        assert "2 suppressions still await your word" in resumed.err
        assert on_both("suppressions", "remove", "--awaiting").code == 0
        peer.forgive()
        sent = on_both("deliver", "--at", AT, "--json")
    assert (sent.code, sent.json["sent"], sent.json["queued"]) == (0, 5, 0)
    listed = on_both("suppressions", "list").out
    assert gone in listed
    assert "refused: 550 5.1.1" in listed
    assert on_both("suppressions", "remove", gone).out == "1 address is mailed again.\n"
    again = on_both("suppressions", "remove", gone)
    assert (again.code, again.err) == (1, "No such address is suppressed.\n")
    assert on_both("suppressions", "list").out == "No address is suppressed.\n"


def test_policy_rejections_alert_on_deliver_and_in_status(
    on_both: Paperround, open_with: OpenWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer() as peer:
        queue_letters(open_with(), "Ada", "Bob", at=datetime.now(UTC))
        peer.on("dot", reply("550 5.7.1 Looks like spam"))
        monkeypatch.setenv("PAPERROUND_SMTP_URL", peer.url)
        ran = on_both("deliver")
    assert "ALERT: 2 refused for policy, lastly: 550 5.7.1 Looks like spam" in ran.err
    told = on_both("status")
    assert "ALERT:        2 letters refused for policy within 24 hours" in told.out
    assert on_both("suppressions", "list").out == "No address is suppressed.\n"


def test_a_paused_service_sends_nothing_until_it_is_resumed(
    on_both: Paperround, open_with: OpenWith, catcher: Catcher
) -> None:
    installation = open_with()
    queue_letters(installation, "Ada", "Bob")
    assert on_both("pause", "--reason", "the server moves").code == 0
    paused = on_both("deliver", "--at", AT, "--json")
    assert (paused.code, paused.json["sent"], paused.json["paused"]) == (0, 0, "the server moves")
    assert "the server moves" in on_both("status").out
    (held,) = on_both("status", "--json").json["holds"]
    assert (held["scope"], held["reason"]) == ("all", "the server moves")
    assert on_both("resume").code == 0
    assert on_both("deliver", "--at", AT, "--json").json["sent"] == 2
    idle = on_both("resume")
    assert (idle.code, idle.err) == (1, "Letters are not paused.\n")


def test_a_paused_domain_waits_while_the_others_get_their_letters(
    on_both: Paperround, open_with: OpenWith, catcher: Catcher
) -> None:
    installation = open_with()
    publish(installation, FRIDAY_NOON, "Robots")
    for email in ("ada@example.org", "bob@example.com", "grace@sub.example.com"):
        subscribe(installation, email)
    pipeline.plan(installation, FRIDAY_NOON)
    paused = on_both("pause", "--domain", "Example.COM")
    assert paused.code == 0
    assert "`paperround resume --domain example.com` goes on" in paused.out
    assert on_both("deliver", "--at", AT, "--json").json["sent"] == 2
    assert {c.rcpt_to for c in catcher.letters()} == {
        ("ada@example.org",),
        ("grace@sub.example.com",),
    }
    told = on_both("resume")
    assert told.code == 1, "everything is not paused"
    idle = on_both("deliver", "--at", AT)
    assert idle.out.startswith("Delivered: nothing\nQueued:    1 letter\n")
    assert "1 held: letters to example.com are paused" in idle.out
    assert "1 held: letters to example.com are paused" in on_both("status").out
    waiting = on_both("deliveries", "list", "--domain", "example.com", "--json").json["deliveries"]
    assert [(row["email"], row["status"]) for row in waiting] == [("bob@example.com", "queued")]
    assert on_both("resume", "--domain", "example.com").code == 0
    assert on_both("deliver", "--at", AT, "--json").json["sent"] == 1
    wrong = on_both("pause", "--domain", "not a domain")
    assert (wrong.code, "is not a domain" in wrong.err) == (2, True)


def test_a_domain_that_asks_for_less_is_told_of(
    on_both: Paperround, open_with: OpenWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    with planned(open_with, "Ada") as (_, peer):
        peer.on("rcpt", reply("450 4.2.0 Greylisted"))
        monkeypatch.setenv("PAPERROUND_SMTP_URL", peer.url)
        ran = on_both("deliver", "--at", AT)
    assert "1 tried again later, from 12:0" in ran.out
    words = "example.org asked for less: it gets 960 letters a minute at most"
    assert words in ran.err
    assert words in on_both("status").out
    assert on_both("status", "--json").json["slowed"] == {"example.org": 960}


def test_a_sender_at_work_notices_a_pause_at_its_next_claim(installation: Installation) -> None:
    queue_letters(installation, *crowd(6))
    with at_work(installation, FRIDAY_NOON) as ledger:
        assert len(ledger.claim(2, FRIDAY_NOON)) == 2
        with installation.database.write() as connection:
            holds.place(connection, holds.EVERYTHING, "by an admin", FRIDAY_NOON)
        assert ledger.claim(2, FRIDAY_NOON) == []
        with installation.database.write() as connection:
            holds.lift(connection, holds.EVERYTHING, FRIDAY_NOON)
            holds.place(connection, holds.scope_of("example.org"), "by an admin", FRIDAY_NOON)
        assert ledger.claim(2, FRIDAY_NOON) == []
        with installation.database.write() as connection:
            holds.lift(connection, holds.scope_of("example.org"), FRIDAY_NOON)
        assert len(ledger.claim(10, FRIDAY_NOON)) == 4


def test_letters_are_listed_by_status_date_domain_and_reader(
    on_both: Paperround, open_with: OpenWith
) -> None:
    with planned(open_with, "Ada", "Bob", "Grace") as (installation, peer):
        peer.on("rcpt", NOBODY, recipient=address("Ada"))
        deliver(installation)

    def found(*filters: str) -> list[str]:
        ran = on_both("deliveries", "list", *filters, "--json")
        assert ran.code == 0, ran.err
        return sorted(row["email"].partition("@")[0] for row in ran.json["deliveries"])

    assert found() == ["ada", "bob", "grace"]
    assert found("--status", "failed") == ["ada"]
    assert found("--status", "sent", "--date", "2026-08-21") == ["bob", "grace"]
    assert found("--date", "2026-08-22") == []
    assert found("--domain", "example.org", "--subscriber", "bob@example.org") == ["bob"]
    assert found("--domain", "example.com") == []
    assert len(on_both("deliveries", "list", "--limit", "2", "--json").json["deliveries"]) == 2
    number = letter(installation, "Ada").id
    shown = on_both("deliveries", "show", number, "--json").json
    assert (shown["number"], shown["status"], shown["attempts"]) == (number, "failed", 1)
    (tried,) = shown["failed_tries"]
    assert (tried["stage"], tried["reply_code"]) == ("rcpt", 550)
    assert "reply code: 550" in on_both("deliveries", "show", number).out
    plain = on_both("deliveries", "list", "--status", "failed").out
    assert "550 5.1.1 <reader@example.org>: Nobody here" in plain
    for wrong, words in (
        (("show", 999), "no letter 999"),
        (("list", "--subscriber", "eve@example.org"), "is not a subscriber"),
        (("retry", 999), "nothing was changed"),
    ):
        ran = on_both("deliveries", *wrong)
        assert (ran.code, words in ran.err) == (1, True), ran
    assert on_both("deliveries", "retry").code == 2
    assert on_both("deliveries", "cancel", number, "--status", "queued").code == 2


def test_only_deferred_and_uncertain_letters_are_tried_again(
    on_both: Paperround, open_with: OpenWith
) -> None:
    installation = open_with(uncertain="hold")
    queue_letters(installation, "Ada", "Bob", "Grace", "Edsger")
    last_for_long(installation)
    for name, outcome in (("Ada", LOST), ("Bob", DEFERRED_AFTER_BODY), ("Grace", REFUSED)):
        reader = letter(installation, name).subscriber_id
        take_out(installation, FRIDAY_NOON, outcome, of=lambda c, r=reader: c.subscriber_id == r)
    assert statuses(installation) == {"uncertain": 1, "queued": 2, "failed": 1}
    token = letter(installation, "Ada").token

    uncertain = on_both("deliveries", "retry", "--status", "uncertain", "--json")
    assert (uncertain.code, uncertain.json) == (0, {"retried": 1, "left": {}})
    assert letter(installation, "Ada").status == "queued"
    assert letter(installation, "Ada").token == token, "so that the letter is the same"
    final = on_both("deliveries", "retry", letter(installation, "Grace").id)
    assert final.code == 1
    assert "failed is settled" in final.err
    assert letter(installation, "Grace").status == "failed"
    some = on_both("deliveries", "retry", "--domain", "example.org", "--json")
    assert some.json["left"]["failed"] == 1
    assert statuses(installation) == {"queued": 3, "failed": 1}


def test_an_uncertain_letter_whose_time_is_over_is_not_sent_again(
    on_both: Paperround, installation: Installation
) -> None:
    queue_letters(installation, "Ada")
    take_out(installation, FRIDAY_NOON, LOST)
    with installation.database.write() as connection:
        connection.execute(update(_DELIVERY).values(expires_at=FRIDAY_NOON - timedelta(days=3650)))
    ran = on_both("deliveries", "retry", "--status", "uncertain")
    assert (ran.code, "is out of time" in ran.err) == (1, True)
    assert statuses(installation) == {"uncertain": 1}


def test_cancelled_letters_do_not_go_and_their_papers_come_with_the_next_ones(
    on_both: Paperround, open_with: OpenWith, catcher: Catcher
) -> None:
    installation = open_with()
    queue_letters(installation, "Ada", "Bob", "Grace")
    ada = letter(installation, "Ada")
    assert on_both("deliveries", "cancel", ada.id, "--json").json == {"cancelled": 1, "left": {}}
    assert watermark(installation, ada.subscriber_id) == ada.seq_from
    assert on_both("deliver", "--at", AT, "--json").json["sent"] == 2
    rest = on_both("deliveries", "cancel", "--date", "2026-08-21")
    assert rest.code == 1
    assert "cancelled is cancelled already" in rest.err
    assert "sent was accepted" in rest.err
    assert statuses(installation) == {"sent": 2, "cancelled": 1}
