"""Allowances: how much a stranger may ask of us, whatever they say of themselves."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests in any such time, at once or spread over it; `count` 0: without end."""

    count: int
    time: timedelta

    @property
    def step(self) -> float:
        """The seconds after which one more may be asked."""
        return self.time.total_seconds() / self.count


@dataclass(frozen=True, slots=True)
class Allowances:
    """What one address, one network and everybody together may ask for, and at how many topics
    one network may look.
    """

    address: Allowance
    network: Allowance
    everyone: Allowance
    looks: Allowance


class TooMany(Exception):
    """An allowance is used up; after `wait` there is some again."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"too many requests; again in {wait}")
        self.wait = wait


def network_of(host: str | None) -> str | None:
    """Return the network that a client's address belongs to: its /24, or /48 with IPv6.

    None for what is no address of the internet: a client of the operator's own house, or of a
    proxy that does not say for whom it asks, who must not share one allowance.
    """
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global:
        return None
    length = 24 if isinstance(address, IPv4Address) else 48
    return str(ip_network((address, length), strict=False))
