"""RSS and Atom: arXiv's two and any other."""

from datetime import date

import pytest

from service.domain.papers import Edition, Original, Paper, Rejected, UnreadableFile
from service.sources.formats import parse

API = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
  <link href="http://arxiv.org/api/query?search_query=cat:cs.CL" rel="self"/>
  <title>ArXiv Query</title><id>http://arxiv.org/api/abc</id>
  <updated>2024-03-05T00:00:00-05:00</updated>
  <entry>
    <id>http://arxiv.org/abs/2403.00007v2</id>
    <updated>2024-03-04T10:00:00Z</updated><published>2024-03-01T09:00:00Z</published>
    <title>Lanterns for
  $n^2$ Fields</title>
    <summary>  If $a &lt; b$, we carry light.
</summary>
    <author><name>Ada Lind</name></author><author><name>Bo Ek</name></author>
    <arxiv:doi>10.1000/ABC</arxiv:doi>
    <link href="http://arxiv.org/abs/2403.00007v2" rel="alternate" type="text/html"/>
    <category term="cs.CL" scheme="http://arxiv.org/schemas/atom"/>
    <category term="68T50 (Primary)" scheme="http://arxiv.org/schemas/atom"/>
  </entry>
</feed>
"""

RSS = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:atom="http://www.w3.org/2005/Atom" version="2.0"><channel>
  <title>cs.CL updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.CL</link>
  <pubDate>Tue, 05 Mar 2024 00:00:00 -0500</pubDate>
  <item>
    <title>Lanterns for All</title><link>https://arxiv.org/abs/2403.00009</link>
    <description>arXiv:2403.00009v1 Announce Type: new
Abstract: We carry light.</description>
    <guid isPermaLink="false">oai:arXiv.org:2403.00009v1</guid>
    <category>cs.CL</category><category>cs.LG</category>
    <pubDate>Tue, 05 Mar 2024 00:00:00 -0500</pubDate>
    <arxiv:announce_type>new</arxiv:announce_type>
    <dc:creator>Ada Lind, Bo Ek, Cy Ode</dc:creator>
  </item>
</channel></rss>
"""

ANY = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"><channel><title>Lamps Weekly</title>
  <item><title>One &amp;amp; Two</title><link>https://lamps.example/1</link>
    <description>&lt;p&gt;First &lt;b&gt;light&lt;/b&gt;&amp;nbsp;of day.&lt;/p&gt;</description>
    <prism:doi>10.1000/lamp.1</prism:doi><dc:creator>Lind, Ada</dc:creator></item>
  <item><title> </title><link>https://lamps.example/2</link></item>
  <item><title>Three</title><link>http://lamps.example/3</link>
    <author>ada@lamps.example (Ada Lind and Bo Ek)</author></item>
  <item><title>Four</title><link>https://openreview.net/forum?id=aB3_xY-90z</link></item>
