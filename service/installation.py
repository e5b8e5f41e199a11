"""One installation: everything the verbs work with, built once from the settings."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from service import resources
from service.domain.allowances import Allowance, Allowances
from service.domain.breaker import Breaker
from service.domain.keys import KeyRing
from service.domain.limits import Limits
from service.domain.links import LIVES, Lives, Purpose
from service.domain.route import Route
from service.domain.sources import Source
from service.mail.dkim import DkimError, Signer, read_key
from service.mail.house import House
from service.mail.letter import Letters
from service.mail.smtp import Span, Timeouts
from service.settings import PREFIX, Settings, SettingsError
from service.sources.web import Web, web_at
from service.store import migrate
from service.store.engine import Database
from service.store.marker import Marker


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The database, the letters' look, and the values an operator chose.

    As a context manager it closes the database at the end.
    """

    database: Database
    letters: Letters
    templates: tuple[Path, ...]
    house: House
    signer: Signer | None
    keys: KeyRing
    lives: Lives
    route: Route
    connections: int
    span: Span
    timeouts: Timeouts
    digest_dir: Path
    mailbox: Path | None
    max_file_bytes: int
    move_done: bool
    sources: tuple[Source, ...]
    source_interval: timedelta
    web: Web
    lookback: timedelta
    retention: timedelta
    resend_uncertain: bool
    breaker: Breaker
    limits: Limits
    marker: Marker | None
    trending_section: bool
    api_origins: tuple[str, ...]
    allowances: Allowances
    chance: Callable[[], float] = secrets.SystemRandom().random

    def __enter__(self) -> "Installation":
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()


def open_installation(settings: Settings, *, upgrade: bool = True) -> Installation:
    """Open the database and read the templates.

    An embedded database is upgraded unless `upgrade` is false. Raises SettingsError or StoreError.
    """
    house = house_of(settings)
    templates = template_folders(settings)
    signer = dkim_signer(settings)
    database = Database(settings.database)
    if upgrade:
        try:
            migrate.check(database)
        except BaseException:
            database.close()
            raise
    return Installation(
        database=database,
        letters=Letters(templates, house),
        templates=templates,
        house=house,
        signer=signer,
        keys=KeyRing.of(settings.signing_keys()),
        lives={**LIVES, Purpose.CONFIRM: house.confirm_life, Purpose.ADDRESS: house.confirm_life},
        route=settings.route,
        connections=settings.smtp_connections,
        span=Span(settings.smtp_connection_letters, settings.smtp_connection_seconds),
        timeouts=Timeouts(
            connect=settings.smtp_wait_connect,
            greeting=settings.smtp_wait_greeting,
            command=settings.smtp_wait_command,
            data=settings.smtp_wait_data,
            block=settings.smtp_wait_block,
            dot=settings.smtp_wait_dot,
        ),
        digest_dir=settings.digest_dir,
        mailbox=settings.mailbox,
        max_file_bytes=settings.max_file_bytes,
        move_done=settings.done == "move",
        sources=settings.named_sources,
        source_interval=timedelta(minutes=settings.source_minutes),
        web=web_at(
            settings.base_url,
            settings.max_file_bytes,
            allow_private=settings.sources_allow_private,
        ),
        lookback=timedelta(days=settings.lookback_days),
        retention=timedelta(days=settings.retention_days),
        resend_uncertain=settings.uncertain == "resend",
        limits=settings.limits,
        marker=Marker(settings.marker) if settings.marker else None,
        breaker=Breaker(settings.breaker_percent / 100, settings.breaker_letters),
        trending_section=settings.trending_section,
        api_origins=settings.named_origins,
        allowances=Allowances(
            address=Allowance(settings.requests_per_address, timedelta(days=1)),
            network=Allowance(settings.requests_per_network, timedelta(hours=1)),
            everyone=Allowance(settings.requests_in_all, timedelta(hours=1)),
            looks=Allowance(settings.previews_per_network, timedelta(minutes=5)),
        ),
    )


def house_of(settings: Settings) -> House:
    """Return what every letter shares. Raises SettingsError."""
    try:
        return House(
            sender=settings.from_,
            base_url=settings.base_url,
            reply_to=settings.reply_to,
            postal_address=settings.postal_address,
            feedback_id=settings.feedback_id,
            confirm_hours=settings.confirm_hours,
        )
    except ValueError as error:
        field, _, words = str(error).partition(": ")
        variable = PREFIX + ("FROM" if field == "sender" else field.upper())
        raise SettingsError(f"{variable}: {words}") from None


def template_folders(settings: Settings) -> tuple[Path, ...]:
    """Return the folders of templates, the operator's own before ours. Raises SettingsError."""
    ours = resources.folder("templates")
    own = settings.templates_dir
    if own is None:
        return (ours,)
    if not own.is_dir():
        raise SettingsError(f"{PREFIX}TEMPLATES_DIR: {own} is not a folder")
    return (own.absolute(), ours)


def dkim_signer(settings: Settings) -> Signer | None:
    """Return what signs letters, or None where nothing was set. Raises SettingsError."""
    domain, selector, file = settings.dkim_domain, settings.dkim_selector, settings.dkim_key_file
    if domain is None and selector is None and file is None:
        return None
    if domain is None or selector is None or file is None:
        named = {"DOMAIN": domain, "SELECTOR": selector, "KEY_FILE": file}
        missing = next(name for name, value in named.items() if value is None)
        raise SettingsError(
            f"{PREFIX}DKIM_{missing}: is not set; letters are signed with domain, selector and key "
            "file together, or not at all"
        )
    try:
        return Signer(domain, selector, read_key(file.read_bytes()))
    except OSError as error:
        words = f"{file} cannot be read: {error.strerror}"
        raise SettingsError(f"{PREFIX}DKIM_KEY_FILE: {words}") from None
    except DkimError as error:
        words = f"{file} {error}" if error.field == "key_file" else str(error)
        raise SettingsError(f"{PREFIX}DKIM_{error.field.upper()}: {words}") from None
