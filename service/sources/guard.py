"""The guard against addresses inside: what a source names must be out on the internet."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

Resolve = Callable[[str, int], Awaitable[list[str]]]

# They carry an IPv4 address, which decides.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Forbidden(Exception):
    """A host that must not be asked; its text says why."""


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the internet at large."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


async def checked_address(
    host: str, port: int, permitted: Callable[[str], bool], resolver: Resolve = resolve
) -> str:
    """Return an address of the host to connect to.

    One that is not permitted forbids the host, whatever its others are: a name that leads inside
    sometimes leads inside. Raises Forbidden, or OSError where the host is unknown.
    """
    addresses = await resolver(host, port)
    for address in addresses:
        if not permitted(address):
            raise Forbidden(f"{host} is at {address}, a private address")
    if not addresses:
        raise OSError(f"{host} has no address")
    return addresses[0]
