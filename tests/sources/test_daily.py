"""Daily papers: every fact in its place, every reject with its position and reason."""

import json
from datetime import date
from typing import Any

import pytest

from service.domain.papers import Edition, Paper, Rejected, UnreadableFile
from service.sources.formats import parse


def an_item(number: int = 1, /, **facts: Any) -> dict[str, Any]:
    paper = {
        "id": f"2403.{number:05}",
        "title": f"A Lantern for Field {number}",
        "summary": f"We carry light number {number} across a field.",
        "authors": [{"_id": "a", "name": "Ada Lind", "hidden": False}],
        "publishedAt": "2024-03-01T09:30:00.000Z",
        "upvotes": number,
    }
    return {"paper": {**paper, **facts}, "numComments": 2}


def edition(document: object, name: str = "day.json") -> Edition:
    return parse(json.dumps(document).encode(), name)


def only_paper(document: object) -> Paper:
    read = edition(document)
    assert read.rejected == ()
    [paper] = read.papers
    return paper


def test_every_fact_of_an_item_arrives() -> None:
    item = an_item(
        id="2403.00007v3",
        title="A Lantern\n for  Every Field",
        summary=" Light,\nshared. ",
        authors=[
            {"name": "Ada Lind", "hidden": True},
            {"name": " "},
            {"name": "Bo  Ek"},
            {"user": None},
        ],
        ai_keywords=["light", "fields", "light", ""],
        githubRepo="http://github.com/ada/lantern",
        githubStars=12,
        projectPage=" https://lantern.example/",
        organization={"name": "lamp", "fullname": "The Lamp Institute"},
    )
    assert only_paper([item]) == Paper(
        title="A Lantern for Every Field",
        abstract="Light, shared.",
        authors=("Ada Lind", "Bo Ek"),
        arxiv_id="2403.00007",
        published=date(2024, 3, 1),
        page="https://arxiv.org/abs/2403.00007",
        pdf="https://arxiv.org/pdf/2403.00007",
        code="https://github.com/ada/lantern",
        project="https://lantern.example/",
        upvotes=1,
        comments=2,
        stars=12,
        keywords=("light", "fields"),
        organisation="The Lamp Institute",
        version=3,
    )


def test_absent_and_null_facts_are_missing_never_guessed() -> None:
    bare = {"paper": {"title": "Alone", "upvotes": None, "authors": None, "publishedAt": None}}
    assert only_paper([bare]) == Paper(title="Alone")


def test_a_paper_without_an_arxiv_id_is_kept_without_a_page() -> None:
    paper = only_paper([an_item(id="workshop-17")])
    assert (paper.title, paper.arxiv_id, paper.page, paper.pdf) == (
        "A Lantern for Field 1",
        None,
        None,
        None,
    )


def test_an_organisation_without_a_full_name_goes_by_its_name() -> None:
    item = an_item()
    item["organization"] = {"name": "lamp"}
    assert only_paper([item]).organisation == "lamp"


def test_a_time_is_told_as_its_day_in_utc() -> None:
    assert only_paper([an_item(publishedAt="2024-03-01T23:30:00-05:00")]).published == date(
        2024, 3, 2
    )


def test_items_written_as_python_literals_are_read() -> None:
    item = an_item(title="It's “quoted” \n twice", authors=[{"name": "Zoë", "hidden": False}])
    paper = only_paper([repr(item)])
    assert (paper.title, paper.authors) == ("It's “quoted” twice", ("Zoë",))


def test_a_wrapped_list_brings_the_date_of_its_object() -> None:
    wrapped = {"status": "success", "date": "2024-03-05", "count": 1, "data": [repr(an_item())]}
    read = edition(wrapped, "2001-01-01.json")
    assert (read.format, len(read.papers), read.date) == ("hf-daily", 1, date(2024, 3, 5))


def test_a_wrong_date_in_the_object_is_told_and_the_name_of_the_file_serves() -> None:
    read = edition({"date": "soon", "data": [an_item()]}, "2024-03-06.json")
    assert read.date == date(2024, 3, 6)
    assert read.rejected == (Rejected("date", "date is no date: “soon”", kind="date"),)


