"""Where a request comes from: a form of another site must not press our buttons."""

from urllib.parse import urlsplit

from fastapi import Request

_OWN = ("same-origin", "none")


def from_elsewhere(request: Request, base_url: str) -> bool:
    """Say whether a page of another site made the request.

    Browsers say so in Sec-Fetch-Site; those that do not, in Origin, unless they keep that to
    themselves ("null", as the referrer policy of our own pages asks for). What is no browser says
    neither, and has nobody's rights to abuse.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OWN
    origin = request.headers.get("origin", "null")
    if origin == "null":
        return False
    own = {request.headers.get("host", ""), urlsplit(base_url).netloc}
    return urlsplit(origin).netloc not in own
