"""Digest files on disk: what is found, what is refused, and that one refusal stops no other."""

import hashlib
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.sources.folder import Found, files, put_away

LIMIT = 1_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "digests"
    inside.mkdir()
    (inside / "b.json").write_bytes(b"second")
    (inside / "a.txt").write_bytes(b"first")
    return inside


@dataclass(frozen=True)
class Read:
    data: bytes | None
    error: str | None
    bad: bool
    modified: datetime | None
    sha256: str


def read(file: Found) -> Read:
    data = file.opened.read() if file.opened else None
    return Read(data, file.error, file.bad, file.modified, file.sha256)


def found(*paths: Path) -> dict[str, Read]:
    return {file.name: read(file) for file in files(paths, LIMIT)}


def error_of(path: Path) -> str | None:
    [(name, file)] = found(path).items()
    assert name == path.name
    assert (file.data is None) != (file.error is None)
    return file.error


def test_a_folder_gives_its_files_by_name(folder: Path) -> None:
    assert [(name, file.data, file.error) for name, file in found(folder).items()] == [
        ("a.txt", b"first", None),
        ("b.json", b"second", None),
    ]


def test_a_file_is_known_by_the_hash_of_its_bytes(folder: Path) -> None:
    assert found(folder)["a.txt"].sha256 == hashlib.sha256(b"first").hexdigest()


def test_a_file_that_changes_while_it_is_read_is_noticed(folder: Path) -> None:
    for file in files([folder / "a.txt"], LIMIT):
        assert not file.changed()
        with (folder / "a.txt").open("ab") as more:
            more.write(b" and more")
        assert file.changed()


def test_a_file_that_is_being_written_is_left_and_the_others_follow(folder: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with (folder / "a.txt").open("ab", buffering=0) as growing:
            while not stop.wait(0.01):
                growing.write(b"x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        told = {file.name: file.writing for file in files([folder], 10**9)}
    finally:
        stop.set()
        writer.join()
    assert told == {"a.txt": True, "b.json": False}
    assert not any(file.writing for file in files([folder], 10**9))


def test_a_file_is_put_away_with_its_reason_and_never_over_another(folder: Path) -> None:
    first = put_away(folder / "a.txt", "quarantine", "no good")
    (folder / "a.txt").write_bytes(b"again")
    second = put_away(folder / "a.txt", "quarantine", "no better")
    assert (first.read_bytes(), second.read_bytes()) == (b"first", b"again")
    assert sorted(path.name for path in (folder / "quarantine").iterdir()) == [
        "a-2.txt",
        "a-2.txt.reason.txt",
        "a.txt",
        "a.txt.reason.txt",
    ]
    assert (folder / "quarantine" / "a-2.txt.reason.txt").read_text() == "no better\n"
    assert list(found(folder)) == ["b.json"]


def test_a_file_tells_when_it_was_last_modified(folder: Path) -> None:
    os.utime(folder / "a.txt", (86_400, 86_400))
    assert found(folder)["a.txt"].modified == datetime(1970, 1, 2, tzinfo=UTC)


def test_hidden_and_unfinished_files_and_subfolders_are_passed_over(folder: Path) -> None:
    for name in (".hidden.json", "c.json.tmp", "d.json.part", "e.PART"):
        (folder / name).write_bytes(b"unfinished")
    (folder / "done").mkdir()
    (folder / "done" / "old.json").write_bytes(b"old")
    assert list(found(folder)) == ["a.txt", "b.json"]


def test_a_file_named_itself_is_read_whatever_its_name(folder: Path) -> None:
    (folder / "c.tmp").write_bytes(b"named")
    assert found(folder / "c.tmp", folder / "b.json")["c.tmp"].data == b"named"


def test_a_path_that_does_not_exist_is_an_error_and_the_others_proceed(folder: Path) -> None:
    nowhere = folder / "nowhere"
    results = found(nowhere, folder)
    assert results["nowhere"] == Read(None, "no such file or folder", False, None, "")
    assert results["b.json"].data == b"second"


def test_a_file_at_the_limit_is_read_and_one_beyond_it_is_refused(folder: Path) -> None:
    (folder / "c.json").write_bytes(b"x" * LIMIT)
    (folder / "d.json").write_bytes(b"x" * (LIMIT + 1))
    results = found(folder)
    assert results["c.json"].data == b"x" * LIMIT
    assert results["d.json"].error == "too large: 1,001 bytes, and the limit is 1,000"
    assert results["d.json"].data is None
    assert results["d.json"].bad


def test_a_huge_file_is_refused_by_its_size(folder: Path) -> None:
    with (folder / "huge.json").open("wb") as huge:
        huge.truncate(200 * 2**20)
    assert error_of(folder / "huge.json") == (
        "too large: 209,715,200 bytes, and the limit is 1,000"
    )


def test_a_file_without_a_size_on_record_is_still_bounded() -> None:
    endless = Path("/proc/self/maps")
    if not endless.is_file():
        pytest.skip("no /proc here: nothing to show a file whose size on record is 0")
    assert error_of(endless) == "too large: 1,001 bytes, and the limit is 1,000"


def test_symlinks_may_stay_in_the_folder_but_not_lead_out(folder: Path) -> None:
    secret = folder.parent / "secret.txt"
    secret.write_bytes(b"secret")
    (folder / "escape.json").symlink_to(secret)
    (folder / "escape-folder").symlink_to(folder.parent)
    (folder / "inside.json").symlink_to("a.txt")
    (folder / "nothing.json").symlink_to("missing")
    (folder / "loop.json").symlink_to("loop.json")
    results = found(folder)
    assert results["escape.json"].error == "a symlink out of the folder"
    assert results["escape-folder"].error == "a symlink out of the folder"
    assert results["nothing.json"].error == "a symlink to nothing"
    assert results["loop.json"].error is not None
    assert results["inside.json"].data == b"first"
    assert results["b.json"].data == b"second"
    assert error_of(folder / "escape.json") == "a symlink out of the folder"


def test_a_folder_may_be_reached_by_a_symlink_itself(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert list(found(link)) == ["a.txt", "b.json"]
    assert found(link / "a.txt")["a.txt"].data == b"first"


def test_what_is_no_regular_file_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.json")
    results = found(folder)
    assert results["pipe.json"].error == "not a regular file"
    assert results["b.json"].data == b"second"


def test_a_socket_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("door.json")
        assert error_of(Path("door.json")) is not None


@pytest.fixture
def unreadable_folder() -> Iterator[Path]:
    """A folder whose first file is closed to us, and we not root (who may read everything)."""
    me = os.geteuid()
    # Not pytest's own temporary folder, which no one else may enter.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "a.txt").write_bytes(b"first")
        (folder / "a.txt").chmod(0)
        (folder / "b.json").write_bytes(b"second")
        os.seteuid(65534 if me == 0 else me)
        yield folder
        os.seteuid(me)


def test_a_file_that_may_not_be_read_is_an_error(unreadable_folder: Path) -> None:
    results = found(unreadable_folder)
    assert results["a.txt"].error == "cannot be read: Permission denied"
    assert not results["a.txt"].bad
    assert results["b.json"].data == b"second"


def test_a_file_taken_for_a_folder_is_an_error(folder: Path) -> None:
    assert error_of(folder / "a.txt" / "below") == "cannot be read: Not a directory"


def test_a_name_that_is_not_utf8_is_still_text(folder: Path) -> None:
    with open(os.fsencode(folder) + b"/c\xff.json", "wb") as strange:  # noqa: PTH123
        strange.write(b"third")
    assert found(folder)["c\ufffd.json"].data == b"third"
