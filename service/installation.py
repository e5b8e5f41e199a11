"""One installation: everything the verbs work with, built once from the settings."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from service import resources
from service.domain.breaker import Breaker
from service.domain.route import Route
from service.domain.sources import Source
from service.mail.house import House
from service.mail.letter import Letters
from service.settings import PREFIX, Settings, SettingsError
from service.sources.web import Web, web_at
from service.store import migrate
from service.store.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The database, the letters' look, and the values an operator chose.

    As a context manager it closes the database at the end.
    """

    database: Database
    letters: Letters
    house: House
    key: bytes
    route: Route
    connections: int
    digest_dir: Path
    max_file_bytes: int
    move_done: bool
    sources: tuple[Source, ...]
    source_interval: timedelta
    web: Web
    lookback: timedelta
    retention: timedelta
    resend_uncertain: bool
    breaker: Breaker
    trending_section: bool
    chance: Callable[[], float] = secrets.SystemRandom().random

    def __enter__(self) -> "Installation":
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()


def open_installation(settings: Settings, *, upgrade: bool = True) -> Installation:
    """Open the database and read the templates.

    An embedded database is upgraded unless `upgrade` is false. Raises SettingsError or StoreError.
    """
    try:
        house = House(
            sender=settings.from_,
            base_url=settings.base_url,
            reply_to=settings.reply_to,
            postal_address=settings.postal_address,
            feedback_id=settings.feedback_id,
        )
    except ValueError as error:
        field, _, words = str(error).partition(": ")
        variable = PREFIX + ("FROM" if field == "sender" else field.upper())
        raise SettingsError(f"{variable}: {words}") from None
    database = Database(settings.database)
    if upgrade:
        try:
            migrate.check(database)
        except BaseException:
            database.close()
            raise
    return Installation(
        database=database,
        letters=Letters(resources.folder("templates"), house),
        house=house,
        key=settings.signing_key(),
        route=settings.route,
        connections=settings.smtp_connections,
        digest_dir=settings.digest_dir,
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
        breaker=Breaker(settings.breaker_percent / 100, settings.breaker_letters),
        trending_section=settings.trending_section,
    )
