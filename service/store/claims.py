"""Claims: the rows of letters to be sent, with all that their bytes are made of."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from service.domain.deliveries import Claim, Kind
from service.domain.readers import Consent, Preferences
from service.domain.selection import unpack
from service.store import tables, wanted
from service.store.bulk import among

_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)


def of(connection: Connection, delivery_ids: Sequence[int]) -> Sequence[Any]:
    """Return a row for each letter, the most urgent first, for `read`.

    `wanted` says whether the letter may still go to its reader.
    """
    letter, reader, preference = _DELIVERY.c, _SUBSCRIBER.c, _PREFERENCE.c
    query = (
        select(
            letter.id,
            letter.subscriber_id,
            letter.kind,
            letter.token,
            letter.recipient,
            letter.preference_id,
            letter.slots,
            letter.local_date,
            letter.selection,
            letter.planned_at,
            letter.attempts,
            reader.email,
            reader.domain,
            reader.confirmed_at,
            reader.unsubscribe_token,
            *wanted.LETTER_COLUMNS,
            _wanted().label("wanted"),
        )
        .join(_SUBSCRIBER, reader.id == letter.subscriber_id)
        .outerjoin(_PREFERENCE, preference.id == letter.preference_id)
        .where(among(connection, letter.id, delivery_ids))
        .order_by(letter.priority, letter.next_attempt_at, letter.id)
    )
    return connection.execute(query).all()


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


def read(row: Any) -> Claim:
    """Return the claim that a row stands for."""
    return Claim(
        delivery_id=row.id,
        subscriber_id=row.subscriber_id,
        kind=Kind(row.kind),
        token=row.token.hex(),
        recipient=row.recipient or row.email,
        domain=row.domain,
        preference_id=row.preference_id,
        preferences=Preferences() if row.timezone is None else wanted.letter_of(row),
        asked_at=row.confirmed_at,
        slots=row.slots or {},
        local_date=row.local_date,
        selection=unpack(row.selection),
        planned_at=row.planned_at,
        attempts=row.attempts,
        unsubscribe_token=row.unsubscribe_token,
    )
