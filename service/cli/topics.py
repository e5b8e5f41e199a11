"""`paperround topics test`: what a topic would have brought."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from service import settings
from service.backtest import Backtest, Brought, backtest
from service.cli.report import console, print_json, say
from service.domain.marking import marks
from service.domain.topics import Topic, parse
from service.installation import open_installation

app = typer.Typer(help="Try topics out.", no_args_is_help=True)

_SHOWN = 10
_BAR = 40
_AROUND = 60
_MARK = "bold underline"


@app.callback()
def _noun() -> None:
    # Without it, typer would make the noun's only command the noun itself.
    pass


@app.command("test")
def try_out(
    query: Annotated[
        str,
        typer.Argument(
            help="The topic, in quotation marks for the shell; behind -- if it begins with a minus."
        ),
    ],
    days: Annotated[
        int, typer.Option(min=1, max=366, help="How many days, up to the newest edition.")
    ] = 30,
    against: Annotated[
        str | None,
        typer.Option(help="Another topic: show what is gained and lost by taking QUERY instead."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what a topic would have brought, day by day.

    Prints how many papers a day it matches and the best of them. Nothing is changed.
    """
    topic = parse(query)
    other = parse(against) if against is not None else None
    with open_installation(settings.load()).database.read() as connection:
        tried = backtest(connection, topic, days, other)
    if as_json:
        print_json(
            {
                "canonical": topic.canonical,
                "days": [{"date": day, "matched": count} for day, count in tried.days],
                "papers": [_brief(brought) for brought in tried.brought],
                "gained": [_brief(brought) for brought in tried.gained],
                "lost": [_brief(brought) for brought in tried.lost],
            }
        )
        return
    _print(topic, tried, days)
    if other is not None:
        _print_changes(other, tried)


def _brief(brought: Brought) -> dict[str, Any]:
    return {
        "key": brought.stored.key,
        "title": brought.stored.paper.title,
        "date": brought.day,
        "score": round(brought.score, 3),
        "matched_terms": list(brought.verdict.terms()),
    }


def _print(topic: Topic, tried: Backtest, days: int) -> None:
    console.print(Text(topic.canonical, style="bold"), soft_wrap=True)
    if not tried.days:
        say("There is no edition to try it on. First take some in: paperround ingest.")
        return
    newest = tried.days[-1][0]
    many = "1 paper" if len(tried.brought) == 1 else f"{len(tried.brought) or 'No'} papers"
    span = "day" if days == 1 else f"{days} days"
    say(f"{many} in the {span} to {newest.day} {newest:%B %Y}.")
    if tried.instead is not None:
        would = "1 paper" if tried.would_find == 1 else f"{tried.would_find} papers"
        console.print(
            Text.assemble((tried.instead.canonical, "bold"), f" would have brought {would}."),
            soft_wrap=True,
        )
    elif not tried.brought:
        say("Nothing wider did either: are these words spelled as papers spell them?")
    if not tried.brought:
        return
    say("")
    _print_days(tried.days)
    for brought in tried.brought[:_SHOWN]:
        say("")
        _print_paper(brought)
    if len(tried.brought) > _SHOWN:
        say(f"\nand {len(tried.brought) - _SHOWN} more")


def _print_days(days: Sequence[tuple[date, int]]) -> None:
    most = max(count for _, count in days)
    for day, count in days:
        length = -(-count * min(_BAR, most) // most)
        bar = Text.assemble((f"{day.day:>2} {day:%b} ", ""), ("█" * length, "yellow"))
        console.print(bar.append(f"{' ' * bool(length)}{count}"), soft_wrap=True)


def _print_paper(brought: Brought) -> None:
    paper, terms = brought.stored.paper, brought.verdict.terms()
    title = _one_line(paper.title)
    shown = _marked(title, terms)
    facts = f"  {brought.day.day} {brought.day:%b}"
    if paper.upvotes is not None:
        facts += f", {paper.upvotes} upvotes"
    console.print(shown.append(facts, style="dim"))
    places = {field: None for found in brought.verdict.found for field in found.fields}
    reason = "because: " + ", ".join(terms)
    if places:
        reason += f" (in {' and '.join(places)})"
    console.print(Padding(Text(reason, style="yellow"), (0, 0, 0, 2), expand=False))
    if not marks(title, terms) and (quotation := _quotation(_one_line(paper.abstract), terms)):
        console.print(Padding(quotation, (0, 0, 0, 2), expand=False))


def _print_changes(other: Topic, tried: Backtest) -> None:
    say("")
    console.print(Text.assemble("Against ", (other.canonical, "bold"), ":"), soft_wrap=True)
    for sign, word, papers in (("+", "gained", tried.gained), ("-", "lost", tried.lost)):
        say(f"  {len(papers)} {word}")
        for brought in papers[:_SHOWN]:
            title = _marked(_one_line(brought.stored.paper.title), brought.verdict.terms())
            console.print(Padding(Text(f"{sign} ").append_text(title), (0, 0, 0, 4), expand=False))
        if len(papers) > _SHOWN:
            say(f"      and {len(papers) - _SHOWN} more")


def _marked(text: str, terms: Sequence[str]) -> Text:
    shown = Text(text)
    for start, end in marks(text, terms):
        shown.stylize(_MARK, start, end)
    return shown


def _quotation(text: str, terms: Sequence[str]) -> Text | None:
    """Return the first place of a text that has one of the terms, with what stands around it."""
    spans = marks(text, terms)
    if not spans:
        return None
    start, end = spans[0]
    first = text.rfind(" ", 0, max(0, start - _AROUND)) + 1 if start > _AROUND else 0
    last = text.find(" ", end + _AROUND)
    last = len(text) if last < 0 else last
    quotation = _marked(text[first:last], terms)
    before, after = "…" * (first > 0), "…" * (last < len(text))
    return Text("“" + before).append_text(quotation).append(after + "”")


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
