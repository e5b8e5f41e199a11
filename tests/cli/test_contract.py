"""The contract that scripts rely on: what each command prints with --json, and how it exits."""

from datetime import date
from pathlib import Path

import pytest
from peers.command import Paperround
from peers.digest_file import daily, put

from service.demo.catcher import Catcher

ROUND = {
    "due", "planned", "skipped", "sent", "failed", "deferred", "uncertain", "expired",
    "cancelled", "queued", "seconds", "books", "suppressed", "policy_refusals", "paused", "halted",
    "waiting", "slowed",
}  # fmt: skip
STATUSES = {"queued", "sending", "uncertain", "sent", "failed", "expired", "cancelled"}
REASONS = {"no_new_papers", "no_match", "muted", "below_upvotes", "suppressed"}


def test_db_upgrade_tells_the_revisions_and_the_second_time_changes_nothing(
    paperround: Paperround,
) -> None:
    Path("paperround.db").unlink()
    first, second = (paperround("db", "upgrade", "--json") for _ in range(2))
    assert (first.code, first.json["before"], first.json["changed"]) == (0, None, True)
    assert (second.code, second.json["changed"]) == (0, False)
    assert second.json["before"] == second.json["after"] == first.json["after"]


def test_ingest_tells_what_became_of_each_file(on_both: Paperround, tmp_path: Path) -> None:
    news = tmp_path / "news"
    news.mkdir()
    (news / "2026-08-21.json").write_bytes(daily("Maps of Rivers", "Robots that Read"))
    (news / "broken.json").write_bytes(b'[{"paper": {"title": "Cut o')
    (news / "partly.json").write_bytes(daily("Slow Reading")[:-1] + b', {"paper": {"id": 7}}]')

    ran = on_both("ingest", news, "--json")

    assert ran.code == 1
    good, broken, partly = ran.json["editions"]
    assert good == {
        "file": "2026-08-21.json",
        "status": "ingested",
        "date": "2026-08-21",
        "papers": 2,
        "new": 2,
        "updated": 0,
        "rejected": [],
        "unlisted": 0,
        "error": None,
    }
    assert (broken["file"], broken["status"], broken["papers"]) == ("broken.json", "failed", 0)
    assert broken["error"]
    assert "broken.json" in ran.err
    assert (partly["status"], partly["papers"], len(partly["rejected"])) == ("ingested", 1, 1)
    assert set(partly["rejected"][0]) == {"position", "reason"}
    date.fromisoformat(partly["date"])

    again = on_both("ingest", news / "2026-08-21.json", "--json")
    assert again.code == 0
    assert again.json["editions"][0] | {"new": 2, "status": "ingested"} == good
    assert again.json["editions"][0]["status"] == "unchanged"


def test_ingest_without_a_path_takes_the_folder_of_the_settings(
    paperround: Paperround, digests: Path
) -> None:
    assert paperround("ingest", "--json").json == {"editions": []}
    put(digests, "2026-08-21.json", "Maps of Rivers")
    ran = paperround("ingest", "--json")
    assert (ran.code, [e["file"] for e in ran.json["editions"]]) == (0, ["2026-08-21.json"])


def test_the_round_by_hand_counts_what_each_step_did(
    on_both: Paperround, catcher: Catcher, digests: Path
) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers", "Robots that Read")
    for email, topic in (("ada", "rivers"), ("bob", "rivers"), ("carol", "cooking")):
        added = on_both(
            "subscribers", "add", f"{email}@example.org", "--topic", topic, "--status", "active"
        )
        assert added.code == 0, added.err
    assert on_both("ingest", "--json").code == 0

    planned = on_both("plan", "--now", "--json")
    assert planned.code == 0
    report = planned.json
    assert set(report) == ROUND
    assert set(report["skipped"]) == REASONS
    assert set(report["books"]) == STATUSES | {"planned", "balanced"}
    assert (report["due"], report["planned"], report["queued"], report["sent"]) == (3, 2, 2, 0)
    assert report["skipped"]["no_match"] == 1
    assert report["due"] == report["planned"] + sum(report["skipped"].values())

    delivered = on_both("deliver", "--json")
    assert delivered.code == 0
    assert set(delivered.json) == ROUND
    assert (delivered.json["due"], delivered.json["planned"]) == (0, 0)
    assert (delivered.json["sent"], delivered.json["queued"]) == (2, 0)
    assert delivered.json["books"] == dict.fromkeys(STATUSES, 0) | {
        "sent": 2,
        "planned": 2,
        "balanced": True,
    }
    assert sorted(caught.rcpt_to for caught in catcher.letters()) == [
        ("ada@example.org",),
        ("bob@example.org",),
    ]


