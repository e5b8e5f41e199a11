"""The rows. They never leave `store/`: the rest of the house sees frozen dataclasses."""

from service.store.tables.access import Allowance, Request, SigningKey
from service.store.tables.ledger import Attempt, Delivery, Hold, Pace, Part, Worker
from service.store.tables.papers import Counter, Edition, EditionPaper, Identity, Paper, Rejection
from service.store.tables.readers import (
    Consent,
    Preference,
    ReaderClock,
    Skip,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
)
from service.store.tables.row import Row, table
from service.store.tables.sources import Source

__all__ = [
    "Allowance",
    "Attempt",
    "Consent",
    "Counter",
    "Delivery",
    "Edition",
    "EditionPaper",
    "Hold",
    "Identity",
    "Pace",
    "Paper",
    "Part",
    "Preference",
    "ReaderClock",
    "Rejection",
    "Request",
    "Row",
    "SigningKey",
    "Skip",
    "Source",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Topic",
    "Worker",
    "table",
]
