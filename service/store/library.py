"""The library: records of papers are recognised, merged and put in, a chunk in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, update

from service.domain.identity import Known, Recognition, recognise
from service.domain.merging import Account, merge
from service.domain.papers import Rejected
from service.store import papers, tables
from service.store.bulk import update_each
from service.store.columns import insert_columns
from service.store.dialect import new_ids

_PAPER = tables.table(tables.Paper)
_IDENTITY = tables.table(tables.Identity)
_MEMBER = tables.table(tables.EditionPaper)
_EXCERPT = 60
_NEW_ONLY = "ON CONFLICT DO NOTHING"

_NEW = Recognition(())

# Ids from here on are those of papers that are not stored yet: they come after all others.
_NOT_STORED = 2**62


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its place in its edition, counted from 1, and what it tells of its paper.

    `names` are what the paper answers to, strongest first.
    """

    place: int
    told: Account
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a chunk: known papers told more about, and doubts."""

    updated: int
    doubts: Sequence[Rejected]


def take_in(
    connection: Connection, edition_id: int, chunk: Sequence[Entry], now: datetime
) -> Taken:
    """Put the records of a chunk into an edition.

    The caller holds the counter of papers, so that no other process puts papers in meanwhile.
    """
    catalogue = _Catalogue(connection, chunk)
    for entry in chunk:
        catalogue.place(entry)
    catalogue.write(connection, edition_id, now)
    return Taken(len(catalogue.updated), catalogue.doubts)


class _Catalogue:
    """The stored papers that a chunk may speak of, and what the chunk makes of them."""

    def __init__(self, connection: Connection, chunk: Sequence[Entry]) -> None:
        self.doubts: list[Rejected] = []
        self.updated: set[int] = set()
        names = {name for entry in chunk for name in entry.names}
        stored = papers.names_of(connection, names)
        seqs_and_accounts = papers.accounts(connection, stored)
        self._seqs = {paper_id: seq for paper_id, (seq, _) in seqs_and_accounts.items()}
        self._accounts = {paper_id: known for paper_id, (_, known) in seqs_and_accounts.items()}
        self._names = stored
        self._stored_names = {paper_id: frozenset(names) for paper_id, names in stored.items()}
        self._by_name: dict[str, set[int]] = {}
        for paper_id, answers_to in stored.items():
            for name in answers_to:
                self._by_name.setdefault(name, set()).add(paper_id)
        self._connection = connection
        self._keys: dict[int, str] = {}
        self._changed: set[int] = set()
        self._joined: dict[int, int] = {}
        self._members: dict[int, int] = {}

    def place(self, entry: Entry) -> None:
        near = {paper_id for name in entry.names for paper_id in self._by_name.get(name, ())}
        known = [self._known(paper_id) for paper_id in near]
        recognition = recognise(entry.names, entry.told.paper.authors, known) if near else _NEW
        if recognition.namesakes:
            self._doubt(entry, recognition.same, recognition.namesakes)
        if not recognition.same:
            paper_id = self._add(entry)
        else:
            paper_id = self._join(entry, recognition.same)
            self._tell(paper_id, entry.told)
        for name in entry.names:
            self._names[paper_id].add(name)
            self._by_name.setdefault(name, set()).add(paper_id)
        self._members.setdefault(paper_id, entry.place)

    def write(self, connection: Connection, edition_id: int, now: datetime) -> None:
        """Write all that changed, with as few statements as there are kinds of change."""
        ids = self._insert_new(connection, now)
        for absorbed, survivor in self._joined.items():
            if absorbed < _NOT_STORED:
                _hand_over(connection, absorbed, survivor)
        if changed := [paper_id for paper_id in self._changed if paper_id < _NOT_STORED]:
            rows = [(*papers.values_of(self._accounts[one]), one) for one in sorted(changed)]
            update_each(connection, _PAPER, papers.KNOWN, rows, {"updated_at": now})
        names = [
            (name, ids.get(paper_id, paper_id))
            for paper_id, answers_to in self._names.items()
            for name in answers_to - self._stored_names.get(paper_id, frozenset())
        ]
        # In the order of the table's index: names that are near each other are on one page.
        names.sort()
        named: dict[str, Sequence[Any]] = {
            "name": [name for name, _ in names],
            "paper_id": [paper_id for _, paper_id in names],
        }
        insert_columns(connection, _IDENTITY, named, {}, on_conflict=_NEW_ONLY)
        members = {
            "paper_id": [ids.get(paper_id, paper_id) for paper_id in self._members],
            "position": [place - 1 for place in self._members.values()],
        }
        edition = {"edition_id": edition_id}
        insert_columns(connection, _MEMBER, members, edition, on_conflict=_NEW_ONLY)

    def _known(self, paper_id: int) -> Known:
        authors = self._accounts[paper_id].paper.authors
        return Known(paper_id, frozenset(self._names[paper_id]), authors)

    def _add(self, entry: Entry) -> int:
        paper_id = _NOT_STORED + len(self._keys)
        self._keys[paper_id] = self._free_key(entry.names[0])
        self._accounts[paper_id] = entry.told
        self._names[paper_id] = set()
        return paper_id

    def _free_key(self, name: str) -> str:
        # A key is the name of some paper, now or once: only a known name can be taken.
        if name not in self._by_name:
            return name
        taken = papers.twin_keys(self._connection, name) | set(self._keys.values())
        key, twin = name, 2
        while key in taken:
            key, twin = f"{name}~{twin}", twin + 1
        return key

    def _tell(self, paper_id: int, told: Account) -> None:
        before = self._accounts[paper_id]
        after = merge(before, told)
        if after == before:
            return
        self._accounts[paper_id] = after
        if paper_id >= _NOT_STORED:
            return
        self._changed.add(paper_id)
        if after.paper != before.paper:
            self.updated.add(paper_id)

    def _join(self, entry: Entry, same: Sequence[int]) -> int:
        """Make one paper of those that a record shows to be one; return the one that stays."""
        survivor = min(same, key=self._seniority)
        for absorbed in same:
            if absorbed == survivor:
                continue
            reason = f"shows that {self._title(survivor)} and {self._title(absorbed)} are one paper"
            self.doubts.append(Rejected(f"paper {entry.place}", reason, kind="identity"))
            self._tell(survivor, self._accounts.pop(absorbed))
            for name in self._names[absorbed]:
                self._by_name[name].discard(absorbed)
                self._by_name[name].add(survivor)
            self._names[survivor] |= self._names.pop(absorbed)
            if absorbed in self._members:
                place = self._members.pop(absorbed)
                self._members.setdefault(survivor, place)
            self._changed.discard(absorbed)
            self._joined[absorbed] = survivor
        return survivor

    def _seniority(self, paper_id: int) -> tuple[bool, int, int]:
        """Order papers: those with a seq by it, then those that were put in first."""
        seq = self._seqs.get(paper_id)
        return seq is None, seq or 0, paper_id

    def _doubt(self, entry: Entry, same: Sequence[int], namesakes: Sequence[int]) -> None:
        shared = ", ".join(sorted(min(self._names[paper_id]) for paper_id in namesakes))
        taken_for = self._title(same[0]) if same else "a paper of its own"
        reason = f"ambiguous: shares a name with {shared}; taken for {taken_for}"
        self.doubts.append(Rejected(f"paper {entry.place}", reason, kind="identity"))

    def _title(self, paper_id: int) -> str:
        title = self._accounts[paper_id].paper.title
        shown = title if len(title) <= _EXCERPT else f"{title[:_EXCERPT]}…"
        return f"“{shown}” ({min(self._names[paper_id])})"

    def _insert_new(self, connection: Connection, now: datetime) -> dict[int, int]:
        """Insert the papers that are new; return their ids by those they had meanwhile."""
        keys = {paper_id: key for paper_id, key in self._keys.items() if paper_id in self._accounts}
        if not keys:
            return {}
        ids = dict(zip(keys, new_ids(connection, _PAPER, len(keys)), strict=True))
        known = zip(*(papers.values_of(self._accounts[paper_id]) for paper_id in keys), strict=True)
        columns: dict[str, Sequence[Any]] = dict(zip(papers.KNOWN, known, strict=True))
        columns |= {"id": list(ids.values()), "key": list(keys.values())}
        insert_columns(connection, _PAPER, columns, {"arrived_at": now, "updated_at": now})
        return ids


def _hand_over(connection: Connection, absorbed: int, survivor: int) -> None:
    """Give a paper's names and places to the paper that it turned out to be.

    Its row stays, seen by nobody, for the letters that once showed it.
    """
    connection.execute(delete(_IDENTITY).where(_IDENTITY.c.paper_id == absorbed))
    both = _MEMBER.alias()
    connection.execute(
        delete(_MEMBER).where(
            _MEMBER.c.paper_id == absorbed,
            _MEMBER.c.edition_id.in_(
                both.select()
                .with_only_columns(both.c.edition_id)
                .where(both.c.paper_id == survivor)
            ),
        )
    )
    connection.execute(
        update(_MEMBER).where(_MEMBER.c.paper_id == absorbed).values(paper_id=survivor)
    )
