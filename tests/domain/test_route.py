"""The server that letters go to, as its URL names it."""

import pytest

from service.domain.route import Route, Tls, is_loopback, parse_route


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("smtp://mail.example.org", Route("mail.example.org", 25)),
        ("smtp://127.0.0.1:1025", Route("127.0.0.1", 1025)),
        ("smtp://[::1]:2525/", Route("::1", 2525)),
        ("SMTP://Mail.Example.org", Route("mail.example.org", 25)),
        ("smtp+starttls://mail.example.org", Route("mail.example.org", 587, Tls.STARTTLS)),
        ("smtps://mail.example.org", Route("mail.example.org", 465, Tls.IMPLICIT)),
        (
            "smtps://ada%40example.org:p%40ss%2Fw%C3%B6rd@mail.example.org:2465",
            Route("mail.example.org", 2465, Tls.IMPLICIT, "ada@example.org", "p@ss/wörd"),
        ),
        ("smtp://ada:pass@localhost", Route("localhost", 25, Tls.NONE, "ada", "pass")),
    ],
)
def test_a_url_names_server_privacy_and_login(url: str, route: Route) -> None:
    assert parse_route(url) == route


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "starts with smtp://"),
        ("mail.example.org:25", "starts with smtp://"),
        ("https://mail.example.org", "starts with smtp://"),
        ("smtp:mail.example.org", "names no host"),
        ("smtp://", "names no host"),
        ("smtp://mail.example.org:smtp", "a port that is not a number"),
        ("smtp://mail.example.org:70000", "a port that is not a number"),
        ("smtp://mail.example.org/inbox", "something behind the port"),
        ("smtps://ada:mackerel?x@mail.example.org", "."),
        ("smtps://ada:macke#rel@mail.example.org", "."),
        ("smtps://ada@mail.example.org", "both a user and a password"),
        ("smtps://:mackerel@mail.example.org", "both a user and a password"),
        ("smtp://ada:mackerel@mail.example.org", "in clear text"),
        ("smtp://ada:mackerel@10.0.0.1", "in clear text"),
        ("smtp://ada:mackerel@[::1", "is not a URL"),
        ("smtp://ada:mackerel℀@mail.example.org", "is not a URL"),
    ],
)
def test_a_wrong_url_is_explained_without_repeating_it(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parse_route(url)
    assert "macke" not in str(caught.value)


def test_a_route_prints_where_it_leads_and_no_password() -> None:
    route = parse_route("smtps://ada:mackerel@mail.example.org")
    assert str(route) == "mail.example.org:465"
    assert "mackerel" not in repr(route)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("mail.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("192.0.2.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("", False),
    ],
)
def test_loopback_is_only_what_can_mean_nothing_but_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here
