"""`paperround dkim`: make a key, publish its record, see that it signs."""

import re
import stat
from pathlib import Path

import pytest
from peers.command import Paperround
from peers.digest_file import put
from peers.signatures import holds

from service.demo.catcher import Catcher
from service.mail.dkim import Signer, read_key
from service.settings import PREFIX

FROM = "Papers <round@papers.example.org>"


@pytest.fixture(autouse=True)
def _sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}FROM", FROM)


def signing(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    for line in lines:
        monkeypatch.setenv(*line.split("=", 1))


@pytest.mark.parametrize(("key_type", "strings"), [("rsa", 2), ("ed25519", 1)])
def test_a_new_key_is_its_owners_alone_and_its_record_is_ready_to_paste(
    paperround: Paperround, key_type: str, strings: int, tmp_path: Path
) -> None:
    ran = paperround("dkim", "new", "--selector", "august", "--type", key_type)
    assert (ran.code, ran.err) == (0, "")
    file = tmp_path / "dkim-august.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    signer = Signer("papers.example.org", "august", read_key(file.read_bytes()))
    assert signer.key_type == key_type
    assert "august._domainkey.papers.example.org. IN TXT (" in ran.out
    pieces = re.findall(r'^ +"(.*)"$', ran.out, re.MULTILINE)
    assert ("".join(pieces), len(pieces)) == (signer.record, strings)
    for line in (
        "PAPERROUND_DKIM_DOMAIN=papers.example.org",
        "PAPERROUND_DKIM_SELECTOR=august",
        f"PAPERROUND_DKIM_KEY_FILE={file}",
    ):
        assert f"   {line}\n" in ran.out
    assert "PRIVATE" not in ran.out


def test_a_key_that_exists_is_never_overwritten(paperround: Paperround, tmp_path: Path) -> None:
    assert paperround("dkim", "new").code == 0
    before = (tmp_path / "dkim-paperround.pem").read_bytes()
    ran = paperround("dkim", "new")
    assert (ran.code, ran.out) == (1, "")
    assert "dkim-paperround.pem exists already" in ran.err
    assert (tmp_path / "dkim-paperround.pem").read_bytes() == before


def test_a_place_or_name_that_cannot_be_used_is_said_in_a_line(
    paperround: Paperround, tmp_path: Path
) -> None:
    ran = paperround("dkim", "new", "--out", tmp_path / "none" / "key.pem")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "No such file or directory" in ran.err
    ran = paperround("dkim", "new", "--selector", "../evil")
    assert ran.code == 2
    assert "is not a selector" in ran.err
    assert list(tmp_path.glob("**/*.pem")) == []


def test_check_signs_with_the_key_of_the_settings_and_prints_its_record(
    paperround: Paperround, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = paperround("dkim", "check")
    assert (ran.code, ran.out) == (1, "")
    assert "paperround dkim new makes a key" in ran.err
    made = paperround("dkim", "new", "--json").json
    signing(monkeypatch, made["settings"])
    checked = paperround("dkim", "check", "--json").json
    assert checked == {
        "signs": True,
        "aligned": True,
        **{key: made[key] for key in ("name", "type", "value", "strings")},
    }
    shown = paperround("dkim", "check")
    assert (shown.code, shown.err) == (0, "")
    assert "(rsa) signs" in shown.out
    assert made["name"] in shown.out


def test_check_warns_of_a_domain_that_the_sender_does_not_belong_to(
    paperround: Paperround, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing(monkeypatch, paperround("dkim", "new", "--json").json["settings"])
    for domain, said in (
        ("example.org", False),
        ("mail.papers.example.org", False),
        ("example.net", True),
        ("apers.example.org", True),
    ):
        monkeypatch.setenv(f"{PREFIX}DKIM_DOMAIN", domain)
        ran = paperround("dkim", "check")
        assert ran.code == 0
        assert ("DMARC" in ran.err) is said, domain


def test_every_letter_goes_out_signed(
    paperround: Paperround, monkeypatch: pytest.MonkeyPatch, catcher: Catcher, digests: Path
) -> None:
    made = paperround("dkim", "new", "--json").json
    signing(monkeypatch, made["settings"])
    signer = Signer("papers.example.org", "paperround", read_key(Path(made["file"]).read_bytes()))
    put(digests, "2026-08-21.json", "Maps of Rivers")
    paperround("subscribers", "add", "ada@example.org", "--name", "Zoë", "--status", "active")
    paperround("subscribers", "add", "bob@example.org")
    assert paperround("send", "--now").code == 0
    letters = catcher.letters()
    assert {caught.rcpt_to for caught in letters} == {("ada@example.org",), ("bob@example.org",)}
    assert all(holds(caught.raw, signer) for caught in letters)


@pytest.mark.parametrize(
    ("change", "variable", "words"),
    [
        ({"DOMAIN": ""}, "DOMAIN", "is not set"),
        ({"SELECTOR": ""}, "SELECTOR", "is not set"),
        ({"KEY_FILE": ""}, "KEY_FILE", "is not set"),
        ({"KEY_FILE": "none.pem"}, "KEY_FILE", "none.pem cannot be read: No such file"),
        ({"KEY_FILE": "."}, "KEY_FILE", "cannot be read: Is a directory"),
        ({"KEY_FILE": "note.txt"}, "KEY_FILE", "note.txt holds no private key"),
        ({"SELECTOR": "a b"}, "SELECTOR", "'a b' is not a selector"),
        ({"DOMAIN": "no domain"}, "DOMAIN", "'no domain' is not a domain name"),
    ],
)
def test_settings_that_cannot_sign_are_one_line_at_the_start(
    paperround: Paperround,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    variable: str,
    words: str,
) -> None:
    signing(monkeypatch, paperround("dkim", "new", "--json").json["settings"])
    Path("note.txt").write_text("not a key")
    for name, value in change.items():
        monkeypatch.setenv(f"{PREFIX}DKIM_{name}", value)
    for command in ("send", "status"):
        ran = paperround(command)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
        assert ran.err.startswith(f"{PREFIX}DKIM_{variable}: ")
        assert words in ran.err


def test_without_the_extra_the_error_says_how_to_get_it(
    paperround: Paperround, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing(monkeypatch, paperround("dkim", "new", "--json").json["settings"])
    monkeypatch.setitem(__import__("sys").modules, "cryptography", None)
    ran = paperround("status")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "pip install 'paperround[dkim]'" in ran.err
