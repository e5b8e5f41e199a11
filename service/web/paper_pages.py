"""Pages of papers: one paper's own, and the web copy of a letter; each also as BibTeX."""

from fastapi import APIRouter, Response

from service.copies import WebCopy, web_copy
from service.domain.bibtex import bibtex
from service.installation import Installation
from service.mail.wording import long_date
from service.store import papers
from service.store.papers import StoredPaper
from service.web.dress import Dress

# These addresses are for whoever was given them, not for search.
UNLISTED = {"X-Robots-Tag": "noindex"}


def paper_pages(installation: Installation, dress: Dress) -> APIRouter:
    """Return the routes. None of them tells anything of a reader but the words of their topics."""
    pages = APIRouter(include_in_schema=False)

    @pages.api_route("/d/{name}.bib", methods=["GET", "HEAD"])
    def copy_as_bibtex(name: str) -> Response:
        copy = web_copy(installation, name)
        return gone() if copy is None else _file(bibtex(copy.papers), f"papers-{copy.day}")

    @pages.api_route("/d/{name}", methods=["GET", "HEAD"])
    def copy_of_a_letter(name: str) -> Response:
        copy = web_copy(installation, name)
        if copy is None:
            return gone()
        answer = dress.page("digest", copy=copy, date=_date(copy), bibtex=f"/d/{name}.bib")
        answer.headers.update(UNLISTED)
        return answer

    @pages.api_route("/paper/{key:path}.bib", methods=["GET", "HEAD"])
    def paper_as_bibtex(key: str) -> Response:
        found = stored(key)
        return no_paper() if found is None else _file(bibtex([found.paper]), "paper")

    @pages.api_route("/paper/{key:path}", methods=["GET", "HEAD"])
    def paper(key: str) -> Response:
        found = stored(key)
        return no_paper() if found is None else dress.page("paper", key=key, paper=found.paper)

    def stored(key: str) -> StoredPaper | None:
        with installation.database.read() as connection:
            return papers.by_key(connection, key)

    def no_paper() -> Response:
        return dress.message(404, "There is no such paper here.", link=("Front page", "/"))

    def gone() -> Response:
        return dress.message(
            410,
            "This copy is not kept any more.",
            f"Letters stay on the web for {installation.retention.days} days. "
            "Their papers are still where they were published.",
            link=("Front page", "/"),
        )

    return pages


def _date(copy: WebCopy) -> str:
    return f"{long_date(copy.day)} {copy.day.year}"


def _file(text: str, name: str) -> Response:
    return Response(
        text,
        media_type="application/x-bibtex; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.bib"', **UNLISTED},
    )
