"""A backup in the database's place: nothing goes twice before an admin has said so."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import OpenWith
from peers.backup import Backup
from peers.command import Paperround, paperround_of
from peers.newsroom import FRIDAY_NOON, at_work, publish, statuses
from peers.sending import address, crowd, deliver, enlist, letter, queue_letters
from peers.smtp import Peer

from service import pipeline
from service.domain.policy import Result
from service.installation import Installation
from service.settings import PREFIX
from service.store.engine import StoreError
from service.store.marker import Marker

AT = ("--at", FRIDAY_NOON.isoformat())
NAMES = crowd(6)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as made:
        yield made


@pytest.fixture
def marker(tmp_path: Path) -> Marker:
    return Marker(tmp_path / "last-sent")


@pytest.fixture
def installation(open_with: OpenWith, peer: Peer, marker: Marker) -> Installation:
    return open_with(smtp_url=peer.url, smtp_connections=2, marker_file=marker.path)


@pytest.fixture
def paperround(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    peer: Peer,
    marker: Marker,
) -> Paperround:
    for name, value in {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "a key for tests, long enough to be one",
        "SMTP_URL": peer.url,
        "MARKER_FILE": str(marker.path),
    }.items():
        monkeypatch.setenv(PREFIX + name, value)
    return paperround_of(capsys)


def unknown(installation: Installation, marker: Marker) -> int | None:
    with installation.database.read() as connection:
        begun = marker.unknown_to(connection)
    return begun.delivery_id if begun else None


def one_letter(installation: Installation) -> None:
    """Send one letter, and stop."""
    stop = threading.Event()
    tell: Callable[[int, int], None] = lambda done, due: stop.set()  # noqa: E731
    pipeline.deliver(installation, lambda: FRIDAY_NOON, stop, tell)


def test_a_restored_backup_sends_nothing_until_an_admin_says_so(
    installation: Installation, database_url: str, peer: Peer, paperround: Paperround
) -> None:
    queue_letters(installation, *NAMES)
    backup = Backup(installation, database_url)
    assert deliver(installation).results[Result.ACCEPTED] == 6
    assert deliver(installation).halted is None
    backup.restore()

    for _ in range(2):
        halted = paperround("deliver", *AT, "--json")
        assert (halted.code, halted.json["sent"], halted.json["queued"]) == (1, 0, 6)
        assert "the database is older than the letters last sent from it" in halted.err
        assert "`paperround resume --restored`" in halted.err
    told = paperround("status").out
    assert "letters are halted since" in told
    assert "6 held: all letters are" in told
    plain = paperround("resume")
    assert plain.code == 1
    assert "`resume --restored`" in plain.err
    assert paperround("deliver", *AT).code == 1
    assert len(peer.whole) == 6

    resumed = paperround("resume", "--restored")
    assert (resumed.code, resumed.out) == (0, "Letters go out again.\n")
    again = paperround("deliver", *AT, "--json")
    assert (again.code, again.json["sent"]) == (0, 6)
    # Twice, with an admin's word, and the same letters.
    assert Counter(copy.recipient for copy in peer.whole) == Counter(map(address, NAMES * 2))
    for name in NAMES:
        assert len({copy.letter for copy in peer.copies(address(name))}) == 1
    assert deliver(installation).halted is None
    idle = paperround("resume", "--restored")
    assert (idle.code, "is not known to be older" in idle.err) == (1, True)


def test_restored_twice_before_anybody_acted_it_is_noticed_twice(
    installation: Installation, database_url: str, peer: Peer
) -> None:
    queue_letters(installation, *NAMES)
    backup = Backup(installation, database_url)
    deliver(installation)
    for _ in range(2):
        backup.restore()
        assert deliver(installation).halted is not None
    assert len(peer.whole) == 6


def test_an_admin_may_say_so_before_anything_was_tried(
    installation: Installation, database_url: str, peer: Peer, paperround: Paperround
) -> None:
    queue_letters(installation, "Ada")
    backup = Backup(installation, database_url)
    deliver(installation)
    backup.restore()
    assert paperround("resume", "--restored", "--json").json["resumed"] is True
    assert deliver(installation).results[Result.ACCEPTED] == 1


def test_a_backup_made_in_mid_run_is_noticed_by_the_letters_that_came_after_it(
    installation: Installation, database_url: str, peer: Peer
) -> None:
    queue_letters(installation, *NAMES)
    one_letter(installation)
    sent = len(peer.whole)
    backup = Backup(installation, database_url)
    one_letter(installation)
    assert sent < len(peer.whole) < 6
    backup.restore()
    before = len(peer.whole)
    assert deliver(installation).halted is not None
    assert len(peer.whole) == before
    assert statuses(installation) == {"sent": sent, "queued": 6 - sent}


def test_a_backup_that_knows_of_every_letter_goes_on_by_itself(
    installation: Installation, database_url: str, peer: Peer
) -> None:
    queue_letters(installation, *NAMES)
    one_letter(installation)
    Backup(installation, database_url).restore()
    assert deliver(installation).halted is None
    assert Counter(copy.recipient for copy in peer.whole) == Counter(map(address, NAMES))


def test_new_letters_under_the_numbers_of_lost_ones_do_not_hide_them(
    installation: Installation, database_url: str, marker: Marker
) -> None:
    empty = Backup(installation, database_url)
    queue_letters(installation, "Ada", "Bob")
    deliver(installation)
    lost = {letter(installation, name).id for name in ("Ada", "Bob")}
    empty.restore()
    publish(installation, FRIDAY_NOON, "Another paper")
    enlist(installation, "Grace", "Edsger")
    pipeline.plan(installation, FRIDAY_NOON, everyone=True)
    assert {letter(installation, name).id for name in ("Grace", "Edsger")} == lost
    with at_work(installation, FRIDAY_NOON) as ledger:
        # As another machine would, that never heard of the marker.
        assert ledger.step([], ledger.claim(2, FRIDAY_NOON))
    # Of letters begun at once, any may be the last.
    assert unknown(installation, marker) in lost


def test_what_each_worker_noted_stays_when_others_write_too(
    installation: Installation, marker: Marker
) -> None:
    queue_letters(installation, "Ada", "Bob")
    with at_work(installation, FRIDAY_NOON) as ledger:
        ada, bob = ledger.claim(2, FRIDAY_NOON)
        with marker.pen(1) as first, marker.pen(2) as second:
            first.note(ada)
            assert unknown(installation, marker) == ada.delivery_id
            ledger.step([], [ada])
            assert unknown(installation, marker) is None
            second.note(bob)
        with marker.pen(1) as again:
            again.note(ada)
        assert unknown(installation, marker) == bob.delivery_id
        marker.forget()
        assert unknown(installation, marker) is None


@pytest.mark.parametrize("content", [b"", bytes(400), b"not a marker\n", b"00000000000000000001 0"])
def test_a_marker_cut_short_by_a_power_cut_says_nothing(
    installation: Installation, marker: Marker, content: bytes
) -> None:
    marker.path.write_bytes(content)
    queue_letters(installation, "Ada")
    assert deliver(installation).results[Result.ACCEPTED] == 1
    assert unknown(installation, marker) is None


def test_where_the_marker_cannot_be_written_nothing_is_sent(
    open_with: OpenWith, peer: Peer, tmp_path: Path
) -> None:
    installation = open_with(smtp_url=peer.url, marker_file=tmp_path / "nowhere" / "last-sent")
    queue_letters(installation, "Ada")
    with pytest.raises(StoreError, match=r"cannot be written: No such file or directory; nothing"):
        deliver(installation)
    assert peer.whole == []
    assert statuses(installation) == {"queued": 1}


def test_the_marker_names_nobody(installation: Installation, marker: Marker) -> None:
    queue_letters(installation, "Ada")
    deliver(installation)
    written = marker.path.read_bytes()
    assert letter(installation, "Ada").token.hex()[:8].encode() not in written
    assert b"@" not in written
    assert len(written) <= 64 * 40