</channel></rss>
"""


def edition(text: str, name: str = "feed.xml") -> Edition:
    return parse(text.encode(), name)


def test_an_answer_of_the_arxiv_api_is_read() -> None:
    read = edition(API)
    assert (read.format, read.date, read.rejected) == ("arxiv-api", date(2024, 3, 5), ())
    assert list(read.papers) == [
        Paper(
            title="Lanterns for n² Fields",
            abstract="If a < b, we carry light.",
            authors=("Ada Lind", "Bo Ek"),
            arxiv_id="2403.00007",
            doi="10.1000/abc",
            version=2,
            published=date(2024, 3, 1),
            page="https://arxiv.org/abs/2403.00007",
            pdf="https://arxiv.org/pdf/2403.00007",
            categories=("cs.CL",),
            original=Original(
                title="Lanterns for\n  $n^2$ Fields", abstract="If $a < b$, we carry light."
            ),
        )
    ]


def test_announcements_of_arxiv_are_read() -> None:
    read = edition(RSS)
    assert (read.format, read.date, read.rejected) == ("arxiv-rss", date(2024, 3, 5), ())
    [paper] = read.papers
    assert (paper.title, paper.abstract) == ("Lanterns for All", "We carry light.")
    assert paper.authors == ("Ada Lind", "Bo Ek", "Cy Ode")
    assert (paper.arxiv_id, paper.version) == ("2403.00009", 1)
    assert (paper.page, paper.categories) == (
        "https://arxiv.org/abs/2403.00009",
        ("cs.CL", "cs.LG"),
    )


def test_any_other_feed_is_read_as_far_as_it_tells() -> None:
    read = edition(ANY, "lamps-2024-03-06.xml")
    assert (read.format, read.date) == ("feed", date(2024, 3, 6))
    one, three, four = read.papers
    assert (one.title, one.abstract, one.doi) == (
        "One & Two",
        "First light of day.",
        "10.1000/lamp.1",
    )
    assert one.authors == ("Lind, Ada",)
    assert (three.page, three.authors) == (None, ("Ada Lind", "Bo Ek"))
    assert four.openreview_id == "aB3_xY-90z"
    assert read.rejected == (
        Rejected("entry 2", "no title"),
        Rejected("entry 3, link", "link dropped: not https but http", "link"),
    )


def test_a_feed_without_entries_is_an_empty_edition() -> None:
    assert (
        list(edition('<rss version="2.0"><channel><title>x</title></channel></rss>').papers) == []
    )


def test_a_feed_in_another_encoding_is_read() -> None:
    text = '<?xml version="1.0" encoding="iso-8859-1"?><rss version="2.0"><channel><item>'
    text += "<title>Séance</title></item></channel></rss>"
    assert [paper.title for paper in parse(text.encode("latin-1"), "x").papers] == ["Séance"]


def test_a_feed_with_a_mistake_is_read_as_well_as_it_goes() -> None:
    [paper] = edition(
        '<rss version="2.0"><channel><item><title>A &nbsp; B</title><br></item></channel></rss>'
    ).papers
    assert paper.title == "A B"


@pytest.mark.parametrize("feed", [API, RSS, ANY])
def test_a_feed_that_is_cut_off_is_unreadable(feed: str) -> None:
    for length in range(400, len(feed) - 10, 97):
        with pytest.raises(UnreadableFile, match="cut off"):
            edition(feed[:length])


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY e0 "lol"><!ENTITY e1 "&e0;&e0;&e0;&e0;&e0;&e0;&e0;&e0;&e0;&e0;">',
        '<!ENTITY e1 SYSTEM "file:///etc/passwd">',
    ],
)
def test_a_feed_that_declares_entities_is_refused(entity: str) -> None:
    item = "<item><title>Quiet &e1;</title></item>"
    with pytest.raises(UnreadableFile, match="declares entities"):
        edition(f'<!DOCTYPE rss [{entity}]><rss version="2.0"><channel>{item}</channel></rss>')


HEAD, TAIL = b"<rss><channel><item><title>Tides</title>", b"</item></channel></rss>"
ENTITY = '<!DOCTYPE rss [<!ENTITY a "b">]><rss><channel/></rss>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (HEAD + b"<a/>" * 300_000 + TAIL, "more than 300,000 tags"),
        (HEAD + b"a<" * 300_000 + TAIL, "more than 300,000 tags"),
        (
            HEAD + b"<a %s/>" % b" ".join(b'b%d="c"' % n for n in range(101)) + TAIL,
            "a tag of more than 100 attributes",
        ),
        (HEAD + b"<a %s>" % (b"b " * 20_000) + TAIL, "a tag of more than 20,000 bytes"),
        (HEAD + b"&b;" + b" " * 1_000_000 + TAIL, r"no XML \(undefined entity: line 1"),
        (ENTITY.encode(), "declares entities of its own"),
    ],
)
def test_a_hostile_feed_is_refused_before_it_is_built(
    data: bytes, reason: str, within_a_second: None
) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse(data, "day.xml")
