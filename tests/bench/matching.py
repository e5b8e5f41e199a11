"""How long it takes to match and score many topics on a day's papers, and what else it could take.

    python -m tests.bench matching [--topics 50000] [--papers 238]

Papers and topics are made up: words with Zipf's frequencies, topics cut from the papers' own text.
Paperround parses the topics (measured apart, as the others' are parsed beforehand), indexes the
papers and ranks them for each topic. PostgreSQL joins the same topics, as tsquery, with the papers,
as tsvector, and sums ts_rank (JIT off, one process); near words are asked for by & there, which is
less work. Regular expressions, one a topic and matched with each paper, are tried on a sample.
Ours and the expressions run three times, and the fastest run counts.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from itertools import accumulate

import psycopg

from service.domain.expression import And, Expression, Near, Not, Or, Term
from service.domain.papers import Paper
from service.domain.ranking import in_order
from service.domain.topics import parse
from service.matching.index import PaperIndex
from tests.peers import postgres

SEED = 7
# The most papers a letter holds.
REGEX_SAMPLE = 200
VOCABULARY = 8000
COMMON = 60


def words(count: int, rng: random.Random) -> list[str]:
    """Return made-up words, the most frequent first, none with an ending that is stemmed off."""
    syllables = [first + vowel for first in "bdfgklmnprtvz" for vowel in "aiou"]
    made: dict[str, None] = {}
    while len(made) < count:
        made["".join(rng.choices(syllables, k=rng.randint(2, 4))) + rng.choice("nkr")] = None
    return list(made)


def texts(count: int, rng: random.Random) -> list[Paper]:
    """Return papers of a title and an abstract of common lengths."""
    vocabulary = words(VOCABULARY, rng)
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(vocabulary))))

    def say(least: int, most: int) -> str:
        chosen = rng.choices(vocabulary, cum_weights=weights, k=rng.randint(least, most))
        return " ".join(chosen)

    return [
        Paper(title=say(6, 14), abstract=say(120, 240), upvotes=int(rng.paretovariate(0.7)))
        for _ in range(count)
    ]


def topics(count: int, papers: Sequence[Paper], rng: random.Random) -> list[str]:
    """Return the canonical texts of different topics such as readers have."""
    common = set(words(VOCABULARY, random.Random(SEED))[:COMMON])
    said = [text.split() for paper in papers for text in (paper.title, paper.abstract)]

    def cut(length: int) -> str:
        while True:
            text = rng.choice(said)
            first = rng.randrange(len(text) - length)
            run = text[first : first + length]
            if not common.intersection(run):
                return " ".join(run)

    forms: list[tuple[float, Callable[[], str]]] = [
        (0.10, lambda: cut(1)),
        (0.45, lambda: cut(2)),
        (0.10, lambda: cut(3)),
        (0.10, lambda: f'"{cut(2)}"'),
        (0.10, lambda: f"{cut(1)} AND {cut(1)}"),
        (0.08, lambda: f"{cut(2)} OR {cut(1)}"),
        (0.07, lambda: f"{cut(2)} NOT {cut(1)}"),
    ]
    made: dict[str, None] = {}
    while len(made) < count:
        (_, form), *_ = rng.choices(forms, weights=[share for share, _ in forms])
        made[parse(form()).canonical] = None
    return list(made)


def ours(papers: Sequence[Paper], queries: Sequence[str]) -> dict[str, float]:
    """Return the seconds for parsing, and for indexing, matching and ranking."""
    began = time.perf_counter()
    parsed = [parse(query) for query in queries]
    parsing = time.perf_counter() - began

    def rank_all() -> int:
        with PaperIndex(papers) as index:
            index.expect(queries)
            return sum(len(list(in_order(index.run(topic.expression)))) for topic in parsed)

    matching, matches = best_of_three(rank_all)
    return {"parsing": parsing, "matching": matching, "matches": matches}


def best_of_three(work: Callable[[], int]) -> tuple[float, int]:
    """Return the seconds of the fastest run, and what the work returned."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        returned = work()
        seconds.append(time.perf_counter() - began)
    return min(seconds), returned


def as_tsquery(expression: Expression) -> str:
    match expression:
        case Term(terms):
            return f"({' <-> '.join(terms)})"
        case Near(near):
            return f"({' & '.join(map(as_tsquery, near))})"
        case And(operands):
            return f"({' & '.join(map(as_tsquery, operands))})"
        case Or(operands):
            return f"({' | '.join(map(as_tsquery, operands))})"
        case Not(operand):
            return f"!{as_tsquery(operand)}"
        case _:
            raise ValueError(str(expression))