def test_a_day_without_papers_is_an_empty_edition() -> None:
    assert edition([], "2024-03-09.json") == Edition(
        format="hf-daily", papers=(), date=date(2024, 3, 9)
    )


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (7, "not an object"),
        (None, "not an object"),
        ([], "not an object"),
        ("{'paper': 1 + 1}", "not a Python literal at character 13"),
        ("{'paper'", "not a whole Python literal"),
        ("'text'", "not an object"),
        ({"title": "bare"}, "no paper"),
        ({"paper": {}}, "no paper"),
        ({"paper": "text"}, "paper is the text “text”, not an object"),
        (an_item(title=None), "no title"),
        (an_item(title=" \x00\n\u202e"), "no title"),
        (an_item(title=["a"]), "title is a list, not text"),
        (an_item(summary=5), "summary is a number, not text"),
        (an_item(id=2403.1), "id is a number, not text"),
        (an_item(authors="Ada"), "authors is the text “Ada”, not a list"),
        (an_item(authors=["Ada"]), "authors holds the text “Ada”, not only objects"),
        (an_item(authors=[{"name": 1}]), "name is a number, not text"),
        (an_item(upvotes="many"), "upvotes is the text “many”, not a whole number"),
        (an_item(upvotes=True), "upvotes is true or false, not a whole number"),
        (an_item(upvotes=1.5), "upvotes is a number, not a whole number"),
        (an_item(upvotes=-1), "upvotes is not between 0 and 2,147,483,647"),
        (an_item(githubStars=2**31), "githubStars is not between 0 and 2,147,483,647"),
        (an_item(ai_keywords=[{}]), "ai_keywords holds an object, not only text"),
        (an_item(organization=[]), "organization is a list, not an object"),
        (an_item(projectPage=3), "projectPage is a number, not text"),
    ],
)
def test_an_unusable_item_is_rejected_by_position_and_the_rest_goes_in(
    item: object, reason: str
) -> None:
    read = edition([an_item(1), item, an_item(3)])
    assert [paper.upvotes for paper in read.papers] == [1, 3]
    assert read.rejected == (Rejected("item 2", reason),)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {"projectPage": "javascript:alert(1)"},
            Rejected("item 1, projectPage", "link dropped: not https but javascript", "link"),
        ),
        (
            {"githubRepo": "github.com/ada/lantern"},
            Rejected("item 1, githubRepo", "link dropped: not an absolute URL", "link"),
        ),
        (
            {"publishedAt": "yesterday"},
            Rejected(
                "item 1, publishedAt",
                "date dropped: publishedAt is no date: “yesterday”",
                "date",
            ),
        ),
        (
            {"publishedAt": "0001-01-01T00:00:00+23:59"},
            Rejected(
                "item 1, publishedAt",
                "date dropped: publishedAt is no date: “0001-01-01T00:00:00+23:59”",
                "date",
            ),
        ),
    ],
)
def test_a_bad_link_or_date_is_dropped_and_its_paper_stays(
    facts: dict[str, str], expected: Rejected
) -> None:
    read = edition([an_item(**facts)])
    [paper] = read.papers
    assert (paper.code, paper.project) == (None, None)
    assert read.rejected == (expected,)


@pytest.mark.parametrize(
    "document", [{}, {"data": "text"}, {"papers": []}, [1, 2], [{"title": "bare"}], ["text"], [[]]]
)
def test_json_of_another_shape_is_unreadable(document: object) -> None:
    with pytest.raises(UnreadableFile, match="JSON of an unknown shape"):
        edition(document)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('[\n {"paper": {"title": "Cut', r"cut off at line 2, column 22"),
        ('[{"paper": {"title": "Cut"}},', r"cut off at line 1, column 30"),
        ("[\n", r"cut off at line 2, column 1"),
        ('[{"paper": tru', r"broken at line 1, column 12"),
        ('[{"paper": {}}] [', r"broken at line 1, column 17"),
        ("[" * 100_000, "cut off at line 1"),
        ("[" + "9" * 5_000 + "]", "JSON of an unknown shape"),
    ],
)
def test_broken_json_is_unreadable_and_says_where(written: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse(written.encode(), "day.json")
