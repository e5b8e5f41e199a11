"""`paperround subscribers`: an admin adds, imports, shows and erases, and never revives."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from peers.command import Paperround
from peers.digest_file import put
from peers.dump import dump
from peers.letter import unsubscribe_link
from peers.pages import open_pages
from sqlalchemy import insert, update

from service import settings
from service.demo.catcher import Catcher
from service.installation import open_installation
from service.readers import leaving
from service.store import tables
from service.store.engine import Database


def test_add_keeps_all_that_was_said(on_both: Paperround) -> None:
    added = on_both(
        "subscribers", "add", "Ada@Example.org", "--name", "Ada Ö.", "--topic", "maps",
        "--topic", '"world models" OR robots', "--timezone", "Europe/Berlin",
        "--send-at", "6:30", "--max-papers", "50", "--status", "active", "--json",
    )  # fmt: skip
    assert (added.code, added.json) == (0, {"email": "Ada@Example.org", "result": "active"})
    shown = on_both("subscribers", "show", "ada@example.ORG", "--json").json
    assert shown["email"] == "Ada@example.org"
    assert shown["name"] == "Ada Ö."
    assert shown["topics"] == ["maps", '"world models" OR robots']
    assert (shown["timezone"], shown["send_at"], shown["max_papers"]) == (
        "Europe/Berlin",
        "06:30",
        50,
    )
    assert shown["status"] == "active"
    added_event, active_event = shown["consent"]
    assert (added_event["event"], active_event["event"]) == ("added", "active")
    assert added_event["source"].startswith("added by ")
    assert datetime.fromisoformat(active_event["at"]).tzinfo is not None
    assert shown["letters"] == []


def test_a_pending_one_gets_a_letter_that_asks(on_both: Paperround, catcher: Catcher) -> None:
    on_both("subscribers", "add", "ada@example.org")
    assert on_both("deliver", "--json").json["sent"] == 1
    (caught,) = catcher.letters()
    assert caught.rcpt_to == ("ada@example.org",)
    assert caught.headers()["Subject"] == "Confirm your Paperround letter"
    shown = on_both("subscribers", "show", "ada@example.org", "--json").json
    assert shown["status"] == "pending"
    assert [(letter["kind"], letter["status"]) for letter in shown["letters"]] == [
        ("confirm", "sent")
    ]


def test_who_is_known_already_is_left_as_they_are(on_both: Paperround) -> None:
    on_both("subscribers", "add", "ada@example.org", "--topic", "maps")
    before = on_both("subscribers", "show", "ada@example.org", "--json").json
    again = on_both(
        "subscribers",
        "add",
        "ADA@example.org",
        "--topic",
        "cooking",
        "--status",
        "active",
        "--json",
    )
    assert (again.code, again.json["result"]) == (1, "already")
    assert "is a subscriber already; nothing was changed" in again.err
    assert on_both("subscribers", "show", "ada@example.org", "--json").json == before


def unsubscribe(email: str) -> None:
    chosen = settings.load()
    with open_installation(chosen) as installation:
        subscriber = tables.table(tables.Subscriber)
        with installation.database.read() as connection:
            token = connection.exec_driver_sql(
                f"SELECT unsubscribe_token FROM {subscriber.name} WHERE address = '{email}'"
            ).scalar_one()
        leaving.unsubscribe(installation, token, datetime.now(UTC), source="test")


def test_neither_add_nor_import_revives_who_unsubscribed(on_both: Paperround) -> None:
    on_both("subscribers", "add", "ada@example.org", "--status", "active")
    unsubscribe("ada@example.org")
    queued = on_both("status", "--json").json["deliveries"]["queued"]

    added = on_both("subscribers", "add", "ada@example.org", "--status", "active", "--json")
    assert (added.code, added.json["result"]) == (1, "unsubscribed")
    assert "not revived" in added.err

    Path("all.csv").write_text("email,status\nADA@example.org,active\nada@example.org,pending\n")
    imported = on_both("subscribers", "import", "all.csv", "--json")
    assert (imported.code, imported.json["unsubscribed"], imported.json["active"]) == (0, 2, 0)
    assert imported.err.count("not revived") == 2
    assert "all.csv, line 2: ADA@example.org has unsubscribed" in imported.err

    status = on_both("status", "--json").json
    assert status["subscribers"] == {"pending": 0, "active": 0, "paused": 0, "unsubscribed": 1}
    assert status["deliveries"]["queued"] == queued


def test_neither_add_nor_import_mails_who_is_suppressed(
    on_both: Paperround, database: Database
) -> None:
    on_both("status")
    now = datetime.now(UTC)
    address_hash = hashlib.sha256(b"ada@example.org").hexdigest()
    with database.write() as connection:
        connection.execute(
            insert(tables.Suppression),
            {"address_hash": address_hash, "reason": "test", "since": now, "effective_at": now},
        )
    added = on_both("subscribers", "add", "Ada@example.org", "--status", "active")
    assert (added.code, added.out) == (1, "")
    assert "is suppressed and is not revived" in added.err
    Path("all.csv").write_text("email\nada@example.org\n")
    assert on_both("subscribers", "import", "all.csv", "--json").json["suppressed"] == 1
    assert on_both("subscribers", "list", "--json").json == {"subscribers": []}


def test_import_takes_every_column_and_counts_by_what_became_of_each_row(
    on_both: Paperround,
) -> None:
    Path("all.csv").write_bytes(
        "\ufeffEmail,Name,topics,timezone,send_at,status\r\n"
        'ada@example.org,"Lovelace, Ada",maps|"world models",Europe/Berlin,06:30,active\r\n'
        "\r\n"
        "bob@example.org,,,,,\r\n"
        "ada@example.org,,,,,\r\n".encode()
    )
    ran = on_both("subscribers", "import", "all.csv", "--json")
    assert ran.code == 0
    assert ran.json == {
        "pending": 1, "active": 1, "already": 1, "unsubscribed": 0, "suppressed": 0, "refused": [],
    }  # fmt: skip
    ada, bob = on_both("subscribers", "list", "--json").json["subscribers"]
    assert (ada["name"], ada["topics"]) == ("Lovelace, Ada", ["maps", '"world models"'])
    assert (ada["timezone"], ada["send_at"], ada["status"]) == ("Europe/Berlin", "06:30", "active")
    assert (bob["timezone"], bob["send_at"], bob["status"]) == ("UTC", "07:00", "pending")
    assert on_both("subscribers", "list", "--status", "pending", "--json").json == {
        "subscribers": [bob]
    }


def test_what_was_exported_makes_the_same_readers_elsewhere(on_both: Paperround) -> None:
    on_both(
        "subscribers", "add", "ada@example.org", "--name", 'Lovelace, "Ada"', "--status", "active",
        "--topic", "Brains = neural OR neuron", "--topic", '"on|off"', "--mute", "a survey",
        "--follow", "Łukasz Kaiser", "--min-upvotes", "20", "--timezone", "Europe/Berlin",
        "--send-at", "6:30", "--cadence", "weekdays", "--max-papers", "7",
    )  # fmt: skip
    on_both("subscribers", "add", "bob@example.org", "--cadence", "sundays")
    before = on_both("subscribers", "list", "--json").json["subscribers"]
    assert on_both("subscribers", "export", "all.csv").out == "2 subscribers in all.csv.\n"
    assert on_both("subscribers", "export").out.encode() == Path("all.csv").read_bytes()
    assert len(on_both("subscribers", "export", "--status", "active").out.splitlines()) == 2
    for email in ("ada@example.org", "bob@example.org"):
        on_both("subscribers", "remove", email)
    assert on_both("subscribers", "import", "all.csv").code == 0
    after = on_both("subscribers", "list", "--json").json["subscribers"]
    assert after[0].pop("topics") == ["Brains", '"on off"']
    assert before[0].pop("topics") == ["Brains", '"on|off"']
    assert after == before


def test_a_row_that_cannot_be_read_is_named_by_its_line_and_the_others_go_in(
    paperround: Paperround,
) -> None:
    Path("all.csv").write_text(
        "email,topics,timezone,send_at,status,cadence,max_papers\n"
        "ada@example.org,maps,,,,,\n"
        "nobody,,,,,,\n"
        '"bob@example.org","(maps",,,,,\n'
        "carol@example.org,,Mars,,,,\n"
        "dave@example.org,,,7,,,\n"
        "erin@example.org,,,,paused,,\n"
        "frank@example.org,maps, robots,,,,,\n"
        '"grace@example.org","one|\ntwo",,,active,,\n'
        ",,,,,,\n"
        "heidi@example.org,,,,,hourly,\n"
        "ivan@example.org,,,,,Fridays,51\n"
    )
    ran = paperround("subscribers", "import", "all.csv", "--json")
    assert ran.code == 1
    assert (ran.json["pending"], ran.json["active"]) == (1, 1)
    assert [(row["line"], row["reason"].split(";")[0]) for row in ran.json["refused"]] == [
        (3, "'nobody' is not an e-mail address: An email address must have an @-sign."),
        (4, "topic '(maps': this parenthesis is never closed (column 1)"),
        (5, "'Mars' is not a time zone"),
        (6, "'7' is not an hour"),
        (7, "status 'paused' is neither active nor pending"),
        (8, "the row has more cells than the header"),
        (11, "'' is not an e-mail address: An email address must have an @-sign."),
        (12, "'hourly' is not a cadence"),
        (13, "max_papers 51 is not 1 to 50"),
    ]
    for row in ran.json["refused"]:
        assert f"all.csv, line {row['line']}: {row['reason']}" in ran.err
    assert ran.err.splitlines()[-1] == "9 of 11 rows could not be read."


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "all.csv, line 1: there is no column email"),
        (b"name,topics\nAda,maps\n", "all.csv, line 1: there is no column email"),
        (b"email;topics\n", "line 1: 'email;topics' is no column"),
        (b"email,hour\n", "line 1: 'hour' is no column"),
        (b"email,name,name\n", "line 1: 'name' is no column"),
        (b"email,name\nada@example.org,Ada\nbob@example.org,B\xf6b\n", "line 3: this is not UTF-8"),
        (b"email,name\nada@example.org," + b"x" * 200_000 + b"\n", "line 2: this is not CSV"),
        (b"email,name\nada@example.org,A\0da\n", "line 2: this is not text"),
        (None, "all.csv cannot be read: No such file or directory."),
    ],
)
def test_a_csv_file_that_cannot_be_used_adds_nobody(
    paperround: Paperround, data: bytes | None, words: str
) -> None:
    if data is not None:
        Path("all.csv").write_bytes(data)
    ran = paperround("subscribers", "import", "all.csv")
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1
    assert paperround("subscribers", "list", "--json").json == {"subscribers": []}


def test_remove_leaves_no_trace_of_the_person_and_their_link_still_gives_its_page(
    on_both: Paperround, catcher: Catcher, digests: Path, database: Database
) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers")
    on_both(
        "subscribers", "add", "ada.lovelace@analytical.example", "--name", "Countess Augusta",
        "--status", "active",
    )  # fmt: skip
    on_both("subscribers", "add", "bob@example.org", "--status", "active")
    assert on_both("send", "--now", "--json").json["sent"] == 2
    (letter,) = (caught for caught in catcher.letters() if "analytical" in caught.rcpt_to[0])
    link = unsubscribe_link(letter)
    with database.write() as connection:
        delivery = tables.table(tables.Delivery)
        connection.execute(
            update(delivery).values(reply="250 taken for ada.lovelace@analytical.example")
        )
    assert "lovelace" in dump(database)

    removed = on_both("subscribers", "remove", "Ada.Lovelace@Analytical.example", "--json")
    assert (removed.code, removed.json["removed"]) == (0, True)

    after = dump(database, without=frozenset({"counter"})).casefold()
    bobs_reply = after.count("ada.lovelace@analytical.example")
    assert bobs_reply == 1, "only the reply we planted on Bob's letter names her"
    assert "augusta" not in after
    assert on_both("subscribers", "list", "--json").json["subscribers"][0]["email"] == (
        "bob@example.org"
    )
    with open_installation(settings.load()) as installation, open_pages(installation) as pages:
        page = pages.get(urlsplit(link).path)
    assert page.status_code == 200
    assert "unsubscribed" in page.text

    assert on_both("subscribers", "show", "ada.lovelace@analytical.example").code == 1
    assert on_both("subscribers", "remove", "ada.lovelace@analytical.example").code == 1
    books = on_both("status", "--json").json["books"]
    assert books == {"planned": 2, "balanced": True}
