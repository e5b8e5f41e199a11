"""The papers a person may mean: by key, by arXiv id or address, or by a part of the title."""

from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection

from service.domain.identity import arxiv_id, title_identity
from service.store import papers
from service.store.papers import StoredPaper


def meant(connection: Connection, asked: str, limit: int) -> list[StoredPaper]:
    """Return the papers that `asked` may mean, newest first and at most `limit`.

    The first reading that finds anything decides: a key, an arXiv id (alone or in an address), a
    whole title, a part of one.
    """
    text = asked.replace("\0", " ").strip()
    if not text:
        return []
    last, both = _ends(text)
    for key in (text, last):
        if found := papers.by_key(connection, key) or papers.by_key(connection, key.lower()):
            return [found]
    for candidate in (text, last, both):
        if known := arxiv_id(candidate):
            return papers.by_name(connection, f"arxiv:{known.lower()}")
    return papers.by_name(connection, title_identity(text))[:limit] or papers.by_title(
        connection, text.split(), limit
    )


def _ends(text: str) -> tuple[str, str]:
    """Return the last piece of an address's path, and its last two: old arXiv ids have two."""
    address = urlsplit(text) if "/" in text and "//" in text else None
    path = text if address is None else address.path
    pieces = path.rstrip("/").removesuffix(".pdf").split("/")
    return unquote(pieces[-1]), "/".join(pieces[-2:])
