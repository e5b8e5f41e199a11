"""Invented papers for the eye: usual ones, and those that strain a page."""

from datetime import date

from service.domain.papers import Paper

_SUBJECTS = (
    ("Lamplighter", "Teaching Small Agents to Ask Before They Act", "Harbour Institute"),
    ("Tidewater", "World Models That Remember What the Camera No Longer Sees", "Port University"),
    ("Quiet Hours", "Scheduling Long Runs of Coding Agents on Shared Machines", ""),
    ("Almanac", "A Benchmark of Slow Knowledge for Language Models", "Example Library"),
    ("Ferry", "Carrying Memory Between Sessions Without Carrying Mistakes", "Harbour Institute"),
    ("Orchard", "Growing Test Suites Where Agents Break Them", "School of the North"),
    ("Slate", "Erasing Facts From a Model and Showing That They Are Gone", "Example Library"),
    ("Windward", "Planning With World Models When the Map Is Wrong", "Port University"),
    ("Ledger", "What Coding Agents Owe to the Repositories They Read", ""),
    ("Snowline", "Retrieval at the Edge of What Was Indexed", "School of the North"),
)
_AUTHORS = ("Ada Quill", "Ben Okafor", "Chiara Rossi", "Dmitri Volkov", "Zoë O'Neil", "Li Hua")


def usual(count: int) -> list[Paper]:
    """Return that many papers as a good day brings them, no two alike."""
    papers = []
    for number in range(count):
        name, about, organisation = _SUBJECTS[number % len(_SUBJECTS)]
        volume = f" {number // len(_SUBJECTS) + 1}" if number >= len(_SUBJECTS) else ""
        papers.append(
            Paper(
                title=f"{name}{volume}: {about}",
                abstract=(
                    "Much of what agents learn is lost between one task and the next, and their "
                    "readers cannot tell what was lost. "
                    f"We present {name}{volume}, which keeps a short record of every decision and "
                    "asks for help where that record is thin. On three public collections it "
                    "needs a third of the usual steps. Code and records are open."
                ),
                authors=_AUTHORS[: 2 + number % 5],
                organisation=organisation or None,
                published=date(2026, 8, 20 - number % 9),
                page=f"https://arxiv.org/abs/2608.{number:05}",
                pdf=f"https://arxiv.org/pdf/2608.{number:05}",
                code=f"https://github.com/example/paper{number}" if number % 3 else None,
                project=f"https://paper{number}.example.org" if number % 2 else None,
                stars=20 * number,
                upvotes=160 // (number + 1),
            )
        )
    return papers


def noticed(count: int) -> list[Paper]:
    """Return papers on something else that many people noticed."""
    return [
        Paper(
            title=f"Kiln {number}: Glazes From a Single Photograph of the Clay",
            abstract="We study glazes.",
            page=f"https://arxiv.org/abs/2608.9{number:04}",
            upvotes=40 - number,
        )
        for number in range(count)
    ]


STRAINING = [
    Paper(
        title="Six Hundred Hands: Agents That Sign Together",
        abstract="We report on a very large collaboration of agents. It works.",
        authors=tuple(f"Author Number{number}" for number in range(600)),
        organisation="The Organisation of Organisations With a Name That Goes On for a While",
        page="https://arxiv.org/abs/2608.70001",
        upvotes=1240,
    ),
    Paper(
        title="وكلاء صغار يسألون قبل أن يعملوا: Small Agents in Arabic",
        abstract="نقدم طريقة جديدة لتعليم agents أن تسأل قبل أن تعمل. وهي بسيطة.",
        authors=("ليلى حسن", "عمر خليل"),
        page="https://arxiv.org/abs/2608.70002",
        upvotes=31,
    ),
    Paper(
        title="agents " + "Donaudampfschifffahrtsgesellschaft" * 4,
        abstract="We show " + "pneumonoultramicroscopicsilicovolcanoconiosis" * 6 + " in agents.",
        authors=("X" * 200,),
        code="https://github.com/" + "long" * 60,
        project="https://" + "sub." * 30 + "example.org",
    ),
    Paper(title="Only a Title About Agents"),
    Paper(
        title="世界模型與小型代理人：先問再做 agents",
        abstract="我們提出一種方法，讓小型代理人在行動之前先提出問題。它很簡單。",
        authors=("林小明", "陳大文"),
        page="https://arxiv.org/abs/2608.70003",
    ),
    Paper(
        title='A Lamp <b>Bold</b> & "Quoted" for the Night',
        abstract=(
            "This title has nothing that was asked for. Its abstract waits until the very end of "
            "a long sentence about other things before it mentions agents, and then stops."
        ),
        published=date(2024, 2, 29),
        page="https://arxiv.org/abs/2608.70004",
    ),
]
