"""The settings: every variable is read, a wrong one is named in one line, secrets never show."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.command import CHECKOUT
from peers.deadline import at_once

from service import settings
from service.installation import open_installation
from service.settings import PREFIX, Settings, SettingsError

KEY = "mackerel-" * 4
# A value for every variable, and what the settings make of it.
GOOD: dict[str, tuple[str, Callable[[Settings], Any], Any]] = {
    "DATABASE_URL": (
        "postgresql://ada:pass@db/papers",
        lambda s: s.database.render_as_string(hide_password=False),
        "postgresql+psycopg://ada:pass@db/papers",
    ),
    "MARKER_FILE": ("/var/last-sent", lambda s: s.marker, Path("/var/last-sent")),
    "SMTP_URL": ("smtps://a%40b:p%3Aq@mail.example.org", lambda s: s.route.password, "p:q"),
    "SMTP_CONNECTIONS": ("16", lambda s: s.smtp_connections, 16),
    "ROUTE_CONNECTIONS": ("20", lambda s: s.limits.connections, 20),
    "LETTERS_A_MINUTE": ("600", lambda s: s.limits.letters, 600),
    "DOMAIN_CONNECTIONS": ("3", lambda s: s.limits.domain_connections, 3),
    "DOMAIN_LETTERS_A_MINUTE": ("60", lambda s: s.limits.domain_letters, 60),
    "SMTP_CONNECTION_LETTERS": ("50", lambda s: s.smtp_connection_letters, 50),
    "SMTP_CONNECTION_SECONDS": ("60", lambda s: s.smtp_connection_seconds, 60),
    "SMTP_WAIT_CONNECT": ("11", lambda s: s.smtp_wait_connect, 11),
    "SMTP_WAIT_GREETING": ("12", lambda s: s.smtp_wait_greeting, 12),
    "SMTP_WAIT_COMMAND": ("13", lambda s: s.smtp_wait_command, 13),
    "SMTP_WAIT_DATA": ("14", lambda s: s.smtp_wait_data, 14),
    "SMTP_WAIT_BLOCK": ("15", lambda s: s.smtp_wait_block, 15),
    "SMTP_WAIT_DOT": ("16", lambda s: s.smtp_wait_dot, 16),
    "BASE_URL": ("https://p.example.org/", lambda s: s.base_url, "https://p.example.org"),
    "FROM": ("Papers <p@example.org>", lambda s: s.from_, "Papers <p@example.org>"),
    "REPLY_TO": ("help@example.org", lambda s: s.reply_to, "help@example.org"),
    "FEEDBACK_ID": ("a:b:c:papers", lambda s: s.feedback_id, "a:b:c:papers"),
    "POSTAL_ADDRESS": ("1 Main St", lambda s: s.postal_address, "1 Main St"),
    "TEMPLATES_DIR": ("/etc/looks", lambda s: s.templates_dir, Path("/etc/looks")),
    "DKIM_DOMAIN": ("example.org", lambda s: s.dkim_domain, "example.org"),
    "DKIM_SELECTOR": ("august", lambda s: s.dkim_selector, "august"),
    "DKIM_KEY_FILE": ("/etc/dkim.pem", lambda s: s.dkim_key_file, Path("/etc/dkim.pem")),
    "SECRET_KEY": (KEY, lambda s: s.signing_keys()[0], KEY.encode()),
    "OLDER_SECRET_KEYS": (KEY, lambda s: s.signing_keys()[1], KEY.encode()),
    "TRUSTED_PROXIES": ("10.0.0.0/8 ::1", lambda s: s.trusted_proxies, "10.0.0.0/8 ::1"),
    "REQUESTS_PER_ADDRESS": ("3", lambda s: s.requests_per_address, 3),
    "REQUESTS_PER_NETWORK": ("0", lambda s: s.requests_per_network, 0),
    "REQUESTS_IN_ALL": ("9000", lambda s: s.requests_in_all, 9000),
    "CONFIRM_HOURS": ("24", lambda s: s.confirm_hours, 24),
    "PREVIEWS_PER_NETWORK": ("60", lambda s: s.previews_per_network, 60),
    "MAILBOX": ("/var/mail/papers", lambda s: s.mailbox, Path("/var/mail/papers")),
    "DIGEST_DIR": ("/var/papers", lambda s: s.digest_dir, Path("/var/papers")),
    "MAX_FILE_BYTES": ("1000", lambda s: s.max_file_bytes, 1000),
    "DONE": ("move", lambda s: s.done, "move"),
    "SOURCES": ("hf-daily, arxiv:cs.CL", lambda s: s.named_sources[1].name, "arxiv:cs.CL"),
    "SOURCE_MINUTES": ("30", lambda s: s.source_minutes, 30),
    "SOURCES_ALLOW_PRIVATE": ("true", lambda s: s.sources_allow_private, True),
    "LOOKBACK_DAYS": ("7", lambda s: s.lookback_days, 7),
    "RETENTION_DAYS": ("90", lambda s: s.retention_days, 90),
    "TRENDING_SECTION": ("false", lambda s: s.trending_section, False),
    "API_ORIGINS": (
        "https://www.example.org, http://127.0.0.1:3000",
        lambda s: s.named_origins,
        ("https://www.example.org", "http://127.0.0.1:3000"),
    ),
    "TICK_SECONDS": ("0.5", lambda s: s.tick_seconds, 0.5),
    "UNCERTAIN": ("hold", lambda s: s.uncertain, "hold"),
    "BREAKER_PERCENT": ("2.5", lambda s: s.breaker_percent, 2.5),
    "BREAKER_LETTERS": ("500", lambda s: s.breaker_letters, 500),
    "LOG_LEVEL": ("debug", lambda s: s.log_level, "debug"),
}


def test_no_setting_is_needed(tmp_path: Path) -> None:
    chosen = settings.load()
    assert chosen.embedded == tmp_path / "paperround.db"
    assert str(chosen.route) == "127.0.0.1:1025"
    assert chosen.base_url == "http://127.0.0.1:8000"
    assert chosen.from_ == "paperround@localhost"
    assert chosen.digest_dir == Path("digests")
    chosen.check_ready_to_deliver()


def test_every_variable_has_its_test() -> None:
    names = {name.rstrip("_").upper() for name in Settings.model_fields}
    assert names == set(GOOD)


@pytest.mark.parametrize("where", ["environment", "file"])
@pytest.mark.parametrize("variable", GOOD)
def test_every_variable_is_read(monkeypatch: pytest.MonkeyPatch, variable: str, where: str) -> None:
    value, read, expected = GOOD[variable]
    wanted = {variable: value} | ({"SECRET_KEY": KEY} if variable == "DATABASE_URL" else {})
    if where == "file":
        Path(".env").write_text("".join(f"{PREFIX}{k}='{v}'\n" for k, v in wanted.items()))
    else:
        for name, text in wanted.items():
            monkeypatch.setenv(f"{PREFIX}{name}", text)
    assert read(settings.load()) == expected


def test_the_environment_wins_over_the_file_and_an_argument_over_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text(f"{PREFIX}FROM=file@example.org\nOTHER_PROGRAM=1\n")
    assert settings.load().from_ == "file@example.org"
    monkeypatch.setenv(f"{PREFIX}FROM", "environment@example.org")
    assert settings.load().from_ == "environment@example.org"
    assert settings.load(from_="argument@example.org").from_ == "argument@example.org"


def test_an_empty_variable_is_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in GOOD:
        monkeypatch.setenv(f"{PREFIX}{variable}", "")
    assert settings.load() == settings.load(_env_file=None)
    assert settings.load().secret_key is None


def test_a_settings_file_that_is_no_text_is_named() -> None:
    Path(".env").write_bytes(b"PAPERROUND_FROM=\xff\n")
    with pytest.raises(SettingsError, match=r"^the file \.env is not UTF-8 text$"):
        settings.load()


WRONG = [
    ("DATABASE_URL", "papers.db"),
    ("DATABASE_URL", "mysql://mackerel@db/papers"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "postgresql://ada:x@db:mackerel/papers"),
    ("SMTP_URL", "mail.example.org"),
    ("SMTP_URL", "smtp://"),
    ("SMTP_URL", "smtp://ada:mackerel@mail.example.org"),
    ("SMTP_URL", "smtps://ada@mail.example.org"),
    ("SMTP_URL", "smtps://ada:macke/rel@mail.example.org"),
    ("SMTP_URL", "smtps://ada:mackerel℀@mail.example.org"),
    ("SMTP_URL", "smtps://ada:mackerel@[::1"),
    ("SMTP_URL", "smtps://mail.example.org:99999"),
    ("SMTP_CONNECTIONS", "0"),
    ("SMTP_CONNECTIONS", "many"),
    ("API_ORIGINS", "*"),
    ("API_ORIGINS", "https://www.example.org/path"),
    ("API_ORIGINS", "www.example.org"),
    ("BASE_URL", "papers.example.org"),
    ("BASE_URL", "http://papers.example.org"),
    ("BASE_URL", "https://papers.example.org/digest"),
    ("BASE_URL", "https://papers.example.org:port"),
    ("BASE_URL", "https://ada:mackerel@papers.example.org"),
    ("BASE_URL", "https://papers example.org"),
    ("BASE_URL", "https://[::1"),
    ("FROM", "Paperround"),
    ("FROM", "a@example.org\nBcc: b@example.org"),
    ("FROM", "ä@example.org"),
    ("REPLY_TO", "help"),
    ("SECRET_KEY", "mackerel"),
    ("OLDER_SECRET_KEYS", "mackerel"),
    ("TRUSTED_PROXIES", "proxy.example.org"),
    ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ("REQUESTS_PER_NETWORK", "-1"),
    ("MAX_FILE_BYTES", "-1"),
    ("DONE", "keep"),
    ("SOURCES", "hf-weekly"),
    ("SOURCES", "feed:https://ada:mackerel@a.example/"),
    ("SOURCE_MINUTES", "0"),
    ("SOURCES_ALLOW_PRIVATE", "perhaps"),
    ("LOOKBACK_DAYS", "61"),
    ("RETENTION_DAYS", "1"),
    ("TICK_SECONDS", "0"),
    ("BREAKER_PERCENT", "101"),
    ("BREAKER_LETTERS", "0"),
    ("UNCERTAIN", "maybe"),
    ("LOG_LEVEL", "loud"),
]


@pytest.mark.parametrize(("variable", "value"), WRONG)
def test_a_wrong_value_is_one_line_that_names_its_variable_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}{variable}", value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    words = str(caught.value)
    assert words.startswith(f"{PREFIX}{variable}: ")
    assert len(words.splitlines()) == 1
    assert "macke" not in words
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FROM", "a@example.org, b@example.org"),
        ("FROM", f"{'a' * 40}@example.org"),
        ("REPLY_TO", "Ada <ada@example.org>"),
        ("FEEDBACK_ID", "two\nlines"),
    ],
)
def test_what_no_letter_could_carry_is_refused_when_the_installation_opens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}{variable}", value)
    with pytest.raises(SettingsError, match=f"^{PREFIX}{variable}: "):
        open_installation(settings.load())
    assert not (tmp_path / "paperround.db").exists()


def test_several_wrong_values_are_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}LOG_LEVEL", "loud")
    monkeypatch.setenv(f"{PREFIX}FROM", "nobody")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{PREFIX}FROM: ")
    assert second.startswith(f"{PREFIX}LOG_LEVEL: ")


@given(st.sampled_from(["smtp", "smtps", "smtp+starttls", "postgresql", "sqlite", ""]), st.text())
def test_no_wrong_url_ever_shows_the_password_in_it(scheme: str, noise: str) -> None:
    for name in ("smtp_url", "database_url"):
        for url in (
            f"{scheme}://ada:macke{noise}rel@mail.example.org",
            f"{scheme}://ada:mackerel@{noise}",
            f"{scheme}{noise}://ada:mackerel@mail.example.org:{noise}",
        ):
            try:
                shown = repr(settings.load(**{name: url}, secret_key=KEY, _env_file=None))
            except SettingsError as error:
                shown = str(error)
            assert "macke" not in shown


def test_secrets_never_print() -> None:
    chosen = settings.load(
        secret_key=KEY,
        smtp_url="smtps://ada:mackerel@mail.example.org",
        database_url="postgresql://ada:mackerel@db/papers",
    )
    for shown in (repr(chosen), str(chosen), f"{chosen}", repr(chosen.route), str(chosen.route)):
        assert "mackerel" not in shown
    assert "mackerel" not in str(chosen.model_dump())
    assert "mackerel" not in chosen.model_dump_json()


def test_the_settings_cannot_be_changed() -> None:
    with pytest.raises(Exception, match="frozen"):
        settings.load().log_level = "debug"  # type: ignore[misc]


def test_postgresql_needs_a_key_and_is_told_how_to_make_one() -> None:
    with pytest.raises(SettingsError, match=f"^{PREFIX}SECRET_KEY: is required with PostgreSQL"):
        settings.load(database_url="postgresql://db/papers")


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    chosen = settings.load()
    (key,) = chosen.signing_keys()
    assert len(key) >= 32
    assert settings.load().signing_keys() == (key,)
    file = tmp_path / "paperround.key"
    assert file.read_bytes().strip() == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["paperround.key"]


def test_a_key_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "paperround.key").write_text("short")
    with pytest.raises(SettingsError, match=r"paperround\.key is cut short"):
        settings.load().signing_keys()


def test_a_key_file_may_hold_older_keys_and_so_may_a_setting(tmp_path: Path) -> None:
    old, new, oldest = "o" * 32, "n" * 32, "x" * 40
    (tmp_path / "paperround.key").write_text(f"{new}\n\n{old}\n")
    assert settings.load(older_secret_keys=oldest).signing_keys() == (
        new.encode(),
        old.encode(),
        oldest.encode(),
    )
    chosen = settings.load(secret_key=new, older_secret_keys=f"{old} {oldest}")
    assert chosen.signing_keys() == (new.encode(), old.encode(), oldest.encode())
    with pytest.raises(SettingsError, match=f"^{PREFIX}OLDER_SECRET_KEYS: holds a key shorter"):
        settings.load(older_secret_keys=f"{old} short")


def test_threads_that_open_at_once_read_one_key(tmp_path: Path) -> None:
    for number in range(30):
        chosen = settings.load(database_url=f"sqlite:///{tmp_path}/{number}.db")
        assert len(set(at_once(*[chosen.signing_keys] * 6))) == 1


def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from service import settings; chosen = settings.load(); "
        "print('ready', flush=True); sys.stdin.readline(); print(chosen.signing_keys()[0].decode())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": CHECKOUT},
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0] for process in started}
    assert len(keys) == 1
    assert keys == {(tmp_path / "paperround.key").read_text() + "\n"}


def test_delivering_beyond_this_machine_needs_an_address_that_means_something_there() -> None:
    far = {"smtp_url": "smtps://mail.example.org"}
    with pytest.raises(SettingsError, match=f"^{PREFIX}BASE_URL: is still"):
        settings.load(**far).check_ready_to_deliver()
    with pytest.raises(SettingsError, match=f"^{PREFIX}FROM: is still"):
        settings.load(**far, base_url="https://p.example.org").check_ready_to_deliver()
    settings.load(
        **far, base_url="https://p.example.org", from_="p@example.org"
    ).check_ready_to_deliver()
    settings.load(smtp_url="smtp://localhost:25").check_ready_to_deliver()
    settings.load(smtp_url="smtp://[::1]").check_ready_to_deliver()