def postgresql(papers: Sequence[Paper], queries: Sequence[str]) -> dict[str, float] | None:
    """Return the seconds PostgreSQL takes to join and rank; None where it is not installed."""
    programs = postgres.find_programs()
    if programs is None:
        return None
    with (
        postgres.server(programs) as url,
        psycopg.connect(url.format(database="postgres"), autocommit=True) as connection,
    ):
        run = connection.execute
        for setting in ("jit = off", "max_parallel_workers_per_gather = 0", "work_mem = '256MB'"):
            run(f"SET {setting}".encode())
        run("CREATE TABLE paper (id int, words tsvector)")
        run("CREATE TABLE topic (id int, query tsquery)")
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO paper VALUES (%s, setweight(to_tsvector('english', %s), 'A')"
                " || setweight(to_tsvector('english', %s), 'B'))",
                [(n, paper.title, paper.abstract) for n, paper in enumerate(papers)],
            )
            asked = [as_tsquery(parse(query).expression) for query in queries]
            cursor.executemany(
                "INSERT INTO topic VALUES (%s, to_tsquery('english', %s))", list(enumerate(asked))
            )
        run("ANALYZE")
        began = time.perf_counter()
        row = run(
            "SELECT count(*), sum(ts_rank(words, query)) FROM topic JOIN paper ON words @@ query"
        ).fetchone()
        assert row is not None
        return {"matching": time.perf_counter() - began, "matches": row[0]}


def as_regex(expression: Expression) -> str:
    """Return a pattern that a paper's text matches from its beginning."""
    match expression:
        case Term(terms):
            phrase = r"\W+".join(terms)
            return rf"(?=.*\b{phrase})"
        case Near((one, two)):
            gap = r"\w*\W+(?:\w+\W+){0,3}"
            first, second = " ".join(one.words), " ".join(two.words)
            return rf"(?=.*\b(?:{first}{gap}{second}|{second}{gap}{first}))"
        case Near(near):
            return "".join(map(as_regex, near))
        case And(operands):
            return "".join(map(as_regex, operands))
        case Or(operands):
            return f"(?:{'|'.join(map(as_regex, operands))})"
        case Not(operand):
            return f"(?!{as_regex(operand)})"
        case _:
            raise ValueError(str(expression))


def regexes(papers: Sequence[Paper], queries: Sequence[str]) -> dict[str, float]:
    """Return the seconds that a regular expression a topic takes, as a sample of topics tells."""
    said = [f"{paper.title}\n{paper.abstract}".lower() for paper in papers]
    sample = queries[:: max(1, len(queries) // REGEX_SAMPLE)]
    patterns = [re.compile(as_regex(parse(query).expression), re.DOTALL) for query in sample]
    taken, matches = best_of_three(
        lambda: sum(pattern.match(text) is not None for pattern in patterns for text in said)
    )
    scale = len(queries) / len(sample)
    return {"matching": taken * scale, "matches": int(matches * scale)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--topics", type=int, default=50_000)
    arguments.add_argument("--papers", type=int, default=238)
    chosen = arguments.parse_args()
    rng = random.Random(SEED)
    papers = texts(chosen.papers, rng)
    queries = topics(chosen.topics, papers, rng)
    own = ours(papers, queries)
    others = {"postgresql": postgresql(papers, queries), "regex": regexes(papers, queries)}
    print(f"{chosen.topics:,} topics on {chosen.papers} papers, matched and scored")
    print(f"{'':14}{'seconds':>10}{'matches':>12}{'times ours':>12}")
    print(f"{'paperround':14}{own['matching']:>10.2f}{own['matches']:>12,}{1:>12}")
    ratios: dict[str, float] = {}
    for name, taken in others.items():
        if taken is None:
            print(f"{name:14}{'not installed':>22}")
            continue
        ratios[name] = taken["matching"] / own["matching"]
        print(f"{name:14}{taken['matching']:>10.2f}{taken['matches']:>12,}{ratios[name]:>12.1f}")
    print(f"(parsing the topics took paperround {own['parsing']:.2f} s before)")
    print(
        json.dumps(
            {
                "topics": chosen.topics,
                "papers": chosen.papers,
                "matching_s": round(own["matching"], 3),
                "parsing_s": round(own["parsing"], 3),
                "times": {name: round(ratio, 1) for name, ratio in ratios.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
