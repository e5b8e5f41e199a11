"""Links of a paper: absolute https URLs, or nothing."""

from urllib.parse import urlsplit

_LONGEST = 2_000

# These answer every http link by redirecting to https, so the upgrade loses nobody.
_ALSO_ON_HTTPS = frozenset({"github.com", "www.github.com", "arxiv.org", "www.arxiv.org"})


class BadLink(ValueError):
    """A link that is no absolute https URL; its text is the reason, for people."""


def https_link(text: str) -> str:
    """Return the absolute https URL that `text` is, without the spaces around it.

    Raises BadLink for any other scheme, a relative link, and one that could mislead its reader
    (a user name before the host, unprintable characters).
    """
    link = text.strip()
    if len(link) > _LONGEST:
        raise BadLink(f"longer than {_LONGEST:,} characters")
    if not link.isprintable() or any(mark in link for mark in ' <>"\\'):
        raise BadLink("holds a character that no URL may hold")
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadLink(f"not a URL ({error})") from None
    if parts.scheme == "http" and parts.netloc.lower() in _ALSO_ON_HTTPS:
        return parts._replace(scheme="https").geturl()
    if parts.scheme != "https":
        raise BadLink(f"not https but {parts.scheme}" if parts.scheme else "not an absolute URL")
    if not host:
        raise BadLink("names no host")
    if "@" in parts.netloc:
        raise BadLink("holds a user name before the host")
    return link
