"""What the operator decides: one frozen object, read by the doors and passed on as values."""

import re
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from service import key_file
from service.domain.limits import Limits
from service.domain.route import Route, is_loopback, parse_route
from service.domain.sources import Source, parse_sources
from service.key_file import SHORTEST

PREFIX = "PAPERROUND_"
DEFAULT_BASE_URL = "http://127.0.0.1:8000"
DEFAULT_FROM = "paperround@localhost"


# Seconds for which an answer is waited for.
Wait = Annotated[float, Field(gt=0, le=3600)]


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names its variable."""


class Settings(BaseSettings):
    """Every setting, by the name of its variable without the prefix PAPERROUND_."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        validate_by_name=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: SecretStr = SecretStr("sqlite:///paperround.db")
    marker_file: Path | None = None
    smtp_url: SecretStr = SecretStr("smtp://127.0.0.1:1025")
    smtp_connections: Annotated[int, Field(ge=1, le=100)] = 5
    route_connections: Annotated[int | None, Field(ge=1)] = None
    letters_a_minute: Annotated[int | None, Field(ge=1)] = None
    domain_connections: Annotated[int | None, Field(ge=1)] = None
    domain_letters_a_minute: Annotated[int | None, Field(ge=1)] = None
    smtp_connection_letters: Annotated[int, Field(ge=1)] = 1000
    smtp_connection_seconds: Annotated[float, Field(gt=0)] = 300
    smtp_wait_connect: Wait = 60
    smtp_wait_greeting: Wait = 300
    smtp_wait_command: Wait = 300
    smtp_wait_data: Wait = 120
    smtp_wait_block: Wait = 180
    smtp_wait_dot: Wait = 600
    base_url: str = DEFAULT_BASE_URL
    from_: Annotated[str, Field(validation_alias="PAPERROUND_FROM")] = DEFAULT_FROM
    reply_to: str | None = None
    feedback_id: str | None = None
    postal_address: str | None = None
    templates_dir: Path | None = None
    dkim_domain: str | None = None
    dkim_selector: str | None = None
    dkim_key_file: Path | None = None
    secret_key: SecretStr | None = None
    older_secret_keys: SecretStr = SecretStr("")
    trusted_proxies: str = ""
    requests_per_address: Annotated[int, Field(ge=0)] = 5
    requests_per_network: Annotated[int, Field(ge=0)] = 30
    requests_in_all: Annotated[int, Field(ge=0)] = 3000
    previews_per_network: Annotated[int, Field(ge=0)] = 1200
    mailbox: Path | None = None
    digest_dir: Path = Path("digests")
    max_file_bytes: Annotated[int, Field(ge=1)] = 150_000_000
    done: Literal["leave", "move"] = "leave"
    sources: str = ""
    source_minutes: Annotated[float, Field(ge=1, le=1440)] = 60
    sources_allow_private: bool = False
    confirm_hours: Annotated[int, Field(ge=1, le=720)] = 72
    lookback_days: Annotated[int, Field(ge=0, le=60)] = 3
    retention_days: Annotated[int, Field(ge=2, le=3650)] = 40
    tick_seconds: Annotated[float, Field(ge=0.2, le=3600)] = 30
    trending_section: bool = True
    api_origins: str = ""
    uncertain: Literal["resend", "hold"] = "resend"
    breaker_percent: Annotated[float, Field(ge=0, le=100)] = 5
    breaker_letters: Annotated[int, Field(ge=20, le=10_000)] = 200
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        try:
            url = make_url(value.get_secret_value())
        # The words of either may hold a piece of the password.
        except (ArgumentError, ValueError):
            raise ValueError("is not a URL, as in sqlite:///paperround.db") from None
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ValueError("starts with sqlite:/// or postgresql://")
        if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
            raise ValueError("names no file, as in sqlite:///paperround.db")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _readable_route(cls, value: SecretStr) -> SecretStr:
        parse_route(value.get_secret_value())
        return value

    @field_validator("sources")
    @classmethod
    def _known_sources(cls, value: str) -> str:
        parse_sources(value)
        return value

    @field_validator("api_origins")
    @classmethod
    def _known_origins(cls, value: str) -> str:
        for origin in _listed(value):
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", origin):
                raise ValueError(
                    f"{origin!r} is not an origin; write scheme and host in small letters, as in "
                    "https://www.example.org, and commas between"
                )
        return value

    @field_validator("older_secret_keys")
    @classmethod
    def _whole_keys(cls, value: SecretStr) -> SecretStr:
        if any(len(key) < SHORTEST for key in value.get_secret_value().split()):
            raise ValueError(
                f"holds a key shorter than {SHORTEST} characters; keys are separated by spaces"
            )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _known_proxies(cls, value: str) -> str:
        for name in value.split():
            try:
                ip_network(name)
            except ValueError:
                raise ValueError(
                    f"{name!r} is not an address or a network, as in 127.0.0.1 or 10.0.0.0/8"
                ) from None
        return value

    @field_validator("base_url")
    @classmethod
    def _safe_base_url(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            usable = parts.port != 0 and re.fullmatch(r"[!-~]+", value)
        except ValueError:
            usable = None
        if not usable or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is the public address of the pages, as in https://papers.example.org")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise ValueError("has more than scheme, host and port")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("is plain http beyond loopback: use https://")
        return value.rstrip("/")

    @field_validator("from_", "reply_to")
    @classmethod
    def _one_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        _, address = parseaddr(value)
        local, at, domain = address.rpartition("@")
        if not (local and at and domain) or not address.isascii() or not value.isprintable():
            raise ValueError("is one address, as in Paperround <paperround@example.org>")
        return value

    @model_validator(mode="after")
    def _key_for_many_machines(self) -> "Settings":
        if self.secret_key is None and self.database.get_backend_name() != "sqlite":
            raise ValueError(
                f"{PREFIX}SECRET_KEY: is required with PostgreSQL, since every machine signs "
                "links with it; make one with: "
                "python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        if self.secret_key is not None and len(self.secret_key.get_secret_value()) < SHORTEST:
            raise ValueError(f"{PREFIX}SECRET_KEY: is shorter than {SHORTEST} characters")
        return self

    @property
    def database(self) -> URL:
        """The database, with the driver this project uses."""
        url = make_url(self.database_url.get_secret_value())
        if url.get_backend_name() == "postgresql":
            return url.set(drivername="postgresql+psycopg")
        return url.set(drivername="sqlite")

    @property
    def embedded(self) -> Path | None:
        """The SQLite file, or None with PostgreSQL."""
        if self.database.get_backend_name() != "sqlite":
            return None
        return Path(self.database.database or "").absolute()

    @property
    def marker(self) -> Path | None:
        """The file that tells a restored backup: the setting, else one beside the SQLite file."""
        if self.marker_file is not None:
            return self.marker_file.absolute()
        return self.embedded.with_suffix(".marker") if self.embedded else None

    @property
    def route(self) -> Route:
        return parse_route(self.smtp_url.get_secret_value())

    @property
    def limits(self) -> Limits:
        return Limits(
            letters=self.letters_a_minute,
            connections=self.route_connections,
            domain_letters=self.domain_letters_a_minute,
            domain_connections=self.domain_connections,
        )

    @property
    def named_sources(self) -> tuple[Source, ...]:
        return parse_sources(self.sources)

    @property
    def named_origins(self) -> tuple[str, ...]:
        """The origins whose pages may call the API from a browser."""
        return tuple(_listed(self.api_origins))

    def check_ready_to_deliver(self) -> None:
        """Raise SettingsError where strangers would get letters that point nowhere."""
        if self.route.on_loopback:
            return
        for variable, value, default in (
            ("BASE_URL", self.base_url, DEFAULT_BASE_URL),
            ("FROM", self.from_, DEFAULT_FROM),
        ):
            if value == default:
                raise SettingsError(
                    f"{PREFIX}{variable}: is still {default}, which means nothing to a reader "
                    f"beyond this machine; set it before delivering through {self.route.host}"
                )

    def signing_keys(self) -> tuple[bytes, ...]:
        """Return the keys of links, the one that signs first: the settings', else those of a file
        kept beside the database, one a line.

        Raises SettingsError when that file cannot be read or made.
        """
        older = self.older_secret_keys.get_secret_value().encode().split()
        if self.secret_key is not None:
            return (self.secret_key.get_secret_value().encode(), *older)
        assert self.embedded is not None
        try:
            keys = key_file.keys_in(self.embedded.with_suffix(".key"))
        except key_file.KeyFileError as error:
            raise SettingsError(f"{PREFIX}DATABASE_URL: {error}") from None
        return (*keys, *older)


def load(**values: Any) -> Settings:
    """Read the environment and `.env`; `values` win over both.

    Raises SettingsError with one line for each wrong value.
    """
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(_line(dict(item)) for item in error.errors())) from None
    except UnicodeDecodeError:
        raise SettingsError("the file .env is not UTF-8 text") from None
    except OSError as error:
        raise SettingsError(f"the file .env cannot be read: {error.strerror}") from None


def _line(error: dict[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0]).removeprefix(PREFIX).rstrip("_").upper()
    return f"{PREFIX}{name}: {message[0].lower() + message[1:]}"


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
