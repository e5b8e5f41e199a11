"""The pages over HTTP: the application, and its answers to what goes wrong."""

import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from service.domain.allowances import TooMany
from service.domain.links import BadLink, ExpiredLink
from service.installation import Installation
from service.recent import RecentPapers
from service.store import papers
from service.web.account_pages import account_pages
from service.web.api import api_app
from service.web.dress import Dress
from service.web.guard import Guard
from service.web.leaving_pages import leaving_pages
from service.web.pace import Pace
from service.web.paper_pages import paper_pages
from service.web.pause_pages import pause_pages
from service.web.phrases import spoken_wait
from service.web.preference_pages import preference_pages
from service.web.reader_pages import reader_pages
from service.web.signup_pages import signup_pages


def web_app(
    installation: Installation, now: Callable[[], datetime], *, at_once: bool = False
) -> FastAPI:
    """Return the application: sign-up, confirmation, preferences, unsubscribing, papers, health.

    `at_once` says that letters do not wait for the reader's hour, as in the demo.
    """
    app = FastAPI(title="Paperround", docs_url=None, redoc_url=None, openapi_url=None)
    dress = Dress(installation.templates, installation.house.spoken_confirm_life)
    recent, pace = RecentPapers(installation.database), Pace(installation.allowances.looks)
    app.include_router(signup_pages(installation, dress, recent, pace, now))
    app.include_router(reader_pages(installation, dress, now))
    app.include_router(leaving_pages(installation, dress, now, at_once=at_once))
    app.include_router(preference_pages(installation, dress, recent, pace, now))
    app.include_router(pause_pages(installation, dress, now))
    app.include_router(account_pages(installation, dress, now))
    app.include_router(paper_pages(installation, dress))
    app.mount("/api", api_app(installation, recent, pace, now))
    _serve_files(app, dress)
    _answer_trouble(app, dress)

    app.add_middleware(
        Guard,
        dress=dress,
        base_url=installation.house.base_url,
        api_origins=installation.api_origins,
    )

    @app.get("/healthz")
    def health() -> JSONResponse:
        """Say whether the database answers."""
        try:
            with installation.database.read() as connection:
                papers.last_seq(connection)
        except SQLAlchemyError:
            return JSONResponse({"status": "the database does not answer"}, status_code=503)
        return JSONResponse({"status": "ok"})

    return app


def _serve_files(app: FastAPI, dress: Dress) -> None:
    @app.get("/style.css", include_in_schema=False)
    def style() -> FileResponse:
        return _file(dress.style, "text/css")

    @app.get("/signup.js", include_in_schema=False)
    def script() -> FileResponse:
        return _file(dress.script, "text/javascript")


def _file(path: Path, media_type: str) -> FileResponse:
    return FileResponse(
        path, media_type=media_type, headers={"Cache-Control": "public, max-age=3600"}
    )


def _answer_trouble(app: FastAPI, dress: Dress) -> None:
    @app.exception_handler(ExpiredLink)
    def expired(request: Request, error: Exception) -> Response:
        assert isinstance(error, ExpiredLink)
        token = request.path_params.get("token", "")
        return dress.expired(error.purpose, f"/{error.purpose}/{token}")

    @app.exception_handler(BadLink)
    def bad(_request: Request, _error: Exception) -> Response:
        return dress.bad_link()

    @app.exception_handler(TooMany)
    def too_many(_request: Request, error: Exception) -> Response:
        assert isinstance(error, TooMany)
        seconds = math.ceil(error.wait.total_seconds())
        response = dress.message(
            429,
            "That was a lot at once.",
            f"Please try again {spoken_wait(error.wait)}. Nothing was sent; your browser’s way "
            "back leads to what you typed.",
        )
        response.headers["Retry-After"] = str(seconds)
        return response

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return dress.message(404, "There is no such page.", link=("To the front page", "/"))
        return dress.message(error.status_code, "That cannot be done here.")

    @app.exception_handler(RequestValidationError)
    def unreadable(_request: Request, _error: Exception) -> Response:
        return dress.message(422, "That form cannot be read.", link=("To the front page", "/"))
