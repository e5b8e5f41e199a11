"""Where a request comes from: from which network, and whether from a form of another site, which
must not press our buttons.
"""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers

from service.domain.allowances import network_of

_OWN = ("same-origin", "none")


def client_network(request: Request) -> str | None:
    """Return the network of the client who asks, None for one of the operator's own house."""
    return network_of(request.client and request.client.host)


def from_elsewhere(headers: Headers, base_url: str) -> bool:
    """Say whether a page of another site made the request that has these headers.

    Browsers say so in Sec-Fetch-Site; those that do not, in Origin, unless they keep that to
    themselves ("null", as the referrer policy of our own pages asks for). What is no browser says
    neither, and has nobody's rights to abuse.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OWN
    origin = headers.get("origin", "null")
    if origin == "null":
        return False
    own = {headers.get("host", ""), urlsplit(base_url).netloc}
    return urlsplit(origin).netloc not in own
