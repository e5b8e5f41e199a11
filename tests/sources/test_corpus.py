"""The real digest files, each read whole."""

from pathlib import Path

from service.domain.identity import Known, identities, recognise
from service.sources.formats import parse


def test_every_daily_file_gives_an_edition_without_a_rejected_record(corpus: Path) -> None:
    daily = sorted((corpus / "hf-daily").glob("*.json"))
    assert len(daily) >= 39
    for file in daily:
        edition = parse(file.read_bytes(), file.name)
        assert edition.papers, file.name
        assert str(edition.date) == file.stem
        assert all(paper.arxiv_id and paper.authors and paper.abstract for paper in edition.papers)
        assert [reject for reject in edition.rejected if reject.kind == "record"] == []


def test_the_two_pages_give_119_papers_each_and_205_distinct_ones(corpus: Path) -> None:
    pages = sorted((corpus / "pages").glob("*.txt"))
    editions = [parse(file.read_bytes(), file.name) for file in pages]
    assert [len(edition.papers) for edition in editions] == [119, 119]
    assert all(edition.rejected == () for edition in editions)
    known: list[Known] = []
    for edition in editions:
        for paper in edition.papers:
            names = identities(paper)
            if not recognise(names, paper.authors, known).same:
                known.append(Known(len(known), frozenset(names), paper.authors))
    assert len(known) == 205
