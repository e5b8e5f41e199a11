"""Which links a letter may carry."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sources.urls import BadLink, https_link


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("  https://example.org/ \n", "https://example.org/"),
        ("HTTPS://Example.org/Path", "HTTPS://Example.org/Path"),
        ("http://github.com/one/two", "https://github.com/one/two"),
        ("http://arxiv.org/abs/2401.00001", "https://arxiv.org/abs/2401.00001"),
        ("https://bücher.example/", "https://bücher.example/"),
    ],
)
def test_an_https_link_is_kept(written: str, kept: str) -> None:
    assert https_link(written) == kept


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("http://example.org/", "not https but http"),
        ("http://github.com:80/one", "not https but http"),
        ("http://github.com.example.org/", "not https but http"),
        ("javascript:alert(1)", "not https but javascript"),
        ("data:text/html,hello", "not https but data"),
        ("example.org/project", "not an absolute URL"),
        ("//example.org/project", "not an absolute URL"),
        ("https:///nowhere", "names no host"),
        ("https://github.com@example.org/", "user name"),
        ("https://example.org/a b", "no URL may hold"),
        ('https://example.org/"onclick="', "no URL may hold"),
        ("https://example.org/\u202egro", "no URL may hold"),
        ("https://example.org\\@other.example/", "no URL may hold"),
        ("https://[::1", "not a URL"),
        ("https://example.org:port/", "not a URL"),
        ("https://example.org/" + "a" * 2_000, "longer than 2,000"),
        ("", "not an absolute URL"),
    ],
)
def test_any_other_link_is_refused_with_a_reason(written: str, reason: str) -> None:
    with pytest.raises(BadLink, match=reason):
        https_link(written)


@given(
    st.text(max_size=40).map("https://".__add__) | st.text(alphabet="htps:/@.[]\\ a", max_size=20)
)
def test_anything_is_a_safe_link_or_a_bad_one(written: str) -> None:
    with contextlib.suppress(BadLink):
        link = https_link(written)
        assert link.lower().startswith("https://")
        assert link.isprintable()
        assert not set(link) & set(' <>"\\')
