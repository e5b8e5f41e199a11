"""What the API takes and gives, as its description documents it."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.domain.previews import Preview
from service.domain.timetable import Cadence
from service.domain.wishes import MAX_TOPICS


class SubscriptionRequest(BaseModel):
    """A wish for letters. Nothing but a letter that asks to confirm comes of it."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=254, examples=["ada@example.org"])]
    topics: Annotated[
        list[Annotated[str, Field(max_length=1000)]],
        Field(
            max_length=MAX_TOPICS,
            description="What to look for, in the language of topics, each perhaps as "
            "`LABEL = TOPIC`; none stands for the day's most trending papers.",
            examples=[["world models", '"coding agents" NOT survey']],
        ),
    ] = []
    timezone: Annotated[
        str, Field(max_length=100, description="An IANA name.", examples=["Europe/Berlin"])
    ] = "UTC"
    send_at: Annotated[
        str, Field(max_length=5, description="HH:MM on the reader's clock.", examples=["07:00"])
    ] = "07:00"
    cadence: Annotated[
        Cadence, Field(description="How often; a weekly letter is named for its day.")
    ] = Cadence.DAILY


class Accepted(BaseModel):
    """The answer to every wish for letters that can be read, whatever became of it."""

    message: str


class Day(BaseModel):
    date: Annotated[date, Field(description="The date of an edition.")]
    papers: Annotated[int, Field(description="How many of its papers the topics find.")]


class Letters(BaseModel):
    """The letters that would have been due."""

    came: Annotated[int, Field(description="How many would have come.")]
    of: Annotated[int, Field(description="How many there were days for.")]
    papers_on_average: Annotated[float, Field(description="Papers that matched, a letter.")]


class Wider(BaseModel):
    query: str
    found: int


class TriedTopic(BaseModel):
    topic: Annotated[str, Field(description="The topic by its label, or as it was asked.")]
    query: Annotated[str, Field(description="Its canonical form.")]
    found: Annotated[int, Field(description="How many papers of the last 30 days it finds.")]
    a_day: float
    instead: Annotated[
        Wider | None, Field(description="Where it finds none, a wider topic that finds some.")
    ] = None


class LatestPaper(BaseModel):
    key: str
    title: str
    authors: list[str]
    url: Annotated[str | None, Field(description="Its canonical page, if one is known.")] = None
    date: date
    topics: Annotated[list[str], Field(description="The topics that find it.")]


class PreviewDocument(BaseModel):
    """What letters some topics would have made in the last 30 days."""

    sentence: str
    cadence: Cadence
    days: list[Day]
    letters: Letters
    topics: list[TriedTopic]
    latest: Annotated[list[LatestPaper], Field(description="The newest three papers.")]

    @classmethod
    def of(cls, preview: Preview) -> "PreviewDocument":
        """Return the document of a preview."""
        return cls(
            sentence=preview.sentence,
            cadence=preview.cadence,
            days=[Day(date=day, papers=papers) for day, papers in preview.days],
            letters=Letters(
                came=preview.came,
                of=len(preview.letters),
                papers_on_average=round(preview.average, 2),
            ),
            topics=[
                TriedTopic(
                    topic=rate.shown,
                    query=rate.topic.canonical,
                    found=rate.found,
                    a_day=round(rate.found / rate.dates, 2) if rate.dates else 0,
                    instead=Wider(query=rate.instead.canonical, found=rate.would_find)
                    if rate.instead
                    else None,
                )
                for rate in preview.rates
            ],
            latest=[
                LatestPaper(
                    key=latest.key,
                    title=latest.paper.title,
                    authors=list(latest.paper.authors),
                    url=latest.paper.page,
                    date=latest.day,
                    topics=list(latest.topics),
                )
                for latest in preview.latest
            ],
        )
