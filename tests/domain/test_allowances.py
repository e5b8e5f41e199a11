"""Whose allowance a client uses."""

import pytest

from service.domain.allowances import network_of


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("8.8.4.4", "8.8.4.0/24"),
        ("8.8.4.255", "8.8.4.0/24"),
        ("2001:4860:4860::8888", "2001:4860:4860::/48"),
        ("2001:4860:4860:ffff::1%eth0", "2001:4860:4860::/48"),
        ("::ffff:8.8.4.4", "8.8.4.0/24"),
    ],
)
def test_neighbours_share_an_allowance(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.mark.parametrize("host", [None, "", "127.0.0.1", "10.1.2.3", "::1", "fe80::1", "unix", "*"])
def test_who_is_not_on_the_internet_has_no_network_to_share(host: str | None) -> None:
    assert network_of(host) is None
