"""Options that several commands about subscribers take."""

from typing import Annotated

import typer

from service.domain.readers import MOST_PAPERS
from service.domain.timetable import Cadence

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The subscriber's address.")]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="The reader's name.")]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="QUERY", help="A topic, or LABEL = QUERY; may be repeated."),
]
Mute = Annotated[
    list[str] | None,
    typer.Option(metavar="QUERY", help="Never show such papers; may be repeated."),
]
Follow = Annotated[
    list[str] | None,
    typer.Option(metavar="AUTHOR", help="Show their papers first; may be repeated."),
]
MinUpvotes = Annotated[
    int | None,
    typer.Option(metavar="N", help="Only papers with so many: 0, 5, 20, 50 or 100."),
]
Timezone = Annotated[
    str | None, typer.Option(metavar="ZONE", help="A time zone, as in Europe/Berlin.")
]
SendAt = Annotated[
    str | None, typer.Option(metavar="HH:MM", help="The hour on the reader's own clock.")
]
HowOften = Annotated[
    Cadence | None,
    typer.Option("--cadence", help="How often; for a weekly letter its day.", show_choices=True),
]
MaxPapers = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=MOST_PAPERS, help="At most so many papers a letter."),
]
Domain = Annotated[
    str | None,
    typer.Option(metavar="DOMAIN", help="Only letters to it: what stands after the @."),
]
Date = Annotated[
    str | None, typer.Option("--date", metavar="DATE", help="The reader's date, as in 2026-08-21.")
]
