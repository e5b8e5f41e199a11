"""Claims: letters to be sent, with all that their bytes are made of."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Label,
    and_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from service.domain.deliveries import Claim, Kind
from service.domain.readers import Consent, Preferences
from service.domain.selection import unpack
from service.store import tables, wanted

_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)


def _as_it_came(column: ColumnElement[Any], name: str) -> Label[Any]:
    """Return a column to be read as the driver gives it."""
    return type_coerce(column, NullType()).label(name)


def _wanted() -> Any:
    kind, status = _DELIVERY.c.kind, _SUBSCRIBER.c.status
    return and_(
        _SUBSCRIBER.c.email.is_not(None),
        or_(
            kind.in_((Kind.GOODBYE, Kind.MOVED)),
            and_(kind.in_((Kind.DIGEST, Kind.WELCOME)), status == Consent.ACTIVE),
            and_(
                kind.in_((Kind.PREFERENCES, Kind.ADDRESS)),
                status.in_((Consent.ACTIVE, Consent.PAUSED)),
            ),
            and_(kind == Kind.CONFIRM, status != Consent.UNSUBSCRIBED),
            and_(kind == Kind.ACCOUNT, status != Consent.PENDING),
        ),
    )


# Letters, for `ClaimReader`. `wanted` says whether one may still go to its reader.
LETTERS = (
    select(
        *(
            _as_it_came(column, column.name)
            for column in (
                _wanted().label("wanted"),
                _DELIVERY.c.priority,
                _DELIVERY.c.next_attempt_at,
                _DELIVERY.c.lane,
                _DELIVERY.c.id,
                _DELIVERY.c.subscriber_id,
                _DELIVERY.c.kind,
                _DELIVERY.c.token,
                _DELIVERY.c.recipient,
                _DELIVERY.c.preference_id,
                _DELIVERY.c.slots,
                _DELIVERY.c.local_date,
                _DELIVERY.c.selection,
                _DELIVERY.c.planned_at,
                _DELIVERY.c.attempts,
                _SUBSCRIBER.c.email,
                _SUBSCRIBER.c.domain,
                _SUBSCRIBER.c.confirmed_at,
                _SUBSCRIBER.c.unsubscribe_token,
                *wanted.LETTER_COLUMNS,
            )
        )
    )
    .select_from(_DELIVERY)
    .join(_SUBSCRIBER, _SUBSCRIBER.c.id == _DELIVERY.c.subscriber_id)
    .outerjoin(_PREFERENCE, _PREFERENCE.c.id == _DELIVERY.c.preference_id)
)


class ClaimReader:
    """Makes claims of the rows of LETTERS; what many of them share is made once."""

    def __init__(self, dialect: Dialect) -> None:
        def made(column: ColumnElement[Any]) -> Callable[[Any], Any]:
            impl = column.type.dialect_impl(dialect)
            return impl.result_processor(dialect, None) or (lambda value: value)

        self._date = lru_cache(_SHARED)(made(_DELIVERY.c.local_date))
        self._planned_at = lru_cache(_SHARED)(made(_DELIVERY.c.planned_at))
        self._confirmed_at = made(_SUBSCRIBER.c.confirmed_at)
        self._slots = made(_DELIVERY.c.slots)
        self._send_at = made(_PREFERENCE.c.send_at)
        self._preferences = lru_cache(_SHARED)(self._preferences_of)

    def read(self, rows: Iterable[Any]) -> list[Claim]:
        """Return the claims that rows stand for."""
        return [
            Claim(
                delivery_id=delivery_id,
                subscriber_id=subscriber_id,
                kind=_KINDS[kind],
                token=token.hex(),
                recipient=recipient or email,
                domain=domain,
                preference_id=preference_id,
                preferences=self._preferences(*preference),
                asked_at=self._confirmed_at(confirmed_at),
                slots={} if slots is None else self._slots(slots),
                local_date=self._date(local_date),
                selection=unpack(selection),
                planned_at=self._planned_at(planned_at),
                attempts=attempts,
                unsubscribe_token=unsubscribe_token,
            )
            for (
                _wanted,
                _priority,
                _next_attempt_at,
                _lane,
                delivery_id,
                subscriber_id,
                kind,
                token,
                recipient,
                preference_id,
                slots,
                local_date,
                selection,
                planned_at,
                attempts,
                email,
                domain,
                confirmed_at,
                unsubscribe_token,
                *preference,
            ) in rows
        ]

    def _preferences_of(self, timezone: str | None, send_at: Any, *others: Any) -> Preferences:
        if timezone is None:
            return Preferences()
        return wanted.letter_of(timezone, self._send_at(send_at), *others)


_SHARED = 4096
_KINDS = {kind.value: kind for kind in Kind}
