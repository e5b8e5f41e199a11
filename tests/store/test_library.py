"""What an edition does to the papers that are already there."""

from datetime import UTC, date, datetime

from service.domain.papers import Edition, Original, Paper
from service.installation import Installation
from service.store import editions, papers
from service.store.editions import Stored

NOW = datetime(2026, 8, 21, 7, tzinfo=UTC)


def put_in(
    installation: Installation, *told: Paper, name: str = "a", day: int = 1, hour: int = 7
) -> Stored:
    edition = Edition(format="test", papers=told, date=date(2026, 8, day))
    now = NOW.replace(hour=hour)
    return editions.store(installation.database, edition, sha256=name, file=f"{name}.json", now=now)


def seen(installation: Installation) -> dict[int, Paper]:
    with installation.database.read() as connection:
        return {stored.seq: stored.paper for stored in papers.between(connection, 0, 10**9)}


def test_a_corrected_paper_is_updated_and_keeps_its_place(installation: Installation) -> None:
    put_in(installation, Paper(title="Tides", doi="10.1/x"), Paper(title="Dunes"))
    stored = put_in(installation, Paper(title="Ebb", doi="10.1/x"), name="b", hour=8)
    assert (stored.new, stored.updated) == (0, 1)
    assert seen(installation) == {1: Paper(title="Ebb", doi="10.1/x"), 2: Paper(title="Dunes")}


def test_a_later_version_updates_and_an_earlier_one_does_not(installation: Installation) -> None:
    put_in(installation, Paper(title="Two", arxiv_id="2403.00001", version=2), day=1)
    put_in(installation, Paper(title="One", arxiv_id="2403.00001", version=1), name="b", day=9)
    assert seen(installation) == {1: Paper(title="Two", arxiv_id="2403.00001")}


def test_what_the_source_wrote_is_kept(installation: Installation) -> None:
    written = Original(title="$n^2$ Tides")
    put_in(installation, Paper(title="n² Tides", original=written))
    put_in(installation, Paper(title="n² Tides", abstract="Ebb."), name="b", day=0 + 1)
    with installation.database.read() as connection:
        [(_, known)] = papers.accounts(connection, [1]).values()
    assert known.paper.abstract == "Ebb."
    assert known.paper.original in (written, None)


def test_papers_that_prove_to_be_one_become_one(installation: Installation) -> None:
    put_in(installation, Paper(title="Tides", upvotes=3), Paper(title="Ebb", arxiv_id="2403.00001"))
    both = Paper(title="Tides", arxiv_id="2403.00001")
    stored = put_in(installation, both, name="b", day=2)
    assert seen(installation) == {1: Paper(title="Tides", arxiv_id="2403.00001", upvotes=3)}
    [doubt] = stored.rejects.listed
    assert doubt.reason.startswith("shows that “")
    assert doubt.reason.endswith("are one paper")
    with installation.database.read() as connection:
        for name in ("arxiv:2403.00001", "title:"):
            [key] = [
                key for key, _ in editions.titles_of(connection, 1) if key.startswith("title:")
            ]
            found = papers.by_key(connection, key if name == "title:" else name)
            assert found is not None
            assert found.seq == 1
        assert papers.count(connection) == 1
    put_in(installation, Paper(title="Ebb"), name="c", day=3)
    assert len(seen(installation)) == 1


def test_a_paper_twice_in_one_edition_is_one(installation: Installation) -> None:
    stored = put_in(
        installation,
        Paper(title="Tides"),
        Paper(title="Ebb", doi="10.1/x"),
        Paper(title="Tides", doi="10.1/x"),
        Paper(title="TIDES"),
    )
    assert (stored.papers, stored.new) == (4, 1)
    assert len(seen(installation)) == 1


def test_an_ambiguous_title_is_on_record(installation: Installation) -> None:
    put_in(
        installation,
        Paper(title="Tides", arxiv_id="2403.00001"),
        Paper(title="Tides", arxiv_id="2403.00002"),
        Paper(title="Tides"),
    )
    with installation.database.read() as connection:
        second, third = editions.rejected_of(connection, 1)
    assert len(seen(installation)) == 2
    assert second.position == "paper 2"
    assert second.reason == (
        "ambiguous: shares a name with arxiv:2403.00001; taken for a paper of its own"
    )
    assert third.reason.endswith("taken for “Tides” (arxiv:2403.00001)")


def test_any_number_of_works_may_share_a_title(installation: Installation) -> None:
    for number, author in enumerate(("Ada Lind", "Bo Ek", "Cy Ode", "Di Fay")):
        put_in(installation, Paper(title="Tides", authors=(author,)), name=str(number))
    put_in(installation, *(Paper(title="Ebb", authors=(f"Em{n} Orr{n}",)) for n in range(4)))
    with installation.database.read() as connection:
        keys = [stored.key for stored in papers.between(connection, 0, 10**9)]
    assert len(set(keys)) == 8
    assert [key.partition("~")[2] for key in keys] == ["", "2", "3", "4"] * 2


def test_forgetting_hides_what_came_by_no_other_edition(installation: Installation) -> None:
    put_in(installation, Paper(title="Tides"), Paper(title="Dunes"))
    put_in(installation, Paper(title="Dunes"), name="b", day=2)
    with installation.database.write() as connection:
        assert editions.forget(connection, 1, NOW) == 1
        assert editions.forget(connection, 1, NOW) == 0
    assert list(seen(installation)) == [2]
    with installation.database.read() as connection:
        assert papers.by_key(connection, papers.between(connection, 0, 9)[0].key) is not None
        assert papers.count(connection) == 1
        [hidden] = editions.find(connection, "a.json")
        assert hidden.hidden_at == NOW


def test_a_forgotten_paper_that_comes_again_is_not_new(installation: Installation) -> None:
    put_in(installation, Paper(title="Tides"), Paper(title="Dunes"))
    with installation.database.write() as connection:
        assert editions.forget(connection, 1, NOW) == 2
    assert seen(installation) == {}
    stored = put_in(installation, Paper(title="Tides"), name="b", day=2)
    assert stored.new == 0
    assert list(seen(installation)) == [1]


def test_many_papers_go_in_whole_and_in_order(installation: Installation) -> None:
    many = [Paper(title=f"Work {number}") for number in range(3_000)]
    stored = put_in(installation, *many)
    assert (stored.papers, stored.new) == (3_000, 3_000)
    assert [paper.title for paper in seen(installation).values()] == [p.title for p in many]
