"""The XML of a feed, looked over before a parser builds all of it in memory."""

import re
from xml.parsers import expat

from service.domain.papers import UnreadableFile

# arXiv's largest feeds have 10 MB and 150,000 tags. The parser needs some twenty times the bytes,
# 20 µs a tag, and for the attributes of one tag a time that grows with their square.
LARGEST = 16_000_000
_MOST_TAGS = 300_000
_MOST_ATTRIBUTES = 100
_LONGEST_TAG = 20_000

# What is not well-formed is read by guessing, in which an attribute of two bytes takes 700.
_LARGEST_TO_GUESS_AT = 1_000_000

_END = re.compile(rb"</(?:rss|feed|rdf:RDF)\s*>(?:\s|<!--.*?-->)*\Z", re.IGNORECASE | re.DOTALL)


def check(data: bytes) -> None:
    """Raise UnreadableFile unless the bytes are a feed to its end, and within bounds."""
    # A feed with mistakes in it is read as well as it goes, but never one that lacks its end.
    if not _END.search(data[-4_096:]):
        raise UnreadableFile("the feed is cut off: the end tag of its root is missing")
    if b"<!ENTITY" in data:
        raise UnreadableFile(_ENTITIES)
    if data.count(b"<") > _MOST_TAGS:
        raise UnreadableFile(f"the feed holds more than {_MOST_TAGS:,} tags")
    try:
        _well_formed(data)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if len(data) > _LARGEST_TO_GUESS_AT:
            raise UnreadableFile(
                f"the feed is no XML ({error}), and one of more than {_LARGEST_TO_GUESS_AT:,} "
                "bytes is not guessed at"
            ) from None
        for piece in data.split(b"<"):
            if not piece.startswith(b"!") and len(piece.partition(b">")[0]) > _LONGEST_TAG:
                raise UnreadableFile(
                    f"the feed holds a tag of more than {_LONGEST_TAG:,} bytes"
                ) from None


# No feed needs its own; they serve to grow without bound, or to read files.
_ENTITIES = "the feed declares entities of its own"


def _well_formed(data: bytes) -> None:
    parser = expat.ParserCreate()
    parser.ordered_attributes = True

    def element(_name: str, attributes: list[str]) -> None:
        if len(attributes) > 2 * _MOST_ATTRIBUTES:
            raise UnreadableFile(
                f"the feed holds a tag of more than {_MOST_ATTRIBUTES:,} attributes"
            )

    def entity(*_declared: object) -> None:
        raise UnreadableFile(_ENTITIES)

    parser.StartElementHandler = element
    parser.EntityDeclHandler = entity
    parser.Parse(data, True)
