"""Problem details: what went wrong with a request of the API, as RFC 9457 has it."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


class Mistake(BaseModel):
    """One thing wrong with a request."""

    where: Annotated[
        str, Field(description="A JSON pointer into the body, or the name of a parameter.")
    ]
    detail: Annotated[str, Field(description="What is wrong, in a sentence.")]
    position: Annotated[
        int | None, Field(description="In a topic: the column of its text, counted from 1.")
    ] = None
    instead: Annotated[
        str | None, Field(description="In a topic: what would be a topic, if that is known.")
    ] = None


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    errors: list[Mistake] = []


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE


def problem(status: int, detail: str | None = None, errors: Sequence[Mistake] = ()) -> JSONResponse:
    """Return the answer to a request that failed."""
    said = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors)
    )
    return ProblemResponse(said.model_dump(exclude_none=True), status_code=status)


def documented(description: str) -> dict[str, Any]:
    """Return how the description of the API tells of an answer of this kind."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