def test_send_does_the_round_and_a_second_one_sends_nothing(
    on_both: Paperround, catcher: Catcher, digests: Path
) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers", "Robots that Read")
    on_both("subscribers", "add", "ada@example.org", "--status", "active")
    on_both("subscribers", "add", "bob@example.org", "--status", "active")

    first = on_both("send", "--now", "--json")
    assert first.code == 0
    assert set(first.json) == ROUND | {"editions"}
    assert (first.json["due"], first.json["planned"], first.json["sent"]) == (2, 2, 2)
    assert first.json["seconds"] >= 0
    assert first.json["books"]["balanced"] is True
    assert first.json["editions"][0]["status"] == "ingested"

    second = on_both("send", "--now", "--json")
    assert (second.code, second.json["due"], second.json["sent"]) == (0, 0, 0)
    assert second.json["editions"][0]["status"] == "unchanged"
    assert len(catcher.letters()) == 2


def test_the_clock_of_send_is_what_at_says(
    on_both: Paperround, catcher: Catcher, digests: Path
) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers")
    on_both(
        "subscribers", "add", "ada@example.org", "--status", "active",
        "--timezone", "Asia/Tokyo", "--send-at", "07:00",
    )  # fmt: skip
    before = on_both("send", "--at", "2099-08-21T21:59:30Z", "--json")
    assert (before.code, before.json["due"], before.json["sent"]) == (0, 0, 0)
    after = on_both("send", "--at", "2099-08-22T07:00+09:00", "--json")
    assert (after.code, after.json["due"], after.json["sent"]) == (0, 1, 1)
    assert catcher.letters()[0].headers()["Date"].datetime.isoformat() >= "2099-08-21T22:00"


def test_a_file_that_failed_makes_send_exit_with_1_although_letters_went(
    paperround: Paperround, catcher: Catcher, digests: Path
) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers")
    (digests / "empty.json").touch()
    paperround("subscribers", "add", "ada@example.org", "--status", "active")
    ran = paperround("send", "--now", "--json")
    assert (ran.code, ran.json["sent"]) == (1, 1)
    assert "empty.json" in ran.err


def test_a_server_that_is_down_halts_the_run_and_the_letters_wait(
    paperround: Paperround, digests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catcher = Catcher()
    catcher.start()
    catcher.stop()
    monkeypatch.setenv("PAPERROUND_SMTP_URL", "smtp://{}:{}".format(*catcher.address))
    put(digests, "2026-08-21.json", "Maps of Rivers")
    paperround("subscribers", "add", "ada@example.org", "--status", "active")
    ran = paperround("send", "--now", "--json")
    assert (ran.code, ran.json["sent"], ran.json["queued"]) == (1, 0, 1)
    assert "{}:{}".format(*catcher.address) in ran.json["halted"]
    assert "Queued letters wait" in ran.err
    assert ran.json["books"]["balanced"] is True


def test_status_counts_everything(on_both: Paperround, digests: Path) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers", "Robots that Read")
    on_both("ingest")
    on_both("subscribers", "add", "ada@example.org", "--status", "active")
    on_both("subscribers", "add", "bob@example.org")
    ran = on_both("status", "--json")
    assert ran.code == 0
    assert ran.json == {
        "papers": 2,
        "editions": 1,
        "subscribers": {"pending": 1, "active": 1, "paused": 0, "unsubscribed": 0},
        "deliveries": dict.fromkeys(STATUSES, 0) | {"queued": 1},
        "books": {"planned": 1, "balanced": True},
        "waiting": {
            "held": 0, "held_domains": {}, "limited": 0, "later": 0, "later_from": None,
            "with_sender": 0, "due": 1,
        },
        "slowed": {},
        "holds": [],
        "suppressions": {"in_force": 0, "awaiting": 0},
        "policy_refusals": {"last_day": 0, "last_reply": None},
        "sources": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        ("ingest",), ("plan",), ("deliver",), ("send",), ("status",), ("db", "upgrade"),
        ("subscribers", "list"), ("subscribers", "show", "ada@example.org"),
        ("subscribers", "add", "bob@example.org"), ("subscribers", "remove", "ada@example.org"),
        ("subscribers", "import", "more.csv"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_reporting_command_prints_one_json_document_and_nothing_else(
    paperround: Paperround, catcher: Catcher, digests: Path, command: tuple[str, ...]
) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers")
    Path("more.csv").write_text("email\ncarol@example.org\n")
    paperround("subscribers", "add", "ada@example.org", "--status", "active")
    ran = paperround(*command, "--json")
    assert ran.code == 0, ran.err
    assert isinstance(ran.json, dict)
    assert ran.err == ""
    plain = paperround(*command[:1], *command[1:])
    assert not plain.out.startswith("{")
