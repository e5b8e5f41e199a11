"""`paperround templates`: the look of letters and pages, and your own in its place."""

from collections.abc import Iterator, Sequence
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Annotated

import typer

from service import settings
from service.cli.report import WorkFailed, notice, number, print_json, print_table, say
from service.installation import house_of, template_folders
from service.mail.house import House
from service.mail.letter import Letters
from service.mail.specimens import specimens
from service.mail.templates import TemplateMistake, file_of
from service.web.dress import Dress
from service.web.specimens import contexts

app = typer.Typer(help="The look of letters and pages, and your own.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

SAMPLE = "Lamp: Small Agents & the Books They Read"
HOSTILE = "<b id=hostile>\"'{{ 7*7 }}</td></p>\u202e\u05e9\u05dc\u05d5\u05dd\x00\r\n.\r\n"
_MARKUP = "<b id=hostile>"
# Pages of the demo's inbox, which no reader sees.
_DEMO = ("pages/inbox.html", "pages/inbox_letter.html")


@app.command("list")
def list_templates(as_json: AsJson = False) -> None:
    """List the templates, and which of them are yours.

    A file in PAPERROUND_TEMPLATES_DIR stands for ours of the same name.
    """
    folders = template_folders(settings.load())
    own, ours = folders[:-1], folders[-1]
    known = _names(ours)
    rows = [(name, "ours" if file_of(folders, name) == ours / name else "yours") for name in known]
    strays = sorted({name for folder in own for name in _names(folder)} - set(known))
    if as_json:
        print_json({"templates": dict(rows), "own": strays, "ours": str(ours)})
        return
    print_table(("file", "whose"), [*rows, *((name, "yours, in place of none") for name in strays)])
    say(f"\nOurs are in {ours}.")
    if not own:
        say("None is yours: PAPERROUND_TEMPLATES_DIR is not set.")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Render every letter and page with sample and hostile words, and name what is wrong."""
    chosen = settings.load()
    folders = template_folders(chosen)
    mistakes = list(dict.fromkeys(_mistakes(folders, house_of(chosen))))
    count = len(_names(folders[-1]))
    if as_json:
        print_json({"templates": count, "mistakes": mistakes})
    for mistake in mistakes:
        notice(mistake)
    if mistakes:
        raise WorkFailed(f"{number(len(mistakes), 'mistake')} in the templates.")
    if not as_json:
        say(f"All {count} templates can be used.")


def _mistakes(folders: Sequence[Path], house: House) -> Iterator[str]:
    """Yield what is wrong: of the letters the first mistake, of the pages one each."""
    letters = Letters(folders, house)
    try:
        for words in (SAMPLE, HOSTILE):
            for kind, letter in specimens(letters, words):
                message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter)
                html = message.get_body(("html",))
                if html is not None and _MARKUP in html.get_content():
                    name = f"email/{kind}/body.html"
                    yield f"{file_of(folders, name)}: a stranger's words stand there as HTML"
    except TemplateMistake as mistake:
        yield str(mistake)
    dress = Dress(folders, house.spoken_confirm_life)
    for words in (SAMPLE, HOSTILE):
        for page, context in contexts(words).items():
            try:
                body = bytes(dress.page(page, **context).body).decode(errors="replace")
            except TemplateMistake as mistake:
                yield str(mistake)
                continue
            if _MARKUP in body:
                name = f"pages/{page}.html"
                yield f"{file_of(folders, name)}: a stranger's words stand there as HTML"


def _names(folder: Path) -> list[str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    names = sorted(file.relative_to(folder).as_posix() for file in files)
    return [name for name in names if name not in _DEMO]
